import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { PrivateKeyBundleSchema, PrivateKeyBundleV1Schema } from '../../src/gen/xmtp/message_contents/private_key_pb.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import {
  addressOfBundle,
  decodePrivateBundle,
  draftIdentity,
  encodePrivateBundle,
  finishIdentity,
  type KeyPair,
  type PrivateBundle,
  publicBundle,
  reopenPrivateBundle,
  rotatePreKey,
  sharedSecret,
  signByIdentity,
  signByPreKey,
} from '../../src/protocol/private-keys.ts';
import { signText } from '../../src/protocol/wallet-signature.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { refused } from './refused.ts';

/** Alice's exported bundle with something changed. */
function changed(change: (v1: ReturnType<typeof readV1>) => void): Uint8Array {
  const v1 = readV1();
  change(v1);
  return toBinary(PrivateKeyBundleSchema, create(PrivateKeyBundleSchema, { version: { case: 'v1', value: v1 } }));
}

function readV1() {
  const { version } = fromBinary(PrivateKeyBundleSchema, encodePrivateBundle(alice.bundle));
  if (version.case !== 'v1') throw new Error('expected the legacy form');
  return version.value;
}

test('a person of the same name has the same keys', () => {
  expect(person('Alice')).toEqual(alice);
  expect(person('Alice', 1).bundle).not.toEqual(alice.bundle);
});

test('an identity is finished only by the wallet that it is meant for', async () => {
  const { draft, text } = draftIdentity();
  expect(addressOfBundle(finishIdentity(draft, signText(text, alice.walletKey), alice.address))).toBe(alice.address);
  await refused('wrong-sender', () => finishIdentity(draft, signText(text, bob.walletKey), alice.address));
  await refused('wrong-sender', () => finishIdentity(draft, signText(`${text}\n`, alice.walletKey), alice.address));
});

test('two identities share no key', () => {
  const [a, b] = [draftIdentity(), draftIdentity()];
  expect(toHex(a.draft.secret)).not.toBe(toHex(b.draft.secret));
});

test('a bundle survives export, with all its pre-keys in order, and in the bare form of the oldest clients', () => {
  const rotated = rotatePreKey(rotatePreKey(alice.bundle));
  expect(decodePrivateBundle(encodePrivateBundle(rotated))).toEqual(rotated);
  const bare = toBinary(PrivateKeyBundleV1Schema, readV1());
  expect(decodePrivateBundle(bare)).toEqual(alice.bundle);
});

test('a private key that does not fit its public half, or a chain that does not hold, is refused', async () => {
  const preKeyOfBob = bob.bundle.preKeys[0];
  await refused('malformed', () =>
    decodePrivateBundle(changed(({ preKeys }) => Object.assign(preKeys[0]?.union.value ?? {}, { bytes: preKeyOfBob.secret }))),
  );
  await refused('malformed', () =>
    decodePrivateBundle(changed(({ identityKey }) => Object.assign(identityKey?.union.value ?? {}, { bytes: new Uint8Array(32) }))),
  );
  const bobs = fromBinary(PrivateKeyBundleSchema, encodePrivateBundle(bob.bundle));
  await refused('bad-signature', () =>
    decodePrivateBundle(changed((v1) => v1.preKeys.push(...(bobs.version.case === 'v1' ? bobs.version.value.preKeys : [])))),
  );
});

test('a bundle without keys, and anything else, is refused', async () => {
  await refused('malformed', () => decodePrivateBundle(changed((v1) => v1.preKeys.splice(0))));
  await refused('malformed', () => decodePrivateBundle(changed((v1) => delete v1.identityKey)));
  for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 1, 2), new Uint8Array(100)])
    await refused('malformed', () => decodePrivateBundle(bytes));
});

test('two sides in opposite roles agree on a secret that a third cannot compute', () => {
  const forward = sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'initiator');
  expect(sharedSecret(bob.bundle, alice.contact, bob.contact.preKey, 'responder')).toEqual(forward);
  const backward = sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'responder');
  expect(sharedSecret(bob.bundle, alice.contact, bob.contact.preKey, 'initiator')).toEqual(backward);
  expect(toHex(backward)).not.toBe(toHex(forward));
  expect(forward).toHaveLength(195);
  expect(toHex(sharedSecret(carol.bundle, bob.contact, carol.contact.preKey, 'initiator'))).not.toBe(toHex(forward));
});

test('after a rotation the older pre-key still agrees, and a stranger’s is unknown', async () => {
  const rotated = rotatePreKey(bob.bundle);
  expect(toHex(publicBundle(rotated).preKey)).not.toBe(toHex(bob.contact.preKey));
  expect(sharedSecret(rotated, alice.contact, bob.contact.preKey, 'responder')).toEqual(
    sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'initiator'),
  );
  await refused('unknown-key', () => sharedSecret(bob.bundle, alice.contact, carol.contact.preKey, 'responder'));
});

describe('a bundle that its owner has sealed', () => {
  const rotated = rotatePreKey(rotatePreKey(alice.bundle));
  const digest = new Uint8Array(32).fill(7);
  const reopened = (bundle: PrivateBundle): PrivateBundle => reopenPrivateBundle(encodePrivateBundle(bundle));
  const agreed = (bundle: PrivateBundle, preKey: number): Uint8Array =>
    sharedSecret(bundle, bob.contact, bundle.preKeys[preKey]?.point ?? new Uint8Array(), 'initiator');

  test('is reopened as it was', () => {
    expect(reopened(rotated)).toEqual(rotated);
    expect(agreed(reopened(rotated), 2)).toEqual(agreed(rotated, 2));
    expect(signByPreKey(reopened(rotated), digest)).toEqual(signByPreKey(rotated, digest));
  });

  test('is read to its end while one of its keys is broken, which is refused at each use; the others work', async () => {
    const [newest, middle, oldest] = rotated.preKeys as [KeyPair, KeyPair, KeyPair];
    const broken = reopened({ identity: rotated.identity, preKeys: [newest, { ...middle, secret: bob.bundle.preKeys[0].secret }, oldest] });
    for (let i = 0; i < 2; i++) await refused('malformed', () => agreed(broken, 1));
    expect(agreed(broken, 0)).toEqual(agreed(rotated, 0));
    expect(agreed(broken, 2)).toEqual(agreed(rotated, 2));
    await refused('malformed', () => encodePrivateBundle(broken));
  });

  test('neither agrees nor signs by a key that is zero, by one of another chain, or by an identity of no wallet', async () => {
    const [newest] = rotated.preKeys;
    const zero = reopened({ identity: rotated.identity, preKeys: [{ ...newest, secret: new Uint8Array(32) }] });
    await refused('malformed', () => signByPreKey(zero, digest));
    const foreign = reopened({ identity: rotated.identity, preKeys: [newest, bob.bundle.preKeys[0]] });
    await refused('bad-signature', () => agreed(foreign, 1));
    const other = reopened({ identity: { ...rotated.identity, secret: bob.bundle.identity.secret }, preKeys: [newest] });
    await refused('malformed', () => signByIdentity(other, digest));
  });

  test('has a key and a pre-key, like any other', async () => {
    await refused('malformed', () => reopenPrivateBundle(changed((v1) => void v1.preKeys.splice(0))));
    await refused('malformed', () => reopenPrivateBundle(new Uint8Array([1, 2, 3])));
  });
});
