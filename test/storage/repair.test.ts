import 'fake-indexeddb/auto';
import { deleteDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openCache } from '../../src/storage/cache.ts';
import { openRecords } from '../../src/storage/records.ts';
import { repairDatabases } from '../../src/storage/repair.ts';

beforeEach(async () => {
  const records = openRecords();
  await records.vault.put(Uint8Array.of(1));
  await records.drafts.put('c', Uint8Array.of(2));
  await records.settings.put('theme', 'dark');
  for (const id of ['a', 'b']) await records.outbox.add({ id, conversation: 'c', sealed: Uint8Array.of(3) });
  for (let at = 0; at < 1200; at++) await records.sent.put(`${at}`, 'id');
  await records.close();
  const cache = openCache('0xabc');
  await cache.cursors.put('main', 7n);
  await cache.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const { name } of await indexedDB.databases()) await deleteDB(name as string);
});

/** From now on what lies in this store cannot be read. */
function damage(database: RegExp, store: string): { mockRestore(): void } {
  const real = IDBObjectStore.prototype.getAll;
  return vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(function (this: IDBObjectStore, ...asked) {
    if (this.name === store && database.test(this.transaction.db.name)) throw new DOMException('a page is damaged', 'UnknownError');
    return real.apply(this, asked);
  });
}

const held = async () => {
  const [records, cache] = [openRecords(), openCache('0xabc')];
  const found = {
    vault: await records.vault.get(),
    draft: await records.drafts.get('c'),
    theme: await records.settings.get('theme'),
    outbox: (await records.outbox.all()).map(({ id }) => id),
    sent: (await records.sent.all()).length,
    cursor: await cache.cursors.get('main'),
  };
  await records.close();
  await cache.close();
  return found;
};
const all = { vault: Uint8Array.of(1), draft: Uint8Array.of(2), theme: 'dark', outbox: ['a', 'b'], sent: 1200, cursor: 7n };

test('what is sound stays as it is', async () => {
  expect(await repairDatabases()).toEqual({ damaged: [], lost: false });
  expect(await held()).toEqual(all);
});

test('a copy of what the network has is made anew, and nothing is lost by it', async () => {
  const broken = damage(/cache/, 'messages');
  expect(await repairDatabases()).toEqual({ damaged: ['parley-cache-0xabc'], lost: false });
  broken.mockRestore();
  expect(await held()).toEqual({ ...all, cursor: undefined });
});

test('of what is nowhere else all is kept that can be read, and that something is lost is told', async () => {
  const broken = damage(/records/, 'drafts');
  expect(await repairDatabases()).toEqual({ damaged: ['parley-records'], lost: true });
  broken.mockRestore();
  expect(await held()).toEqual({ ...all, draft: undefined });
});

test('one that does not even open is made anew', async () => {
  const real = indexedDB.open.bind(indexedDB);
  let broken = true;
  vi.spyOn(indexedDB, 'open').mockImplementation((name, ...more) => {
    if (name === 'parley-records' && broken) throw new DOMException('no database', 'UnknownError');
    return real(name, ...more);
  });
  const repaired = await repairDatabases();
  broken = false;
  expect(repaired).toEqual({ damaged: ['parley-records'], lost: true });
  expect(await held()).toMatchObject({ vault: undefined, draft: undefined, cursor: 7n });
});
