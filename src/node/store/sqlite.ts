import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../protocol/time.ts';
import { batchBytes } from './batch.ts';
import { Connection } from './connection.ts';
import { type Database, openDatabase } from './driver.ts';
import { lock } from './lock.ts';
import { migrate } from './migrations.ts';
import { openForReading, openForWriting } from './pragmas.ts';
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
import { writeInThread } from './thread.ts';
import { type WriteSide, writeHere } from './write-side.ts';
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
  /** The built file of the thread that writes; null: writing happens in this thread. Default: the one beside this file, if there is one. */
  readonly thread?: string | null;
  /** Another driver than the one that this Node would choose; then writing happens in this thread. */
  readonly open?: (path: string) => Database;
}

/** Rows that are told of at a time after the thread was replaced. */
const missedRows = 500;

/** Opens the store in a directory. @throws StoreError when it is in use, damaged or not writable. */
export function openSqliteStore({
  data,
  onCommitted = () => {},
  onMeasured = () => {},
  clock = systemClock,
  open,
  thread = open ? null : threadBeside(),
}: SqliteOptions): Store {
  const opened: Database[] = [];
  const openOne = open ?? openDatabase;
  try {
    const path = data === ':memory:' ? data : join(data, 'node.db');
    if (data !== ':memory:') {
      mkdirSync(data, { recursive: true, mode: 0o700 });
      accessSync(data, constants.R_OK | constants.W_OK); // its words are plainer than those of a database that cannot make its files
      opened.push(lock(() => openOne(join(data, 'node.lock'))));
    }
    const database = openOne(path);
    opened.push(database);
    openForWriting(database);
    migrate(database);
    const file = data === ':memory:' ? null : thread;
    return new SqliteStore({ database, opened, path, thread: file, onCommitted, onMeasured, clock });
  } catch (cause) {
    for (const each of opened.toReversed()) each.close();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The data in ${data} cannot be opened: ${(cause as Error).message}`, { cause });
  }
}

/** In the built node it lies beside it; from the source there is none. */
function threadBeside(): string | null {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'writer.js');
  return existsSync(file) ? file : null;
}

const bytesOf = (envelopes: readonly NewEnvelope[]): number => envelopes.reduce((sum, { message }) => sum + message.length, 0);

class SqliteStore implements Store {
  readonly description: string;
  readonly id: string;
  readonly #reader: Reader;
  readonly #writes: WriteSide;
  readonly #opened: readonly Database[];
  readonly #onCommitted: OnCommitted;
  readonly #onMeasured: OnMeasured;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  /** Whether what waits is handed over at the end of this turn of the event loop. */
  #handing = false;
  /** Bytes that were handed over and are not answered. */
  #underWay = 0;
  /** The last of what was handed over: it settles after everything before it. */
  #last: Promise<void> = Promise.resolve();
  /** The newest row that was told of. */
  #told: number;
  /** Whether there may be rows that were not told of. */
  #behind = false;
  #closed = false;

  constructor({
    database,
    opened,
    path,
    thread,
    onCommitted,
    onMeasured,
    clock,
  }: {
    readonly database: Database;
    readonly opened: readonly Database[];
    readonly path: string;
    readonly thread: string | null;
    readonly onCommitted: OnCommitted;
    readonly onMeasured: OnMeasured;
    readonly clock: Clock;
  }) {
    this.#onMeasured = onMeasured;
    this.#opened = opened;
    this.#onCommitted = onCommitted;
    this.#clock = clock;
    const connection = new Connection(database);
    this.#reader = new Reader(connection);
    this.id = this.#reader.id();
    this.#told = this.#reader.head();
    if (thread === null) this.#writes = writeHere(new Writer(connection));
    else {
      openForReading(database);
      const onReplaced = (): void => {
        this.#behind = true;
        void this.#catchUp();
      };
      this.#writes = writeInThread({ file: thread, path, onReplaced });
    }
    this.description = thread === null ? connection.name : `${connection.name}, written by a thread`;
  }

  append(envelopes: readonly NewEnvelope[]): Promise<(number | null)[]> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ envelopes, resolve, reject });
      this.#handOverSoon();
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
    const forgotten = await this.#writes.forget(window);
    if (forgotten.gone > 0) this.#reader.forgetTopics();
    return forgotten;
  }

  async sweptTo(prefix: string): Promise<number> {
    return this.#reader.sweptTo(prefix);
  }

  async noteSwept(prefix: string, seq: number): Promise<void> {
    if (this.#closed) throw closedError();
    await this.#writes.noteSwept(prefix, seq);
  }

  async check(): Promise<void> {
    if (this.#closed) throw closedError();
    // A page is read and one is written: who only answers says nothing of the disk.
    this.#reader.probe();
    await this.#writes.probe();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#waiting.length > 0) {
      this.#handOver();
      await this.#last;
    }
    await this.#last;
    this.#reader.close();
    await this.#writes.close();
    for (const each of this.#opened.toReversed()) each.close();
  }

  /** What comes in one turn of the event loop goes together, and everybody else has that turn too. */
  #handOverSoon(): void {
    if (this.#handing || this.#underWay >= batchBytes) return;
    this.#handing = true;
    setImmediate(() => {
      this.#handing = false;
      this.#handOver();
    });
  }

  /** Hands over what waits, up to the bytes of a batch; whoever writes takes everything that it was handed by then in one transaction with one fsync. */
  #handOver(): void {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < batchBytes) bytes += bytesOf((this.#waiting[count++] as Waiting).envelopes);
    if (count === 0) return;
    this.#underWay += bytes;
    this.#last = this.#commit(this.#waiting.splice(0, count), this.#last).finally(() => {
      this.#underWay -= bytes;
      if (this.#waiting.length > 0) this.#handOverSoon();
    });
    if (this.#waiting.length > 0) this.#handOverSoon();
  }

  async #commit(waiting: readonly Waiting[], before: Promise<void>): Promise<void> {
    const begun = performance.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#writes.write(
        waiting.map(({ envelopes }) => envelopes),
        this.#clock(),
      );
    } catch (error) {
      for (const { reject } of waiting) reject(error as Error);
      return before;
    }
    await before; // they are told of in the order of their numbers
    const committed: CommittedEnvelope[] = [];
    let all = 0;
    for (const [index, { envelopes }] of waiting.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof NotNewerError) continue;
      all += outcome.length;
      for (let at = 0; at < envelopes.length; at++) {
        const seq = outcome[at];
        // As a literal: to copy whatever an envelope has costs more than its part of the commit.
        const { topic, timestampNs, message } = envelopes[at] as NewEnvelope;
        if (typeof seq === 'number') committed.push({ seq, topic, timestampNs, message });
      }
    }
    this.#onMeasured(committed.length, all - committed.length, performance.now() - begun);
    if (this.#behind) await this.#catchUp();
    // Still behind, they are told of with what comes before them.
    if (!this.#behind) this.#tell(committed);
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof NotNewerError) reject(outcome);
      else resolve([...outcome]);
    }
  }

  #tell(committed: readonly CommittedEnvelope[]): void {
    const fresh = committed.filter(({ seq }) => seq > this.#told);
    if (fresh.length === 0) return;
    this.#told = (fresh.at(-1) as CommittedEnvelope).seq;
    this.#onCommitted(fresh);
  }

  /** Tells what a thread had committed when it ended, and could not say any more. */
  async #catchUp(): Promise<void> {
    try {
      while (this.#behind) {
        const rows = await this.#reader.page(this.#told, missedRows);
        if (rows.length === 0) this.#behind = false;
        this.#tell(rows);
      }
    } catch {
      // Tried again with the next commit.
    }
  }
}
