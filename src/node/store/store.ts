import { reasonOf, type StoreReason } from './reasons.ts';

/** What the node needs of a store. SQLite is the first; another one passes the same suite in test/node/store-suite.ts. */

/** What is known of a contact that verified; the store decides with it, in the transaction of the insert, whether it is taken. */
export interface ContactFacts {
  /** The format of the bundle. */
  readonly version: 1 | 2;
  /** When the pre-key was made, ms. */
  readonly createdMs: number;
  /** Tells key bundles apart: equal for the same identity key and pre-key; 32 bytes. */
  readonly keys: Uint8Array;
  /** Whether a contact with other keys that are not newer is refused; otherwise it is taken and only remembered. */
  readonly mustBeNewer: boolean;
  /** Whether another node took it first. Then nothing is refused: of all contacts of the topic those stay that `outranks` leaves, so that nodes agree. */
  readonly relayed?: boolean;
}

export interface NewEnvelope {
  readonly topic: string;
  /** 0 to 2^63-1. */
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
  readonly contact?: ContactFacts;
}

export interface StoredEnvelope {
  readonly topic: string;
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
  /** SHA-256 of topic and message. */
  readonly digest: Uint8Array;
}

/** An envelope as it was committed. */
export interface CommittedEnvelope extends NewEnvelope {
  /** The store's own order: grows with every row, never used twice. */
  readonly seq: number;
}

/** The last row seen. A missing digest or a zero time is as the wire has it (SPEC 13.5). */
export interface StoreCursor {
  readonly digest: Uint8Array;
  readonly timestampNs: bigint;
}

export interface StoreQuery {
  readonly topics: readonly string[];
  /** Both bounds are included; 0 is open. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly ascending: boolean;
  readonly cursor?: StoreCursor;
}

/** What was stored of some topics after one sequence number, up to another (both of this store). */
export interface SequenceQuery {
  readonly topics: readonly string[];
  /** Not included. */
  readonly after: number;
  /** Included. */
  readonly upTo: number;
}

/** The rows that are looked through at a time: so many after a sequence number, whosever they are. */
export interface ForgetWindow {
  /** How the names of the topics begin whose rows go. */
  readonly prefix: string;
  /** When the last of those rows was received, not included, ms. */
  readonly beforeMs: number;
  /** Not included. */
  readonly after: number;
  readonly limit: number;
}

export interface Forgotten {
  /** How many were deleted. */
  readonly gone: number;
  /** Where the next window begins; null when the rows that follow are newer, or there are none. */
  readonly next: number | null;
  /** Whether rows of such topics are left in this window. */
  readonly left: boolean;
}

export interface Store {
  /** One line for the log: engine and version. */
  readonly description: string;
  /** 16 random bytes in hex: sequence numbers mean something together with this alone. */
  readonly id: string;
  /**
   * Takes all envelopes or none and resolves after they are durable. Answers the sequence number of each, or null for those that were
   * there already and for contacts that say nothing new.
   * @throws NotNewerError, StoreError
   */
  append(envelopes: readonly NewEnvelope[]): Promise<(number | null)[]>;
  /** Rows of all topics in one order: time, then digest. @throws StoreError */
  query(query: StoreQuery): Promise<StoredEnvelope[]>;
  /** The newest sequence number; 0 for an empty store. @throws StoreError */
  head(): number;
  /** Rows in the order of their sequence, some at a time. @throws StoreError */
  since(query: SequenceQuery): AsyncGenerator<readonly CommittedEnvelope[], void, undefined>;
  /** Rows of all topics after a sequence number, in order, at most so many. @throws StoreError */
  page(after: number, limit: number): Promise<CommittedEnvelope[]>;
  /** The rows with these sequence numbers, in any order; those that are gone are left out. @throws StoreError */
  rows(seqs: readonly number[]): Promise<CommittedEnvelope[]>;
  /** Looks through some rows and deletes what is old among them, and the names of topics that have become empty. @throws StoreError */
  forget(window: ForgetWindow): Promise<Forgotten>;
  /** Up to which row nothing of these topics is left to forget, as `noteSwept` was told; 0 when it never was. @throws StoreError */
  sweptTo(prefix: string): Promise<number>;
  /** Remembers it beyond a restart. @throws StoreError */
  noteSwept(prefix: string, seq: number): Promise<void>;
  /** Reads and writes a little. @throws StoreError when it cannot */
  check(): Promise<void>;
  /** Finishes what was appended and closes. */
  close(): Promise<void>;
}

/** Told after each commit: how many envelopes it brought, those that were there already apart, and how long it took, ms. */
export type OnMeasured = (stored: number, repeated: number, tookMs: number) => void;

/** Called once per commit, in the order of the sequence, before the appends of that commit resolve. */
export type OnCommitted = (envelopes: readonly CommittedEnvelope[]) => void;

/** A contact whose keys are not newer than those that the topic has. */
export class NotNewerError extends Error {
  override readonly name = 'NotNewerError';
}

/** The store cannot do what was asked; `reason` is that of its cause unless it is given. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: StoreReason;

  constructor(message: string, { cause, reason }: { readonly cause?: unknown; readonly reason?: StoreReason } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason ?? (cause instanceof StoreError ? cause.reason : reasonOf(cause));
  }
}

/** What everything says once a store is closed. */
export const closedError = (): StoreError => new StoreError('the store is closed', { reason: 'closed' });

/** More envelopes than this store takes at once: whoever sent them has to send fewer, and trying again is of no use. */
export class TooManyError extends Error {
  override readonly name = 'TooManyError';
}

/** The largest time that a row can have. */
export const maxTimestampNs = 2n ** 63n - 1n;
