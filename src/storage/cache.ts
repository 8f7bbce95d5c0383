import { unwrap } from 'idb';
import { type Arrival, arrivalsOf, arrive, lastArrival } from './arrivals.ts';
import { Begun } from './begun.ts';
import {
  byDedup,
  byIds,
  countRows,
  firstId,
  type Place as InOrder,
  known,
  lastId,
  placeOf,
  putRows,
  removeRow,
  rowsAfter,
  rowsBefore,
  sweepRows,
  unknownMessages,
} from './blocks.ts';
import { answersOf, distinct } from './bulk.ts';
import { type ConversationRecord, connectCache, type InboxRecord, type MessageRecord } from './cache-schema.ts';
import { wholly } from './connection.ts';
import { moveIntoBlocks } from './move-into-blocks.ts';

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
  /** Conversations that have all messages of their topics: none of theirs is in another. */
  readonly alone?: ReadonlySet<string>;
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
    /** All of them, a page from the place that the one before it ended at (at first: an empty one), in an order that stays. `next`: null when that was all. */
    sweep(from: string, limit: number): Promise<{ readonly rows: MessageRecord[]; readonly next: string | null }>;
    count(): Promise<number>;
    /** Those of the given ids that a message is stored under; aliases do not count. `within`: the conversation where alone each of them can be. */
    known(ids: readonly string[], within?: readonly (string | null)[]): Promise<Set<string>>;
    /** Those of the given keys that a stored message has. */
    knownDedup(keys: readonly string[], within?: readonly (string | null)[]): Promise<Set<string>>;
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

  const begun = new Begun();
  let moving: Promise<void> | undefined;
  const moved = (): Promise<void> =>
    (moving ??= moveIntoBlocks(connection, begun).catch((error: unknown) => {
      moving = undefined;
      throw error;
    }));

  /** Reads messages, all of which are in blocks by then. */
  const inBlocks = async <T>(work: (store: IDBObjectStore) => Promise<T>): Promise<T> => {
    await moved();
    return use((db) => work(unwrap(db.transaction('blocks').store)));
  };

  const writeBlocks: typeof write = (work) =>
    write(async (db) => {
      await moved();
      return work(db);
    });

  const many: Cache['messages']['many'] = async (ids) => {
    await moved();
    return use(async (db) => {
      const transaction = db.transaction(['blocks', 'aliases']);
      const [store, aliases] = [unwrap(transaction.objectStore('blocks')), unwrap(transaction.objectStore('aliases'))];
      const found = await byIds(store, ids);
      const others = await answersOf<string | undefined>(ids.filter((_, position) => !found[position]).map((id) => aliases.get(id)));
      const originals = (
        await byIds(
          store,
          others.map((id) => id ?? ''),
        )
      ).values();
      return found.map((record) => record ?? originals.next().value);
    });
  };

  const putAll: Cache['conversations']['putAll'] = (records, durability) =>
    write(async (db) => {
      const transaction = db.transaction(['conversations', 'arrivals'], 'readwrite', { durability: durability ?? 'default' });
      const [store, arrivals] = [unwrap(transaction.objectStore('conversations')), unwrap(transaction.objectStore('arrivals'))];
      await wholly(transaction, async () => arrive(arrivals, await putConversations(store, records)));
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
        inBlocks((store) => rowsAfter(store, inOrder(conversation, before ?? { time: Infinity }), limit)),
      pageUp: (conversation, { after, limit }) =>
        inBlocks((store) => rowsBefore(store, inOrder(conversation, after ?? { time: -Infinity }, firstId), limit)),
      get: async (id) => (await many([id]))[0],
      many,
      put: (record, conversation) =>
        writeBlocks(async (db) => {
          const transaction = db.transaction(['blocks', 'conversations', 'arrivals'], 'readwrite');
          const store = unwrap(transaction.objectStore('blocks'));
          await wholly(transaction, async () => {
            const [former] = await byIds(store, [record.id]);
            await putRows(store, begun, [record]);
            const fresh = conversation ? await putConversations(unwrap(transaction.objectStore('conversations')), [conversation]) : [];
            if (!former) fresh.push({ conversation: record.conversation, message: record.id });
            await arrive(unwrap(transaction.objectStore('arrivals')), fresh);
          });
        }),
      delete: (id) =>
        writeBlocks(async (db) => {
          const transaction = db.transaction('blocks', 'readwrite');
          const store = unwrap(transaction.store);
          await wholly(transaction, async () => {
            const [record] = await byIds(store, [id]);
            if (record) await removeRow(store, record);
          });
        }),
      sweep: (from, limit) =>
        inBlocks(async (store) => {
          const rows = await sweepRows(store, from === '' ? null : (JSON.parse(from) as InOrder), limit);
          const last = rows.at(-1);
          return { rows, next: rows.length === limit && last ? JSON.stringify(placeOf(last)) : null };
        }),
      count: () => inBlocks(countRows),
      knownDedup: (keys, within) => inBlocks((store) => known(store, begun, 'dedup', keys, within)),
      known: (ids, within) => inBlocks((store) => known(store, begun, 'id', ids, within)),
    },
    inbox: {
      append: (envelopes, cursors) =>
        write(async (db) => {
          const transaction = db.transaction(['inbox', 'cursors'], 'readwrite', { durability: 'strict' });
          const inbox = unwrap(transaction.objectStore('inbox'));
          return wholly(transaction, async () => {
            const fresh = await unknown(envelopes, inbox.index('digest'));
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
      after: (seq, limit) =>
        use(async (db) => {
          const rows = await db.getAll('arrivals', IDBKeyRange.lowerBound(seq, true), limit);
          return rows
            .flatMap(arrivalsOf)
            .filter((arrival) => arrival.seq > seq)
            .slice(0, limit);
        }),
      last: () => use((db) => lastArrival(unwrap(db.transaction('arrivals').store))),
      first: () => use(async (db) => (await db.getAll('arrivals', null, 1)).flatMap(arrivalsOf)[0]?.seq ?? 0),
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
    apply: ({ done, quarantined, conversations, messages, aside = [], aliases = [], lookedUp = false, alone }) =>
      writeBlocks(async (db) => {
        const transaction = db.transaction(['inbox', 'conversations', 'blocks', 'aliases', 'arrivals'], 'readwrite');
        const inbox = unwrap(transaction.objectStore('inbox'));
        const store = unwrap(transaction.objectStore('blocks'));
        return wholly(transaction, async () => {
          const [fresh, odd, came] = await Promise.all([
            lookedUp ? messages : unknownMessages(store, messages),
            unknown(aside, inbox.index('digest')),
            putConversations(unwrap(transaction.objectStore('conversations')), conversations),
            settle(inbox, [
              ...done.map((seq) => [seq, { state: 'done', reason: null, sealed: null }] as const),
              ...quarantined.map(({ seq, reason }) => [seq, { state: 'quarantined', reason }] as const),
            ]),
          ]);
          for (const { digest, sealed, reason } of odd) inbox.add({ digest, state: 'quarantined', reason, sealed });
          await putRows(store, begun, fresh, alone);
          await arrive(unwrap(transaction.objectStore('arrivals')), [
            ...came,
            ...fresh.map(({ id, conversation }) => ({ conversation, message: id })),
          ]);
          const originals = await byDedup(
            store,
            aliases.map(({ dedup }) => dedup),
          );
          for (const [position, { id }] of aliases.entries()) {
            const original = originals[position]?.id;
            if (original !== undefined && original !== id) unwrap(transaction.objectStore('aliases')).put(original, id);
          }
          return fresh.map(({ id }) => id);
        });
      }),
    close: connection.close,
    end: connection.end,
    async delete() {
      begun.clear();
      await connection.delete();
    },
  };
}

/** Those whose digest the inbox does not have yet, each once. */
async function unknown<T extends { readonly digest: string }>(records: readonly T[], index: IDBIndex): Promise<T[]> {
  const first = distinct(records, ({ digest }) => digest);
  const known = await answersOf(first.map(({ digest }) => index.getKey(digest)));
  return first.filter((_, position) => known[position] === undefined);
}

/** Changes rows of the inbox, where they are there. */
async function settle(inbox: IDBObjectStore, changes: readonly (readonly [seq: number, change: Partial<InboxRecord>])[]): Promise<void> {
  const rows = await answersOf<InboxRecord | undefined>(changes.map(([seq]) => inbox.get(seq)));
  for (const [position, [, change]] of changes.entries()) if (rows[position]) inbox.put({ ...rows[position], ...change });
}

const byState = (state: InboxRecord['state']): IDBKeyRange => IDBKeyRange.bound([state, 0], [state, Number.MAX_SAFE_INTEGER]);

/** Writes conversations; answers which of them have come to be. */
async function putConversations(store: IDBObjectStore, records: readonly ConversationRecord[]): Promise<Omit<Arrival, 'seq'>[]> {
  const known = await answersOf(records.map(({ id }) => store.getKey(id)));
  for (const record of records) store.put(ordered(record));
  return records.filter((_, position) => known[position] === undefined).map(({ id }) => ({ conversation: id, message: null }));
}

const ordered = (record: ConversationRecord) => ({ ...record, order: -record.time });

/** Without an id: next to all of that time. */
const inOrder = (conversation: string, { time, id }: Place, without = lastId): InOrder =>
  id === undefined ? [conversation, -time, without] : placeOf({ conversation, time, id });

function plainConversation({ id, time, sealed }: ConversationRecord): ConversationRecord {
  return { id, time, sealed };
}

const optional = <T, U>(value: T | undefined, map: (value: T) => U): U | undefined => (value === undefined ? undefined : map(value));
