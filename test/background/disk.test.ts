import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { conversationWith, newPerson, type Person, texts, until } from './device.ts';

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
  ['messages', 'put', new DOMException('no room', 'QuotaExceededError'), 'full'],
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
