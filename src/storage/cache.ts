import { unwrap } from 'idb';
import { type Arrival, arrive } from './arrivals.ts';
import { answersOf } from './bulk.ts';
import { type ConversationRecord, connectCache, type InboxRecord, type MessageRecord } from './cache-schema.ts';
import { wholly } from './connection.ts';

/** Where in a conversation; `time` in milliseconds. */
export interface Place {
  readonly time: number;
  readonly id?: string;
}

/** What a slice of decoding came to; written at once, so that a death in between repeats the slice and nothing else. */
export interface Decoded {
  readonly done: readonly number[];
  readonly quarantined: readonly { readonly seq: number; readonly reason: string }[];
  /** Envelopes that were never in the inbox and go to quarantine there; those that it knows are left as they are. */
  readonly aside?: readonly { readonly digest: string; readonly sealed: Uint8Array; readonly reason: string }[];
  readonly conversations: readonly ConversationRecord[];
  readonly messages: readonly MessageRecord[];
  /** None of the messages is here under its dedup key: whoever hands them over has looked, and nobody else writes meanwhile. */
  readonly lookedUp?: boolean;
  /** Further ids of messages that are known by their dedup key: others may refer to them by these. */
  readonly aliases?: readonly { readonly id: string; readonly dedup: string }[];
}

export interface Cache {
  readonly conversations: {
    /** Newest first; `before` is a time, exclusive. */
    page(options: { readonly before?: number; readonly limit: number }): Promise<ConversationRecord[]>;
    all(): Promise<ConversationRecord[]>;
    get(id: string): Promise<ConversationRecord | undefined>;
    put(record: ConversationRecord): Promise<void>;
    /** Writes all of them, or none. `strict`: what was written before is on the disk with them. */
    putAll(records: readonly ConversationRecord[], durability?: 'strict'): Promise<void>;
    delete(id: string): Promise<void>;
  };
  readonly messages: {
    /** Newest first by (time, id); `before` is a place in the conversation, exclusive: without an id, the first of its time. */
    page(conversation: string, options: { readonly before?: Place; readonly limit: number }): Promise<MessageRecord[]>;
    /** Oldest first; `after` is a place in the conversation, exclusive: without an id, the last of its time. */
    pageUp(conversation: string, options: { readonly after?: Place; readonly limit: number }): Promise<MessageRecord[]>;
    /** By its id, or by one of its aliases. */
    get(id: string): Promise<MessageRecord | undefined>;
    /** Each of them in its place. */
    many(ids: readonly string[]): Promise<(MessageRecord | undefined)[]>;
    /** Writes a message and, with it, its conversation. */
    put(record: MessageRecord, conversation?: ConversationRecord): Promise<void>;
    delete(id: string): Promise<void>;
    /** All of them in the order of their ids, a page after an id. */
    sweep(after: string, limit: number): Promise<MessageRecord[]>;
    count(): Promise<number>;
    /** Those of the given ids that a message is stored under; aliases do not count. */
    known(ids: readonly string[]): Promise<Set<string>>;
    /** Those of the given keys that a stored message has. */
    knownDedup(keys: readonly string[]): Promise<Set<string>>;
  };
  readonly inbox: {
    /** Envelopes and the cursors that they move, in one strict transaction; those seen before are left out. Returns how many were new. */
    append(
      envelopes: readonly { readonly digest: string; readonly sealed: Uint8Array }[],
      cursors: readonly { readonly name: string; readonly value: bigint }[],
    ): Promise<number>;
    /** The oldest that wait to be read. */
    next(limit: number): Promise<InboxRecord[]>;
    /** What became of an envelope, by its digest. */
    state(digest: string): Promise<InboxRecord['state'] | undefined>;
    /** How many wait. */
    waiting(): Promise<number>;
    quarantined(limit: number): Promise<InboxRecord[]>;
    /** Lets what is in quarantine for one of these reasons, or for any, be read again; returns how many. */
    requeue(reasons?: readonly string[]): Promise<number>;
  };
  /** The order in which conversations and messages came to be here, for those who go on from where they were. The oldest are forgotten. */
  readonly arrivals: {
    after(seq: number, limit: number): Promise<Arrival[]>;
    /** The newest; 0: there was none yet. */
    last(): Promise<number>;
    /** The oldest that is kept; 0: there was none yet. */
    first(): Promise<number>;
  };
  /** Sealed pieces of the index of words, by number. */
  readonly words: {
    get(number: number): Promise<Uint8Array | undefined>;
    /** Those from one number to another that are there. */
    between(first: number, last: number): Promise<Uint8Array[]>;
    all(): Promise<[number: number, sealed: Uint8Array][]>;
    put(pieces: readonly (readonly [number: number, sealed: Uint8Array])[]): Promise<void>;
    clear(): Promise<void>;
  };
  readonly cursors: {
    get(name: string): Promise<bigint | undefined>;
    put(name: string, value: bigint): Promise<void>;
  };
  /** Sealed state that is small enough to be written whole. */
  readonly notes: {
    get(key: string): Promise<Uint8Array | undefined>;
    /** Each of them in its place. */
    many(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
    put(key: string, sealed: Uint8Array): Promise<void>;
  };
  /** Writes what a slice of decoding came to; messages whose dedup key is known are left out. Returns the ids of those that were written. */
  apply(decoded: Decoded): Promise<string[]>;
  close(): Promise<void>;
  /** Closes it for good. */
  end(): Promise<void>;
  delete(): Promise<void>;
}

// What is asked of the database in one transaction is asked at once, where nothing waits for an answer: each wait for the disk costs more than the work.

/** The disposable half of storage: a sealed copy of what the network holds, for one account. */
export function openCache(account: string): Cache {
  const connection = connectCache(account);
  const { use, write } = connection;

  const putAll: Cache['conversations']['putAll'] = (records, durability) =>
    write(async (db) => {
      const transaction = db.transaction(['conversations', 'arrivals'], 'readwrite', { durability: durability ?? 'default' });
      const [store, arrivals] = [unwrap(transaction.objectStore('conversations')), unwrap(transaction.objectStore('arrivals'))];
      await wholly(transaction, () => putConversations(store, arrivals, records));
    });

  return {
    conversations: {
      page: ({ before, limit }) =>
        use(async (db) => {
          const range = before === undefined ? undefined : IDBKeyRange.lowerBound(-before, true);
          return (await db.getAllFromIndex('conversations', 'order', range, limit)).map(plainConversation);
        }),
      all: () => use(async (db) => (await db.getAllFromIndex('conversations', 'order')).map(plainConversation)),
      get: (id) => use(async (db) => optional(await db.get('conversations', id), plainConversation)),
      put: (record) => putAll([record]),
      putAll,
      delete: (id) => write((db) => db.delete('conversations', id)),
    },
    messages: {
      page: (conversation, { before, limit }) =>
        use(async (db) => {
          // In the order of keys a list comes after every string and number: [] closes the range of a conversation, or of a time.
          const from = before ? [conversation, before.id === undefined ? [-before.time, []] : messageOrder(before)] : [conversation];
          const range = IDBKeyRange.bound(from, [conversation, [[]]], before !== undefined);
          return (await db.getAllFromIndex('messages', 'order', range, limit)).map(plainMessage);
        }),
      pageUp: (conversation, { after, limit }) =>
        use(async (db) => {
          const to = after ? [conversation, after.id === undefined ? [-after.time] : messageOrder(after)] : [conversation, [[]]];
          const range = IDBKeyRange.bound([conversation], to, false, true);
          const page: MessageRecord[] = [];
          let cursor = await db.transaction('messages').store.index('order').openCursor(range, 'prev');
          for (; cursor && page.length < limit; cursor = await cursor.continue()) page.push(plainMessage(cursor.value));
          return page;
        }),
      get: (id) =>
        use(async (db) => {
          const record = (await db.get('messages', id)) ?? (await db.get('messages', (await db.get('aliases', id)) ?? ''));
          return optional(record, plainMessage);
        }),
      many: (ids) =>
        use(async (db) => {
          const transaction = db.transaction(['messages', 'aliases']);
          const [store, aliases] = [transaction.objectStore('messages'), transaction.objectStore('aliases')];
          const find = async (id: string) => (await store.get(id)) ?? (await store.get((await aliases.get(id)) ?? ''));
          return Promise.all(ids.map(async (id) => optional(await find(id), plainMessage)));
        }),
      put: (record, conversation) =>
        write(async (db) => {
          const transaction = db.transaction(['messages', 'conversations', 'arrivals'], 'readwrite');
          await wholly(transaction, async () => {
            const [store, arrivals] = [transaction.objectStore('messages'), unwrap(transaction.objectStore('arrivals'))];
            const known = await store.getKey(record.id);
            await store.put({ ...record, order: messageOrder(record) });
            if (conversation) await putConversations(unwrap(transaction.objectStore('conversations')), arrivals, [conversation]);
            if (known === undefined) await arrive(arrivals, [{ conversation: record.conversation, message: record.id }]);
          });
        }),
      delete: (id) => write((db) => db.delete('messages', id)),
      sweep: (after, limit) =>
        use(async (db) => (await db.getAll('messages', IDBKeyRange.lowerBound(after, true), limit)).map(plainMessage)),
      count: () => use((db) => db.count('messages')),
      knownDedup: (keys) =>
        use(async (db) => {
          const index = unwrap(db.transaction('messages').store.index('dedup'));
          const found = await answersOf(keys.map((key) => index.getKey(key)));
          return new Set(keys.filter((_, position) => found[position] !== undefined));
        }),
      known: (ids) =>
        use(async (db) => {
          const store = unwrap(db.transaction('messages').store);
          const found = await answersOf(ids.map((id) => store.getKey(id)));
          return new Set(ids.filter((_, position) => found[position] !== undefined));
        }),
    },
    inbox: {
      append: (envelopes, cursors) =>
        write(async (db) => {
          const transaction = db.transaction(['inbox', 'cursors'], 'readwrite', { durability: 'strict' });
          const inbox = unwrap(transaction.objectStore('inbox'));
          return wholly(transaction, async () => {
            const fresh = await unknown(envelopes, 'digest', inbox.index('digest'));
            for (const { digest, sealed } of fresh) inbox.add({ digest, state: 'new', reason: null, sealed });
            for (const { name, value } of cursors) unwrap(transaction.objectStore('cursors')).put(value, name);
            return fresh.length;
          });
        }),
      next: (limit) => use((db) => db.getAllFromIndex('inbox', 'state', byState('new'), limit)),
      state: (digest) => use(async (db) => (await db.getFromIndex('inbox', 'digest', digest))?.state),
      waiting: () => use((db) => db.countFromIndex('inbox', 'state', byState('new'))),
      quarantined: (limit) => use((db) => db.getAllFromIndex('inbox', 'state', byState('quarantined'), limit)),
      requeue: (reasons) =>
        write(async (db) => {
          const transaction = db.transaction('inbox', 'readwrite');
          return wholly(transaction, async () => {
            const all = await transaction.store.index('state').getAll(byState('quarantined'));
            const rows = reasons ? all.filter(({ reason }) => reasons.includes(reason ?? '')) : all;
            for (const row of rows) await transaction.store.put({ ...row, state: 'new', reason: null });
            return rows.length;
          });
        }),
    },
    arrivals: {
      after: (seq, limit) => use((db) => db.getAll('arrivals', IDBKeyRange.lowerBound(seq, true), limit)),
      last: () => use(async (db) => (await db.transaction('arrivals').store.openKeyCursor(null, 'prev'))?.key ?? 0),
      first: () => use(async (db) => (await db.transaction('arrivals').store.openKeyCursor())?.key ?? 0),
    },
    words: {
      get: (number) => use((db) => db.get('words', number)),
      between: (first, last) => use((db) => db.getAll('words', IDBKeyRange.bound(first, last))),
      all: () =>
        use(async (db) => {
          const transaction = db.transaction('words');
          const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
          return keys.map((key, index) => [key, values[index] as Uint8Array]);
        }),
      put: (pieces) =>
        write(async (db) => {
          const transaction = db.transaction('words', 'readwrite');
          await wholly(transaction, async () => {
            for (const [number, sealed] of pieces) await transaction.store.put(sealed, number);
          });
        }),
      clear: () => write((db) => db.clear('words')),
    },
    cursors: {
      get: (name) => use((db) => db.get('cursors', name)),
      put: (name, value) =>
        write(async (db) => {
          await db.put('cursors', value, name);
        }),
    },
    notes: {
      get: (key) => use((db) => db.get('notes', key)),
      many: (keys) =>
        use(async (db) => {
          const { store } = db.transaction('notes');
          return Promise.all(keys.map((key) => store.get(key)));
        }),
      put: (key, sealed) =>
        write(async (db) => {
          await db.put('notes', sealed, key);
        }),
    },
    apply: ({ done, quarantined, conversations, messages, aside = [], aliases = [], lookedUp = false }) =>
      write(async (db) => {
        const transaction = db.transaction(['inbox', 'conversations', 'messages', 'aliases', 'arrivals'], 'readwrite');
        const arrivals = unwrap(transaction.objectStore('arrivals'));
        const inbox = unwrap(transaction.objectStore('inbox'));
        const store = unwrap(transaction.objectStore('messages'));
        return wholly(transaction, async () => {
          const [fresh, odd] = await Promise.all([
            lookedUp ? messages : unknown(messages, 'dedup', store.index('dedup')),
            unknown(aside, 'digest', inbox.index('digest')),
            putConversations(unwrap(transaction.objectStore('conversations')), arrivals, conversations),
            settle(inbox, [
              ...done.map((seq) => [seq, { state: 'done', reason: null, sealed: null }] as const),
              ...quarantined.map(({ seq, reason }) => [seq, { state: 'quarantined', reason }] as const),
            ]),
          ]);
          for (const { digest, sealed, reason } of odd) inbox.add({ digest, state: 'quarantined', reason, sealed });
          for (const record of fresh) store.put({ ...record, order: messageOrder(record) });
          await arrive(
            arrivals,
            fresh.map(({ id, conversation }) => ({ conversation, message: id })),
          );
          const originals = await answersOf(aliases.map(({ dedup }) => store.index('dedup').getKey(dedup)));
          for (const [position, { id }] of aliases.entries()) {
            const original = originals[position];
            if (original !== undefined && original !== id) unwrap(transaction.objectStore('aliases')).put(original, id);
          }
          return fresh.map(({ id }) => id);
        });
      }),
    close: connection.close,
    end: connection.end,
    delete: connection.delete,
  };
}

/** Those whose name an index does not have yet, each once. */
async function unknown<K extends string, T extends { readonly [key in K]: string }>(
  records: readonly T[],
  by: K,
  index: IDBIndex,
): Promise<T[]> {
  const seen = new Set<string>();
  const first = records.filter(({ [by]: name }) => !seen.has(name) && seen.add(name));
  const known = await answersOf(first.map((record) => index.getKey(record[by])));
  return first.filter((_, position) => known[position] === undefined);
}

/** Changes rows of the inbox, where they are there. */
async function settle(inbox: IDBObjectStore, changes: readonly (readonly [seq: number, change: Partial<InboxRecord>])[]): Promise<void> {
  const rows = await answersOf<InboxRecord | undefined>(changes.map(([seq]) => inbox.get(seq)));
  for (const [position, [, change]] of changes.entries()) if (rows[position]) inbox.put({ ...rows[position], ...change });
}

const byState = (state: InboxRecord['state']): IDBKeyRange => IDBKeyRange.bound([state, 0], [state, Number.MAX_SAFE_INTEGER]);

async function putConversations(store: IDBObjectStore, arrivals: IDBObjectStore, records: readonly ConversationRecord[]): Promise<void> {
  const known = await answersOf(records.map(({ id }) => store.getKey(id)));
  for (const record of records) store.put(ordered(record));
  const fresh = records.filter((_, position) => known[position] === undefined);
  await arrive(
    arrivals,
    fresh.map(({ id }) => ({ conversation: id, message: null })),
  );
}

const ordered = (record: ConversationRecord) => ({ ...record, order: -record.time });

const messageOrder = ({ time, id = '' }: Place): [number, string] => [-time, complement(id)];

/** Hex digits turned upside down, so that ascending order of the result is descending order of the ids. */
const complement = (id: string): string => id.replace(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));

function plainConversation({ id, time, sealed }: ConversationRecord): ConversationRecord {
  return { id, time, sealed };
}

function plainMessage({ id, conversation, time, dedup, sealed }: MessageRecord): MessageRecord {
  return { id, conversation, time, dedup, sealed };
}

const optional = <T, U>(value: T | undefined, map: (value: T) => U): U | undefined => (value === undefined ? undefined : map(value));
