import { expect, test } from 'vitest';
import { utf8 } from '../../src/protocol/bytes.ts';
import { beginConversation, inOrderOfCreation, type ListedConversation, openIntroductions } from '../../src/protocol/conversation-list.ts';
import { sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { conversationTopic, directTopic, introTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';
import { refused } from './refused.ts';

const introduce = async (from: Person, to: Person, timestampMs: number, contentTopic = introTopic(alice.address)) => {
  const { message } = await sealLegacyMessage({ bundle: from.bundle, peer: to.contact, payload: utf8('gm'), timestampMs });
  return { contentTopic, timestampNs: 1n, message };
};

const withBob = { peer: bob.address, createdNs: 5n };
const legacy: ListedConversation = { version: 1, topic: directTopic(alice.address, bob.address), ...withBob };
const plain: ListedConversation = { version: 2, topic: conversationTopic('plain'), ...withBob };
const named: ListedConversation = { version: 2, topic: conversationTopic('named'), ...withBob, conversationId: 'id' };

const begin = (known: ListedConversation[], id?: string, version: 1 | 2 | null = 2) =>
  beginConversation(alice.bundle, bob.address, id, { known, contact: version && { ...bob.contact, version } });

test('introductions tell one conversation a peer, dated by the oldest, whoever wrote it', async () => {
  const listed = await openIntroductions(alice.bundle, [
    await introduce(bob, alice, 30),
    await introduce(alice, bob, 20),
    await introduce(alice, carol, 10),
    await introduce(bob, alice, 40),
  ]);
  expect(listed.map(({ peer, createdNs }) => [peer, createdNs])).toEqual([
    [carol.address, 10_000_000n],
    [bob.address, 20_000_000n],
  ]);
  expect(listed[1]).toMatchObject({ version: 1, topic: legacy.topic });
});

test('an introduction of others, one from another topic and garbage tell nothing', async () => {
  const elsewhere = [introTopic(bob.address), inviteTopic(alice.address), legacy.topic];
  const listed = await openIntroductions(alice.bundle, [
    await introduce(bob, carol, 1),
    { contentTopic: introTopic(alice.address), timestampNs: 1n, message: Uint8Array.of(1, 2, 3) },
    ...(await Promise.all(elsewhere.map((topic) => introduce(bob, alice, 1, topic)))),
  ]);
  expect(listed).toEqual([]);
});

test('both versions are listed side by side, the oldest first', () => {
  const later = { ...legacy, createdNs: 6n };
  expect(inOrderOfCreation([later, plain])).toEqual([plain, later]);
});

test('a conversation with the same peer and id goes on, also without a contact; absent and empty id are the same', () => {
  expect(begin([legacy, named, plain])).toEqual({ form: 'existing', conversation: plain });
  expect(begin([legacy, named, plain], '')).toEqual({ form: 'existing', conversation: plain });
  expect(begin([legacy, plain, named], 'id', null)).toEqual({ form: 'existing', conversation: named });
});

test('another id, or another peer’s conversation, is no match', () => {
  expect(begin([plain, legacy], 'other')).toEqual({ form: 'invitation' });
  expect(begin([named, { ...plain, peer: carol.address }])).toEqual({ form: 'invitation' });
});

test('without an id a legacy conversation goes on, and a peer with a legacy contact gets one', () => {
  expect(begin([legacy])).toEqual({ form: 'existing', conversation: legacy });
  expect(begin([], undefined, 1)).toEqual({ form: 'legacy', topic: legacy.topic });
  expect(begin([], 'id', 1)).toEqual({ form: 'invitation' });
});

test('nobody begins with oneself, nor with somebody unknown, nor a legacy conversation with keys of the signed format', async () => {
  await refused('unknown-key', () => begin([], undefined, null));
  await refused('wrong-recipient', () =>
    beginConversation(alice.bundle, alice.address, undefined, { known: [], contact: { ...alice.contact, version: 2 } }),
  );
  const { legacy: _, ...signedOnly } = bob.contact;
  const contact = { ...signedOnly, version: 2 } as const;
  await refused('unsupported', () => beginConversation(alice.bundle, bob.address, undefined, { known: [legacy], contact }));
});
