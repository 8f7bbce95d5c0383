import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { newPerson, type Person, texts, until } from '../background/device.ts';
import { person } from '../support/people.ts';
import { peerOf } from './peer.ts';

let node: RunningNode;
let alice: Person;
let bob: Person;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  node = await startNode();
  [alice, bob] = [await newPerson(node.url), await newPerson(node.url)];
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await alice.device.close();
  await bob.device.close();
  await node.close();
});

test('somebody with xmtp-js who is in a group lists it, reads everybody and is read by everybody', async () => {
  const peer = await peerOf(person('a guest with xmtp-js'), node.url);
  stops.push(() => peer.close());
  const other = await peer.conversations.newConversation(bob.address);
  await other.send('a conversation of two beside it');
  const { groups, messages } = alice.life.services;
  const { id } = await groups.create('Friday', [bob.address, peer.address]);
  await messages.send(id, 'welcome', '1');
  const atBob = await until(
    async () => (await bob.life.services.conversations.list({})).rows.find(({ group }) => group?.title === 'Friday'),
    'the group',
  );
  await bob.life.services.messages.send(atBob.id, 'hello both', '2');
  await until(async () => (await texts(alice.life, id)).length === 2, 'hearing Bob');

  const listed = await peer.conversations.list();
  expect(listed).toHaveLength(2);
  const group = listed.find(({ context }) => context?.conversationId.startsWith('parley.chat/group/1/'));
  expect(group?.peerAddress).toBe(alice.address);
  await group?.send('hello from xmtp-js');
  for (const [life, conversation] of [
    [alice.life, id],
    [bob.life, atBob.id],
  ] as const) {
    await until(async () => (await texts(life, conversation)).length === 3, 'hearing the guest');
    const { messages: read } = await life.services.messages.list(conversation, {});
    expect(read.at(-1)).toMatchObject({ sender: peer.address, shown: { form: 'text', text: 'hello from xmtp-js' } });
  }
  await groups.rename(id, 'Saturday');
  await until(async () => (await group?.messages())?.length === 4, 'the announcement');
  const seen = (await group?.messages())?.map(({ content, contentFallback, senderAddress }) => [senderAddress, content ?? contentFallback]);
  expect(seen).toEqual([
    [alice.address, 'welcome'],
    [bob.address, 'hello both'],
    [peer.address, 'hello from xmtp-js'],
    [alice.address, 'The group “Saturday” has 3 members now.'],
  ]);

  // Removed, they keep what they read and see nothing of what follows.
  const { id: next } = await groups.remove(id, [peer.address]);
  await messages.send(next, 'between us', '3');
  await until(async () => (await messages.list(next, {})).messages.every(({ state }) => state === null || state === 'sent'), 'sending');
  expect(await peer.conversations.list()).toHaveLength(2);
  expect((await group?.messages())?.map(({ content }) => content)).not.toContain('between us');
});
