import type { Statement } from '../store/driver.ts';
import { HashTable } from './hash-table.ts';
import { filledUp, insertAll, rowsAtOnce } from './rows.ts';

export const hashShape = `
  -- Where messages may be, by the first six bytes of their hash, as far as these were sorted in.
  CREATE TABLE IF NOT EXISTS hashed (prefix INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (prefix, seq)) STRICT, WITHOUT ROWID;
`;

/** Hashes lie all over the table: with so many at once, in their order, several share a page. */
const manyHashes = 16_384;

/** Where messages may be, by their hash. The newest wait in memory until there are many to be sorted in; after a start they are told of again. */
export class HashPlaces {
  readonly #run: (sql: string) => Statement;
  readonly #many: number;
  #fresh = new HashTable();
  #last = 0;
  #settling: Settling | null = null;

  constructor(run: (sql: string) => Statement, many = manyHashes) {
    this.#run = run;
    this.#many = many;
  }

  /** A message that has its place now, after all before. */
  add(hash: Uint8Array, seq: number): void {
    this.#fresh.set(hash, seq);
    this.#last = seq;
    if (this.#fresh.size < this.#many || this.#settling) return;
    this.#settling = { table: this.#fresh, ...inOrder(this.#fresh), last: this.#last, done: 0 };
    this.#fresh = new HashTable(this.#many);
  }

  /** Whether there are so many that they are to be sorted in. */
  get areMany(): boolean {
    return this.#settling !== null;
  }

  /** Within a transaction: sorts in some more. `settled` is called once they are there; `upTo`: the number up to which all are then, if that is more than before. */
  settle(rows: number): { readonly upTo: number | null; readonly settled: () => void } {
    const settling = this.#settling;
    if (!settling) return { upTo: null, settled: () => {} };
    const { prefixes, seqs, order } = settling;
    const end = Math.min(order.length, settling.done + rows);
    insertAll(
      this.#run,
      'INSERT OR IGNORE INTO hashed VALUES',
      Array.from(order.subarray(settling.done, end), (place) => [prefixes[place] as number, seqs[place] as number]),
    );
    const isAll = end === order.length;
    return {
      upTo: isAll ? settling.last : null,
      settled: () => {
        settling.done = end;
        if (isAll) this.#settling = null;
      },
    };
  }

  /** For each hash the numbers where its message may be: others may begin with the same bytes. */
  placesOf(hashes: readonly Uint8Array[]): readonly (readonly number[])[] {
    const prefixes = hashes.map((hash) => prefixOf(hash));
    const found = new Map<number, number[]>();
    const add = (prefix: number, seq: number): void => {
      const seqs = found.get(prefix);
      if (!seqs) found.set(prefix, [seq]);
      else if (!seqs.includes(seq)) seqs.push(seq);
    };
    for (let at = 0; at < prefixes.length; at += rowsAtOnce) {
      const asked = filledUp(prefixes.slice(at, at + rowsAtOnce));
      for (const row of this.#run(asked.length === 1 ? ofOne : ofSome).all(...asked)) add(Number(row['prefix']), Number(row['seq']));
    }
    return prefixes.map((prefix, index) => {
      const hash = hashes[index] as Uint8Array;
      const settling = this.#settling?.table.get(hash);
      const fresh = this.#fresh.get(hash);
      const seqs = found.get(prefix) ?? none;
      if (settling === undefined && fresh === undefined) return seqs;
      return [...new Set([...seqs, ...(settling === undefined ? none : [settling]), ...(fresh === undefined ? none : [fresh])])];
    });
  }
}

const ofSome = `SELECT prefix, seq FROM hashed WHERE prefix IN (${Array(rowsAtOnce).fill('?').join()})`;
const ofOne = 'SELECT prefix, seq FROM hashed WHERE prefix = ?';
const none: readonly number[] = [];

interface Settling {
  readonly table: HashTable;
  readonly prefixes: Float64Array;
  readonly seqs: Float64Array;
  /** The places in both, by prefix. */
  readonly order: Uint32Array;
  readonly last: number;
  done: number;
}

function inOrder(table: HashTable): Pick<Settling, 'prefixes' | 'seqs' | 'order'> {
  const [prefixes, seqs] = [new Float64Array(table.size), new Float64Array(table.size)];
  // The highest bits of each with its place behind them: numbers alone are sorted many times as fast as by asking for each two, and in the tree it matters only what lies together.
  const keys = new Float64Array(table.size);
  const places = 2 ** Math.ceil(Math.log2(table.size));
  const rest = places / 2 ** (53 - prefixBits);
  let place = 0;
  table.each((bytes, at, seq) => {
    const prefix = prefixOf(bytes, at);
    prefixes[place] = prefix;
    seqs[place] = seq;
    keys[place] = Math.floor(prefix / Math.max(1, rest)) * places + place;
    place += 1;
  });
  return { prefixes, seqs, order: Uint32Array.from(keys.sort(), (key) => key % places) };
}

/** The first six bytes: as much as a number holds exactly, and more. */
const prefixOf = (bytes: Uint8Array, start = 0): number => {
  const at = (index: number): number => bytes[start + index] as number;
  return (at(0) * 256 + at(1)) * 2 ** 32 + (((at(2) << 24) | (at(3) << 16) | (at(4) << 8) | at(5)) >>> 0);
};
const prefixBits = 48;
