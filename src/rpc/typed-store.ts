import { needRoom } from '../room.ts';
import { answer, openStore } from './database-answer.ts';
import type { TypedRow } from './typed.ts';

/** When a composer was opened (ms), and its name. */
export type TypedName = [at: number, writer: string];

/** What pages have typed and the background may not have yet: sealed, one row for each composer. */
export interface TypedStore {
  /** Makes it ready to be written to without delay. */
  ready(): Promise<void>;
  /** In place of what this composer had there; the oldest of too many go. `firmly`: on the disk itself when it resolves. */
  put(name: TypedName, row: TypedRow, firmly?: boolean): Promise<void>;
  delete(name: TypedName): Promise<void>;
  all(): Promise<[TypedName, TypedRow][]>;
  /** Takes it away, unless other words have come into its place. */
  drop(name: TypedName, row: TypedRow): Promise<void>;
  clear(): Promise<void>;
}

const store = 'typed';
/** Composers that were opened and came to no end while no background was there: nobody opens so many. */
const most = 40;

/**
 * In a database of its own, which stays open while somebody writes: its writes reach the browser's files within milliseconds, and the disk soon. That is what
 * keeps up with typing.
 */
export function openTypedStore(name = 'parley-typed'): TypedStore {
  let opened: Promise<IDBDatabase> | null = null;
  /** Those that were counted among all when they came. */
  const counted = new Set<string>();

  const open = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(name, () => {
      opened = null;
    }).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  /** Resolves when the transaction is through. */
  const within = async <T>(mode: IDBTransactionMode, work: (rows: IDBObjectStore) => Promise<T>, firmly = false): Promise<T> => {
    const database = await open();
    if (mode === 'readwrite') await needRoom();
    const transaction = database.transaction(store, mode, { durability: firmly ? 'strict' : 'relaxed' });
    const through = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
    const [result] = await Promise.all([work(transaction.objectStore(store)), through]);
    return result;
  };

  return {
    ready: async () => void (await open()),
    put: (row, value, firmly) =>
      within(
        'readwrite',
        async (rows) => {
          const [, writer] = row;
          rows.put(value, row);
          if (counted.has(writer)) return;
          counted.add(writer);
          const names = (await answer(rows.getAllKeys())) as unknown as TypedName[];
          const others = names.filter(([, each]) => each !== writer);
          for (const old of others.slice(0, Math.max(0, others.length + 1 - most))) rows.delete(old);
        },
        firmly,
      ),
    delete: (row) => within('readwrite', async (rows) => void rows.delete(row)),
    all: () =>
      within('readonly', async (rows) => {
        const [names, values] = await Promise.all([answer(rows.getAllKeys()), answer(rows.getAll())]);
        return names.map((each, position) => [each as unknown as TypedName, values[position] as TypedRow]);
      }),
    drop: (row, { nonce }) =>
      within('readwrite', async (rows) => {
        const now = (await answer(rows.get(row))) as TypedRow | undefined;
        if (now && String(now.nonce) === String(nonce)) rows.delete(row);
      }),
    clear: () => within('readwrite', async (rows) => void rows.clear()),
  };
}

async function openDatabase(name: string, gone: () => void): Promise<IDBDatabase> {
  const database = await openStore(name, store);
  database.onclose = gone;
  database.onversionchange = () => {
    database.close();
    gone();
  };
  return database;
}
