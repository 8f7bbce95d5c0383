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
  filledFrom: null,
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
