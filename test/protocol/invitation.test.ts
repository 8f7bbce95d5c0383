import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  type InvitationV1,
  InvitationV1Schema,
  type SealedInvitationHeaderV1,
  SealedInvitationHeaderV1Schema,
  SealedInvitationSchema,
} from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { sealAead } from '../../src/protocol/aead.ts';
import { randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { publicBundle, rotatePreKey, sharedSecret } from '../../src/protocol/private-keys.ts';
import { conversationTopic, inviteTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { refused } from './refused.ts';

const createdNs = 1_700_000_000_000_000_000n;
const invitation = await deriveInvitation(alice.bundle, bob.contact);
const sealed = await sealInvitation(alice.bundle, bob.contact, invitation, createdNs);
const open = (who: typeof alice, message: Uint8Array, timestampNs = createdNs) => openInvitation(who.bundle, { timestampNs, message });

/** An invitation of Alice to Bob with any topic and key. */
const random = (parts: { topic?: string; key?: Uint8Array } = {}): InvitationV1 =>
  create(InvitationV1Schema, {
    topic: parts.topic ?? conversationTopic('random'),
    encryption: { case: 'aes256GcmHkdfSha256', value: { keyMaterial: parts.key ?? randomBytes(32) } },
  });

/** The sealed invitation with another header under the same ciphertext. */
function withHeader(change: (header: SealedInvitationHeaderV1) => void): Uint8Array {
  const outer = fromBinary(SealedInvitationSchema, sealed);
  const v1 = outer.version.value;
  if (!v1) throw new Error('nothing sealed');
  const header = fromBinary(SealedInvitationHeaderV1Schema, v1.headerBytes);
  change(header);
  v1.headerBytes = toBinary(SealedInvitationHeaderV1Schema, header);
  return toBinary(SealedInvitationSchema, outer);
}

test('both sides open the same invitation, each with the other as its peer', async () => {
  const topicAndKey = { topic: invitation.topic, keyMaterial: invitation.encryption.value?.keyMaterial, createdNs, derived: true };
  expect(await open(alice, sealed)).toMatchObject({ ...topicAndKey, peer: bob.address, sentByMe: true });
  expect(await open(bob, sealed)).toMatchObject({ ...topicAndKey, peer: alice.address, sentByMe: false });
});

test('whoever begins derives the same conversation, and the id alone tells it from another', async () => {
  const strings = fc.string({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(strings, strings, async (conversationId, value) => {
      const context = { conversationId, metadata: { value } };
      const [mine, theirs] = [
        await deriveInvitation(alice.bundle, bob.contact, context),
        await deriveInvitation(bob.bundle, alice.contact, context),
      ];
      expect(theirs).toEqual(mine);
      expect(mine.encryption).toEqual(invitation.encryption);
      expect(mine.topic === invitation.topic).toBe(conversationId === '');
      const opened = await open(bob, await sealInvitation(alice.bundle, bob.contact, mine, createdNs));
      expect(opened).toMatchObject({ conversationId, derived: true });
      expect(opened.metadata?.['value']).toBe(value);
    }),
    { numRuns: 5 },
  );
});

test('an invitation that the pair did not derive is taken and marked', async () => {
  const opened = await open(bob, await sealInvitation(alice.bundle, bob.contact, random(), createdNs));
  expect(opened).toMatchObject({ topic: conversationTopic('random'), derived: false });
});

test('a conversation key that was derived for another topic is not taken for derived', async () => {
  const other = random({ topic: invitation.topic });
  expect((await open(bob, await sealInvitation(alice.bundle, bob.contact, other, createdNs))).derived).toBe(false);
});

test('names of the prototype in the metadata are plain names', async () => {
  const withContext = random();
  const metadata = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
  withContext.context = { $typeName: 'xmtp.message_contents.InvitationV1.Context', conversationId: 'c', metadata };
  const opened = await open(bob, await sealInvitation(alice.bundle, bob.contact, withContext, createdNs));
  expect(Object.getPrototypeOf(opened.metadata)).toBeNull();
  expect(opened.metadata?.['constructor']).toBe('y');
});

test('metadata is bounded in number and size: it is decoration', async () => {
  const metadata: Record<string, string> = { long: 'x'.repeat(1025), ['y'.repeat(1025)]: 'long key' };
  for (let count = 0; count < 40; count++) metadata[`key ${count}`] = 'x'.repeat(1024);
  const invited = await deriveInvitation(alice.bundle, bob.contact, { conversationId: 'c', metadata });
  const opened = await open(bob, await sealInvitation(alice.bundle, bob.contact, invited, createdNs));
  const kept = Object.keys(opened.metadata ?? {});
  expect(kept).toHaveLength(32);
  expect(kept.every((key) => key.startsWith('key '))).toBe(true);
});

test('an older pre-key opens what was sealed to it after a rotation, from both sides', async () => {
  const rotated = { ...bob, bundle: rotatePreKey(bob.bundle, () => Date.UTC(2024, 1, 1)) };
  expect(await open(rotated, sealed)).toMatchObject({ peer: alice.address, derived: true });
  const fromBob = await sealInvitation(bob.bundle, alice.contact, await deriveInvitation(bob.bundle, alice.contact), createdNs);
  expect(await open(rotated, fromBob)).toMatchObject({ peer: alice.address, sentByMe: true });
  const toNewKey = await deriveInvitation(alice.bundle, publicBundle(rotated.bundle));
  expect(toNewKey.topic).not.toBe(invitation.topic);
});

test('an invitation that does not name my identity key is refused, even with my pre-key in it', async () => {
  await refused('wrong-recipient', () => open(carol, sealed));
  const newBob = { ...bob, bundle: person('Bob', Date.UTC(2025, 0, 1)).bundle };
  await refused('wrong-recipient', () => open(newBob, sealed));
  const withMyPreKey = withHeader(({ recipient }) => Object.assign(recipient ?? {}, { preKey: carol.contact.signed.preKey }));
  await refused('wrong-recipient', () => open(carol, withMyPreKey));
});

test('an invitation to oneself is refused', async () => {
  const toSelf = await sealInvitation(bob.bundle, bob.contact, random(), createdNs);
  await refused('wrong-recipient', () => open(bob, toSelf));
});

test('a time other than the envelope’s, or a topic other than my invite topic, is refused', async () => {
  await refused('wrong-time', () => open(bob, sealed, createdNs + 1n));
  const from = (topic: string) => openInvitation(bob.bundle, { topic, timestampNs: createdNs, message: sealed });
  await refused('wrong-topic', () => from(inviteTopic(alice.address)));
  expect((await from(inviteTopic(bob.address))).peer).toBe(alice.address);
});

test('a changed header is refused: other time, other party, foreign pre-key', async () => {
  await refused('cannot-decrypt', () =>
    open(
      bob,
      withHeader((header) => Object.assign(header, { createdNs: 5n })),
      5n,
    ),
  );
  await refused('cannot-decrypt', () =>
    open(
      bob,
      withHeader((header) => Object.assign(header, { sender: carol.contact.signed })),
    ),
  );
  await refused('bad-signature', () =>
    open(
      bob,
      withHeader(({ sender }) => Object.assign(sender ?? {}, { preKey: carol.contact.signed.preKey })),
    ),
  );
  await refused('unknown-key', () =>
    open(
      bob,
      withHeader(({ recipient }) => Object.assign(recipient ?? {}, { preKey: carol.contact.signed.preKey })),
    ),
  );
  await refused('malformed', () =>
    open(
      bob,
      withHeader((header) => delete header.sender),
    ),
  );
});

test('key material other than 32 bytes is refused', async () => {
  for (const length of [0, 16, 31, 33, 64]) {
    const message = await sealInvitation(alice.bundle, bob.contact, random({ key: randomBytes(length) }), createdNs);
    await refused('malformed', () => open(bob, message));
  }
});

test('a topic that is no conversation is refused, above all my own key store', async () => {
  for (const topic of [privateStoreTopic(bob.address), inviteTopic(bob.address), '', '*', '/xmtp/0/mE-x/proto', conversationTopic('a b')]) {
    const message = await sealInvitation(alice.bundle, bob.contact, random({ topic }), createdNs);
    await refused('wrong-topic', () => open(bob, message));
  }
});

test('anything that is no sealed invitation is refused', async () => {
  for (const message of [new Uint8Array(0), Uint8Array.of(255, 1), Uint8Array.of(10, 0), sealed.slice(0, 100), sealed.slice(0, -1)])
    await refused('malformed', () => open(bob, message));
  const header = fromBinary(SealedInvitationSchema, sealed).version.value?.headerBytes ?? new Uint8Array();
  const secret = sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'initiator');
  const ciphertext = await sealAead(secret, Uint8Array.of(255), header);
  const noInvitation = create(SealedInvitationSchema, { version: { case: 'v1', value: { headerBytes: header, ciphertext } } });
  await refused('malformed', () => open(bob, toBinary(SealedInvitationSchema, noInvitation)));
});

test('two seals of one invitation share no bytes of salt, nonce or ciphertext', async () => {
  const again = await sealInvitation(alice.bundle, bob.contact, invitation, createdNs);
  expect(toHex(again.slice(-100))).not.toBe(toHex(sealed.slice(-100)));
});
