import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  InvitationV1Schema,
  SealedInvitationHeaderV1Schema,
  SealedInvitationSchema,
} from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { type SignedPublicKeyBundle, SignedPublicKeyBundleSchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { sealAead } from '../../src/protocol/aead.ts';
import { randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { type PrivateBundle, publicBundle, rotatePreKey, sharedSecret } from '../../src/protocol/private-keys.ts';
import { conversationTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, type Person, person } from '../support/people.ts';
import { refused } from './refused.ts';

const createdNs = 1_700_000_000_000_000_000n;

const invite = async (from: Person, to: Person, context?: { conversationId: string; metadata: Record<string, string> }) =>
  sealInvitation(from.bundle, to.contact, await deriveInvitation(from.bundle, to.contact, context), createdNs);

const open = (bundle: PrivateBundle, message: Uint8Array, timestampNs = createdNs) => openInvitation(bundle, { timestampNs, message });

/** An invitation with the given topic and key, sealed as the honest do. */
const inviteInto = (topic: string, keyMaterial: Uint8Array = randomBytes(32)) =>
  sealInvitation(
    alice.bundle,
    bob.contact,
    create(InvitationV1Schema, { topic, encryption: { case: 'aes256GcmHkdfSha256', value: { keyMaterial } } }),
    createdNs,
  );

/** An invitation with any header, sealed between Alice and Bob. */
const sealUnder = async (sender: SignedPublicKeyBundle, recipient: SignedPublicKeyBundle) => {
  const headerBytes = toBinary(SealedInvitationHeaderV1Schema, create(SealedInvitationHeaderV1Schema, { sender, recipient, createdNs }));
  const invitation = await deriveInvitation(alice.bundle, bob.contact);
  const secret = sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'initiator');
  const ciphertext = await sealAead(secret, toBinary(InvitationV1Schema, invitation), headerBytes);
  return toBinary(SealedInvitationSchema, create(SealedInvitationSchema, { version: { case: 'v1', value: { headerBytes, ciphertext } } }));
};

test('both sides read the same conversation out of an invitation, each naming the other', async () => {
  const sealed = await invite(alice, bob);
  const [mine, theirs] = [await open(alice.bundle, sealed), await open(bob.bundle, sealed)];
  expect(mine).toMatchObject({ peer: bob.address, sentByMe: true, derived: true, createdNs });
  expect(theirs).toMatchObject({ peer: alice.address, sentByMe: false, derived: true, createdNs });
  expect(theirs.topic).toBe(mine.topic);
  expect(toHex(theirs.keyMaterial)).toBe(toHex(mine.keyMaterial));
  expect(toHex(theirs.peerBundle.identityKey)).toBe(toHex(alice.contact.identityKey));
});

test('whoever begins, a pair comes to one topic and one key, and another conversation id to another topic', async () => {
  const people = [alice, bob, carol, person('Dora'), person('Emil')];
  const topics = new Set<string>();
  for (const [place, one] of people.entries()) {
    for (const other of people.slice(place + 1)) {
      const [there, back] = [await deriveInvitation(one.bundle, other.contact), await deriveInvitation(other.bundle, one.contact)];
      expect(back).toEqual(there);
      topics.add(there.topic);
      topics.add((await deriveInvitation(one.bundle, other.contact, { conversationId: 'example.com/1', metadata: {} })).topic);
    }
  }
  expect(topics.size).toBe(20);
});

test('the context comes back as it was sent, for any texts in it', async () => {
  const texts = fc.record({
    conversationId: fc.string({ maxLength: 50, unit: 'grapheme' }),
    metadata: fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 50, unit: 'grapheme' }), { maxKeys: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(texts, async (context) => {
      const opened = await open(bob.bundle, await invite(alice, bob, context));
      expect(opened.conversationId).toBe(context.conversationId);
      expect(Object.entries(opened.metadata ?? {}).sort()).toEqual(Object.entries(context.metadata).sort());
      expect(opened.derived).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('metadata cannot reach a prototype, and is bounded', async () => {
  const metadata = JSON.parse('{"__proto__":"polluted","constructor":"x"}') as Record<string, string>;
  for (let count = 0; count < 60; count++) metadata[`key ${count}`] = 'v';
  metadata['long'] = 'x'.repeat(2000);
  const opened = await open(bob.bundle, await invite(alice, bob, { conversationId: 'a', metadata }));
  expect(Object.getPrototypeOf(opened.metadata)).toBe(null);
  expect(Object.keys(opened.metadata ?? {})).toHaveLength(32);
  expect(opened.metadata).not.toHaveProperty('long');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('an invitation between two others is refused', async () => {
  await refused('wrong-recipient', async () => open(carol.bundle, await invite(alice, bob)));
});

test('an invitation from me to me is refused', async () => {
  await refused('wrong-recipient', async () => open(alice.bundle, await invite(alice, alice)));
});

test('an invitation that names my pre-key beside the identity key of somebody else is not addressed to me', async () => {
  const recipient = create(SignedPublicKeyBundleSchema, {
    ...(carol.contact.signed.identityKey && { identityKey: carol.contact.signed.identityKey }),
    ...(bob.contact.signed.preKey && { preKey: bob.contact.signed.preKey }),
  });
  await refused('wrong-recipient', async () => open(bob.bundle, await sealUnder(alice.contact.signed, recipient)));
});

test('an invitation that names my identity key beside a pre-key that I never had is refused', async () => {
  const recipient = create(SignedPublicKeyBundleSchema, {
    ...(bob.contact.signed.identityKey && { identityKey: bob.contact.signed.identityKey }),
    ...(carol.contact.signed.preKey && { preKey: carol.contact.signed.preKey }),
  });
  await refused('unknown-key', async () => open(bob.bundle, await sealUnder(alice.contact.signed, recipient)));
});

test('a sender whose pre-key is not signed by the identity key is refused before any secret is made', async () => {
  const sender = create(SignedPublicKeyBundleSchema, {
    ...(alice.contact.signed.identityKey && { identityKey: alice.contact.signed.identityKey }),
    ...(carol.contact.signed.preKey && { preKey: carol.contact.signed.preKey }),
  });
  await refused('bad-signature', async () => open(bob.bundle, await sealUnder(sender, bob.contact.signed)));
});

test('what was sealed to an older pre-key opens after a rotation, and as its sender after the own rotation', async () => {
  const sealed = await invite(alice, bob);
  expect(await open(rotatePreKey(rotatePreKey(bob.bundle)), sealed)).toMatchObject({ peer: alice.address, derived: true });
  expect(await open(rotatePreKey(alice.bundle), sealed)).toMatchObject({ peer: bob.address, sentByMe: true, derived: true });
});

test('rotation gives a new topic and key to new conversations', async () => {
  const rotated = rotatePreKey(alice.bundle);
  const [before, after] = [await deriveInvitation(alice.bundle, bob.contact), await deriveInvitation(rotated, bob.contact)];
  expect(after.topic).not.toBe(before.topic);
  expect(after).toEqual(await deriveInvitation(bob.bundle, publicBundle(rotated)));
});

test('the envelope must have exactly the time of the header', async () => {
  const sealed = await invite(alice, bob);
  await refused('wrong-time', () => open(bob.bundle, sealed, createdNs + 1n));
  await refused('wrong-time', () => open(bob.bundle, sealed, createdNs - 1_000_000n));
});

test('an envelope of a foreign invite topic is refused', async () => {
  const message = await invite(alice, bob);
  const envelope = { timestampNs: createdNs, message };
  await openInvitation(bob.bundle, { ...envelope, topic: inviteTopic(bob.address) });
  await refused('wrong-topic', () => openInvitation(bob.bundle, { ...envelope, topic: inviteTopic(alice.address) }));
});

test.each([
  inviteTopic(bob.address),
  `/xmtp/0/contact-${bob.address}/proto`,
  `/xmtp/0/privatestore-${bob.address}/key_bundle/proto`,
  '/xmtp/0/userpreferences-abc/proto',
  `/xmtp/0/dm-${alice.address}-${bob.address}/proto`,
  '/xmtp/0/mE-abc/proto',
  '/xmtp/0/m-/proto',
  '/xmtp/0/m-a b/proto',
  '/xmtp/0/m-abc',
  `/xmtp/0/m-${'a'.repeat(290)}/proto`,
  'hello',
  '',
])('an invitation into the topic "%s" is refused: replies would go there', async (topic) => {
  await refused('wrong-topic', async () => open(bob.bundle, await inviteInto(topic)));
});

test.each([0, 1, 16, 31, 33, 64])('a conversation key of %d bytes is refused', async (length) => {
  await refused('malformed', async () => open(bob.bundle, await inviteInto(conversationTopic('abc'), randomBytes(length))));
});

test('a random topic and key are taken, and told apart from derived ones', async () => {
  const keyMaterial = randomBytes(32);
  const opened = await open(bob.bundle, await inviteInto(conversationTopic('kXw4oT/ujZ+di'), keyMaterial));
  expect(opened).toMatchObject({ topic: '/xmtp/0/m-kXw4oT/ujZ+di/proto', derived: false });
  expect(toHex(opened.keyMaterial)).toBe(toHex(keyMaterial));
});

test('the topic that the pair derives with another key does not count as derived', async () => {
  const { topic } = await deriveInvitation(alice.bundle, bob.contact);
  expect(await open(bob.bundle, await inviteInto(topic))).toMatchObject({ topic, derived: false });
});

test('an empty header, and bytes of any kind, are refused by a ProtocolError', async () => {
  const { ciphertext } = { ciphertext: await sealAead(randomBytes(32), new Uint8Array(8)) };
  const value = { headerBytes: new Uint8Array(), ciphertext };
  const empty = toBinary(SealedInvitationSchema, create(SealedInvitationSchema, { version: { case: 'v1', value } }));
  await refused('malformed', () => open(bob.bundle, empty, 0n));
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await expect(open(bob.bundle, bytes)).rejects.toMatchObject({ name: 'ProtocolError' });
    }),
    { numRuns: 200 },
  );
});
