import { answer, openStore } from './database-answer.ts';
import type { GlimpseKey } from './glimpse.ts';

const store = 'keys';
const only = 'only';

/** The key of the glimpse, in a database of its own: a page that reads it never stands in the way of another database's upgrade. */
export function openGlimpseKey(name = 'parley-glimpse'): GlimpseKey {
  return {
    get: () => within(name, 'readonly', (keys) => keys.get(only) as IDBRequest<CryptoKey | undefined>),
    put: async (key) => void (await within(name, 'readwrite', (keys) => keys.put(key, only))),
    delete: () => within(name, 'readwrite', (keys) => keys.delete(only)),
  };
}

async function within<T>(name: string, mode: IDBTransactionMode, ask: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openStore(name, store);
  try {
    return await answer(ask(database.transaction(store, mode).objectStore(store)));
  } finally {
    database.close(); // once what is under way is done
  }
}
