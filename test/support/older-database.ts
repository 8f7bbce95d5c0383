import { deleteDB, type IDBPDatabase, openDB } from 'idb';

type Rows = readonly (readonly [key: IDBValidKey, value: unknown])[];

/** Copies a database as it is now; what this answers puts the copy in its place, as a profile does that comes back from a backup. Nobody may have it open then. */
export async function copyDatabase(name: string): Promise<() => Promise<void>> {
  const open = (): Promise<IDBPDatabase> => openDB(name, undefined, { blocking: (_, __, event) => (event.target as IDBDatabase).close() });
  const db = await open();
  const { version } = db;
  const stores = new Map<string, { readonly rows: Rows; readonly make: (upgrading: IDBPDatabase) => void }>();
  for (const each of db.objectStoreNames) {
    const { store } = db.transaction(each);
    const { keyPath, autoIncrement } = store;
    const indexes = [...store.indexNames]
      .map((index) => store.index(index))
      .map(({ name: of, keyPath: by, unique }) => ({ of, by, unique }));
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
    stores.set(each, {
      rows: keys.map((key, place) => [key, values[place]] as const),
      make: (upgrading) => {
        const made = upgrading.createObjectStore(each, { keyPath: keyPath as string | null, autoIncrement });
        for (const { of, by, unique } of indexes) made.createIndex(of, by, { unique });
      },
    });
  }
  db.close();
  return async () => {
    await deleteDB(name);
    const again = await openDB(name, version, {
      upgrade: (upgrading) => {
        for (const { make } of stores.values()) make(upgrading as unknown as IDBPDatabase);
      },
    });
    for (const [each, { rows }] of stores) {
      const transaction = again.transaction(each, 'readwrite');
      const inline = transaction.store.keyPath !== null;
      await Promise.all([...rows.map(([key, value]) => transaction.store.put(value, inline ? undefined : key)), transaction.done]);
    }
    again.close();
  };
}
