import { type Clock, systemClock } from '../../../protocol/time.ts';
import {
  type CommittedEnvelope,
  closedError,
  type ForgetWindow,
  type Forgotten,
  maxTimestampNs,
  type NewEnvelope,
  NotNewerError,
  type OnCommitted,
  type OnMeasured,
  type SequenceQuery,
  type Store,
  type StoredEnvelope,
  StoreError,
  type StoreQuery,
  TooManyError,
} from '../store.ts';
import { sweptName } from '../swept.ts';
import { give, openPool, type Pool, placeOf, take } from './client.ts';
import { Feed } from './feed.ts';
import { committedOf, plain } from './rows.ts';
import { rowsPerTransaction, schemaLock, steps } from './schema.ts';
import { type Outcome, writeAll } from './write.ts';

interface PostgresOptions {
  /** `postgres://USER:PASSWORD@HOST/DATABASE`. */
  readonly url: string;
  readonly onCommitted?: OnCommitted;
  readonly onMeasured?: OnMeasured;
  readonly clock?: Clock;
}

interface Waiting {
  readonly envelopes: readonly NewEnvelope[];
  readonly resolve: (seqs: (number | null)[]) => void;
  readonly reject: (error: Error) => void;
}

/** Transactions of this node at a time, and its connections in all. */
const writers = 4;
const connections = 12;
/** Rows of a step of `since`. */
const sinceRows = 500;
/** How long a publish waits for its envelopes to pass through this node's streams before it is acknowledged. */
const feedWaitMs = 250;

/** Opens the store in a PostgreSQL database, which other nodes may use at the same time. @throws StoreError when it cannot be reached or is of a newer version */
export async function openPostgresStore({
  url,
  onCommitted = () => {},
  onMeasured = () => {},
  clock = systemClock,
}: PostgresOptions): Promise<Store> {
  const pool = openPool(url, connections);
  // A connection that breaks while it is idle is made again; whoever uses one hears of it by himself.
  pool.on('error', () => {});
  try {
    const { id, base, description } = await prepare(pool);
    const feed = await Feed.open(pool, base, onCommitted);
    return new PostgresStore({ pool, id, base, description, feed, onMeasured, clock });
  } catch (cause) {
    await pool.end();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The store at ${placeOf(url)} cannot be opened: ${(cause as Error).message}`, { cause });
  }
}

/** Brings the database to the shape that this program knows. */
async function prepare(pool: Pool): Promise<{ readonly id: string; readonly base: bigint; readonly description: string }> {
  const client = await take(pool);
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [schemaLock]);
    await client.query('CREATE TABLE IF NOT EXISTS parley_version (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL)');
    const { rows } = await client.query('SELECT version FROM parley_version');
    const version = Number(rows[0]?.['version'] ?? 0);
    if (version > steps.length)
      throw new StoreError(`The data was written by a newer version of Parley (format ${version}; this one knows up to ${steps.length}).`);
    for (const step of steps.slice(version)) await client.query(step);
    await client.query('INSERT INTO parley_version VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET version = excluded.version', [
      steps.length,
    ]);
    // A dump that was restored elsewhere: the transactions there may have smaller numbers than those in the rows, and the sequence goes on, under another id.
    await client.query(
      `WITH newest AS (SELECT COALESCE(MAX(seq), 0) / ${rowsPerTransaction} AS number FROM envelope),
            here AS (SELECT pg_current_xact_id()::text::bigint AS xid),
            shift AS (SELECT int8send(xid - number - 1) AS base FROM newest, here, meta
                      WHERE name = 'base' AND xid - ('x' || encode(value, 'hex'))::bit(64)::bigint <= number)
       UPDATE meta SET value = CASE name WHEN 'base' THEN shift.base ELSE uuid_send(gen_random_uuid()) END FROM shift WHERE name IN ('base', 'id')`,
    );
    const { rows: meta } = await client.query(
      `SELECT encode((SELECT value FROM meta WHERE name = 'id'), 'hex') AS id,
              ('x' || encode((SELECT value FROM meta WHERE name = 'base'), 'hex'))::bit(64)::bigint::text AS base,
              current_setting('server_version') AS version`,
    );
    await client.query('COMMIT');
    const [row] = meta;
    return { id: String(row?.['id']), base: BigInt(String(row?.['base'])), description: `PostgreSQL ${row?.['version']}` };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    give(client);
  }
}

class PostgresStore implements Store {
  readonly description: string;
  readonly id: string;
  readonly #pool: Pool;
  readonly #base: bigint;
  readonly #feed: Feed;
  readonly #onMeasured: OnMeasured;
  readonly #clock: Clock;
  readonly #busy = new Set<Promise<void>>();
  #waiting: Waiting[] = [];
  #closed = false;

  constructor({
    pool,
    id,
    base,
    description,
    feed,
    onMeasured,
    clock,
  }: {
    readonly pool: Pool;
    readonly id: string;
    readonly base: bigint;
    readonly description: string;
    readonly feed: Feed;
    readonly onMeasured: OnMeasured;
    readonly clock: Clock;
  }) {
    this.description = description;
    this.id = id;
    this.#pool = pool;
    this.#base = base;
    this.#feed = feed;
    this.#onMeasured = onMeasured;
    this.#clock = clock;
  }

  append(envelopes: readonly NewEnvelope[]): Promise<(number | null)[]> {
    if (this.#closed) return Promise.reject(closedError());
    if (envelopes.length > rowsPerTransaction)
      return Promise.reject(new TooManyError(`cannot exceed ${rowsPerTransaction} envelopes per publish`));
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ envelopes, resolve, reject }) === 1) setImmediate(() => this.#flush());
    });
  }

  async query({ topics, startNs, endNs, limit, ascending, cursor }: StoreQuery): Promise<StoredEnvelope[]> {
    if (startNs > maxTimestampNs) return [];
    const values: unknown[] = [[...new Set(topics)], limit];
    const conditions = ['topic = named.topic'];
    const also = (condition: (...names: string[]) => string, ...more: unknown[]): void => {
      conditions.push(condition(...more.map((value) => `$${values.push(value)}`)));
    };
    if (startNs > 0n) also((start) => `ts >= ${start}`, startNs);
    if (endNs > 0n && endNs <= maxTimestampNs) also((end) => `ts <= ${end}`, endNs);
    const beyond = ascending ? '>' : '<';
    // As in `placesOf`: without a time the digest alone compares, without a digest the cursor says nothing (SPEC 13.5).
    if (cursor && cursor.digest.length > 0) {
      if (cursor.timestampNs > maxTimestampNs) {
        if (ascending) return [];
      } else if (cursor.timestampNs > 0n)
        also((ts, digest) => `(ts, digest) ${beyond} (${ts}, ${digest})`, cursor.timestampNs, bytes(cursor.digest));
      else also((digest) => `digest ${beyond} ${digest}`, bytes(cursor.digest));
    }
    const order = ascending ? 'ts, digest' : 'ts DESC, digest DESC';
    const rows = await this.#read(
      `WITH place AS (
         SELECT found.* FROM unnest($1::text[]) AS named (topic) CROSS JOIN LATERAL
           (SELECT seq, ts, digest FROM envelope WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT $2) AS found
         ORDER BY ${order} LIMIT $2
       )
       SELECT topic, envelope.ts, envelope.digest, message FROM place JOIN envelope USING (seq) ORDER BY ${order.replace(/ts|digest/g, 'place.$&')}`,
      values,
    );
    return rows.map((row) => ({
      topic: String(row['topic']),
      timestampNs: BigInt(String(row['ts'])),
      message: plain(row['message']),
      digest: plain(row['digest']),
    }));
  }

  head(): number {
    if (this.#closed) throw closedError();
    return this.#feed.head;
  }

  async *since({ topics, after, upTo }: SequenceQuery): AsyncGenerator<readonly CommittedEnvelope[], void, undefined> {
    const places = await this.#read('SELECT seq FROM envelope WHERE topic = ANY ($1) AND seq > $2 AND seq <= $3 ORDER BY seq', [
      [...new Set(topics)],
      after,
      Math.min(upTo, this.#feed.head),
    ]);
    for (let at = 0; at < places.length; at += sinceRows)
      yield this.rows(places.slice(at, at + sinceRows).map((row) => Number(row['seq'])));
  }

  async page(after: number, limit: number): Promise<CommittedEnvelope[]> {
    const rows = await this.#read(`${wholeRow} WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`, [after, this.#feed.head, limit]);
    return rows.map(committedOf);
  }

  async rows(seqs: readonly number[]): Promise<CommittedEnvelope[]> {
    return (await this.#read(`${wholeRow} WHERE seq = ANY ($1) ORDER BY seq`, [seqs])).map(committedOf);
  }

  async forget({ prefix, beforeMs, after, limit }: ForgetWindow): Promise<Forgotten> {
    const [row] = await this.#read(
      `WITH looked AS (SELECT seq, received, starts_with(topic, $1) AS named FROM envelope WHERE seq > $3 AND seq <= $5 ORDER BY seq LIMIT $4),
         gone AS (DELETE FROM envelope WHERE seq IN (SELECT seq FROM looked WHERE named AND received < $2) RETURNING 1)
       SELECT count(*) AS looked, max(seq) AS last, count(*) FILTER (WHERE received < $2) AS old, count(*) FILTER (WHERE named) AS named,
         (SELECT count(*) FROM gone) AS gone FROM looked`,
      // Not beyond what is final: later rows may yet come before it.
      [prefix, beforeMs, after, limit, this.#feed.head],
    );
    const count = (name: string): number => Number(row?.[name] ?? 0);
    const ended = count('looked') < limit || count('old') === 0;
    return { gone: count('gone'), next: ended ? null : count('last'), left: count('gone') < count('named') };
  }

  async sweptTo(prefix: string): Promise<number> {
    const [row] = await this.#read('SELECT value FROM meta WHERE name = $1', [sweptName(prefix)]);
    return row ? Number(Buffer.from(plain(row['value'])).toString()) : 0;
  }

  async noteSwept(prefix: string, seq: number): Promise<void> {
    // Several nodes sweep one database: none takes back what another has done.
    await this.#read(
      `INSERT INTO meta (name, value) VALUES ($1, convert_to($2::text, 'UTF8')) ON CONFLICT (name) DO UPDATE SET value = excluded.value
       WHERE convert_from(meta.value, 'UTF8')::bigint < $2::bigint`,
      [sweptName(prefix), String(seq)],
    );
  }

  async check(): Promise<void> {
    // Written, so that a standby, a database that may only be read and a full disk are noticed alike.
    await this.#read("INSERT INTO meta (name, value) VALUES ('probe', '') ON CONFLICT (name) DO UPDATE SET value = excluded.value", []);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#waiting.length > 0 || this.#busy.size > 0) {
      this.#flush();
      await Promise.all(this.#busy);
    }
    await this.#feed.close();
    await this.#pool.end();
  }

  async #read(text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    if (this.#closed) throw closedError();
    try {
      return (await this.#pool.query(text, values)).rows;
    } catch (cause) {
      throw new StoreError(`the store cannot answer: ${(cause as Error).message}`, { cause });
    }
  }

  /** What has gathered shares a transaction, a few of which run at a time. */
  #flush(): void {
    while (this.#waiting.length > 0 && this.#busy.size < writers) {
      let [rows, count] = [0, 0];
      for (const { envelopes } of this.#waiting) {
        rows += envelopes.length;
        if (rows > rowsPerTransaction) break;
        count += 1;
      }
      const work = this.#commit(this.#waiting.splice(0, count)).finally(() => {
        this.#busy.delete(work);
        this.#flush();
      });
      this.#busy.add(work);
    }
  }

  async #commit(waiting: readonly Waiting[]): Promise<void> {
    const begun = performance.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = await writeAll(
        this.#pool,
        this.#base,
        waiting.map(({ envelopes }) => envelopes),
        this.#clock(),
      );
    } catch (cause) {
      const error = new StoreError(`the store cannot write: ${(cause as Error).message}`, { cause });
      for (const { reject } of waiting) reject(error);
      return;
    }
    const seqs = outcomes.flatMap((outcome) => (outcome instanceof NotNewerError ? [] : outcome));
    const stored = seqs.filter((seq) => seq !== null);
    this.#onMeasured(stored.length, seqs.length - stored.length, performance.now() - begun);
    if (stored.length > 0) {
      this.#feed.announce();
      await this.#feed.reach(Math.max(...stored), feedWaitMs);
    }
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome instanceof NotNewerError) reject(outcome);
      else resolve([...outcome]);
    }
  }
}

const wholeRow = 'SELECT seq, topic, ts, message FROM envelope';

const bytes = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
