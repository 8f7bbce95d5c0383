import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Cache, type Decoded, openCache, type Place } from '../../src/storage/cache.ts';
import type { MessageRecord } from '../../src/storage/cache-schema.ts';
import { fc } from '../support/fast-check.ts';
import { cacheSteps, openOlder } from '../support/older-versions.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

let names = 0;
const opened = (): Cache => openCache(`blocks-${names++}`);
const nothing: Decoded = { done: [], quarantined: [], conversations: [], messages: [] };
const conversations = ['c', 'c2', 'd'];

/** A message of a number: its id tells nothing of its time, as real ones do not. */
const message = (n: number, time: number, conversation = n < 250 ? 'c' : (conversations[n % 3] as string)): MessageRecord => ({
  id: (Math.imul(n + 1, 2654435761) >>> 0).toString(16).padStart(8, '0'),
  conversation,
  time,
  dedup: `d${n}`,
  sealed: Uint8Array.of(n % 256, time % 256),
});

const newestFirst = (rows: Iterable<MessageRecord>): MessageRecord[] => [...rows].sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));

/** All of a conversation by pages of a few, from its one end to the other. */
async function paged(cache: Cache, way: 'page' | 'pageUp', conversation: string, limit: number): Promise<MessageRecord[]> {
  const found: MessageRecord[] = [];
  for (let place: Place | undefined; ; ) {
    const page: MessageRecord[] = await cache.messages[way](conversation, { limit, ...(place && { before: place, after: place }) });
    found.push(...page);
    if (page.length < limit) return found;
    place = page.at(-1);
  }
}

async function swept(cache: Cache, limit: number): Promise<MessageRecord[]> {
  const found: MessageRecord[] = [];
  for (let from: string | null = ''; from !== null; ) {
    const { rows, next }: { rows: MessageRecord[]; next: string | null } = await cache.messages.sweep(from, limit);
    found.push(...rows);
    from = next;
  }
  return found;
}

/** Everything that is read of messages says what the model says. */
async function agree(
  cache: Cache,
  model: ReadonlyMap<string, MessageRecord>,
  limit: number,
  gone: readonly MessageRecord[],
): Promise<void> {
  const all = [...model.values()];
  for (const conversation of conversations) {
    const expected = newestFirst(all.filter((each) => each.conversation === conversation));
    expect(await paged(cache, 'page', conversation, limit)).toEqual(expected);
    expect(await paged(cache, 'pageUp', conversation, limit)).toEqual(expected.toReversed());
    for (const time of [...new Set(expected.map((each) => each.time))].slice(0, 4)) {
      expect(await cache.messages.page(conversation, { limit: 9, before: { time } })).toEqual(
        expected.filter((each) => each.time < time).slice(0, 9),
      );
      expect(await cache.messages.pageUp(conversation, { limit: 9, after: { time } })).toEqual(
        expected
          .toReversed()
          .filter((each) => each.time > time)
          .slice(0, 9),
      );
    }
  }
  const asked = [...all, ...gone];
  expect(await cache.messages.many(asked.map(({ id }) => id))).toEqual(asked.map(({ id }) => model.get(id)));
  expect(await cache.messages.known(asked.map(({ id }) => id))).toEqual(new Set(model.keys()));
  const dedups = new Set(all.map(({ dedup }) => dedup));
  const keys = asked.map(({ dedup }) => dedup);
  expect(await cache.messages.knownDedup(keys)).toEqual(dedups);
  expect(
    await cache.messages.knownDedup(
      keys,
      asked.map(({ conversation }, i) => (i % 2 === 0 ? conversation : null)),
    ),
  ).toEqual(dedups);
  expect(await cache.messages.count()).toBe(all.length);
  expect(newestFirst(await swept(cache, limit))).toEqual(newestFirst(all));
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('slice' as const),
      from: fc.nat(300),
      count: fc.nat(90),
      time: fc.nat(400),
      pace: fc.integer({ min: -3, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), from: fc.nat(400), time: fc.nat(900) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), from: fc.nat(400), count: fc.nat(20) }) },
);

test('messages are found as they were put, whatever came in what order and went', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.integer({ min: 1, max: 120 }), async (steps, limit) => {
      const cache = opened();
      const model = new Map<string, MessageRecord>();
      const gone: MessageRecord[] = [];
      for (const each of steps) {
        if (each.kind === 'slice') {
          const some = Array.from({ length: each.count }, (_, i) => message(each.from + i, 1_000 + each.time + i * each.pace));
          const dedups = new Set([...model.values()].map(({ dedup }) => dedup));
          const fresh = some.filter(({ dedup }) => !dedups.has(dedup));
          const alone = new Set(each.pace < 0 ? conversations : []);
          expect(await cache.apply({ ...nothing, messages: some, alone })).toEqual(fresh.map(({ id }) => id));
          for (const row of fresh) model.set(row.id, row);
        } else if (each.kind === 'put') {
          const row = message(each.from, 1_000 + each.time);
          await cache.messages.put(row);
          model.set(row.id, row);
        } else
          for (let n = each.from; n < each.from + each.count; n++) {
            const row = message(n, 1);
            await cache.messages.delete(row.id);
            if (model.delete(row.id)) gone.push(row);
          }
      }
      await agree(
        cache,
        model,
        limit,
        gone.filter(({ id }) => !model.has(id)),
      );
      await cache.delete();
    }),
    { numRuns: 25 },
  );
});

test('a long history costs few requests, and none that looks for it where there was nothing', async () => {
  const cache = opened();
  await cache.messages.count();
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  const look = vi.spyOn(IDBIndex.prototype, 'getKey');
  const alone = new Set(['c']);
  for (let page = 0; page < 10; page++)
    await cache.apply({
      ...nothing,
      messages: Array.from({ length: 100 }, (_, i) => message(page * 100 + i, page * 100 + i, 'c')),
      lookedUp: true,
      alone,
    });
  expect(put.mock.calls.length).toBeLessThan(50);
  expect(look).not.toHaveBeenCalled();
});

test('one message more writes no long block again', async () => {
  const cache = opened();
  await cache.apply({ ...nothing, messages: Array.from({ length: 50 }, (_, n) => message(n, n, 'c')) });
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  for (let n = 50; n < 120; n++) await cache.messages.put(message(n, n, 'c'));
  const written = put.mock.calls.flatMap(([value]) =>
    (value as { rows?: unknown[] }).rows ? [(value as { rows: unknown[] }).rows.length] : [],
  );
  expect(Math.max(...written)).toBe(16);
});

test('a message that comes again by another conversation is in that one only', async () => {
  const cache = opened();
  const [row, moved] = [message(1, 1, 'c'), { ...message(1, 2, 'd'), dedup: 'other' }];
  await cache.apply({ ...nothing, messages: [row] });
  await cache.apply({ ...nothing, messages: [moved] });
  expect(await cache.messages.get(row.id)).toEqual(moved);
  expect(await cache.messages.page('c', { limit: 9 })).toEqual([]);
  expect(await cache.messages.knownDedup([row.dedup, 'other'])).toEqual(new Set(['other']));
});

test('what was written in vain is no message', async () => {
  const cache = opened();
  const unwritable = { ...message(2, 2, 'c'), sealed: (() => 1) as unknown as Uint8Array };
  const alone = new Set(['c']);
  await expect(cache.apply({ ...nothing, messages: [message(1, 1, 'c'), unwritable], alone })).rejects.toThrow();
  expect(await cache.messages.known([message(1, 1).id], ['c'])).toEqual(new Set());
  expect(await cache.apply({ ...nothing, messages: [message(1, 1, 'c')], alone })).toEqual([message(1, 1).id]);
  expect(await cache.messages.knownDedup(['d1', 'd2'], ['c', 'c'])).toEqual(new Set(['d1']));
});

test('two ids of one number are two messages', async () => {
  const cache = opened();
  vi.spyOn(Math, 'imul').mockReturnValue(7);
  const [one, two] = [message(1, 1, 'c'), { ...message(2, 2, 'd'), id: 'ffff' }];
  await cache.apply({ ...nothing, messages: [one, two] });
  expect(await cache.messages.many([one.id, 'ffff', 'eeee'])).toEqual([one, two, undefined]);
  expect(await cache.messages.knownDedup([one.dedup, two.dedup, 'other'])).toEqual(new Set([one.dedup, two.dedup]));
});

describe('messages that an earlier version had row by row', () => {
  const rows = Array.from({ length: 2_300 }, (_, n) => message(n, n % 70));
  const complement = (id: string) => id.replace(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));

  const leave = async (name: string): Promise<void> => {
    const db = await openOlder(`parley-cache-${name}`, cacheSteps, 6);
    const transaction = db.transaction(['messages', 'arrivals', 'aliases'], 'readwrite');
    for (const row of rows) void transaction.objectStore('messages').put({ ...row, order: [-row.time, complement(row.id)] });
    for (const { id, conversation } of rows) void transaction.objectStore('arrivals').add({ conversation, message: id });
    void transaction.objectStore('aliases').put(rows[5]?.id, 'ff');
    await transaction.done;
    db.close();
  };

  test('are all here, in their order', async () => {
    const name = `old-${names++}`;
    await leave(name);
    const cache = openCache(name);
    const model = new Map(rows.map((row) => [row.id, row]));
    await agree(cache, model, 100, [message(9_999, 1)]);
    expect((await cache.messages.get('ff'))?.id).toBe(rows[5]?.id);
    expect((await cache.arrivals.after(2_298, 9)).map(({ seq }) => seq)).toEqual([2_299, 2_300]);
    await cache.apply({ ...nothing, messages: [rows[7] as MessageRecord, message(5_000, 71)] });
    expect(await cache.arrivals.after(2_299, 9)).toEqual([
      { seq: 2_300, conversation: rows.at(-1)?.conversation, message: rows.at(-1)?.id },
      { seq: 2_301, conversation: message(5_000, 71).conversation, message: message(5_000, 71).id },
    ]);
  });

  test('are all here once when the process ended at any step of their move, also within one', async () => {
    const name = `old-${names++}`;
    await leave(name);
    // A step writes blocks and takes away rows: it ends before the write of the given number.
    let deaths = 0;
    for (const dieAt of [0, 1, 15, 40, 900, 1_200, 1_100, 100]) {
      let writes = 0;
      const real = { put: IDBObjectStore.prototype.put, delete: IDBObjectStore.prototype.delete };
      for (const method of ['put', 'delete'] as const)
        vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore, ...args: unknown[]) {
          if (writes++ >= dieAt) throw new Error('the process ended');
          return (real[method] as (...args: unknown[]) => never).apply(this, args);
        });
      const doomed = openCache(name);
      await expect(doomed.messages.count()).rejects.toThrow();
      deaths += 1;
      vi.restoreAllMocks();
      await doomed.close();
    }
    expect(deaths).toBe(8);
    const cache = openCache(name);
    await agree(cache, new Map(rows.map((row) => [row.id, row])), 70, []);
    expect(await cache.messages.many(rows.map(({ id }) => id))).toEqual(rows);
    await cache.close();
  });

  test('do not keep the list of conversations waiting', async () => {
    const name = `old-${names++}`;
    await leave(name);
    const cache = openCache(name);
    await cache.conversations.put({ id: 'c', time: 1, sealed: Uint8Array.of(1) });
    const db = await openDB(`parley-cache-${name}`);
    expect(await db.count('messages')).toBe(rows.length);
    expect((await cache.messages.page('c', { limit: 3 })).length).toBe(3);
    expect(await db.count('messages')).toBe(0);
    db.close();
    await cache.close();
  });
});
