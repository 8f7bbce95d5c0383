import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Cache, type Decoded, openCache } from '../../src/storage/cache.ts';
import { cacheSteps, openOlder } from '../support/older-versions.ts';

let accounts = 0;
let account = '';
let cache: Cache;
beforeEach(() => {
  account = `account-${accounts++}`;
  cache = openCache(account);
});
afterEach(() => cache.close());

const sealed = Uint8Array.of(1);
const conversation = (id: string, time: number) => ({ id, time, sealed });
const message = (id: string, time: number, conversation = 'c', dedup = `d${id}`) => ({ id, conversation, time, dedup, sealed });
const nothing: Decoded = { done: [], quarantined: [], conversations: [], messages: [] };
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

describe('conversations', () => {
  test('come newest first, page by page, and move when a message comes', async () => {
    for (const [id, time] of [
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ] as const)
      await cache.conversations.put(conversation(id, time));
    expect(ids(await cache.conversations.page({ limit: 2 }))).toEqual(['b', 'c']);
    expect(ids(await cache.conversations.page({ limit: 2, before: 2 }))).toEqual(['a']);
    await cache.conversations.put(conversation('a', 4));
    expect(await cache.conversations.all()).toEqual([conversation('a', 4), conversation('b', 3), conversation('c', 2)]);
    await cache.conversations.delete('b');
    expect(await cache.conversations.get('b')).toBeUndefined();
  });
});

describe('messages', () => {
  test('come newest first by time, then by id, each once over all pages', async () => {
    const rows = ['0a', '0f', '10', 'ff', 'a0'].flatMap((id, index) => [
      message(id, 1_000 + (index % 2)),
      message(`${id}00`, 1_000, 'other'),
    ]);
    for (const row of rows) await cache.messages.put(row);
    const expected = rows.filter((row) => row.conversation === 'c').sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
    const seen: string[] = [];
    let before: { time: number; id: string } | undefined;
    for (;;) {
      const page = await cache.messages.page('c', { limit: 2, ...(before && { before }) });
      seen.push(...ids(page));
      before = page.at(-1);
      if (!before) break;
    }
    expect(seen).toEqual(ids(expected));
  });

  test('of a conversation whose id begins like another stay apart', async () => {
    await cache.messages.put(message('01', 1, 'c'));
    await cache.messages.put(message('02', 1, 'c2'));
    await cache.messages.put(message('03', 1, 'b'));
    expect(ids(await cache.messages.page('c', { limit: 9 }))).toEqual(['01']);
  });

  test('take their conversation with them', async () => {
    await cache.messages.put(message('01', 7), conversation('c', 7));
    expect(await cache.messages.get('01')).toEqual(message('01', 7));
    expect((await cache.conversations.get('c'))?.time).toBe(7);
    expect(await cache.messages.knownDedup(['d01', 'd02'])).toEqual(new Set(['d01']));
  });
});

describe('the inbox', () => {
  const envelope = (digest: string) => ({ digest, sealed });

  test('takes each envelope once and moves the cursors with it', async () => {
    const cursors = [{ name: 'topics', value: 2n ** 63n }];
    expect(await cache.inbox.append([envelope('a'), envelope('b'), envelope('a')], cursors)).toBe(2);
    expect(await cache.inbox.append([envelope('b'), envelope('c')], [])).toBe(1);
    expect((await cache.inbox.next(10)).map(({ digest }) => digest)).toEqual(['a', 'b', 'c']);
    expect(await cache.inbox.waiting()).toBe(3);
    expect(await cache.cursors.get('topics')).toBe(2n ** 63n);
  });

  test('takes an envelope that came twice at once as one', async () => {
    const [first, second] = [
      { digest: 'd', sealed },
      { digest: 'd', sealed: Uint8Array.of(2) },
    ];
    expect(await cache.inbox.append([first, { digest: 'e', sealed }, second], [])).toBe(2);
    expect((await cache.inbox.next(9)).map((row) => [row.digest, row.sealed])).toEqual([
      ['d', sealed],
      ['e', sealed],
    ]);
  });

  test('moves no cursor when an envelope could not be written', async () => {
    const unwritable = { digest: 'b', sealed: (() => 1) as unknown as Uint8Array };
    await expect(cache.inbox.append([envelope('a'), unwritable], [{ name: 'topics', value: 5n }])).rejects.toThrow();
    expect(await cache.inbox.waiting()).toBe(0);
    expect(await cache.cursors.get('topics')).toBeUndefined();
  });

  test('is written strictly', async () => {
    await cache.inbox.waiting();
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await cache.inbox.append([envelope('a')], []);
    expect(transaction).toHaveBeenCalledWith(['inbox', 'cursors'], 'readwrite', { durability: 'strict' });
    transaction.mockRestore();
  });

  test('knows an envelope that was read, and has let go of its bytes', async () => {
    await cache.inbox.append([envelope('a')], []);
    const [row] = await cache.inbox.next(1);
    await cache.apply({ ...nothing, done: [row?.seq ?? -1] });
    expect(await cache.inbox.waiting()).toBe(0);
    expect(await cache.inbox.append([envelope('a')], [])).toBe(0);
  });

  test('sets bad envelopes aside with their reason, and lets them be read again', async () => {
    await cache.inbox.append([envelope('a'), envelope('b')], []);
    const [first] = await cache.inbox.next(1);
    await cache.apply({ ...nothing, quarantined: [{ seq: first?.seq ?? -1, reason: 'cannot-decrypt' }] });
    expect(await cache.inbox.waiting()).toBe(1);
    expect(await cache.inbox.quarantined(9)).toMatchObject([{ digest: 'a', reason: 'cannot-decrypt', sealed }]);
    expect(await cache.inbox.requeue(['wrong-sender'])).toBe(0);
    expect(await cache.inbox.requeue(['wrong-sender', 'cannot-decrypt'])).toBe(1);
    expect((await cache.inbox.next(9)).map(({ digest, reason }) => [digest, reason])).toEqual([
      ['a', null],
      ['b', null],
    ]);
  });
});

describe('a slice of decoding', () => {
  test('may be written twice and counts once', async () => {
    await cache.inbox.append([{ digest: 'a', sealed }], []);
    const [row] = await cache.inbox.next(1);
    const slice: Decoded = {
      ...nothing,
      done: [row?.seq ?? -1],
      conversations: [conversation('c', 5)],
      messages: [message('01', 5), message('02', 5, 'c', 'd01')],
    };
    expect(await cache.apply(slice)).toEqual(['01']);
    expect(await cache.apply(slice)).toEqual([]);
    expect(ids(await cache.messages.page('c', { limit: 9 }))).toEqual(['01']);
    expect(await cache.inbox.waiting()).toBe(0);
  });

  test('counts a message once that stands in it twice, and tells of the conversation before it', async () => {
    const [first, again] = [message('01', 1), message('02', 1, 'c', 'd01')];
    const aliases = [{ id: '02', dedup: 'd01' }];
    expect(await cache.apply({ ...nothing, conversations: [conversation('c', 1)], messages: [first, again], aliases })).toEqual(['01']);
    expect((await cache.messages.get('02'))?.id).toBe('01');
    expect((await cache.arrivals.after(0, 9)).map((arrival) => arrival.message)).toEqual([null, '01']);
  });

  test('sets aside what was never in the inbox, and leaves there what the inbox knows', async () => {
    await cache.inbox.append(
      [
        { digest: 'a', sealed },
        { digest: 'b', sealed },
      ],
      [],
    );
    const [row] = await cache.inbox.next(1);
    await cache.apply({ ...nothing, done: [row?.seq ?? -1] });
    const aside = ['a', 'b', 'c', 'c'].map((digest) => ({ digest, sealed, reason: 'cannot-decrypt' }));
    await cache.apply({ ...nothing, aside });
    expect((await cache.inbox.quarantined(9)).map(({ digest, reason }) => [digest, reason])).toEqual([['c', 'cannot-decrypt']]);
    expect((await cache.inbox.next(9)).map(({ digest }) => digest)).toEqual(['b']);
    expect(await cache.inbox.requeue()).toBe(1);
    expect(await cache.inbox.waiting()).toBe(2);
  });

  test('whose messages were looked up writes none of them where one is here all the same', async () => {
    await cache.apply({ ...nothing, messages: [message('01', 1)], lookedUp: true });
    expect(await cache.messages.known(['01', '02', '03'])).toEqual(new Set(['01']));
    const slice = { ...nothing, conversations: [conversation('c', 1)], messages: [message('02', 2), message('03', 2, 'c', 'd01')] };
    await expect(cache.apply({ ...slice, lookedUp: true })).rejects.toThrow();
    expect(await cache.messages.known(['01', '02', '03'])).toEqual(new Set(['01']));
    expect(await cache.conversations.all()).toEqual([]);
    expect(await cache.apply(slice)).toEqual(['02']);
  });

  test('is on the disk with what is written strictly after it', async () => {
    await cache.conversations.put(conversation('c', 1));
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await cache.conversations.putAll([conversation('c', 2)], 'strict');
    expect(transaction).toHaveBeenCalledWith(['conversations', 'arrivals'], 'readwrite', { durability: 'strict' });
    transaction.mockRestore();
  });

  test('is written whole or not at all', async () => {
    await cache.inbox.append([{ digest: 'a', sealed }], []);
    const [row] = await cache.inbox.next(1);
    const unwritable = { ...message('02', 5), sealed: (() => 1) as unknown as Uint8Array };
    const slice: Decoded = {
      ...nothing,
      done: [row?.seq ?? -1],
      conversations: [conversation('c', 5)],
      messages: [message('01', 5), unwritable],
    };
    await expect(cache.apply(slice)).rejects.toThrow();
    expect(await cache.inbox.waiting()).toBe(1);
    expect(await cache.messages.get('01')).toBeUndefined();
    expect(await cache.conversations.all()).toEqual([]);
  });
});

test('a message is found by its other ids too', async () => {
  await cache.apply({ ...nothing, messages: [message('01', 5)] });
  await cache.apply({
    ...nothing,
    aliases: [
      { id: '02', dedup: 'd01' },
      { id: '03', dedup: 'unknown' },
      { id: '01', dedup: 'd01' },
    ],
  });
  expect(await cache.messages.get('02')).toEqual(message('01', 5));
  expect(await cache.messages.get('01')).toEqual(message('01', 5));
  expect(await cache.messages.get('03')).toBeUndefined();
});

test('a cache of the first version keeps what it holds', async () => {
  const name = `${account}-first`;
  const first = await openOlder(`parley-cache-${name}`, cacheSteps, 1);
  await first.put('messages', { ...message('01', 5), order: [-5, 'fe'] });
  first.close();
  const old = openCache(name);
  await old.apply({ ...nothing, aliases: [{ id: '02', dedup: 'd01' }] });
  expect(await old.messages.get('02')).toEqual(message('01', 5));
  await old.notes.put('consent', Uint8Array.of(3));
  expect(await old.notes.get('consent')).toEqual(Uint8Array.of(3));
  expect(await old.arrivals.last()).toBe(0);
  await old.messages.put(message('05', 6));
  expect(await old.arrivals.after(0, 10)).toEqual([{ seq: 1, conversation: 'c', message: '05' }]);
  await old.close();
});

describe('from a place in a conversation', () => {
  beforeEach(async () => {
    for (const [id, time] of [
      ['01', 5],
      ['02', 6],
      ['03', 6],
      ['04', 7],
    ] as const)
      await cache.messages.put(message(id, time));
    await cache.messages.put(message('05', 6, 'other'));
  });

  test('messages come downward and upward, page by page', async () => {
    const page = async (options: Parameters<Cache['messages']['page']>[1]) => ids(await cache.messages.page('c', options));
    const pageUp = async (options: Parameters<Cache['messages']['pageUp']>[1]) => ids(await cache.messages.pageUp('c', options));
    expect(await page({ limit: 9 })).toEqual(['04', '03', '02', '01']);
    expect(await pageUp({ limit: 9 })).toEqual(['01', '02', '03', '04']);
    expect(await page({ limit: 9, before: { time: 6, id: '03' } })).toEqual(['02', '01']);
    expect(await pageUp({ limit: 9, after: { time: 6, id: '02' } })).toEqual(['03', '04']);
    expect(await pageUp({ limit: 1, after: { time: 6, id: '02' } })).toEqual(['03']);
  });

  test('and from a time, without what is of that very time', async () => {
    expect(ids(await cache.messages.page('c', { limit: 9, before: { time: 6 } }))).toEqual(['01']);
    expect(ids(await cache.messages.pageUp('c', { limit: 9, after: { time: 6 } }))).toEqual(['04']);
    expect(ids(await cache.messages.page('c', { limit: 9, before: { time: 99 } }))).toHaveLength(4);
    expect(ids(await cache.messages.pageUp('c', { limit: 9, after: { time: 0 } }))).toHaveLength(4);
  });
});

describe('arrivals', () => {
  const told = async (after = 0) =>
    (await cache.arrivals.after(after, 100)).map(({ conversation, message }) => `${conversation} ${message}`);

  test('tell of each conversation and message once, in the order in which they came', async () => {
    await cache.conversations.put(conversation('c', 1));
    await cache.messages.put(message('02', 9), conversation('c', 9));
    await cache.messages.put(message('02', 9), conversation('c', 9));
    await cache.apply({
      ...nothing,
      conversations: [conversation('c', 9), conversation('d', 2)],
      messages: [message('01', 3), message('03', 9, 'c', 'd02')],
    });
    expect(await told()).toEqual(['c null', 'c 02', 'd null', 'c 01']);
    const last = await cache.arrivals.last();
    await cache.messages.put(message('04', 1, 'd'));
    expect(await told(last)).toEqual(['d 04']);
  });

  test('forget the oldest, and go on counting', async () => {
    const many = Array.from({ length: 22_000 }, (_, index) => message(index.toString(16).padStart(8, '0'), index));
    await cache.apply({ ...nothing, messages: many });
    const [oldest] = await cache.arrivals.after(0, 1);
    expect(oldest?.seq).toBe(2_001);
    expect(await cache.arrivals.last()).toBe(22_000);
  });
});

test('accounts do not see each other, and a deleted cache is empty', async () => {
  await cache.conversations.put(conversation('a', 1));
  const other = openCache(`${account}-other`);
  expect(await other.conversations.all()).toEqual([]);
  await other.close();
  await cache.delete();
  expect(await cache.conversations.all()).toEqual([]);
});
