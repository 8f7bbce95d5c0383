import { type IDBPDatabase, openDB } from 'idb';

/** What a version made of the one before. */
export type Step = (db: IDBDatabase) => void;

const plain =
  (...names: readonly string[]): Step =>
  (db) => {
    for (const name of names) db.createObjectStore(name);
  };

/** What each version of the records added to the one before, as it was released. */
export const recordsSteps: readonly Step[] = [
  (db) => {
    plain('vault', 'keys', 'settings', 'grants', 'drafts', 'sent')(db);
    db.createObjectStore('tasks', { keyPath: 'name' });
    const outbox = db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true });
    outbox.createIndex('id', 'id', { unique: true });
    outbox.createIndex('conversation', 'conversation');
  },
  plain('pins'),
  plain('notes'),
  plain('files'),
  plain('fileHeads'),
];

/** The same of a cache. */
export const cacheSteps: readonly Step[] = [
  (db) => {
    plain('cursors', 'contacts')(db);
    db.createObjectStore('conversations', { keyPath: 'id' }).createIndex('order', 'order');
    const messages = db.createObjectStore('messages', { keyPath: 'id' });
    messages.createIndex('order', ['conversation', 'order']);
    messages.createIndex('dedup', 'dedup', { unique: true });
    const inbox = db.createObjectStore('inbox', { keyPath: 'seq', autoIncrement: true });
    inbox.createIndex('digest', 'digest', { unique: true });
    inbox.createIndex('state', ['state', 'seq']);
  },
  plain('aliases'),
  (db) => db.deleteObjectStore('contacts'),
  plain('notes'),
  (db) => db.createObjectStore('arrivals', { keyPath: 'seq', autoIncrement: true }),
  plain('words'),
];

/** A database as a version left it, without any row. */
export const openOlder = (name: string, steps: readonly Step[], version: number): Promise<IDBPDatabase> =>
  openDB(name, version, {
    upgrade: (upgrading) => {
      for (const step of steps.slice(0, version)) step(upgrading as unknown as IDBDatabase);
    },
  });
