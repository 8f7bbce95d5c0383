import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, type Database, openDatabase, type SqlValue, type Statement } from '../store/driver.ts';
import { BundleWords, bundleShape, type KeptBundle } from './bundle-words.ts';
import { Checkpoints, checkpointThreadBeside } from './checkpoints.ts';
import { hashName } from './recent.ts';

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
  -- Messages by their hash: where they are in the store and in time (none once the store has deleted them), and of those that another node took the voucher, or the bundle that has it. Either is there before its row is.
  CREATE TABLE IF NOT EXISTS message (hash BLOB PRIMARY KEY, seq INTEGER, ts INTEGER, voucher BLOB, bundle INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS message_ts ON message (ts, hash);
  CREATE INDEX IF NOT EXISTS message_seq ON message (seq);
  -- How far the stores of peers have been read, by settings under which it happened.
  CREATE TABLE IF NOT EXISTS place (peer TEXT PRIMARY KEY, store TEXT NOT NULL, seq INTEGER NOT NULL, settings TEXT NOT NULL) STRICT;
  -- For which store and pubsub topics the hashes are, and up to which row they are there.
  CREATE TABLE IF NOT EXISTS indexed (one INTEGER PRIMARY KEY CHECK (one = 1), topics TEXT NOT NULL, store TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
`;

/** Pages of the log with which it is moved into the file where there is no thread for it. */
const moveHere = 'wal_autocheckpoint = 8192';
/** Rows of one statement: calling one costs more than a row. */
const rowsAtOnce = 50;

/** Who moves the log of `relay.db` into it: see `Checkpoints`. */
interface LogMoving {
  /** Null: nobody else, so that everybody waits for it. */
  readonly thread?: string | null;
  readonly onFault?: (fault: string) => void;
}

/** What a node on the relay remembers beside its store, in `relay.db`: hashes, vouchers and places. Hashes and places can be had again, vouchers cannot. */
export class Ledger {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #bundles: BundleWords;
  readonly #log: string | null;
  readonly #checkpoints: Checkpoints | null;
  #file: Promise<FileHandle> | undefined;

  /** `topics`: the setting of the pubsub topics, `store`: the id of the store. */
  constructor(data: string, topics: string, store: string, { thread = checkpointThreadBeside(), onFault = () => {} }: LogMoving = {}) {
    this.#database = openDatabase(data === ':memory:' ? data : join(data, 'relay.db'));
    this.#log = data === ':memory:' ? null : join(data, 'relay.db-wal');
    for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL', moveHere, 'busy_timeout = 5000']) this.#set(pragma);
    this.#database.exec(shape + bundleShape);
    // As it was before there were bundles.
    if (!this.#run("SELECT 1 FROM pragma_table_info('message') WHERE name = 'bundle'").get())
      this.#database.exec('ALTER TABLE message ADD COLUMN bundle INTEGER NOT NULL DEFAULT 0');
    const indexed = this.#run('SELECT topics, store FROM indexed').get();
    if (indexed?.['topics'] !== topics || indexed['store'] !== store) {
      this.#database.exec('BEGIN');
      // Other pubsub topics are other hashes, and of a restored store the numbers mean other rows.
      this.#database.exec(indexed?.['topics'] === topics ? 'UPDATE message SET seq = NULL' : 'DELETE FROM message; DELETE FROM bundle');
      this.#run('INSERT OR REPLACE INTO indexed VALUES (1, ?, ?, 0)').run(topics, store);
      this.#database.exec('COMMIT');
    }
    this.#bundles = new BundleWords((sql) => this.#run(sql));
    this.#checkpoints =
      thread === null || data === ':memory:'
        ? null
        : new Checkpoints({ file: thread, path: join(data, 'relay.db'), onFault, onEnded: () => this.#set(moveHere) });
    if (this.#checkpoints) this.#set('wal_autocheckpoint = 0');
  }

  /** Waited for before something is written. */
  async ready(): Promise<void> {
    while (this.#checkpoints?.ready()) await this.#checkpoints.ready();
  }

  /** The row up to which every row of the store has its hash here. */
  get indexed(): number {
    return Number(this.#run('SELECT seq FROM indexed').get()?.['seq'] ?? 0);
  }

  /** Writes down where messages are, up to a row. It can be had again from the store: the disk is not waited for. */
  index(rows: readonly Indexed[], upTo: number): void {
    this.#atOnce(() => {
      const values = rows.map(({ hash, seq, timestampNs }) => [hash, seq, timestampNs, this.#bundles.waitingFor(hash)]);
      this.#insert(
        'INSERT INTO message (hash, seq, ts, bundle) VALUES',
        values,
        'ON CONFLICT (hash) DO UPDATE SET seq = excluded.seq, ts = excluded.ts, bundle = max(bundle, excluded.bundle)',
      );
      this.#bundles.placed(rows.map(({ hash }) => hash));
      this.#run('UPDATE indexed SET seq = ?').run(upTo);
    });
  }

  /** Said when everything has been indexed that was stored before the start. */
  caughtUp(): void {
    this.#bundles.caughtUp();
  }

  /** Keeps vouchers and the words of bundles, before the rows that they are for are stored; resolves when they are on the disk. */
  async keep(
    vouchers: readonly { readonly hash: Uint8Array; readonly voucher: Uint8Array }[],
    bundles: readonly KeptBundle[] = [],
  ): Promise<void> {
    if (vouchers.length + bundles.length === 0) return;
    await this.ready();
    this.#atOnce(() => {
      this.#insert(
        'INSERT INTO message (hash, voucher) VALUES',
        vouchers.map(({ hash, voucher }) => [hash, voucher]),
        'ON CONFLICT (hash) DO UPDATE SET voucher = excluded.voucher',
      );
      for (const bundle of bundles) this.#bundles.keep(bundle);
    });
    if (this.#log === null) return;
    // The database would keep everybody waiting for the disk; what it wrote is in its log, which is brought there meanwhile.
    this.#file ??= open(this.#log, 'r+');
    await (await this.#file).datasync();
  }

  /** Which of these messages the store has, as far as is indexed. */
  known(hashes: readonly Uint8Array[]): Set<string> {
    return new Set(this.#among(hashes, 'hash', 'seq IS NOT NULL').map((row) => hashName(bytesOf(row['hash']))));
  }

  /** Whether the store has a message, or had it, as far as is indexed. */
  knows(hash: Uint8Array): boolean {
    return this.#run('SELECT 1 FROM message WHERE hash = ? AND seq IS NOT NULL').get(hash) !== undefined;
  }

  /** Where a message is; null when the store has it not, as far as is indexed. */
  find(hash: Uint8Array): Indexed | null {
    const row = this.#run('SELECT seq, ts FROM message WHERE hash = ? AND seq IS NOT NULL AND ts IS NOT NULL').get(hash);
    return row ? { hash, seq: Number(row['seq']), timestampNs: row['ts'] as bigint } : null;
  }

  /** Where these messages are, in the order of the question; those that the store has not, as far as is indexed, are left out. */
  findAll(hashes: readonly Uint8Array[]): Indexed[] {
    const rows = this.#among(hashes, 'hash, seq, ts', 'seq IS NOT NULL AND ts IS NOT NULL');
    const found = new Map(rows.map((row) => [hashName(bytesOf(row['hash'])), row]));
    return hashes.flatMap((hash) => {
      const row = found.get(hashName(hash));
      return row ? [{ hash, seq: Number(row['seq']), timestampNs: row['ts'] as bigint }] : [];
    });
  }

  /** Messages in the order of the store, after a row. */
  after(seq: number, limit: number): Indexed[] {
    return this.#run('SELECT hash, seq, ts FROM message WHERE seq > ? AND ts IS NOT NULL ORDER BY seq LIMIT ?')
      .all(seq, limit)
      .map((row) => ({ hash: bytesOf(row['hash']), seq: Number(row['seq']), timestampNs: row['ts'] as bigint }));
  }

  /** The store has deleted these: they are not told of any more, and still known. */
  gone(hashes: readonly Uint8Array[]): void {
    if (hashes.length === 0) return;
    this.#atOnce(() => {
      for (const hash of hashes) this.#run('UPDATE message SET ts = NULL WHERE hash = ?').run(hash);
    });
  }

  /** Messages of all topics in the order of their time and hash. */
  window({ startNs, endNs, cursor, ascending, limit }: TimeWindow): Indexed[] {
    const conditions = ['seq IS NOT NULL', 'ts IS NOT NULL'];
    const values: (bigint | Uint8Array | number)[] = [];
    if (startNs !== undefined) conditions.push('ts >= ?') && values.push(startNs);
    if (endNs !== undefined) conditions.push('ts <= ?') && values.push(endNs);
    if (cursor) conditions.push(`(ts, hash) ${ascending ? '>' : '<'} (?, ?)`) && values.push(cursor.timestampNs, cursor.hash);
    const order = ascending ? 'ts, hash' : 'ts DESC, hash DESC';
    return this.#run(`SELECT hash, seq, ts FROM message WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`)
      .all(...values, limit)
      .map((row) => ({ hash: bytesOf(row['hash']), seq: Number(row['seq']), timestampNs: row['ts'] as bigint }));
  }

  /** The vouchers under which other nodes' messages came, in the order of the question; none for those that this node took itself. */
  vouchersOf(hashes: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    const found = new Map(this.#among(hashes, 'hash, voucher, bundle', 'TRUE').map((row) => [hashName(bytesOf(row['hash'])), row]));
    return hashes.map((hash) => {
      const row = found.get(hashName(hash));
      const voucher = row?.['voucher'];
      if (voucher !== undefined && voucher !== null) return bytesOf(voucher);
      const bundle = Number(row?.['bundle'] ?? 0) || this.#bundles.waitingFor(hash);
      return bundle === 0 ? undefined : this.#bundles.voucherOf(bundle, hash);
    });
  }

  /** How far a peer's store has been read under these settings. */
  placeIn(peer: string, settings: string): PeerPlace | null {
    const row = this.#run('SELECT store, seq FROM place WHERE peer = ? AND settings = ?').get(peer, settings);
    return row ? { storeId: String(row['store']), seq: Number(row['seq']) } : null;
  }

  setPlace(peer: string, settings: string, { storeId, seq }: PeerPlace): void {
    this.#run('INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)').run(peer, storeId, seq, settings);
  }

  async close(): Promise<void> {
    await (await this.#file?.catch(() => null))?.close();
    this.#database.close();
    await this.#checkpoints?.close();
  }

  #among(hashes: readonly Uint8Array[], columns: string, condition: string): ReturnType<Statement['all']> {
    const found: ReturnType<Statement['all']> = [];
    for (let at = 0; at < hashes.length; at += rowsAtOnce) {
      const some = hashes.slice(at, at + rowsAtOnce);
      // One statement for any number of them: a hash twice is found once.
      const asked = [...some, ...Array.from({ length: rowsAtOnce - some.length }, () => some[0] as Uint8Array)];
      const sql = `SELECT ${columns} FROM message WHERE hash IN (${Array(rowsAtOnce).fill('?').join()}) AND ${condition}`;
      found.push(...this.#run(sql).all(...asked));
    }
    return found;
  }

  #insert(before: string, rows: readonly (readonly SqlValue[])[], after: string): void {
    for (let at = 0; at < rows.length; ) {
      const count = rows.length - at >= rowsAtOnce ? rowsAtOnce : 1;
      const some = rows.slice(at, at + count);
      const row = `(${(some[0] as readonly SqlValue[]).map(() => '?').join()})`;
      this.#run(`${before} ${Array(count).fill(row).join()} ${after}`).run(...some.flat());
      at += count;
    }
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
    this.#checkpoints?.wrote();
  }

  #set(pragma: string): void {
    this.#database.prepare(`PRAGMA ${pragma}`).all();
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
