import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { openCache } from '../../../src/storage/cache.ts';
import { conversationWith, type Life, newPerson, type Person, until } from '../device.ts';

let node: RunningNode;
let me: Person;
let friend: Person;
let theirs: string;
let mine: string;

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());

const say = async ({ life }: Person, conversation: string, text: string): Promise<string> => {
  const { id } = await life.services.messages.send(conversation, text, text);
  await life.services.messages.settled(id, 30_000);
  return id;
};
const find = async (life: Life, text: string, more: { conversation?: string; limit?: number } = {}) => {
  let answer = await life.services.search.find({ text, ...more });
  while (answer.indexing) answer = await life.services.search.find({ text, ...more });
  return answer;
};
const texts = async (life: Life, text: string) => (await find(life, text)).messages.map((hit) => hit.text);

beforeEach(async () => {
  [me, friend] = await Promise.all([newPerson(node.url), newPerson(node.url)]);
  theirs = (await friend.life.services.conversations.start(me.address)).id;
  await say(friend, theirs, 'Crème brûlée at https://example.org');
  mine = (await conversationWith(me.life, friend.address)).id;
  await until(async () => (await me.life.services.messages.list(mine, {})).messages.length === 1, 'the message');
  await me.life.services.requests.decide(mine, 'allowed');
  return async () => {
    await me.device.close();
    await friend.device.close();
  };
});

describe('a search', () => {
  it('finds messages by parts of words, newest first, and conversations by name and address', async () => {
    await say(me, mine, 'Lemon cream, please');
    expect(await texts(me.life, 'crem')).toEqual(['Crème brûlée at https://example.org']);
    expect(await texts(me.life, 'CRE')).toEqual(['Lemon cream, please', 'Crème brûlée at https://example.org']);
    expect(await texts(me.life, 'brulee creme')).toHaveLength(1);
    expect(await texts(me.life, '"brulee creme"')).toEqual([]);
    await me.life.services.names.put(friend.address, 'Zoë Q.');
    expect((await find(me.life, 'zoe')).conversations.map(({ id }) => id)).toEqual([mine]);
    expect((await find(me.life, friend.address.slice(0, 9))).conversations).toHaveLength(1);
    expect((await find(me.life, '  ')).messages).toEqual([]);
  });

  it('narrows by sender, kind and time', async () => {
    await say(me, mine, 'brulee too');
    await me.life.services.names.put(friend.address, 'Zoë');
    expect(await texts(me.life, 'from:me brulee')).toEqual(['brulee too']);
    expect(await texts(me.life, 'from:zoe')).toEqual(['Crème brûlée at https://example.org']);
    expect(await texts(me.life, `from:${friend.address} brulee`)).toHaveLength(1);
    expect(await texts(me.life, 'has:link')).toHaveLength(1);
    expect(await texts(me.life, 'has:file')).toEqual([]);
    expect(await texts(me.life, 'brulee before:2020')).toEqual([]);
    expect(await texts(me.life, 'brulee after:2020')).toHaveLength(2);
    expect((await find(me.life, 'has:wings')).unknown).toEqual(['has:wings']);
  });

  it('takes up what comes, over a death too, and says when there is more', async () => {
    await until(async () => (await texts(me.life, 'brulee')).length === 1, 'the first one');
    for (const n of [1, 2, 3]) await say(friend, theirs, `brulee ${n}`);
    await until(async () => (await texts(me.life, 'brulee')).length === 4, 'the new ones');
    me.life.kill();
    const next = await me.device.start();
    expect(await texts(next, 'brulee')).toEqual(['brulee 3', 'brulee 2', 'brulee 1', 'Crème brûlée at https://example.org']);
    expect(await find(next, 'brulee', { limit: 2 })).toMatchObject({ more: true, messages: [{ text: 'brulee 3' }, { text: 'brulee 2' }] });
    await say({ ...me, life: next }, mine, 'the last brulee');
    expect(await texts(next, 'brulee')).toHaveLength(5);
  });

  it('shows nothing of what was deleted here, of who is blocked, or of another account', async () => {
    await say(friend, theirs, 'brulee again');
    await until(async () => (await texts(me.life, 'brulee')).length === 2, 'both');
    const [newer] = (await find(me.life, 'brulee')).messages;
    await me.life.services.messages.hide(newer?.id ?? '');
    expect(await texts(me.life, 'brulee')).toEqual(['Crème brûlée at https://example.org']);
    await me.life.services.requests.decide(mine, 'denied');
    expect(await find(me.life, 'brulee')).toMatchObject({ messages: [], conversations: [] });
  });

  it('can be of one conversation', async () => {
    const third = await newPerson(node.url);
    const { id: other } = await me.life.services.conversations.start(third.address);
    await say(me, other, 'brulee for three');
    expect((await find(me.life, 'brulee', { conversation: other })).messages.map(({ text }) => text)).toEqual(['brulee for three']);
    expect((await find(me.life, 'brulee')).messages).toHaveLength(2);
    await third.device.close();
  });

  it('leaves no word readable on the disk, and nothing to search while locked', async () => {
    await texts(me.life, 'brulee');
    const pieces = await openCache(me.address.toLowerCase()).words.all();
    expect(pieces.length).toBeGreaterThan(1);
    for (const [, sealed] of pieces) expect(Buffer.from(sealed).toString('latin1').toLowerCase()).not.toContain('brulee');
    await me.life.services.accounts.lock();
    await expect(me.life.services.search.find({ text: 'brulee' })).rejects.toMatchObject({ reason: 'locked' });
  });

  it('begins anew where the index was damaged', async () => {
    await texts(me.life, 'brulee');
    me.life.kill();
    const cache = openCache(me.address.toLowerCase());
    await cache.words.put([[1, new Uint8Array(64)]]);
    await cache.end();
    const next = await me.device.start();
    expect(await texts(next, 'brulee')).toHaveLength(1);
  });

  it('that stays open puts off no lock: it asks again by itself', async () => {
    let late = 0;
    me.life.kill();
    const life = await me.device.start({ clock: () => Date.now() + late });
    await life.services.settings.setAutoLock(5);
    const lockAt = () => (life.alarms.get('lock') as { when: number }).when;
    const before = lockAt();
    late = 120_000;
    await find(life, 'brulee');
    expect(lockAt()).toBe(before);
    await life.services.names.put(friend.address, 'Zoë');
    await until(() => lockAt() > before, 'the later lock');
  });
});
