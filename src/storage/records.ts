import type { DBSchema } from 'idb';
import { connect, wholly } from './connection.ts';

/** What waits to reach the node. `sealed` holds the final bytes; `order` is the order of writing. */
export interface OutboxRow {
  readonly order: number;
  readonly id: string;
  readonly conversation: string;
  readonly sealed: Uint8Array;
}

/** A durable piece of work that is repeated until it is done, such as the publication of a contact. */
export interface TaskRow {
  readonly name: string;
  readonly tries: number;
  /** Milliseconds since 1970. */
  readonly nextTryAt: number;
  readonly data?: unknown;
}

/** Of a file that was chosen and not sent: its conversation, when it was chosen (ms), its name for whoever chose it, and its bytes. */
export type FileKey = [conversation: string, at: number, id: string, size: number];

/** How much was written to a database, and when it was counted last (ms). */
export interface Age {
  readonly count: number;
  readonly at: number;
}

export interface Records {
  readonly vault: Cell<Uint8Array>;
  /** Whoever keeps the count a second time elsewhere can tell that an older database was put in the place of this one. */
  readonly age: Cell<Age>;
  /** Calls after each write that must not be lost, but for those of the age. `sent`: something was written down to be sent. */
  onWrite(told: (sent: boolean) => void): void;
  /** The key of this unlock; not extractable. */
  readonly sessionKey: Cell<CryptoKey>;
  /** The key of the account that is being made; not extractable. */
  readonly foundingKey: Cell<CryptoKey>;
  /** Plain JSON that is needed while locked: settings, grants of sites. */
  readonly settings: Table<unknown>;
  readonly grants: Table<unknown>;
  /** Sealed text by conversation. */
  readonly drafts: Table<Uint8Array>;
  /** Sealed files that go with a draft, and beside each what is shown of it without reading it. */
  readonly files: {
    /** Of each conversation in the order in which they were chosen. */
    keys(): Promise<FileKey[]>;
    get(key: FileKey): Promise<Uint8Array | undefined>;
    /** Absent where the file was kept by a version that had none. */
    head(key: FileKey): Promise<Uint8Array | undefined>;
    put(key: FileKey, value: Uint8Array, head: Uint8Array): Promise<void>;
    /** Another head for a file that is still there. */
    putHead(key: FileKey, head: Uint8Array): Promise<void>;
    delete(key: FileKey): Promise<void>;
  };
  /** Message id by whatever names a request once and for all. */
  readonly sent: Table<string>;
  /** Sealed: what a person decided here and no network keeps, such as pins, hidden messages, and choices on their way. */
  readonly notes: Table<Uint8Array>;
  /** Sealed: what is known of the keys of a peer, and what a person said of them. First sights come by the thousand: unless `firmly`, nothing waits for the disk. */
  readonly pins: Table<Uint8Array> & {
    putAll(rows: readonly (readonly [key: string, value: Uint8Array])[], firmly: boolean): Promise<void>;
  };
  readonly tasks: {
    put(task: TaskRow): Promise<void>;
    get(name: string): Promise<TaskRow | undefined>;
    all(): Promise<TaskRow[]>;
    delete(name: string): Promise<void>;
  };
  readonly outbox: {
    /** Writes an entry behind all others; with `sent`, that note in the same transaction. Returns its order. */
    add(entry: Omit<OutboxRow, 'order'>, sent?: { readonly key: string; readonly id: string }): Promise<number>;
    /** Replaces an entry that is still there; answers whether it was. */
    update(row: OutboxRow): Promise<boolean>;
    get(id: string): Promise<OutboxRow | undefined>;
    /** In order of writing. */
    all(): Promise<OutboxRow[]>;
    byConversation(conversation: string): Promise<OutboxRow[]>;
    delete(id: string): Promise<void>;
  };
  /** Empties what belongs to the account. */
  clearAccount(): Promise<void>;
  close(): Promise<void>;
  /** Deletes everything. */
  delete(): Promise<void>;
}

/** What of it belongs to one account; the settings are those of all. */
export type AccountRecords = Pick<Records, 'settings' | 'drafts' | 'files' | 'sent' | 'notes' | 'pins' | 'tasks' | 'outbox'>;

export interface Cell<T> {
  get(): Promise<T | undefined>;
  put(value: T): Promise<void>;
  delete(): Promise<void>;
}

export interface Table<T> {
  get(key: string): Promise<T | undefined>;
  /** Each of them in its place. */
  many(keys: readonly string[]): Promise<(T | undefined)[]>;
  put(key: string, value: T): Promise<void>;
  delete(key: string): Promise<void>;
  all(): Promise<[key: string, value: T][]>;
}

interface Schema extends DBSchema {
  vault: { key: string; value: Uint8Array };
  keys: { key: string; value: CryptoKey };
  settings: { key: string; value: unknown };
  grants: { key: string; value: unknown };
  drafts: { key: string; value: Uint8Array };
  files: { key: FileKey; value: Uint8Array };
  fileHeads: { key: FileKey; value: Uint8Array };
  sent: { key: string; value: string };
  pins: { key: string; value: Uint8Array };
  notes: { key: string; value: Uint8Array };
  tasks: { key: string; value: TaskRow };
  outbox: { key: number; value: OutboxRow; indexes: { id: string; conversation: string } };
}

const strict = { durability: 'strict' } as const;

/** The durable half of storage: every write is on the disk when its promise resolves. Nothing here can be had from anywhere else. */
export function openRecords(name = 'parley-records'): Records {
  const connection = connect<Schema>(name, 5, (db, from) => {
    if (from < 5) db.createObjectStore('fileHeads');
    if (from < 4) db.createObjectStore('files');
    if (from < 3) db.createObjectStore('notes');
    if (from < 2) db.createObjectStore('pins');
    if (from >= 1) return;
    for (const store of ['vault', 'keys', 'settings', 'grants', 'drafts', 'sent'] as const) db.createObjectStore(store);
    db.createObjectStore('tasks', { keyPath: 'name' });
    const outbox = db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true });
    outbox.createIndex('id', 'id', { unique: true });
    outbox.createIndex('conversation', 'conversation');
  });
  const { use, write: writeDown } = connection;
  let told: (sent: boolean) => void = () => undefined;
  /** Work that writes what must not be lost. */
  const write = async <T>(work: Parameters<typeof use<T>>[0], sent = false): Promise<T> => {
    const result = await writeDown(work);
    told(sent);
    return result;
  };

  type Plain = 'vault' | 'keys' | 'settings' | 'grants' | 'drafts' | 'sent' | 'pins' | 'notes';
  const put = (store: Plain, key: string, value: unknown, by: typeof writeDown = write): Promise<void> =>
    by(async (db) => {
      const transaction = db.transaction(store, 'readwrite', strict);
      await Promise.all([transaction.store.put(value as never, key), transaction.done]);
    });
  const remove = (store: Plain | 'tasks', key: string): Promise<void> =>
    write(async (db) => {
      const transaction = db.transaction(store, 'readwrite', strict);
      await Promise.all([transaction.store.delete(key), transaction.done]);
    });
  const cell = <T>(store: Plain, key = 'only'): Cell<T> => ({
    get: () => use(async (db) => (await db.get(store, key)) as T | undefined),
    put: (value) => put(store, key, value),
    delete: () => remove(store, key),
  });
  const table = <T>(store: Plain): Table<T> => ({
    get: (key) => use(async (db) => (await db.get(store, key)) as T | undefined),
    many: (keys) =>
      use(async (db) => {
        const transaction = db.transaction(store);
        return (await Promise.all(keys.map((key) => transaction.store.get(key)))) as (T | undefined)[];
      }),
    put: (key, value) => put(store, key, value),
    delete: (key) => remove(store, key),
    all: () =>
      use(async (db) => {
        const transaction = db.transaction(store);
        const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
        return keys.map((key, index) => [key, values[index] as T]);
      }),
  });

  return {
    vault: cell('vault'),
    age: { ...cell<Age>('vault', 'age'), put: (age) => put('vault', 'age', age, writeDown) },
    onWrite(listener) {
      told = listener;
    },
    sessionKey: cell('keys'),
    foundingKey: cell('keys', 'founding'),
    settings: table('settings'),
    grants: table('grants'),
    drafts: table('drafts'),
    files: {
      keys: () => use((db) => db.getAllKeys('files')),
      get: (key) => use((db) => db.get('files', key)),
      head: (key) => use((db) => db.get('fileHeads', key)),
      put: (key, value, head) =>
        write(async (db) => {
          const transaction = db.transaction(['files', 'fileHeads'], 'readwrite', strict);
          await Promise.all([
            transaction.objectStore('files').put(value, key),
            transaction.objectStore('fileHeads').put(head, key),
            transaction.done,
          ]);
        }),
      putHead: (key, head) =>
        write(async (db) => {
          const transaction = db.transaction(['files', 'fileHeads'], 'readwrite', strict);
          const there = (await transaction.objectStore('files').getKey(key)) !== undefined;
          if (there) await transaction.objectStore('fileHeads').put(head, key);
          await transaction.done;
        }),
      delete: (key) =>
        write(async (db) => {
          const transaction = db.transaction(['files', 'fileHeads'], 'readwrite', strict);
          await Promise.all([
            transaction.objectStore('files').delete(key),
            transaction.objectStore('fileHeads').delete(key),
            transaction.done,
          ]);
        }),
    },
    sent: table('sent'),
    notes: table('notes'),
    pins: {
      ...table<Uint8Array>('pins'),
      putAll: (rows, firmly) =>
        (firmly ? write : writeDown)(async (db) => {
          const transaction = db.transaction('pins', 'readwrite', firmly ? strict : undefined);
          await Promise.all([...rows.map(async ([key, value]) => transaction.store.put(value, key)), transaction.done]);
        }),
    },
    tasks: {
      put: (task) =>
        write(async (db) => {
          const transaction = db.transaction('tasks', 'readwrite', strict);
          await Promise.all([transaction.store.put(task), transaction.done]);
        }),
      get: (key) => use((db) => db.get('tasks', key)),
      all: () => use((db) => db.getAll('tasks')),
      delete: (key) => remove('tasks', key),
    },
    outbox: {
      add: (entry, sent) =>
        write(async (db) => {
          const transaction = db.transaction(['outbox', 'sent'], 'readwrite', strict);
          // The key is the database's to give; a row without one is what `autoIncrement` wants.
          return wholly(transaction, async () => {
            const order = await transaction.objectStore('outbox').add(entry as OutboxRow);
            if (sent) await transaction.objectStore('sent').put(sent.id, sent.key);
            return order;
          });
        }, true),
      update: (row) =>
        write(async (db) => {
          const transaction = db.transaction('outbox', 'readwrite', strict);
          const there = (await transaction.store.getKey(row.order)) !== undefined;
          if (there) await transaction.store.put(row);
          await transaction.done;
          return there;
        }),
      get: (id) => use((db) => db.getFromIndex('outbox', 'id', id)),
      all: () => use((db) => db.getAll('outbox')),
      byConversation: (conversation) => use((db) => db.getAllFromIndex('outbox', 'conversation', conversation)),
      delete: (id) =>
        write(async (db) => {
          const transaction = db.transaction('outbox', 'readwrite', strict);
          const order = await transaction.store.index('id').getKey(id);
          if (order !== undefined) await transaction.store.delete(order);
          await transaction.done;
        }),
    },
    clearAccount: () =>
      write(async (db) => {
        const stores = ['drafts', 'files', 'fileHeads', 'sent', 'notes', 'pins', 'tasks', 'outbox'] as const;
        const transaction = db.transaction(stores, 'readwrite', strict);
        await Promise.all([...stores.map((store) => transaction.objectStore(store).clear()), transaction.done]);
      }),
    close: connection.close,
    delete: connection.delete,
  };
}
