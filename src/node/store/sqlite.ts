import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { envelopeDigest } from '../../protocol/envelope.ts';
import { type Clock, systemClock } from '../../protocol/time.ts';
import { noteContact, takeContact } from './contact-rows.ts';
import { bytesOf, type Database, openDatabase, type Statement } from './driver.ts';
import { guarded } from './guarded.ts';
import { lock } from './lock.ts';
import { migrate } from './migrations.ts';
import { keepFirst, type Place, placesOf } from './places.ts';
import {
  type CommittedEnvelope,
  type ContactFacts,
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
import { committedOf, wholeRow } from './whole-rows.ts';

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

interface SequencePlace {
  readonly seq: number;
  readonly topic: number;
}

/** Rows that are looked through one by one rather than topic by topic. */
const scanBelow = 50_000;
/** Rows of one step of `since`. */
const sinceRows = 500;
/** Topic ids kept at hand. */
const maxKnownTopics = 100_000;
/** Topics of a query that are looked up before others get their turn. */
const topicsPerTurn = 500;

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
  readonly #database: Database;
  readonly #opened: readonly Database[];
  readonly #onCommitted: OnCommitted;
  readonly #onMeasured: OnMeasured;
  readonly #clock: Clock;
  readonly #statements = new Map<string, Statement>();
  readonly #topicIds = new Map<string, number>();
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(database: Database, opened: readonly Database[], onCommitted: OnCommitted, onMeasured: OnMeasured, clock: Clock) {
    this.#onMeasured = onMeasured;
    this.description = database.name;
    this.#database = database;
    this.#opened = opened;
    this.#onCommitted = onCommitted;
    this.#clock = clock;
    this.id = Buffer.from(bytesOf(this.#statement("SELECT value FROM meta WHERE name = 'id'").get()?.['value'])).toString('hex');
  }

  append(envelopes: readonly NewEnvelope[]): Promise<(number | null)[]> {
    if (this.#closed) return Promise.reject(new StoreError('the store is closed'));
    return new Promise((resolve, reject) => {
      // All that comes in one turn of the event loop shares one transaction and one fsync.
      if (this.#waiting.push({ envelopes, resolve, reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  async query(query: StoreQuery): Promise<StoredEnvelope[]> {
    if (this.#closed) throw new StoreError('the store is closed');
    const found: Place[] = [];
    for (let at = 0; at < query.topics.length; at += topicsPerTurn) {
      if (at > 0) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#closed) throw new StoreError('the store is closed');
      }
      for (const topic of new Set(query.topics.slice(at, at + topicsPerTurn))) found.push(...this.#places(topic, query));
      if (query.topics.length > 1) keepFirst(found, query);
    }
    return found.map((place) => this.#read(place)).filter((row) => row !== undefined);
  }

  head(): number {
    if (this.#closed) throw new StoreError('the store is closed');
    // The table of the counters knows also of rows that have gone; it has no line before the first row.
    return Number(this.#statement("SELECT seq FROM sqlite_sequence WHERE name = 'envelope'").get()?.['seq'] ?? 0);
  }

  async *since({ topics, after, upTo }: SequenceQuery): AsyncGenerator<readonly CommittedEnvelope[], void, undefined> {
    const names = new Map<number, string>();
    for (const topic of new Set(topics)) {
      const id = this.#findTopic(topic);
      if (id !== undefined) names.set(id, topic);
    }
    // Where the rows are is looked up once, the rows themselves as they are taken.
    const places = upTo - after <= scanBelow ? this.#scan(names, after, upTo) : await this.#lookUp(names, after, upTo);
    for (let at = 0; at < places.length; at += sinceRows) {
      if (this.#closed) throw new StoreError('the store is closed');
      yield places.slice(at, at + sinceRows).flatMap(({ seq, topic }) => {
        const row = this.#statement('SELECT ts, message FROM envelope WHERE seq = ?').get(seq);
        const name = names.get(topic) as string;
        return row ? [{ seq, topic: name, timestampNs: row['ts'] as bigint, message: bytesOf(row['message']) }] : [];
      });
    }
  }

  /** Few rows: all of them, whosever they are. */
  #scan(names: ReadonlyMap<number, string>, after: number, upTo: number): SequencePlace[] {
    const places: SequencePlace[] = [];
    for (const row of this.#statement('SELECT seq, topic FROM envelope WHERE seq > ? AND seq <= ? ORDER BY seq').all(after, upTo)) {
      const topic = Number(row['topic']);
      if (names.has(topic)) places.push({ seq: Number(row['seq']), topic });
    }
    return places;
  }

  /** Many rows: those of each topic, which the index has together with their numbers. */
  async #lookUp(names: ReadonlyMap<number, string>, after: number, upTo: number): Promise<SequencePlace[]> {
    const places: SequencePlace[] = [];
    const sql = 'SELECT seq FROM envelope INDEXED BY sqlite_autoindex_envelope_1 WHERE topic = ? AND seq > ? AND seq <= ?';
    let asked = 0;
    for (const topic of names.keys()) {
      if (++asked % topicsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      if (this.#closed) throw new StoreError('the store is closed');
      for (const row of this.#statement(sql).all(topic, after, upTo)) places.push({ seq: Number(row['seq']), topic });
    }
    return places.sort((a, b) => a.seq - b.seq);
  }

  async page(after: number, limit: number): Promise<CommittedEnvelope[]> {
    if (this.#closed) throw new StoreError('the store is closed');
    return this.#statement(`${wholeRow} WHERE seq > ? ORDER BY seq LIMIT ?`).all(after, limit).map(committedOf);
  }

  async rows(seqs: readonly number[]): Promise<CommittedEnvelope[]> {
    if (this.#closed) throw new StoreError('the store is closed');
    return seqs.flatMap((seq) => this.#statement(`${wholeRow} WHERE seq = ?`).all(seq).map(committedOf));
  }

  async forget(prefix: string, beforeMs: number, limit: number): Promise<number> {
    if (this.#closed) throw new StoreError('the store is closed');
    // Names are compared as ranges: `_` and `%` mean nothing here.
    const { changes } = this.#statement(
      `DELETE FROM envelope WHERE seq IN (
         SELECT seq FROM envelope JOIN topic ON topic.id = envelope.topic
         WHERE topic.name >= ? AND topic.name < ? AND received < ? LIMIT ?
       )`,
    ).run(prefix, `${prefix}\u{10ffff}`, beforeMs, limit);
    return changes;
  }

  async check(): Promise<void> {
    if (this.#closed) throw new StoreError('the store is closed');
    // A page is read, and leave to write is asked for: who only answers says nothing of the disk.
    this.#statement('SELECT seq, message FROM envelope ORDER BY seq DESC LIMIT 1').get();
    this.#statement('BEGIN IMMEDIATE').run();
    this.#statement('ROLLBACK').run();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    // Leaves one file; a failure here loses nothing, since the log that stays is read at the next start.
    try {
      this.#statement('PRAGMA wal_checkpoint(TRUNCATE)').all();
    } catch {
      // Nothing is lost: see above.
    }
    for (const each of this.#opened.toReversed()) each.close();
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    let outcomes: ((number | null)[] | NotNewerError)[];
    const begun = performance.now();
    try {
      this.#statement('BEGIN IMMEDIATE').run();
      outcomes = waiting.map(({ envelopes }) => this.#insertAll(envelopes));
      this.#statement('COMMIT').run();
    } catch (cause) {
      this.#rollBack();
      const error = new StoreError(`the store cannot write: ${(cause as Error).message}`, { cause });
      for (const { reject } of waiting) reject(error);
      return;
    }
    const committed: CommittedEnvelope[] = [];
    for (const [index, { envelopes }] of waiting.entries()) {
      const outcome = outcomes[index] as (typeof outcomes)[number];
      if (outcome instanceof NotNewerError) continue;
      for (const [at, envelope] of envelopes.entries()) {
        const seq = outcome[at];
        if (typeof seq === 'number') committed.push({ ...envelope, seq });
      }
    }
    const all = outcomes.reduce((sum, outcome) => sum + (outcome instanceof NotNewerError ? 0 : outcome.length), 0);
    this.#onMeasured(committed.length, all - committed.length, performance.now() - begun);
    if (committed.length > 0) this.#onCommitted(committed);
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const outcome = outcomes[index] as (typeof outcomes)[number];
      if (outcome instanceof NotNewerError) reject(outcome);
      else resolve(outcome);
    }
  }

  /** The envelopes of one publish, inside the common transaction. Only contacts can be refused here, and only then does it need a way back. */
  #insertAll(envelopes: readonly NewEnvelope[]): (number | null)[] | NotNewerError {
    if (!envelopes.some(({ contact }) => contact)) return envelopes.map((envelope) => this.#insert(envelope));
    this.#statement('SAVEPOINT publish').run();
    let outcome: (number | null)[] | NotNewerError;
    try {
      outcome = envelopes.map((envelope) => (envelope.contact ? this.#insertContact(envelope, envelope.contact) : this.#insert(envelope)));
    } catch (error) {
      // After a fault of the disk there may be nothing left to go back from: the whole transaction ends, and the fault is what is told.
      if (!(error instanceof NotNewerError)) throw error;
      this.#statement('ROLLBACK TO publish').run();
      this.#topicIds.clear();
      outcome = error;
    }
    this.#statement('RELEASE publish').run();
    return outcome;
  }

  #insert({ topic, timestampNs, message }: NewEnvelope): number | null {
    const { changes, lastId } = this.#statement(
      'INSERT OR IGNORE INTO envelope (topic, ts, digest, received, message) VALUES (?, ?, ?, ?, ?)',
    ).run(this.#topicId(topic), timestampNs, envelopeDigest(topic, message), this.#clock(), message);
    return changes === 1 ? lastId : null;
  }

  #insertContact(envelope: NewEnvelope, facts: ContactFacts): number | null {
    const topic = this.#topicId(envelope.topic);
    const statement = (sql: string): Statement => this.#statement(sql);
    if (!takeContact(statement, topic, envelope, facts)) return null;
    const seq = this.#insert(envelope);
    if (seq !== null) noteContact(statement, topic, seq, facts);
    return seq;
  }

  #topicId(name: string): number {
    const known = this.#findTopic(name);
    if (known !== undefined) return known;
    const { lastId } = this.#statement('INSERT INTO topic (name) VALUES (?)').run(name);
    this.#remember(name, lastId);
    return lastId;
  }

  #findTopic(name: string): number | undefined {
    const known = this.#topicIds.get(name);
    if (known !== undefined) return known;
    const row = this.#statement('SELECT id FROM topic WHERE name = ?').get(name);
    if (!row) return undefined;
    this.#remember(name, Number(row['id']));
    return Number(row['id']);
  }

  #remember(name: string, id: number): void {
    if (this.#topicIds.size >= maxKnownTopics) this.#topicIds.clear();
    this.#topicIds.set(name, id);
  }

  #places(topic: string, query: StoreQuery): Place[] {
    const id = this.#findTopic(topic);
    const question = id === undefined ? null : placesOf(id, query);
    if (!question) return [];
    return this.#statement(question.sql)
      .all(...question.values)
      .map((row) => ({ topic, seq: row['seq'] as bigint, timestampNs: row['ts'] as bigint, digest: bytesOf(row['digest']) }));
  }

  /** Nothing if the row has gone while others had their turn. */
  #read({ topic, seq, timestampNs, digest }: Place): StoredEnvelope | undefined {
    const row = this.#statement('SELECT message FROM envelope WHERE seq = ?').get(seq);
    return row && { topic, timestampNs, digest, message: bytesOf(row['message']) };
  }

  /** Whatever SQLite throws is a StoreError. */
  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = guarded(() => this.#database.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #rollBack(): void {
    this.#topicIds.clear();
    try {
      this.#statement('ROLLBACK').run();
    } catch {
      // Nothing was begun, or SQLite has rolled back by itself.
    }
  }
}
