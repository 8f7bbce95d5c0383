import { expect } from 'vitest';
import { addressOf } from '../../src/protocol/address.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { equalBytes, fromBase64, toBase64, toHex } from '../../src/protocol/bytes.ts';
import {
  consentProof,
  consentProofText,
  decodeConsentProof,
  encodeConsentProof,
  maxConsentProofAgeMs,
  verifyConsentProof,
} from '../../src/protocol/consent-proof.ts';
import { chooseContact, decodeContact, encodeContact, verifyContact } from '../../src/protocol/contact-bundle.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import {
  decodePrivateBundle,
  encodePrivateBundle,
  mergePreKeys,
  type PrivateBundle,
  publicBundle,
  rotatePreKey,
} from '../../src/protocol/private-keys.ts';
import { toLegacyBundle, toSignedBundle } from '../../src/protocol/public-keys.ts';
import { isPrivateKey, publicPoint } from '../../src/protocol/secp256k1.ts';
import { enableIdentityText, parseWalletSignature, recoverSigner, signText } from '../../src/protocol/wallet-signature.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';
import { bytes, exactly, pair, people, place, someone, text } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

// What holds of the curve itself is in curve.test.ts, for noble as for the module.
await useCurve('module');

const key = exactly(32).filter(isPrivateKey);

property('a wallet that signed a text is known by it, in every form of the signature', [key, text()], (secret, words) => {
  const signature = signText(words, secret);
  const wallet = addressOf(publicPoint(secret));
  expect(recoverSigner(words, signature)).toBe(wallet);
  const old = Uint8Array.from([...signature.subarray(0, 64), (signature[64] as number) - 27]);
  for (const form of [old, toHex(old), `0x${toHex(signature)}`]) expect(parseWalletSignature(form)).toEqual(signature);
});

property('no wallet is taken for the signer of another text', [key, text(), text()], async (secret, words, other) => {
  const signer = await outcome(() => recoverSigner(other, signText(words, secret)));
  expect(signer === addressOf(publicPoint(secret))).toBe(words === other);
});

property('a wallet’s signature is read or refused as bad, whatever it is', [fc.oneof(bytes(70), exactly(65), text(140))], async (given) => {
  const read = await outcome(() => parseWalletSignature(given));
  if (read !== 'bad-signature') expect([27, 28]).toContain((read as Uint8Array)[64]);
});

// Identities of the same people with more pre-keys; each costs a signature, so they are made once.
let now = Date.UTC(2024, 1, 1);
const rotated = people.map(({ bundle }) => {
  let last: PrivateBundle = bundle;
  return Array.from({ length: 8 }, () => {
    now += 1000;
    last = rotatePreKey(last, () => now);
    return last;
  });
});
const anyBundle = fc.tuple(fc.nat(people.length - 1), fc.nat(7)).map(([who, turn]) => rotated[who]?.[turn] as PrivateBundle);
const contactVersion = fc.constantFrom(1 as const, 2 as const);

property('public keys go to the legacy format and back without a change', [anyBundle], (bundle) => {
  const { signed, legacy } = publicBundle(bundle);
  expect(toLegacyBundle(signed)).toEqual(legacy);
  expect(toSignedBundle(toLegacyBundle(signed))).toEqual(signed);
});

property(
  'a contact of either version is read as the keys of its wallet, and of no other',
  [anyBundle, contactVersion, someone],
  async (bundle, version, other) => {
    const contact = publicBundle(bundle);
    const written = encodeContact(contact, version);
    expect(decodeContact(written).version).toBe(version);
    const { address, identityKey, preKey, preKeyCreatedMs } = verifyContact(written, contact.address);
    expect({ address, identityKey, preKey, preKeyCreatedMs }).toEqual({
      address: contact.address,
      identityKey: contact.identityKey,
      preKey: contact.preKey,
      preKeyCreatedMs: contact.preKeyCreatedMs,
    });
    if (other.address !== address) expect(await outcome(() => verifyContact(written, other.address))).toBe('wrong-sender');
  },
);

property(
  'a contact with a changed bit is refused, or is the same keys',
  [someone, contactVersion, place],
  async ({ contact }, version, at) => {
    const read = await outcome(() => verifyContact(flip(encodeContact(contact, version), at), contact.address));
    if (typeof read === 'string') return;
    expect([read.address, toHex(read.identityKey), toHex(read.preKey)]).toEqual([
      contact.address,
      toHex(contact.identityKey),
      toHex(contact.preKey),
    ]);
  },
);

property(
  'of a contact topic the newest good entry is taken, whatever lies on it',
  [
    someone,
    fc.array(
      fc.oneof(
        bytes(20).map((message) => ({ message, good: false })),
        fc.constantFrom(1, 2).map((version) => ({ version, good: true })),
      ),
      { maxLength: 6 },
    ),
  ],
  ({ contact }, entries) => {
    const topic = entries.map((entry) => ('message' in entry ? entry.message : encodeContact(contact, entry.version === 1 ? 1 : 2)));
    const first = entries.find(({ good }) => good);
    const chosen = chooseContact(
      topic.map((message) => ({ message })),
      contact.address,
    );
    expect(chosen?.version ?? null).toBe(first && 'version' in first ? first.version : null);
  },
);

property('a private bundle is read as it was written', [someone], ({ bundle }) => {
  expect(decodePrivateBundle(encodePrivateBundle(bundle))).toEqual(bundle);
});

const idOf = ({ point }: { readonly point: Uint8Array }): string => toHex(point);

property(
  'what programs of one owner know of pre-keys is the same in whatever order it is put together',
  [fc.nat(people.length - 1), fc.nat(7), fc.nat(7), fc.nat(7)],
  async (who, a, b, c) => {
    const all = rotated[who] as readonly PrivateBundle[];
    // Each knows only some: the newest of its turn, and the first.
    const part = (turn: number): PrivateBundle => {
      const { identity, preKeys } = all[turn] as PrivateBundle;
      return { identity, preKeys: [preKeys[0], preKeys.at(-1) as (typeof preKeys)[0]] };
    };
    const [x, y, z] = [part(a), part(b), part(c)];
    const merged = mergePreKeys(mergePreKeys(x, y), z);
    expect(mergePreKeys(z, mergePreKeys(y, x)).preKeys.map(idOf)).toEqual(merged.preKeys.map(idOf));
    expect(mergePreKeys(merged, x)).toBe(merged);
    expect(idOf(merged.preKeys[0])).toBe(idOf((all[Math.max(a, b, c)] as PrivateBundle).preKeys[0]));
    const stranger = rotated[(who + 1) % rotated.length]?.[0] as PrivateBundle;
    expect(await outcome(() => mergePreKeys(x, stranger))).toBe('wrong-sender');
  },
);

property(
  'a key backup opens by its wallet’s signature, in either form, and gives back the keys',
  [someone, exactly(32), fc.boolean()],
  async ({ bundle, walletKey, address }, preKey, old) => {
    const signature = signText(enableIdentityText(preKey), walletKey);
    const sealed = await sealKeyBackup(bundle, preKey, signature);
    const backup = readKeyBackup(sealed);
    expect(backup.walletPreKey).toEqual(preKey);
    const asked = Uint8Array.from([...signature.subarray(0, 64), (signature[64] as number) - (old ? 27 : 0)]);
    expect((await backup.open(asked, address)).identity.secret).toEqual(bundle.identity.secret);
  },
);

const backups = await Promise.all(
  people.map(async ({ bundle, walletKey }) => {
    const signature = signText(enableIdentityText(new Uint8Array(32)), walletKey);
    return { signature, sealed: await sealKeyBackup(bundle, new Uint8Array(32), signature) };
  }),
);

property('a key backup opens by no other signature', [fc.nat(people.length - 1), place], async (who, at) => {
  const { signature, sealed } = backups[who] as (typeof backups)[0];
  const { address } = people[who] as (typeof people)[0];
  // The last byte is tried in both its forms, so the others are changed.
  const other = Uint8Array.from([...flip(signature.subarray(0, 64), at), signature[64] as number]);
  expect(await outcome(() => readKeyBackup(sealed).open(other, address))).toBe('cannot-decrypt');
});

const created = fc.nat({ max: 2 ** 43 });
const hour = 3_600_000;
const tokens = people.flatMap(({ bundle, address }) =>
  [0, 1, 1_700_000_000_000, 2 ** 43].map((createdMs) => ({ token: createAuthToken(bundle, () => createdMs), address, createdMs })),
);
const token = fc.constantFrom(...tokens);

property(
  'a token is its wallet’s, for an hour from its time and not long before it',
  [token, fc.integer({ min: -hour, max: 2 * hour })],
  async (given, ageMs) => {
    const { address, createdMs } = given;
    const read = await outcome(() => verifyAuthToken(given.token, { nowMs: createdMs + ageMs }));
    if (ageMs > hour || ageMs < -300_000) expect(read).toBe('wrong-time');
    else expect(read).toEqual({ address, createdMs });
  },
);

property('a token with a changed bit is refused, or is the same wallet’s', [token, place], async (given, at) => {
  const { address, createdMs } = given;
  const read = await outcome(() => verifyAuthToken(toBase64(flip(fromBase64(given.token), at)), { nowMs: createdMs }));
  if (typeof read !== 'string') expect(read).toEqual({ address, createdMs });
});

property(
  'a consent proof counts for its sender, for 30 days',
  [pair, created, fc.integer({ min: -hour, max: 2 * maxConsentProofAgeMs })],
  async ([receiver, sender], signedMs, ageMs) => {
    const at = signedMs + 2 * hour;
    const signature = signText(consentProofText(sender.address, at), receiver.walletKey);
    const proof = decodeConsentProof(encodeConsentProof(consentProof(signature, at)));
    const read = await outcome(() => verifyConsentProof(proof, { sender: sender.address, receiver: receiver.address }, () => at + ageMs));
    if (ageMs < 0 || ageMs > maxConsentProofAgeMs) expect(read).toBe('wrong-time');
    else expect(read).toMatchObject({ sender: sender.address, signedMs: at });
  },
);

property('a consent proof counts for nobody else', [pair, someone, created], async ([receiver, sender], other, signedMs) => {
  const at = signedMs + 1;
  const proof = consentProof(signText(consentProofText(sender.address, at), receiver.walletKey), at);
  const asSender = await outcome(() => verifyConsentProof(proof, { sender: other.address, receiver: receiver.address }, () => at));
  expect(typeof asSender === 'string').toBe(!equalBytes(other.walletKey, sender.walletKey));
});
