import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { StoredConversation } from '../../../src/background/messages/model.ts';
import { createRows } from '../../../src/background/sync/rows.ts';
import type { AccountKeys } from '../../../src/keystore/account-keys.ts';
import type { SealedKey } from '../../../src/keystore/keystore.ts';
import { openCache } from '../../../src/storage/cache.ts';

const keystore = {
  blind: async (_: string, text: string) => text,
  sealRecord: async (_: string, __: string, value: unknown) => value,
  openRecord: async (_: string, __: string, sealed: unknown) => sealed,
} as unknown as AccountKeys;

const row = (id: string, createdAt: number, unread = 0): StoredConversation => ({
  id,
  binding: id,
  topic: `topic ${id}`,
  key: new Uint8Array(0) as SealedKey,
  peer: '0x1',
  peerIdentityKey: '',
  derived: true,
  createdAt,
  conversationId: null,
  metadata: null,
  last: null,
  readUpTo: 0,
  unread,
  lastOwnNs: 0n,
  filled: {},
});

it('rows of one time are not parted by the end of a page', async () => {
  const cache = openCache(`rows-${Math.random()}`);
  const times = [5, 4, 4, 4, 4, 4, 3, 2, 2, 1];
  const rows = createRows(keystore, cache);
  for (const [position, time] of times.entries()) await cache.conversations.put(await rows.seal(row(`row ${position}`, time)));
  const seen: string[] = [];
  let before: number | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const page = await rows.page(before, 2);
    seen.push(...page.rows.map(({ id }) => id));
    before = page.rows.at(-1)?.createdAt;
    if (!page.more) break;
  }
  expect(seen).toHaveLength(times.length);
  expect(new Set(seen).size).toBe(times.length);
});

it('what was written when a row knew of one node only is read as of that node', async () => {
  const cache = openCache(`rows-${Math.random()}`);
  const rows = createRows(keystore, cache);
  const { filled: _, ...older } = row('a', 1);
  const write = async (id: string, more: object): Promise<void> =>
    cache.conversations.put(await rows.seal({ ...older, ...more, id } as unknown as StoredConversation));
  await write('read', { filledFrom: 'https://node.example', filledAt: 7 });
  await write('long ago', { filledFrom: 'https://node.example' });
  await write('not yet', { filledFrom: null });
  await rows.load();
  expect(['read', 'long ago', 'not yet'].map((id) => rows.get(id)?.filled)).toEqual([
    { 'https://node.example': 7 },
    { 'https://node.example': 0 },
    {},
  ]);
});

it('unread messages are counted over all conversations, through every change', async () => {
  const cache = openCache(`rows-${Math.random()}`);
  const first = createRows(keystore, cache);
  await cache.conversations.put(await first.seal(row('a', 1, 2)));
  await cache.conversations.put(await first.seal(row('b', 2, 3)));
  await first.load();
  expect(first.unread()).toBe(5);
  await Promise.all([
    first.change('a', (now) => ({ ...now, unread: now.unread + 1 })),
    first.change('a', (now) => ({ ...now, unread: now.unread + 1 })),
    first.change('b', (now) => ({ ...now, unread: 0 })),
  ]);
  expect(first.unread()).toBe(4);
  const second = createRows(keystore, cache);
  await second.load();
  expect(second.unread()).toBe(4);
  expect(second.byTopic('topic a')?.id).toBe('a');
  expect(second.byTopic('topic c')).toBeUndefined();
});
