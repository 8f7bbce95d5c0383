import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createSearchIndex } from '../../../src/background/messages/search-index.ts';
import { emptyPiece, grown, type Piece, packPiece, unpackPiece } from '../../../src/background/messages/search-piece.ts';
import { parseSearch } from '../../../src/background/messages/search-query.ts';
import { encodeText } from '../../../src/content-types/index.ts';
import { decodeJson, encodeJson } from '../../../src/keystore/json.ts';
import { encodeContent } from '../../../src/protocol/content.ts';
import { type Cache, openCache } from '../../../src/storage/cache.ts';
import type { MessageRecord } from '../../../src/storage/cache-schema.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { alice } from '../../support/people.ts';

const keystore = {
  sealRecord: async (_: string, __: string, value: unknown) => encodeJson(value),
  openRecord: async (_: string, __: string, sealed: Uint8Array) => decodeJson(sealed),
  sealBytes: async (_: string, __: string, plain: Uint8Array) => plain.slice(),
  openBytes: async (_: string, __: string, sealed: Uint8Array) => sealed,
};
const idOf = (n: number): string => n.toString(16).padStart(64, '0');

let cache: Cache;
let names = 0;
let lock: AbortController;

beforeEach(() => {
  cache = openCache(`index-${process.pid}-${++names}`);
  lock = new AbortController();
  return () => cache.delete();
});

const recordOf = async (n: number, text: string): Promise<MessageRecord> => {
  const payload = await encodeContent(encodeText(text));
  const stored = { id: idOf(n), conversation: `c${n % 3}`, sender: alice.address, mine: false, sentAt: n, payload };
  return { id: idOf(n), conversation: `c${n % 3}`, time: n, dedup: String(n), sealed: encodeJson(stored) };
};
const put = async (n: number, text: string): Promise<void> => cache.messages.put(await recordOf(n, text));
const putAll = async (said: readonly { readonly at: number; readonly text: string }[]): Promise<void> => {
  const messages = await Promise.all(said.map(({ at, text }) => recordOf(at, text)));
  await cache.apply({ done: [], quarantined: [], conversations: [], messages, alone: new Set(['c0', 'c1', 'c2']) });
};
const apples = (count: number) => Array.from({ length: count }, (_, n) => ({ at: n + 1, text: `apple ${n + 1}` }));
const index = (from: Pick<Cache, 'words' | 'messages' | 'arrivals'> = cache) => createSearchIndex(keystore, from, lock.signal);
const found = async (which: ReturnType<typeof index>, text: string, limit = 10_000) => {
  await which.update(() => undefined);
  return (await which.find(parseSearch(text), { limit })).map(({ at }) => at);
};

describe('the index of words', () => {
  it('agrees with looking at each message, over many pieces and whatever comes later', async () => {
    const words = ['apple', 'pineapple', 'pear', 'apple pear', 'plum\npear', ''];
    const all = Array.from({ length: 2_600 }, (_, n) => ({ at: n + 1, text: `${words[(n * 7) % words.length]} ${n}` }));
    const expected = (word: string) => all.filter(({ text }) => text.includes(word)).map(({ at }) => at);
    await putAll(all.slice(0, 2_100));
    const first = index();
    await first.update(() => undefined);
    await putAll(all.slice(2_100));
    // A second life goes on where the first one was.
    for (const each of [first, index()])
      for (const word of ['apple', 'pear', 'neapp', '25']) expect(await found(each, word)).toEqual(expected(word).reverse());
    expect(await found(first, 'apple pear')).toEqual(
      all
        .filter(({ text }) => text.includes('apple') && text.includes('pear'))
        .map(({ at }) => at)
        .reverse(),
    );
    expect(await found(first, 'apple', 3)).toEqual(expected('apple').reverse().slice(0, 3));
    expect((await cache.words.all()).length).toBe(4);
  });

  it('is made anew when arrivals were forgotten that it never took up', async () => {
    await put(1, 'apple');
    const behind = index();
    await behind.update(() => undefined);
    await put(2, 'apple');
    const forgetful = { ...cache, arrivals: { ...cache.arrivals, first: async () => 99, after: async () => [] } };
    expect(await found(index(forgetful), 'apple')).toEqual([2, 1]);
  });

  it('finds all on a disk that takes no more, and is written down once there is room', async () => {
    let full = true;
    const whenThereIsRoom = async <T>(write: () => Promise<T>): Promise<T> => {
      if (full) throw new StorageError('full', 'the disk is full');
      return write();
    };
    const words = {
      ...cache.words,
      put: (...rows: Parameters<Cache['words']['put']>) => whenThereIsRoom(() => cache.words.put(...rows)),
      clear: () => whenThereIsRoom(cache.words.clear),
    };
    // What a version before has left there goes with the first write.
    await cache.words.put([[7, new Uint8Array([1])]]);
    for (let n = 1; n <= 1_100; n++) await put(n, 'apple');
    const here = index({ ...cache, words });
    expect(await found(here, 'apple')).toHaveLength(1_100);
    await put(1_101, 'apple');
    expect(await found(here, 'apple')).toHaveLength(1_101);
    full = false;
    // Without another message too.
    expect(await found(here, 'apple')).toHaveLength(1_101);
    expect((await cache.words.all()).length).toBe(3);
    const swept = vi.fn(cache.messages.sweep);
    expect(await found(index({ ...cache, messages: { ...cache.messages, sweep: swept } }), 'apple')).toHaveLength(1_101);
    expect(swept).not.toHaveBeenCalled();
  });

  it('says so where the disk fails otherwise', async () => {
    await put(1, 'apple');
    const words = { ...cache.words, put: () => Promise.reject(new StorageError('failed', 'what was that')) };
    await expect(found(index({ ...cache, words }), 'apple')).rejects.toThrow('what was that');
  });

  it('counts the messages only while it is first built: over a great many that takes longer than a search', async () => {
    let counts = 0;
    const messages = { ...cache.messages, count: () => cache.messages.count().finally(() => counts++) };
    await put(1, 'apple');
    expect(await found(index({ ...cache, messages }), 'apple')).toEqual([1]);
    expect(counts).toBe(1);
    await put(2, 'apple');
    expect(await found(index({ ...cache, messages }), 'apple')).toEqual([2, 1]);
    expect(counts).toBe(1);
  });

  it('stops with the lock, and goes on from there', async () => {
    await putAll(apples(1_200));
    const doomed = index();
    await doomed.update(() => lock.abort());
    lock = new AbortController();
    let begun = 0;
    const next = index();
    await next.update((done) => {
      begun ||= done;
    });
    expect(begun).toBe(1_000);
    expect(await found(next, 'apple')).toHaveLength(1_200);
  });

  it('begins anew where an earlier version was half way through by ids', async () => {
    await putAll(apples(30));
    await index().update(() => undefined);
    const head = (await keystore.openRecord('words', '0', (await cache.words.get(0)) as Uint8Array)) as object;
    await cache.words.put([[0, await keystore.sealRecord('words', '0', { ...head, swept: idOf(7) })]]);
    expect(await found(index(), 'apple')).toHaveLength(30);
    expect((await cache.words.all()).length).toBe(2);
  });

  it('takes the beginning of a very long message, and nothing of what hangs on others', async () => {
    await put(1, `${'x '.repeat(4_100)}needle`);
    await put(2, `needle ${'x '.repeat(4_100)}`);
    expect(await found(index(), 'needle')).toEqual([2]);
  });

  it('finds in what is read by now while the rest is still on its way from the disk', async () => {
    await putAll(apples(9_500));
    await index().update(() => undefined);
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let newest = (): void => {};
    const newestGate = new Promise<void>((resolve) => {
      newest = resolve;
    });
    const asked: number[][] = [];
    const between: Cache['words']['between'] = async (first, last) => {
      asked.push([first, last]);
      if (last === 10) await newestGate;
      if (last < 5) await gate;
      return cache.words.between(first, last);
    };
    const woken = index({ ...cache, words: { ...cache.words, between } });
    // A page that is there asks for it to be read; nobody has looked for anything yet.
    const reading = woken.ready();
    await vi.waitFor(() => expect(asked).not.toEqual([]));
    // Whatever else is asked for at the same time would hold up what was said last.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual([[9, 10]]);
    newest();
    const updating = woken.update(() => undefined);
    const find = async () => (await woken.find(parseSearch('apple'), { limit: 10_000 })).map(({ at }) => at);
    await vi.waitFor(async () => expect(await find()).toHaveLength(5_500));
    expect((await find())[0]).toBe(9_500);
    go();
    await Promise.all([reading, updating]);
    expect(asked.length).toBe(3);
    expect(await find()).toEqual(Array.from({ length: 9_500 }, (_, n) => 9_500 - n));
  });

  it('is made anew where it was written by the version before', async () => {
    await put(1, 'apple');
    await index().update(() => undefined);
    const piece = JSON.stringify({
      ids: idOf(1),
      conversations: ['c1'],
      senders: [alice.address],
      conversation: [0],
      sender: [0],
      at: [7],
      has: [0],
      text: 'apple\n',
    });
    await cache.words.put([
      [0, encodeJson({ format: 1, pieces: 1, swept: null, arrival: 1 })],
      [1, encodeJson(piece)],
    ]);
    expect(await found(index(), 'apple')).toEqual([1]);
  });

  it.each([
    ['nothing', []],
    [
      'any letters',
      [{ id: idOf(5), conversation: 'a/b “c”', sender: alice.address, at: 1_700_000_000_123, has: 5, text: 'ü 漢字 👍\u0000' }],
    ],
    [
      'many',
      Array.from({ length: 999 }, (_, n) => ({
        id: idOf(n),
        conversation: `c${n % 700}`,
        sender: alice.address,
        at: n + 0.5,
        has: n % 8,
        text: `t${n}`,
      })),
    ],
  ])('is the same after it lay on the disk: %s', (_, rows) => {
    const piece = grown(emptyPiece, rows);
    const back = unpackPiece(packPiece(piece));
    const plain = (each: Piece) => ({
      ...each,
      ...Object.fromEntries((['conversation', 'sender', 'at', 'has'] as const).map((name) => [name, Array.from(each[name])])),
    });
    expect(plain(back)).toEqual(plain(piece));
    // A piece that was read grows as one that was made.
    expect(plain(grown(back, rows.slice(0, 1)))).toEqual(plain(grown(piece, rows.slice(0, 1))));
  });
});
