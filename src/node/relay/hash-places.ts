import type { Statement } from '../store/driver.ts';
import { insertAll, rowsAtOnce } from './rows.ts';

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
  #fresh: Places = new Map();
  #last = 0;
  #settling: Settling | null = null;

  constructor(run: (sql: string) => Statement, many = manyHashes) {
    this.#run = run;
    this.#many = many;
  }

  /** A message that has its place now, after all before. */
  add(hash: Uint8Array, seq: number): void {
    put(this.#fresh, prefixOf(hash), seq);
    this.#last = seq;
    if (this.#fresh.size < this.#many || this.#settling) return;
    this.#settling = { prefixes: Float64Array.from(this.#fresh.keys()).sort(), places: this.#fresh, last: this.#last, done: 0 };
    this.#fresh = new Map();
  }

  /** Whether there are so many that they are to be sorted in. */
  get areMany(): boolean {
    return this.#settling !== null;
  }

  /** Within a transaction: sorts in some more. `settled` is called once they are there; `upTo`: the number up to which all are then, if that is more than before. */
  settle(rows: number): { readonly upTo: number | null; readonly settled: () => void } {
    const settling = this.#settling;
    if (!settling) return { upTo: null, settled: () => {} };
    const end = Math.min(settling.prefixes.length, settling.done + rows);
    insertAll(
      this.#run,
      'INSERT OR IGNORE INTO hashed VALUES',
      [...settling.prefixes.subarray(settling.done, end)].flatMap((prefix) => seqsIn(settling.places, prefix).map((seq) => [prefix, seq])),
    );
    const isAll = end === settling.prefixes.length;
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
    const prefixes = hashes.map(prefixOf);
    const found = new Map<number, number[]>();
    for (const prefix of prefixes) {
      const seqs = [...seqsIn(this.#fresh, prefix), ...seqsIn(this.#settling?.places, prefix)];
      if (seqs.length > 0) found.set(prefix, seqs);
    }
    for (let at = 0; at < prefixes.length; at += rowsAtOnce) {
      const some = prefixes.slice(at, at + rowsAtOnce);
      // One statement for any number of them: one that is there twice is found once.
      const asked = [...some, ...Array.from({ length: rowsAtOnce - some.length }, () => some[0] as number)];
      for (const row of this.#run(`SELECT prefix, seq FROM hashed WHERE prefix IN (${Array(rowsAtOnce).fill('?').join()})`).all(...asked)) {
        const [prefix, seq] = [Number(row['prefix']), Number(row['seq'])];
        const seqs = found.get(prefix);
        if (!seqs) found.set(prefix, [seq]);
        else if (!seqs.includes(seq)) seqs.push(seq);
      }
    }
    return prefixes.map((prefix) => found.get(prefix) ?? []);
  }
}

/** Hardly any two begin alike. */
type Places = Map<number, number | number[]>;

interface Settling {
  /** In their order. */
  readonly prefixes: Float64Array;
  readonly places: Places;
  readonly last: number;
  done: number;
}

/** The first six bytes: as much as a number holds exactly, and more. */
const prefixOf = (hash: Uint8Array): number => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = hash;
  return (a * 256 + b) * 2 ** 32 + (((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
};

const seqsIn = (places: Places | undefined, prefix: number): number[] => [places?.get(prefix) ?? []].flat();

function put(places: Places, prefix: number, seq: number): void {
  const there = places.get(prefix);
  places.set(prefix, there === undefined ? seq : [there, seq].flat());
}
