import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDiskStatus } from '../../src/background/disk.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { conversationWith, newPerson, type Person, texts, until, wake } from './device.ts';

let node: RunningNode;
let me: Person;
let friend: Person;

beforeEach(async () => {
  node = await startNode();
  [me, friend] = await Promise.all([newPerson(node.url), newPerson(node.url)]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await me.device.close();
  await friend.device.close();
  await node.close();
});

const say = async (text: string): Promise<void> => {
  const { conversations, messages } = friend.life.services;
  const { id } = await conversations.start(me.address);
  await messages.settled((await messages.send(id, text, text)).id, 30_000);
};
const disk = async () => (await me.life.services.accounts.status()).disk;

/** From now on nothing more goes into one of the stores of what I receive. */
function refuse(store: string, method: 'add' | 'put', why: DOMException): { mockRestore(): void } {
  const real = IDBObjectStore.prototype[method];
  return vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore, ...row) {
    if (this.name === store && this.transaction.db.name.endsWith(me.address.toLowerCase())) throw why;
    return real.apply(this, row);
  });
}

it.each([
  ['inbox', 'add', new DOMException('no room', 'QuotaExceededError'), 'full'],
  ['blocks', 'put', new DOMException('no room', 'QuotaExceededError'), 'full'],
  ['inbox', 'add', new DOMException('what was that', 'UnknownError'), 'failed'],
] as const)(
  'a disk that takes nothing into %s by %s (%s) is told of, and nothing that came meanwhile is lost',
  async (store, method, why, trouble) => {
    await say('before');
    const { id } = await conversationWith(me.life, friend.address);
    await until(async () => (await texts(me.life, id)).length === 1, 'the first message');
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const broken = refuse(store, method, why);
    await say('meanwhile');
    await until(async () => (await disk()) === trouble, 'the word for it');
    expect(await texts(me.life, id)).toEqual(['peer: before']);
    broken.mockRestore();
    await me.life.resume();
    await until(async () => (await texts(me.life, id)).length === 2, 'the second message');
    expect(await texts(me.life, id)).toEqual(['peer: before', 'peer: meanwhile']);
    expect(await disk()).toBeNull();
  },
);

it('what waited at the node for room comes as soon as something else has found some', async () => {
  await say('before');
  const { id } = await conversationWith(me.life, friend.address);
  await until(async () => (await texts(me.life, id)).length === 1, 'the first message');
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const broken = refuse('inbox', 'add', new DOMException('what was that', 'UnknownError'));
  await say('meanwhile');
  await until(async () => (await disk()) === 'failed', 'the word for it');
  broken.mockRestore();
  await me.life.services.messages.send(id, 'answer', 'answer');
  await until(async () => (await texts(me.life, id)).length === 3, 'the second message');
  expect((await texts(me.life, id)).toSorted()).toEqual(['me: answer', 'peer: before', 'peer: meanwhile']);
});

it('what fails for no reason on a full disk fails for want of room', () => {
  const status = createDiskStatus(() => undefined);
  status.failed(new StorageError('failed', 'what was that'));
  expect(status.read()).toBe('failed');
  status.failed(new StorageError('full', 'no room'));
  status.failed(new StorageError('failed', 'what was that'));
  expect(status.read()).toBe('full');
  status.ok();
  expect(status.read()).toBeNull();
});

it.each(['QuotaExceededError', 'UnknownError'])(
  'what is written down to be sent is sent once, though the disk (%s) takes nothing of what is shown',
  async (name) => {
    await say('before');
    const { id } = await conversationWith(me.life, friend.address);
    await until(async () => (await texts(me.life, id)).length === 1, 'the first message');
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const broken = refuse('blocks', 'put', new DOMException('no room', name));
    const { messages } = me.life.services;
    const sent = await messages.send(id, 'once', 'once');
    expect(sent).toMatchObject({ mine: true, shown: { form: 'text', text: 'once' } });
    // Nobody waits for it to be shown, so the status says why it is not.
    expect(await disk()).toBe(name === 'QuotaExceededError' ? 'full' : 'failed');
    // The same request once more, and a background that begins now: neither makes another of it, nor stands still.
    expect((await messages.send(id, 'once', 'once')).id).toBe(sent.id);
    me.life.kill();
    const life = await wake(me.device);
    expect((await life.services.conversations.get(id)).id).toBe(id);
    broken.mockRestore();
    await life.resume();
    await until(async () => (await texts(life, id)).length === 2, 'the message here');
    expect(await texts(life, id)).toEqual(['peer: before', 'me: once']);
    const there = await conversationWith(friend.life, me.address);
    await until(async () => (await texts(friend.life, there.id)).length === 2, 'the message there');
    expect(await texts(friend.life, there.id)).toEqual(['me: before', 'peer: once']);
  },
);

it('a conversation that cannot be shown is not begun, and is once there is room', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const broken = refuse('conversations', 'put', new DOMException('no room', 'QuotaExceededError'));
  const { conversations, messages } = me.life.services;
  await expect(conversations.start(friend.address)).rejects.toThrow('the disk is full');
  broken.mockRestore();
  const { id } = await conversations.start(friend.address);
  await messages.send(id, 'hello', 'hello');
  const there = await conversationWith(friend.life, me.address);
  await until(async () => (await texts(friend.life, there.id)).length === 1, 'the message there');
});
