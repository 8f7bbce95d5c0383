import { type DBSchema, deleteDB, type IDBPDatabase, type OpenDBCallbacks, openDB } from 'idb';
import { needRoom } from '../room.ts';
import { guarded, StorageError } from './errors.ts';

/** A database that opens when first used, gives way to upgrades and deletions, and opens again after the browser closed it. */
export interface Connection<S extends DBSchema> {
  /** Runs work on the open database. @throws StorageError */
  use<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T>;
  /** The same for work that writes, where there is room for it. @throws StorageError */
  write<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  /** Closes it for good: whoever comes late gets an error, and no new database in the place of one that was deleted. */
  end(): Promise<void>;
  /** Closes and deletes the database. */
  delete(): Promise<void>;
}

const blockedAfterMs = 5_000;

export function connect<S extends DBSchema>(
  name: string,
  version: number,
  upgrade: NonNullable<OpenDBCallbacks<S>['upgrade']>,
): Connection<S> {
  let open: Promise<IDBPDatabase<S>> | undefined;
  let ended = false;

  const opened = (): Promise<IDBPDatabase<S>> => {
    if (ended) return Promise.reject(new StorageError('failed', 'the stored data was closed'));
    open ??= openOnce().catch((error: unknown) => {
      open = undefined;
      throw error;
    });
    return open;
  };

  const openOnce = async (): Promise<IDBPDatabase<S>> => {
    await needRoom();
    return openNow();
  };

  const openNow = (): Promise<IDBPDatabase<S>> =>
    new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      openDB<S>(name, version, {
        upgrade: (...change) => {
          change[3].done.catch(() => undefined); // who opens hears of it
          return upgrade(...change);
        },
        blocked: () => {
          timer = setTimeout(() => reject(new StorageError('blocked', 'another page holds the stored data open')), blockedAfterMs);
        },
        blocking: (_current, _blocked, event) => {
          open = undefined;
          (event.target as IDBDatabase).close();
        },
        terminated: () => {
          open = undefined;
        },
      })
        .finally(() => clearTimeout(timer))
        .then(resolve, reject);
    });

  const close = async (): Promise<void> => {
    const db = await open?.catch(() => undefined);
    open = undefined;
    db?.close();
  };

  return {
    use: (work) => guarded(async () => work(await opened())),
    write: (work) =>
      guarded(async () => {
        const db = await opened();
        await needRoom();
        return work(db);
      }),
    close,
    async end() {
      ended = true;
      await close();
    },
    delete: () =>
      guarded(async () => {
        await close();
        await needRoom();
        await deleteDB(name);
      }),
  };
}

/** Resolves once the transaction is committed. When the work throws, all of it is undone: a value that cannot be written would else leave its neighbours behind. */
export async function wholly<T>(transaction: { readonly done: Promise<void>; abort(): void }, work: () => Promise<T>): Promise<T> {
  transaction.done.catch(() => undefined); // told below
  try {
    const result = await work();
    await transaction.done;
    return result;
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It has ended already.
    }
    throw error;
  }
}
