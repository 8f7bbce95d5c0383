import { join } from 'node:path';
import { bytesOf, type Database, openDatabase, type Statement } from '../store/driver.ts';

/** Where a peer's store has been read up to. */
export interface PeerPlace {
  readonly storeId: string;
  readonly seq: number;
}

/** A message of the store. */
export interface Indexed {
  readonly hash: Uint8Array;
  readonly seq: number;
  readonly timestampNs: bigint;
}

/** A stretch of time; the cursor is the last message that was seen. */
export interface TimeWindow {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly cursor: { readonly hash: Uint8Array; readonly timestampNs: bigint } | undefined;
  readonly ascending: boolean;
  readonly limit: number;
}

const shape = `
  -- Messages by their hash: where they are in the store and in time, and the voucher of those that another node took. A voucher is there before its row is.
  CREATE TABLE IF NOT EXISTS message (hash BLOB PRIMARY KEY, seq INTEGER, ts INTEGER, voucher BLOB) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS message_ts ON message (ts, hash);
  -- How far the stores of peers have been read, by settings under which it happened.
  CREATE TABLE IF NOT EXISTS place (peer TEXT PRIMARY KEY, store TEXT NOT NULL, seq INTEGER NOT NULL, settings TEXT NOT NULL) STRICT;
  -- For which store and pubsub topics the hashes are, and up to which row they are there.
  CREATE TABLE IF NOT EXISTS indexed (one INTEGER PRIMARY KEY CHECK (one = 1), topics TEXT NOT NULL, store TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
`;

/** What a node on the relay remembers beside its store, in `relay.db`: hashes, vouchers and places. Hashes and places can be had again, vouchers cannot. */
export class Ledger {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /** `topics`: the setting of the pubsub topics, `store`: the id of the store. */
  constructor(data: string, topics: string, store: string) {
    this.#database = openDatabase(data === ':memory:' ? data : join(data, 'relay.db'));
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) this.#database.prepare(`PRAGMA ${pragma}`).all();
    this.#database.exec(shape);
    const indexed = this.#run('SELECT topics, store FROM indexed').get();
    if (indexed?.['topics'] === topics && indexed['store'] === store) return;
    this.#database.exec('BEGIN');
    // Other pubsub topics are other hashes, and of a restored store the numbers mean other rows.
    this.#database.exec(indexed?.['topics'] === topics ? 'UPDATE message SET seq = NULL' : 'DELETE FROM message');
    this.#run('INSERT OR REPLACE INTO indexed VALUES (1, ?, ?, 0)').run(topics, store);
    this.#database.exec('COMMIT');
  }

  /** The row up to which every row of the store has its hash here. */
  get indexed(): number {
    return Number(this.#run('SELECT seq FROM indexed').get()?.['seq'] ?? 0);
  }

  /** Writes down where messages are, up to a row. */
  index(rows: readonly Indexed[], upTo: number): void {
    this.#atOnce(() => {
      for (const { hash, seq, timestampNs } of rows)
        this.#run(
          'INSERT INTO message (hash, seq, ts) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET seq = excluded.seq, ts = excluded.ts',
        ).run(hash, seq, timestampNs);
      this.#run('UPDATE indexed SET seq = ?').run(upTo);
    });
  }

  /** Keeps vouchers, before the rows that they are for are stored. */
  keep(vouchers: readonly { readonly hash: Uint8Array; readonly voucher: Uint8Array }[]): void {
    if (vouchers.length === 0) return;
    this.#atOnce(() => {
      for (const { hash, voucher } of vouchers)
        this.#run('INSERT INTO message (hash, voucher) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET voucher = excluded.voucher').run(
          hash,
          voucher,
        );
    });
  }

  /** Where a message is; null when the store has it not, as far as is indexed. */
  find(hash: Uint8Array): Indexed | null {
    const row = this.#run('SELECT seq, ts FROM message WHERE hash = ? AND seq IS NOT NULL').get(hash);
    return row ? { hash, seq: Number(row['seq']), timestampNs: row['ts'] as bigint } : null;
  }

  /** Messages of all topics in the order of their time and hash. */
  window({ startNs, endNs, cursor, ascending, limit }: TimeWindow): Indexed[] {
    const conditions = ['seq IS NOT NULL'];
    const values: (bigint | Uint8Array | number)[] = [];
    if (startNs !== undefined) conditions.push('ts >= ?') && values.push(startNs);
    if (endNs !== undefined) conditions.push('ts <= ?') && values.push(endNs);
    if (cursor) conditions.push(`(ts, hash) ${ascending ? '>' : '<'} (?, ?)`) && values.push(cursor.timestampNs, cursor.hash);
    const order = ascending ? 'ts, hash' : 'ts DESC, hash DESC';
    return this.#run(`SELECT hash, seq, ts FROM message WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`)
      .all(...values, limit)
      .map((row) => ({ hash: bytesOf(row['hash']), seq: Number(row['seq']), timestampNs: row['ts'] as bigint }));
  }

  /** The voucher under which another node's message came; none for those that this node took itself. */
  voucherOf(hash: Uint8Array): Uint8Array | undefined {
    const voucher = this.#run('SELECT voucher FROM message WHERE hash = ?').get(hash)?.['voucher'];
    return voucher === undefined || voucher === null ? undefined : bytesOf(voucher);
  }

  /** How far a peer's store has been read under these settings. */
  placeIn(peer: string, settings: string): PeerPlace | null {
    const row = this.#run('SELECT store, seq FROM place WHERE peer = ? AND settings = ?').get(peer, settings);
    return row ? { storeId: String(row['store']), seq: Number(row['seq']) } : null;
  }

  setPlace(peer: string, settings: string, { storeId, seq }: PeerPlace): void {
    this.#run('INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)').run(peer, storeId, seq, settings);
  }

  close(): void {
    this.#database.close();
  }

  #atOnce(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #run(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
