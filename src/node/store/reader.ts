import type { Connection } from './connection.ts';
import { bytesOf } from './driver.ts';
import { keepFirst, mostPacked, type Place, packedOf, placesOf, unpack } from './places.ts';
import { type CommittedEnvelope, closedError, type SequenceQuery, type StoredEnvelope, type StoreQuery } from './store.ts';
import { sweptName } from './swept.ts';
import { committedOf, wholeRow } from './whole-rows.ts';

interface SequencePlace {
  readonly seq: number;
  readonly topic: number;
}

/** Rows that are looked through one by one rather than topic by topic. */
const scanBelow = 50_000;
/** Rows of one step of `since`. */
const sinceRows = 500;
/** Topics of a query that are looked up before others get their turn. */
const topicsPerTurn = 500;

/** All that reads from a database of SQLite, as `Store` has it. Everything throws StoreError only. */
export class Reader {
  readonly #connection: Connection;
  #closed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What still runs ends with an error at its next step. */
  close(): void {
    this.#closed = true;
  }

  /** Names of topics may have gone, and come again with other ids. */
  forgetTopics(): void {
    this.#connection.forgetTopics();
  }

  id(): string {
    const row = this.#connection.statement("SELECT value FROM meta WHERE name = 'id'").get();
    return Buffer.from(bytesOf(row?.['value'])).toString('hex');
  }

  sweptTo(prefix: string): number {
    this.#open();
    const row = this.#connection.statement('SELECT value FROM meta WHERE name = ?').get(sweptName(prefix));
    return row ? Number(Buffer.from(bytesOf(row['value'])).toString()) : 0;
  }

  async query(query: StoreQuery): Promise<StoredEnvelope[]> {
    this.#open();
    if (query.topics.length === 1 && query.limit <= mostPacked) return this.#rowsOf(query.topics[0] as string, query);
    const found: Place[] = [];
    for (let at = 0; at < query.topics.length; at += topicsPerTurn) {
      if (at > 0) await this.#turn();
      for (const topic of new Set(query.topics.slice(at, at + topicsPerTurn))) found.push(...this.#places(topic, query));
      if (query.topics.length > 1) keepFirst(found, query);
    }
    return found.map((place) => this.#read(place)).filter((row) => row !== undefined);
  }

  head(): number {
    this.#open();
    // The table of the counters knows also of rows that have gone; it has no line before the first row.
    return Number(this.#connection.statement("SELECT seq FROM sqlite_sequence WHERE name = 'envelope'").get()?.['seq'] ?? 0);
  }

  async *since({ topics, after, upTo }: SequenceQuery): AsyncGenerator<readonly CommittedEnvelope[], void, undefined> {
    const names = new Map<number, string>();
    for (const topic of new Set(topics)) {
      const id = this.#connection.findTopic(topic);
      if (id !== undefined) names.set(id, topic);
    }
    // Where the rows are is looked up once, the rows themselves as they are taken.
    const places = upTo - after <= scanBelow ? this.#scan(names, after, upTo) : await this.#lookUp(names, after, upTo);
    for (let at = 0; at < places.length; at += sinceRows) {
      this.#open();
      yield places.slice(at, at + sinceRows).flatMap(({ seq, topic }) => {
        const row = this.#connection.statement('SELECT ts, message FROM envelope WHERE seq = ?').get(seq);
        const name = names.get(topic) as string;
        return row ? [{ seq, topic: name, timestampNs: row['ts'] as bigint, message: bytesOf(row['message']) }] : [];
      });
    }
  }

  async page(after: number, limit: number): Promise<CommittedEnvelope[]> {
    this.#open();
    return this.#connection.statement(`${wholeRow} WHERE seq > ? ORDER BY seq LIMIT ?`).all(after, limit).map(committedOf);
  }

  async rows(seqs: readonly number[]): Promise<CommittedEnvelope[]> {
    this.#open();
    return seqs.flatMap((seq) => this.#connection.statement(`${wholeRow} WHERE seq = ?`).all(seq).map(committedOf));
  }

  /** Reads a page of rows. */
  probe(): void {
    this.#connection.statement('SELECT seq, message FROM envelope ORDER BY seq DESC LIMIT 1').get();
  }

  /** Few rows: all of them, whosever they are. */
  #scan(names: ReadonlyMap<number, string>, after: number, upTo: number): SequencePlace[] {
    const places: SequencePlace[] = [];
    const sql = 'SELECT seq, topic FROM envelope WHERE seq > ? AND seq <= ? ORDER BY seq';
    for (const row of this.#connection.statement(sql).all(after, upTo)) {
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
      if (++asked % topicsPerTurn === 0) await this.#turn();
      for (const row of this.#connection.statement(sql).all(topic, after, upTo)) places.push({ seq: Number(row['seq']), topic });
    }
    return places.sort((a, b) => a.seq - b.seq);
  }

  /** Of one topic all that is found is wanted, so that one statement does. */
  #rowsOf(topic: string, query: StoreQuery): StoredEnvelope[] {
    const id = this.#connection.findTopic(topic);
    const question = id === undefined ? null : packedOf(id, query);
    const packed = question && this.#connection.statement(question.sql).get(...question.values)?.['packed'];
    return packed ? unpack(topic, bytesOf(packed)) : [];
  }

  #places(topic: string, query: StoreQuery): Place[] {
    const id = this.#connection.findTopic(topic);
    const question = id === undefined ? null : placesOf(id, query);
    if (!question) return [];
    return this.#connection
      .statement(question.sql)
      .all(...question.values)
      .map((row) => ({ topic, seq: row['seq'] as bigint, timestampNs: row['ts'] as bigint, digest: bytesOf(row['digest']) }));
  }

  /** Nothing if the row has gone while others had their turn. */
  #read({ topic, seq, timestampNs, digest }: Place): StoredEnvelope | undefined {
    const row = this.#connection.statement('SELECT message FROM envelope WHERE seq = ?').get(seq);
    return row && { topic, timestampNs, digest, message: bytesOf(row['message']) };
  }

  /** Lets others have their turn. */
  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#open();
  }

  #open(): void {
    if (this.#closed) throw closedError();
  }
}
