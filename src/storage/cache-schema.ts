import type { DBSchema } from 'idb';
import type { Arrival, ArrivalsRow } from './arrivals.ts';
import type { Block } from './blocks.ts';
import { type Connection, connect } from './connection.ts';

/** Ids and keys are opaque to the disk (blinded by the keystore); bodies are sealed; times are in the clear because lists are ordered by them. */
export interface ConversationRecord {
  readonly id: string;
  /** Newest message, else the invitation; milliseconds. */
  readonly time: number;
  readonly sealed: Uint8Array;
}

export interface MessageRecord {
  /** The message id, hex. */
  readonly id: string;
  readonly conversation: string;
  /** Milliseconds. */
  readonly time: number;
  /** Equal for repetitions of one message. */
  readonly dedup: string;
  readonly sealed: Uint8Array;
}

/** An envelope as it came. `sealed` is null once it has been read. */
export interface InboxRecord {
  readonly seq: number;
  readonly digest: string;
  readonly state: 'new' | 'done' | 'quarantined';
  readonly reason: string | null;
  readonly sealed: Uint8Array | null;
}

// Newest rows come first in a plain range because their keys are the smallest: times are negated, ids complemented.
// A message is a row of a block; `messages` is where versions before had them, and is empty once they were moved.
export interface Schema extends DBSchema {
  conversations: { key: string; value: ConversationRecord & { order: number }; indexes: { order: number } };
  messages: {
    key: string;
    value: MessageRecord & { order: [number, string] };
    indexes: { order: [string, [number, string]]; dedup: string };
  };
  blocks: { key: [string, number, string]; value: Block; indexes: { names: number } };
  inbox: { key: number; value: InboxRecord; indexes: { digest: string; state: [string, number] } };
  cursors: { key: string; value: bigint };
  /** From an alias to the id of the message. */
  aliases: { key: string; value: string };
  notes: { key: string; value: Uint8Array };
  arrivals: { key: number; value: ArrivalsRow | Arrival };
  words: { key: number; value: Uint8Array };
}

/** The database of an account's cache, made or brought up to date when it is opened. */
export const connectCache = (account: string): Connection<Schema> =>
  connect<Schema>(`parley-cache-${account}`, 7, (db, from) => {
    if (from < 7) db.createObjectStore('blocks', { keyPath: 'last' }).createIndex('names', 'names', { multiEntry: true });
    if (from < 6) db.createObjectStore('words');
    if (from < 5) db.createObjectStore('arrivals', { keyPath: 'seq', autoIncrement: true });
    if (from < 4) db.createObjectStore('notes');
    if (from < 2) db.createObjectStore('aliases');
    // What was known of peers' keys moved to the durable half, which no clearing of this one touches.
    if (from === 1 || from === 2) (db as unknown as IDBDatabase).deleteObjectStore('contacts');
    if (from >= 1) return;
    db.createObjectStore('conversations', { keyPath: 'id' }).createIndex('order', 'order');
    const messages = db.createObjectStore('messages', { keyPath: 'id' });
    messages.createIndex('order', ['conversation', 'order']);
    messages.createIndex('dedup', 'dedup', { unique: true });
    const inbox = db.createObjectStore('inbox', { keyPath: 'seq', autoIncrement: true });
    inbox.createIndex('digest', 'digest', { unique: true });
    inbox.createIndex('state', ['state', 'seq']);
    db.createObjectStore('cursors');
  });
