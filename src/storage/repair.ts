import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import { hasRoom } from '../room.ts';
import { StorageError } from './errors.ts';
import { openRecords } from './records.ts';

/** What became of the databases. `lost`: rows that were nowhere else could not be read. */
export interface Repair {
  readonly damaged: readonly string[];
  readonly lost: boolean;
}

/** How our databases are called, and those of them whose rows are nowhere else. */
const ours = /^parley-/;
const durable = /^parley-records/;

/** Rows that are read at once. */
const pageSize = 500;

/** The rows of a store; null where it cannot be read. */
type Stores = ReadonlyMap<string, readonly (readonly [key: IDBValidKey, value: unknown])[] | null>;

/**
 * Reads every database from end to end. One that cannot be read is made anew: empty where the network has what it held, else with the rows that could be read. What is
 * sound is left as it is.
 */
export async function repairDatabases(): Promise<Repair> {
  // What cannot be opened on a full disk is not damaged, and to delete it there would take the others along.
  if (!(await hasRoom()) || !(await takesAnything())) throw new StorageError('full', 'the disk is full');
  const damaged: string[] = [];
  let lost = false;
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined || !ours.test(name)) continue;
    const stores = await readWhole(name);
    if (stores !== null && [...stores.values()].every((rows) => rows !== null)) continue;
    damaged.push(name);
    await deleteDB(name);
    if (!durable.test(name)) continue;
    lost = true;
    if (stores !== null) await writeBack(name, stores);
  }
  return { damaged, lost };
}

/** Whether a database that is new takes some bytes: Firefox says of no error that it was for want of room. */
async function takesAnything(): Promise<boolean> {
  const name = 'room-for-parley';
  try {
    const db = await openDB(name, 1, { upgrade: (upgrading) => void upgrading.createObjectStore('bytes') });
    try {
      const transaction = db.transaction('bytes', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.put(crypto.getRandomValues(new Uint8Array(65_536)), 'only'), transaction.done]);
    } finally {
      db.close();
    }
    return true;
  } catch {
    return false;
  } finally {
    await deleteDB(name).catch(() => undefined);
  }
}

/** Null: it does not even open. */
async function readWhole(name: string): Promise<Stores | null> {
  let db: IDBPDatabase;
  try {
    db = await openDB(name, undefined, { blocking: (_, __, event) => (event.target as IDBDatabase).close() });
  } catch {
    return null;
  }
  try {
    const stores = new Map<string, readonly (readonly [IDBValidKey, unknown])[] | null>();
    for (const store of db.objectStoreNames) stores.set(store, await readStore(db, store, durable.test(name)).catch(() => null));
    return stores;
  } finally {
    db.close();
  }
}

/** All of it, a page at a time; `keep`: else the rows are let go of. */
async function readStore(db: IDBPDatabase, store: string, keep: boolean): Promise<[IDBValidKey, unknown][]> {
  const rows: [IDBValidKey, unknown][] = [];
  for (let after: IDBValidKey | null = null; ; ) {
    const range = after === null ? null : IDBKeyRange.lowerBound(after, true);
    const transaction = db.transaction(store);
    const [keys, values] = await Promise.all([
      transaction.store.getAllKeys(range, pageSize),
      transaction.store.getAll(range, pageSize),
      transaction.done,
    ]);
    if (keep) rows.push(...keys.map((key, index): [IDBValidKey, unknown] => [key, values[index]]));
    if (keys.length < pageSize) return rows;
    after = keys.at(-1) as IDBValidKey;
  }
}

async function writeBack(name: string, stores: Stores): Promise<void> {
  const records = openRecords(name);
  await records.settings.all(); // makes the stores
  await records.close();
  const db = await openDB(name);
  try {
    for (const [store, rows] of stores) {
      if (!rows || !db.objectStoreNames.contains(store)) continue;
      const transaction = db.transaction(store, 'readwrite', { durability: 'strict' });
      const inline = transaction.store.keyPath !== null;
      await Promise.all([...rows.map(([key, value]) => transaction.store.put(value, inline ? undefined : key)), transaction.done]);
    }
  } finally {
    db.close();
  }
}
