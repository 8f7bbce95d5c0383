import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import { openTypedStore } from '../../src/rpc/typed-store.ts';
import { openCache } from '../../src/storage/cache.ts';
import { openRecords } from '../../src/storage/records.ts';
import { repairDatabases } from '../../src/storage/repair.ts';

/** A browser that has so much room left, bytes. */
const withRoom = (room: number, browser: object = { userAgentData: {} }): void => {
  vi.stubGlobal('navigator', { ...browser, storage: { estimate: async () => ({ quota: 1_000_000 + room, usage: 1_000_000 }) } });
};
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('Chromium opens and deletes no database on a full disk: it would empty all of them', async () => {
  const records = openRecords('room-1');
  await records.settings.put('a', 1);
  await records.close();
  const open = vi.spyOn(indexedDB, 'open');
  const remove = vi.spyOn(indexedDB, 'deleteDatabase');
  withRoom(8 * 1024 * 1024 - 1);
  await expect(records.settings.get('a')).rejects.toMatchObject({ reason: 'full' });
  await expect(records.delete()).rejects.toMatchObject({ reason: 'full' });
  await expect(repairDatabases()).rejects.toMatchObject({ reason: 'full' });
  await expect(openTypedStore('room-1-typed').all()).rejects.toThrow('the disk is full');
  expect(open).not.toHaveBeenCalled();
  expect(remove).not.toHaveBeenCalled();
  withRoom(8 * 1024 * 1024);
  expect(await records.settings.get('a')).toBe(1);
});

it('Chromium writes nothing on a full disk, and reads on', async () => {
  const [records, cache, typed] = [openRecords('room-4'), openCache('room-4'), openTypedStore('room-4-typed')];
  await records.settings.put('a', 1);
  await cache.cursors.put('a', 1n);
  await typed.ready();
  withRoom(1);
  const writes = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const [bytes, none] = [new Uint8Array(1), { done: [], quarantined: [], conversations: [], messages: [] }];
  const refusedByDisk = [
    records.settings.put('a', 2),
    records.outbox.add({ id: 'a', conversation: 'c', sealed: bytes }),
    records.pins.putAll([['a', bytes]], false),
    records.drafts.delete('a'),
    cache.apply(none),
    cache.inbox.append([], [{ name: 'a', value: 2n }]),
    cache.words.put([[1, bytes]]),
    cache.notes.put('a', bytes),
  ].map((write) => expect(write).rejects.toMatchObject({ reason: 'full' }));
  await Promise.all(refusedByDisk);
  await expect(typed.clear()).rejects.toThrow('the disk is full');
  expect(writes).not.toHaveBeenCalled();
  expect(await records.settings.get('a')).toBe(1);
  expect(await cache.cursors.get('a')).toBe(1n);
});

it('where not even a new database takes anything, none is repaired', async () => {
  const records = openRecords('parley-records-room-5');
  await records.settings.put('a', 1);
  await records.close();
  const remove = vi.spyOn(indexedDB, 'deleteDatabase');
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('something', 'UnknownError');
  });
  vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(() => {
    throw new DOMException('something', 'UnknownError');
  });
  await expect(repairDatabases()).rejects.toMatchObject({ reason: 'full' });
  expect(remove.mock.calls.flat()).not.toContain('parley-records-room-5');
  vi.restoreAllMocks();
  expect(await records.settings.get('a')).toBe(1);
});

it('what fails for no named reason on a full disk failed for that', async () => {
  const records = openRecords('room-2');
  await records.settings.put('a', 1);
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('Connection is closing because of: IO error', 'UnknownError');
  });
  await expect(records.settings.put('a', 2)).rejects.toMatchObject({ reason: 'failed' });
  withRoom(0);
  await expect(records.settings.put('a', 2)).rejects.toMatchObject({ reason: 'full' });
});

it('Firefox, which counts room in another way, is asked for nothing', async () => {
  withRoom(0, {});
  const records = openRecords('room-3');
  await records.settings.put('a', 1);
  expect(await records.settings.get('a')).toBe(1);
});
