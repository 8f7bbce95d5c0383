import { readdirSync, readFileSync } from 'node:fs';
import { clone, create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { methods } from '../../src/background/methods.ts';
import { SignDigestRequestSchema } from '../../src/gen/xmtp/keystore_api/v1/keystore_pb.ts';
import { CiphertextSchema } from '../../src/gen/xmtp/message_contents/ciphertext_pb.ts';
import { type SignedPublicKeyBundle, SignedPublicKeyBundleSchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { answerKeystoreCall } from '../../src/keystore/keystore-api.ts';
import { emptyMemory } from '../../src/keystore/keystore-memory.ts';
import { checkCiphertext, openAead } from '../../src/protocol/aead.ts';
import { concat, utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, parseHeader, sealMessage } from '../../src/protocol/message.ts';
import { type PrivateBundle, publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { verifyBundle } from '../../src/protocol/public-keys.ts';
import { checkPoint, publicPoint, sharedPoint, sign } from '../../src/protocol/secp256k1.ts';
import { refused } from '../protocol/refused.ts';
import { textPayload } from '../support/hands.ts';
import { alice, bob, carol } from '../support/people.ts';
import { highS, resigned, withHeader } from './forgeries.ts';

/** Our rules of verification that are about keys and signatures; see README.md. */

const createdNs = 1_700_000_000_000_000_000n;
const sealed = await sealInvitation(alice.bundle, bob.contact, await deriveInvitation(alice.bundle, bob.contact), createdNs);
const open = (message: Uint8Array, bundle: PrivateBundle = bob.bundle, timestampNs = createdNs) =>
  openInvitation(bundle, { timestampNs, message });

const changed = (change: (bundle: SignedPublicKeyBundle) => void): SignedPublicKeyBundle => {
  const bundle = clone(SignedPublicKeyBundleSchema, alice.contact.signed);
  change(bundle);
  return bundle;
};

describe('keys and what they sign', () => {
  it('V2: salts, nonces, tags and keys have their one size, and points lie on the curve', async () => {
    const good = { hkdfSalt: new Uint8Array(32), gcmNonce: new Uint8Array(12), payload: new Uint8Array(16) };
    const ciphertext = (change: Partial<typeof good>) =>
      create(CiphertextSchema, { union: { case: 'aes256GcmHkdfSha256', value: { ...good, ...change } } });
    expect(checkCiphertext(ciphertext({})).payload).toHaveLength(16);
    const wrong = [
      { hkdfSalt: new Uint8Array(31) },
      { hkdfSalt: new Uint8Array(0) },
      { gcmNonce: new Uint8Array(16) },
      { payload: new Uint8Array(15) },
    ];
    for (const change of wrong) await refused('malformed', () => openAead(utf8('secret'), ciphertext(change)));
    const secret = sha256(utf8('a key'));
    const point = publicPoint(secret);
    const compressed = Uint8Array.from([2 + ((point[64] as number) & 1), ...point.slice(1, 33)]);
    const offCurve = Uint8Array.from(point, (byte, index) => (index === 64 ? byte ^ 1 : byte));
    for (const bytes of [compressed, offCurve, new Uint8Array(65), new Uint8Array(0)]) {
      await refused('malformed', () => checkPoint(bytes));
      await refused('malformed', () => sharedPoint(secret, bytes));
    }
    for (const keyMaterial of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(33)]) {
      const invitation = await deriveInvitation(alice.bundle, bob.contact);
      if (invitation.encryption.value) invitation.encryption.value.keyMaterial = keyMaterial;
      await refused('malformed', async () => open(await sealInvitation(alice.bundle, bob.contact, invitation, createdNs)));
    }
  });

  it('V3: an invitation names my identity key once, one of my pre-keys, and the time of its envelope', async () => {
    expect((await open(sealed)).peer).toBe(alice.address);
    expect((await open(sealed, alice.bundle)).peer).toBe(bob.address);
    // An older pre-key of mine is mine; one that I never had is not.
    expect((await open(sealed, rotatePreKey(bob.bundle))).peer).toBe(alice.address);
    const rotated = publicBundle(rotatePreKey(bob.bundle));
    const toNewer = await sealInvitation(alice.bundle, rotated, await deriveInvitation(alice.bundle, rotated), createdNs);
    await refused('unknown-key', () => open(toNewer));
    const toSelf = await sealInvitation(bob.bundle, bob.contact, await deriveInvitation(bob.bundle, bob.contact), createdNs);
    await refused('wrong-recipient', () => open(toSelf));
    await refused('wrong-recipient', () => open(sealed, carol.bundle));
    await refused('wrong-time', () => open(sealed, bob.bundle, createdNs - 1n));
    await refused('bad-signature', () =>
      open(
        withHeader(sealed, (header) => ({
          ...header,
          sender: changed((bundle) => void Object.assign(bundle, { preKey: bob.contact.signed.preKey })),
        })),
      ),
    );
  });

  it('V4: the chain holds at every link, and the wallet at its end is the expected one', async () => {
    expect(verifyBundle(changed(() => undefined)).address).toBe(alice.address);
    const broken: ((bundle: SignedPublicKeyBundle) => void)[] = [
      (bundle) => void Object.assign(bundle, { preKey: bob.contact.signed.preKey }),
      ({ preKey }) => void delete preKey?.signature,
      ({ identityKey }) => void delete identityKey?.signature,
      // A signature in the other member: by the identity key where the wallet's belongs, and the other way round.
      ...(['identityKey', 'preKey'] as const).map((name) => (bundle: SignedPublicKeyBundle) => {
        const key = bundle[name];
        const { bytes = new Uint8Array(), recovery = 0 } = key?.signature?.union.value ?? {};
        const member = key?.signature?.union.case === 'ecdsaCompact' ? 'walletEcdsaCompact' : 'ecdsaCompact';
        if (key) key.signature = create(SignatureSchema, { union: { case: member, value: { bytes, recovery } } });
      }),
      ({ identityKey }) => void Object.assign(identityKey?.signature?.union.value ?? {}, { recovery: 4 }),
      ({ preKey }) => void Object.assign(preKey?.signature?.union.value ?? {}, highS(preKey?.signature?.union.value ?? never())),
    ];
    for (const change of broken) await refused('bad-signature', () => verifyBundle(changed(change)));
    // A wallet's signature with high s yields the same wallet: it is compared by that and names nothing.
    const other = changed(({ identityKey }) => {
      const value = identityKey?.signature?.union.value ?? never();
      Object.assign(value, highS(value));
    });
    expect(verifyBundle(other).address).toBe(alice.address);

    const keyMaterial = sha256(utf8('key'));
    const [topic, members] = ['/xmtp/0/m-x/proto', [alice.address, bob.address]];
    const { message } = await sealMessage({
      topic,
      keyMaterial,
      bundle: alice.bundle,
      payload: textPayload('gm'),
      createdNs,
      shouldPush: true,
    });
    const forged = await resigned(message, keyMaterial, (digest) => highS(sign(digest, alice.bundle.preKeys[0].secret)));
    await refused('bad-signature', () => openMessage({ topic, keyMaterial, members, message: forged, envelopeTopic: topic }));
  });

  it('V20: no digest that somebody hands in is signed, and no key signs anything but what its type says', async () => {
    const call = (name: string, request: Uint8Array | null, policy = {}) =>
      answerKeystoreCall({ bundle: alice.bundle, memory: emptyMemory(), policy }, name, request);
    const request = create(SignDigestRequestSchema, { digest: new Uint8Array(32), signer: { case: 'identityKey', value: true } });
    await refused('unsupported', () => call('signDigest', toBinary(SignDigestRequestSchema, request)));
    await refused('unsupported', () => call('getPrivateKeyBundle', null));
    for (const name of Object.keys(methods)) expect(name).not.toMatch(/sign|digest|token|bundle|frame/i);
    // Outside of the protocol and the keystore nobody can name what signs with these keys.
    const signers = /\b(signByPreKey|signByIdentity|signFrameAction)\b|\bsign\b[^;]*from '.*secp256k1/;
    for (const layer of ['background', 'popup', 'content', 'rpc', 'network', 'storage', 'content-types']) {
      for (const [name, text] of sources(layer)) expect({ name, found: signers.exec(text)?.[0] }).toEqual({ name, found: undefined });
    }
    // With the pre-key only messages are signed, and the states of groups, whose digests begin as no message's header can.
    const users = sources('protocol').filter(([, text]) => /\bsignByPreKey\(/.test(text) && !/const signByPreKey/.test(text));
    expect(users.map(([name]) => name).toSorted()).toEqual(['group.ts', 'message.ts']);
    const domain = /const domain = utf8\('(.*?)'\)/.exec(sources('protocol').find(([name]) => name === 'group.ts')?.[1] ?? '')?.[1] ?? '';
    expect(domain).not.toBe('');
    await refused('malformed', () => parseHeader(concat(utf8(domain), utf8('x'))));
  });
});

const sources = (layer: string): [name: string, text: string][] => {
  const root = new URL(`../../src/${layer}/`, import.meta.url);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [name, readFileSync(new URL(name, root), 'utf8')]);
};

function never(): never {
  throw new Error('the bundle is signed');
}
