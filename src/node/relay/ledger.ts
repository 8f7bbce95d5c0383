import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, type Database, openDatabase, type Statement } from '../store/driver.ts';
import { BundleWords, bundleShape, type KeptBundle } from './bundle-words.ts';
import { Checkpoints, checkpointThreadBeside } from './checkpoints.ts';
import { HashPlaces, hashShape } from './hash-places.ts';
import { moveMessages } from './message-table.ts';
import { hashName } from './recent.ts';
import { filledUp, insertAll, rowsAtOnce } from './rows.ts';
import { type Indexed, type Placed, Segments, segmentShape } from './segments.ts';
import { TimePlaces, type TimeWindow, timeShape } from './time-places.ts';

/** Where a peer's store has been read up to. */
export interface PeerPlace {
  readonly storeId: string;
  readonly seq: number;
}

const shape = `
  -- Of messages that another node took: the voucher, which is there before its message is.
  CREATE TABLE IF NOT EXISTS voucher (hash BLOB PRIMARY KEY, voucher BLOB NOT NULL) STRICT, WITHOUT ROWID;
  -- How far the stores of peers have been read, by settings under which it happened.
  CREATE TABLE IF NOT EXISTS place (peer TEXT PRIMARY KEY, store TEXT NOT NULL, seq INTEGER NOT NULL, settings TEXT NOT NULL) STRICT;
  -- For which store and pubsub topics the hashes are, and up to which row they are there.
  CREATE TABLE IF NOT EXISTS indexed (one INTEGER PRIMARY KEY CHECK (one = 1), topics TEXT NOT NULL, store TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
  -- Up to which row those that are there were sorted into a table of their own.
  CREATE TABLE IF NOT EXISTS sorted (what TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
`;
const places = 'DELETE FROM segment; DELETE FROM hashed; DELETE FROM timed; DELETE FROM sorted;';

/** Pages of the log with which it is moved into the file where there is no thread for it. */
const moveHere = 'wal_autocheckpoint = 8192';
/** Rows that are read or sorted in at a time. */
const someRows = 250;

interface LedgerOptions {
  /** Who moves the log of `relay.db` into it: see `Checkpoints`. Null: nobody else, so that everybody waits for it. */
  readonly thread?: string | null;
  /** Bytes of the log with which it is moved. */
  readonly logBytes?: number;
  readonly onFault?: (fault: string) => void;
  /** See `moveMessages`. */
  readonly onMoving?: (messages: number) => void;
  /** See `HashPlaces`. */
  readonly manyHashes?: number;
}

/** What a node on the relay remembers beside its store, in `relay.db`: hashes, vouchers and places. Hashes and places can be had again, vouchers cannot. */
export class Ledger {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #bundles: BundleWords;
  readonly #segments: Segments;
  readonly #hashes: HashPlaces;
  readonly #times: TimePlaces;
  readonly #log: string | null;
  readonly #checkpoints: Checkpoints | null;
  #file: Promise<FileHandle> | undefined;

  /** `topics`: the setting of the pubsub topics, `store`: the id of the store. */
  constructor(data: string, topics: string, store: string, options: LedgerOptions = {}) {
    const { thread = checkpointThreadBeside(), onFault = () => {}, onMoving = () => {}, logBytes, manyHashes } = options;
    this.#database = openDatabase(data === ':memory:' ? data : join(data, 'relay.db'));
    this.#log = data === ':memory:' ? null : join(data, 'relay.db-wal');
    for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL', moveHere, 'busy_timeout = 5000']) this.#set(pragma);
    this.#database.exec(shape + bundleShape + segmentShape + hashShape + timeShape);
    const run = (sql: string): Statement => this.#run(sql);
    this.#segments = new Segments(run);
    this.#hashes = new HashPlaces(run, manyHashes);
    this.#times = new TimePlaces(run, this.#segments);
    moveMessages(this.#database, this.#segments, onMoving);
    const indexed = this.#run('SELECT topics, store FROM indexed').get();
    if (indexed?.['topics'] !== topics || indexed['store'] !== store) {
      this.#database.exec('BEGIN');
      // Other pubsub topics are other hashes, and of a restored store the numbers mean other rows.
      this.#database.exec(
        places + (indexed?.['topics'] === topics ? 'UPDATE bundle SET open = 1' : 'DELETE FROM voucher; DELETE FROM bundle'),
      );
      this.#run('INSERT OR REPLACE INTO indexed VALUES (1, ?, ?, 0)').run(topics, store);
      this.#database.exec('COMMIT');
    }
    this.#bundles = new BundleWords(run);
    for (let rows = this.#segments.after(this.#sorted('hashes'), someRows); rows.length > 0; ) {
      for (const { hash, seq } of rows) this.#hashes.add(hash, seq);
      this.#settle(Number.POSITIVE_INFINITY);
      rows = this.#segments.after((rows.at(-1) as Placed).seq, someRows);
    }
    this.#checkpoints =
      thread === null || data === ':memory:'
        ? null
        : new Checkpoints({
            file: thread,
            path: join(data, 'relay.db'),
            ...(logBytes !== undefined && { logBytes }),
            onFault,
            onEnded: () => this.#set(moveHere),
          });
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
    const done = this.#atOnce(() => {
      const { ids, done } = this.#bundles.placed(rows.map(({ hash }) => hash));
      this.#segments.append(rows, ids);
      this.#run('UPDATE indexed SET seq = ?').run(upTo);
      return done;
    });
    done();
    for (const { hash, seq } of rows) this.#hashes.add(hash, seq);
    this.#settle(2 * rows.length);
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
      insertAll(
        (sql) => this.#run(sql),
        'INSERT OR REPLACE INTO voucher VALUES',
        vouchers.map(({ hash, voucher }) => [hash, voucher]),
      );
      for (const bundle of bundles) this.#bundles.keep(bundle);
    });
    if (this.#log === null) return;
    // The database would keep everybody waiting for the disk; what it wrote is in its log, which is brought there meanwhile.
    this.#file ??= open(this.#log, 'r+');
    await (await this.#file).datasync();
  }

  /** Which of these messages the store has, or had, as far as is indexed. */
  known(hashes: readonly Uint8Array[]): Set<string> {
    const placed = this.#placed(hashes);
    return new Set(hashes.flatMap((hash, index) => (placed[index] ? [hashName(hash)] : [])));
  }

  /** Whether the store has a message, or had it, as far as is indexed. */
  knows(hash: Uint8Array): boolean {
    return this.#placed([hash])[0] !== null;
  }

  /** Where a message is; null when the store has it not, as far as is indexed. */
  find(hash: Uint8Array): Indexed | null {
    return this.findAll([hash])[0] ?? null;
  }

  /** Where these messages are, in the order of the question; those that the store has not, as far as is indexed, are left out. */
  findAll(hashes: readonly Uint8Array[]): Indexed[] {
    return this.#placed(hashes).flatMap((placed) => (placed && !placed.isGone ? [placed] : []));
  }

  /** Messages in the order of the store, after a row. */
  after(seq: number, limit: number): Indexed[] {
    const found: Indexed[] = [];
    for (let last = seq; found.length < limit; ) {
      const rows = this.#segments.after(last, limit);
      if (rows.length === 0) break;
      found.push(...rows.filter(({ isGone }) => !isGone).slice(0, limit - found.length));
      last = (rows.at(-1) as Placed).seq;
    }
    return found;
  }

  /** The store has deleted these: they are not told of any more, and still known. */
  gone(hashes: readonly Uint8Array[]): void {
    if (hashes.length === 0) return;
    const found = this.findAll(hashes);
    this.#atOnce(() => {
      for (const each of found) {
        this.#segments.forget(each.seq);
        this.#times.forget(each);
      }
    });
  }

  /** Messages of all topics in the order of their time and hash. `timed` is waited for before. */
  window(window: TimeWindow): Indexed[] {
    return this.#times.window(window);
  }

  /** Brings what `window` reads up to what is indexed, in turns with all else that there is to do. */
  async timed(): Promise<void> {
    for (let isBehind = true; isBehind; await new Promise((resolve) => setImmediate(resolve))) {
      await this.ready();
      this.#atOnce(() => {
        const upTo = this.#times.sortIn(this.#sorted('times'), someRows);
        isBehind = upTo !== null;
        if (upTo !== null) this.#setSorted('times', upTo);
      });
    }
  }

  /** The vouchers under which other nodes' messages came, in the order of the question; none for those that this node took itself. */
  vouchersOf(hashes: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    const kept = new Map(this.#vouchers(hashes));
    const placed = this.#placed(hashes);
    return hashes.map((hash, index) => {
      const voucher = kept.get(hashName(hash));
      if (voucher) return voucher;
      const bundle = placed[index]?.bundle || this.#bundles.waitingFor(hash);
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

  /** What is remembered of these messages; of one that was stored again after it was deleted the last. */
  #placed(hashes: readonly Uint8Array[]): (Placed | null)[] {
    const places = this.#hashes.placesOf(hashes);
    return hashes.map((hash, index) => {
      const seqs = places[index] as readonly number[];
      if (seqs.length === 0) return null;
      const here = seqs.flatMap((seq) => this.#segments.at(seq) ?? []);
      const same = here.filter((each) => Buffer.compare(each.hash, hash) === 0).sort((a, b) => a.seq - b.seq);
      return same.at(-1) ?? null;
    });
  }

  #vouchers(hashes: readonly Uint8Array[]): [string, Uint8Array][] {
    const found: [string, Uint8Array][] = [];
    for (let at = 0; at < hashes.length; at += rowsAtOnce) {
      const some = filledUp(hashes.slice(at, at + rowsAtOnce));
      for (const row of this.#run(`SELECT hash, voucher FROM voucher WHERE hash IN (${some.map(() => '?').join()})`).all(...some))
        found.push([hashName(bytesOf(row['hash'])), bytesOf(row['voucher'])]);
    }
    return found;
  }

  /** Sorts in some more hashes, if there are enough of them. */
  #settle(rows: number): void {
    if (!this.#hashes.areMany) return;
    const settled = this.#atOnce(() => {
      const { upTo, settled } = this.#hashes.settle(rows);
      if (upTo !== null) this.#setSorted('hashes', upTo);
      return settled;
    });
    settled();
  }

  #sorted(what: 'hashes' | 'times'): number {
    return Number(this.#run('SELECT seq FROM sorted WHERE what = ?').get(what)?.['seq'] ?? 0);
  }

  #setSorted(what: 'hashes' | 'times', seq: number): void {
    this.#run('INSERT OR REPLACE INTO sorted VALUES (?, ?)').run(what, seq);
  }

  #atOnce<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    let outcome: T;
    try {
      outcome = work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#checkpoints?.wrote();
    return outcome;
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
