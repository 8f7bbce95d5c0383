import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { conversationWith, newPerson, type Person, texts, until } from '../device.ts';

let node: RunningNode;
let me: Person;
let friend: Person;
/** The conversation with the friend, who has written last. */
let id: string;

beforeAll(async () => {
  node = await startNode();
  [me, friend] = [await newPerson(node.url), await newPerson(node.url)];
  ({ id } = await me.life.services.conversations.start(friend.address));
  const { messages } = me.life.services;
  const first = await messages.send(id, 'a question', 'a');
  await messages.send(id, { kind: 'reaction', action: 'added', reference: first.id, schema: 'unicode', content: '👍' }, 'b');
  const there = await conversationWith(friend.life, me.address);
  await until(async () => (await texts(friend.life, there.id)).length === 1, 'the question');
  const answer = { kind: 'reply', reference: first.id, content: { kind: 'text', text: 'an answer' } } as const;
  await friend.life.services.messages.send(there.id, answer, 'a');
  await until(async () => (await texts(me.life, id)).length === 2, 'the answer');
});
afterAll(async () => {
  await me.device.close();
  await friend.device.close();
  await node.close();
});

describe('opening a conversation', () => {
  it('answers at once with what its row, its messages and its safety say one by one', async () => {
    const { openings, conversations, messages, safety } = me.life.services;
    const opened = await openings.open(id);
    expect(opened).toEqual({ row: await conversations.get(id), ...(await messages.list(id, {})), safety: await safety.known(id) });
    expect(opened.messages).toMatchObject([{ reactions: [{ sign: '👍' }] }, { quote: { text: 'a question' } }]);
    expect(opened.safety).toMatchObject({ number: null, warning: null, firstSeenAt: expect.any(Number) });
    expect(await openings.open(id, 1)).toEqual({ ...opened, messages: opened.messages.slice(-1), more: true });
    await expect(openings.open('no such')).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('says nothing of the keys of two for a group', async () => {
    const { openings, groups } = me.life.services;
    const group = await groups.create('a few', [friend.address]);
    expect(await openings.open(group.id)).toMatchObject({ row: { id: group.id }, safety: null });
  });

  it('marks nothing as read and asks nobody: a page asks for it before anybody has pressed', async () => {
    expect((await me.life.services.conversations.get(id)).unread).toBe(1);
    me.life.kill();
    const asked: unknown[] = [];
    const life = await me.device.start({
      later: () => undefined,
      fetch: async (input) => {
        asked.push(input);
        throw new TypeError('no network here');
      },
    });
    const opened = await life.services.openings.open(id);
    const again = await life.services.conversations.get(id);
    expect(opened.messages).toHaveLength(2);
    expect(asked).toEqual([]);
    expect(again.unread).toBe(1);
  });
});
