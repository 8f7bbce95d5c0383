import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PrivateKeyBundleSchema, PrivateKeyBundleV1Schema } from '../../src/gen/xmtp/message_contents/private_key_pb.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import {
  addressOfBundle,
  decodePrivateBundle,
  draftIdentity,
  encodePrivateBundle,
  finishIdentity,
  publicBundle,
  rotatePreKey,
  sharedSecret,
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
