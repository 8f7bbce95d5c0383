import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCache } from '../../src/storage/cache.ts';
import { openRecords } from '../../src/storage/records.ts';
import { cacheSteps, openOlder, recordsSteps, type Step } from '../support/older-versions.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A database as a version left it, with a row in each store that matters. */
async function made(name: string, steps: readonly Step[], version: number, rows: Readonly<Record<string, unknown>>): Promise<void> {
  const db = await openOlder(name, steps, version);
  for (const [store, value] of Object.entries(rows)) {
    const inline = db.transaction(store).store.keyPath !== null;
    await db.put(store, value, inline ? undefined : 'only');
  }
  db.close();
}

/** The process ends before the `nth` change of an upgrade: nothing of the transaction reaches the disk. Answers whether it came that far. */
function deathAt(nth: number): () => boolean {
  let changes = 0;
  let died = false;
  for (const [prototype, method] of [
    [IDBDatabase.prototype, 'createObjectStore'],
    [IDBDatabase.prototype, 'deleteObjectStore'],
    [IDBObjectStore.prototype, 'createIndex'],
  ] as const) {
    const methods = prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
    const real = methods[method] as (...args: unknown[]) => unknown;
    vi.spyOn(methods, method).mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (++changes > nth) {
        died = true;
        throw new Error('the process ended');
      }
      return real.apply(this, args);
    });
  }
  return () => died;
}

/** Lets the upgrade die at each of its changes in turn, then come to its end; answers how often it died. */
async function upgradedAfterDeaths(use: () => Promise<unknown>, closed: () => Promise<void>): Promise<number> {
  for (let deaths = 0; ; deaths++) {
    const died = deathAt(deaths);
    await use().catch(() => undefined);
    vi.restoreAllMocks();
    if (!died()) return deaths;
    await closed();
  }
}

const bytes = new Uint8Array([1, 2, 3]);

describe('an upgrade that dies half way', () => {
  it.each([1, 2, 3, 4])(
    'from version %i of the records has changed nothing, and is done by the next one with all rows',
    async (version) => {
      const name = `upgrade-records-${version}`;
      const waiting = { order: 7, id: 'm', conversation: 'c', sealed: bytes };
      await made(name, recordsSteps, version, {
        vault: bytes,
        drafts: bytes,
        outbox: waiting,
        settings: 'set',
        ...(version > 1 && { pins: bytes }),
      });
      const opened = openRecords(name);
      const deaths = await upgradedAfterDeaths(() => opened.vault.get(), opened.close);
      expect(deaths).toBe(5 - version);
      expect(await opened.vault.get()).toEqual(bytes);
      expect(await opened.drafts.get('only')).toEqual(bytes);
      expect(await opened.settings.get('only')).toBe('set');
      expect(await opened.outbox.all()).toEqual([waiting]);
      expect(await opened.pins.all()).toHaveLength(version > 1 ? 1 : 0);
      const key = ['c', 1, 'f', 3] as [string, number, string, number];
      await opened.files.put(key, bytes, bytes);
      expect(await opened.files.head(key)).toEqual(bytes);
      expect(await opened.outbox.add({ id: 'n', conversation: 'c', sealed: bytes })).toBe(8);
    },
  );

  it.each([1, 2, 3, 4, 5, 6])('from version %i of the cache likewise', async (version) => {
    const name = `upgrade-${version}`;
    const row = { id: 'c', time: 5, order: -5, sealed: bytes };
    const message = { id: 'ab', conversation: 'c', time: 5, dedup: 'd', order: [-5, 'cd'], sealed: bytes };
    await made(`parley-cache-${name}`, cacheSteps, version, { conversations: row, messages: message, cursors: 9n });
    const opened = openCache(name);
    const deaths = await upgradedAfterDeaths(() => opened.cursors.get('only'), opened.close);
    expect(deaths).toBeGreaterThan(0);
    expect(await opened.cursors.get('only')).toBe(9n);
    expect(await opened.conversations.all()).toEqual([{ id: 'c', time: 5, sealed: bytes }]);
    expect((await opened.messages.page('c', { limit: 5 })).map(({ id }) => id)).toEqual(['ab']);
    await opened.words.put([[1, bytes]]);
    expect(await opened.arrivals.last()).toBe(0);
  });
});
