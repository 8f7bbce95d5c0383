import type { OnCommitted } from '../store.ts';
import { type Client, give, type Pool, take } from './client.ts';
import { committedOf } from './rows.ts';
import { rowsPerTransaction } from './schema.ts';

/** Rows of a step; how often it looks again while rows wait for an older transaction, and when nobody wakes it. */
const pageRows = 1000;
const soonMs = 5;
const lateMs = 250;
const channel = 'parley_envelopes';

/**
 * Brings what any node commits to this node's streams, each row once and in the order of the sequence. It reads up to the oldest transaction that still runs: what lies
 * below that is final, while a reader that takes the newest number for granted passes over what commits late. Notifications only wake it.
 */
export class Feed {
  readonly #pool: Pool;
  readonly #base: bigint;
  readonly #onCommitted: OnCommitted;
  readonly #reached = new Set<() => void>();
  #head: number;
  #listener: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #announcing = false;
  #closed = false;

  /** Begins behind what is there. */
  static async open(pool: Pool, base: bigint, onCommitted: OnCommitted): Promise<Feed> {
    const { rows } = await pool.query(`SELECT COALESCE(MAX(seq), 0) AS head FROM envelope WHERE seq < ${horizon}`, [base]);
    const feed = new Feed(pool, base, onCommitted, Number(rows[0]?.['head']));
    await feed.#listen();
    feed.#look(0);
    return feed;
  }

  private constructor(pool: Pool, base: bigint, onCommitted: OnCommitted, head: number) {
    this.#pool = pool;
    this.#base = base;
    this.#onCommitted = onCommitted;
    this.#head = head;
  }

  /** The sequence number up to which everything has passed through here. */
  get head(): number {
    return this.#head;
  }

  /** Tells all nodes that there is something new. Not in the transaction itself: notifying takes a lock that commits would queue for. */
  announce(): void {
    this.#look(0);
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      if (!this.#closed) this.#pool.query(`NOTIFY ${channel}`).catch(() => {});
    });
  }

  /** Resolves when everything up to a number has passed, or after a while. */
  reach(seq: number, waitMs: number): Promise<void> {
    if (this.#head >= seq || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        if (this.#head < seq && !this.#closed) return;
        clearTimeout(timer);
        this.#reached.delete(done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#reached.delete(done);
        resolve();
      }, waitMs);
      this.#reached.add(done);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const done of this.#reached) done();
    await this.#running;
    if (this.#listener) give(this.#listener, true);
    this.#listener = undefined;
  }

  /** A connection of its own for notifications; when it breaks there is another one, and polling until then. */
  async #listen(): Promise<void> {
    const client = await take(this.#pool);
    client.on('notification', () => this.#look(0));
    client.on('end', () => {
      if (this.#listener !== client) return;
      this.#listener = undefined;
      give(client, true);
    });
    try {
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      give(client, true);
      throw error;
    }
    this.#listener = client;
  }

  #look(afterMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    if (this.#running) {
      this.#again = true;
      return;
    }
    if (afterMs > 0) {
      this.#timer = setTimeout(() => this.#look(0), afterMs);
      return;
    }
    this.#running = this.#read()
      .catch(() => lateMs)
      .then((nextMs) => {
        this.#running = undefined;
        this.#look(this.#again ? 0 : nextMs);
      });
    this.#again = false;
  }

  /** Reads what is final; answers when to look again. */
  async #read(): Promise<number> {
    if (!this.#listener && !this.#closed) await this.#listen().catch(() => {});
    for (;;) {
      const { rows } = await this.#pool.query(
        `SELECT seq, topic, ts, message FROM envelope WHERE seq > $2 AND seq < ${horizon} ORDER BY seq LIMIT ${pageRows}`,
        [this.#base, this.#head],
      );
      if (this.#closed) return lateMs;
      const envelopes = rows.map(committedOf);
      const last = envelopes.at(-1)?.seq;
      if (last !== undefined) {
        this.#onCommitted(envelopes);
        this.#head = last;
        for (const done of this.#reached) done();
      }
      if (rows.length < pageRows) break;
    }
    const { rows } = await this.#pool.query('SELECT EXISTS (SELECT FROM envelope WHERE seq > $1) AS more', [this.#head]);
    return rows[0]?.['more'] === true ? soonMs : lateMs;
  }
}

/** The first sequence number that a running transaction may still write. */
const horizon = `(pg_snapshot_xmin(pg_current_snapshot())::text::bigint - $1::bigint) * ${rowsPerTransaction}`;
