import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../protocol/time.ts';
import { Connection } from './connection.ts';
import { type Database, openDatabase } from './driver.ts';
import { lock } from './lock.ts';
import { migrate } from './migrations.ts';
import { Reader } from './reader.ts';
import {
  type CommittedEnvelope,
  closedError,
  type ForgetWindow,
  type Forgotten,
  type NewEnvelope,
  NotNewerError,
  type OnCommitted,
  type OnMeasured,
  type SequenceQuery,
  type Store,
  type StoredEnvelope,
  StoreError,
  type StoreQuery,
} from './store.ts';
import { type Outcome, Writer } from './writer.ts';

interface Waiting {
  readonly envelopes: readonly NewEnvelope[];
  readonly resolve: (seqs: (number | null)[]) => void;
  readonly reject: (error: Error) => void;
}

interface SqliteOptions {
  /** A directory, made if missing, or ':memory:'. */
  readonly data: string;
  readonly onCommitted?: OnCommitted;
  readonly onMeasured?: OnMeasured;
  readonly clock?: Clock;
  /** Another driver than the one that this Node would choose. */
  readonly open?: (path: string) => Database;
}

/** Opens the store in a directory. @throws StoreError when it is in use, damaged or not writable. */
export function openSqliteStore({
  data,
  onCommitted = () => {},
  onMeasured = () => {},
  clock = systemClock,
  open = openDatabase,
}: SqliteOptions): Store {
  const opened: Database[] = [];
  try {
    if (data !== ':memory:') {
      mkdirSync(data, { recursive: true, mode: 0o700 });
      accessSync(data, constants.R_OK | constants.W_OK); // its words are plainer than those of a database that cannot make its files
      opened.push(lock(() => open(join(data, 'node.lock'))));
    }
    const database = open(data === ':memory:' ? data : join(data, 'node.db'));
    opened.push(database);
    // FULL: a commit is on the disk before it is acknowledged. The large checkpoint interval doubles the speed of writing.
    for (const pragma of [
      'journal_mode = WAL',
      'synchronous = FULL',
      'foreign_keys = ON',
      'wal_autocheckpoint = 16384',
      'cache_size = -65536',
    ])
      database.prepare(`PRAGMA ${pragma}`).all();
    migrate(database);
    return new SqliteStore(database, opened, onCommitted, onMeasured, clock);
  } catch (cause) {
    for (const each of opened) each.close();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The data in ${data} cannot be opened: ${(cause as Error).message}`, { cause });
  }
}

class SqliteStore implements Store {
  readonly description: string;
  readonly id: string;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #opened: readonly Database[];
  readonly #onCommitted: OnCommitted;
  readonly #onMeasured: OnMeasured;
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(database: Database, opened: readonly Database[], onCommitted: OnCommitted, onMeasured: OnMeasured, clock: Clock) {
    this.#onMeasured = onMeasured;
    this.#opened = opened;
    this.#onCommitted = onCommitted;
    const connection = new Connection(database);
    this.#reader = new Reader(connection);
    this.#writer = new Writer(connection, clock);
    this.description = connection.name;
    this.id = this.#reader.id();
  }

  append(envelopes: readonly NewEnvelope[]): Promise<(number | null)[]> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      // All that comes in one turn of the event loop shares one transaction and one fsync.
      if (this.#waiting.push({ envelopes, resolve, reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  query(query: StoreQuery): Promise<StoredEnvelope[]> {
    return this.#reader.query(query);
  }

  head(): number {
    return this.#reader.head();
  }

  since(query: SequenceQuery): AsyncGenerator<readonly CommittedEnvelope[], void, undefined> {
    return this.#reader.since(query);
  }

  page(after: number, limit: number): Promise<CommittedEnvelope[]> {
    return this.#reader.page(after, limit);
  }

  rows(seqs: readonly number[]): Promise<CommittedEnvelope[]> {
    return this.#reader.rows(seqs);
  }

  async forget(window: ForgetWindow): Promise<Forgotten> {
    if (this.#closed) throw closedError();
    return this.#writer.forget(window);
  }

  async check(): Promise<void> {
    if (this.#closed) throw closedError();
    // A page is read and one is written: who only answers says nothing of the disk.
    this.#reader.probe();
    this.#writer.probe();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#reader.close();
    this.#writer.checkpoint();
    for (const each of this.#opened.toReversed()) each.close();
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const begun = performance.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#writer.write(waiting.map(({ envelopes }) => envelopes));
    } catch (error) {
      for (const { reject } of waiting) reject(error as Error);
      return;
    }
    const committed: CommittedEnvelope[] = [];
    let all = 0;
    for (const [index, { envelopes }] of waiting.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof NotNewerError) continue;
      all += outcome.length;
      for (const [at, envelope] of envelopes.entries()) {
        const seq = outcome[at];
        if (typeof seq === 'number') committed.push({ ...envelope, seq });
      }
    }
    this.#onMeasured(committed.length, all - committed.length, performance.now() - begun);
    if (committed.length > 0) this.#onCommitted(committed);
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof NotNewerError) reject(outcome);
      else resolve([...outcome]);
    }
  }
}
