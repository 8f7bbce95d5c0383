import { bytesOf, type Statement } from '../store/driver.ts';
import { writeTime } from './write-time.ts';

/** A message of the store. */
export interface Indexed {
  readonly hash: Uint8Array;
  readonly seq: number;
  readonly timestampNs: bigint;
}

/** What is remembered of it. */
export interface Placed extends Indexed {
  /** The bundle that has its voucher; 0 for none. */
  readonly bundle: number;
  /** Whether the store has deleted it. */
  readonly isGone: boolean;
}

export const segmentShape = `
  -- Messages in the order of the store, some hundreds to a row: see segments.ts.
  CREATE TABLE IF NOT EXISTS segment (first INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT;
`;

/** Of each message its hash (32 bytes), its time (8; -1 once the store has deleted it), how far its number is from the first of the segment (4), and its bundle (4). */
const recordLength = 48;
const [timeAt, offsetAt, bundleAt] = [32, 40, 44];
const mostOffset = 2 ** 32 - 1;
const gone = -1n;
/** Those that were read of late: what is asked for together was stored together. */
const maxCached = 64;

interface Segment {
  readonly first: number;
  readonly records: Buffer;
  /** The same bytes, for numbers in them. */
  readonly numbers: DataView;
}

/** Messages in the order of the store: one row for some hundreds costs a fraction of a row for each. Everything that writes is called within a transaction. */
export class Segments {
  readonly #run: (sql: string) => Statement;
  readonly #cached = new Map<number, Segment>();

  constructor(run: (sql: string) => Statement) {
    this.#run = run;
  }

  /** Rows that come after all that are here; `bundles`: of each. */
  append(rows: readonly Indexed[], bundles: readonly number[]): void {
    // Of a store whose numbers leave gaps two neighbours may be too far from each other for one row.
    const tooFar = rows.findIndex(({ seq }) => seq - (rows[0] as Indexed).seq > mostOffset);
    if (tooFar > 0) {
      this.append(rows.slice(0, tooFar), bundles.slice(0, tooFar));
      this.append(rows.slice(tooFar), bundles.slice(tooFar));
      return;
    }
    const first = (rows[0] as Indexed).seq;
    const records = Buffer.allocUnsafe(rows.length * recordLength);
    for (let index = 0; index < rows.length; index++) {
      const { hash, seq, timestampNs } = rows[index] as Indexed;
      const at = index * recordLength;
      records.set(hash, at);
      writeTime(records, timestampNs, at + timeAt);
      records.writeUInt32BE(seq - first, at + offsetAt);
      records.writeUInt32BE(bundles[index] as number, at + bundleAt);
    }
    this.#run('INSERT OR REPLACE INTO segment VALUES (?, ?)').run(first, records);
    this.#cached.delete(first);
  }

  /** The message in one place of the store. */
  at(seq: number): Placed | null {
    const segment = this.#segmentOf(seq);
    const index = segment && indexOf(segment, seq);
    return segment && index !== null && index !== undefined ? placed(segment, index) : null;
  }

  /** The messages after a place, at most so many, and those that the store has deleted. */
  after(seq: number, limit: number): Placed[] {
    const found: Placed[] = [];
    const add = (segment: Segment): void => {
      for (let index = firstAfter(segment, seq); index < sizeOf(segment) && found.length < limit; index++)
        found.push(placed(segment, index));
    };
    const begun = this.#segmentOf(seq);
    if (begun) add(begun);
    for (let last = seq; found.length < limit; ) {
      const row = this.#run('SELECT first, records FROM segment WHERE first > ? ORDER BY first LIMIT 1').get(last);
      if (!row) break;
      const segment = segmentOf(row);
      add(segment);
      last = segment.first;
    }
    return found;
  }

  /** The store has deleted what was in this place. */
  forget(seq: number): void {
    const segment = this.#segmentOf(seq);
    const index = segment && indexOf(segment, seq);
    if (!segment || index === null || index === undefined) return;
    const records = Buffer.from(segment.records);
    records.writeBigInt64BE(gone, index * recordLength + timeAt);
    this.#run('UPDATE segment SET records = ? WHERE first = ?').run(records, segment.first);
    this.#cached.delete(segment.first);
  }

  #segmentOf(seq: number): Segment | undefined {
    for (const segment of this.#cached.values()) if (seq >= segment.first && seq <= lastOf(segment)) return segment;
    const row = this.#run('SELECT first, records FROM segment WHERE first <= ? ORDER BY first DESC LIMIT 1').get(seq);
    if (!row) return undefined;
    const segment = segmentOf(row);
    this.#cached.set(segment.first, segment);
    if (this.#cached.size > maxCached) this.#cached.delete(this.#cached.keys().next().value as number);
    return segment;
  }
}

function segmentOf(row: Record<string, unknown>): Segment {
  const bytes = bytesOf(row['records']);
  const { buffer, byteOffset, byteLength } = bytes;
  return {
    first: Number(row['first']),
    records: Buffer.from(buffer, byteOffset, byteLength),
    numbers: new DataView(buffer, byteOffset, byteLength),
  };
}

const sizeOf = ({ records }: Segment): number => records.length / recordLength;
const seqOf = ({ first, numbers }: Segment, index: number): number => first + numbers.getUint32(index * recordLength + offsetAt);
const lastOf = (segment: Segment): number => seqOf(segment, sizeOf(segment) - 1);

/** The first place in a segment that is after this number. */
function firstAfter(segment: Segment, seq: number): number {
  let [low, high] = [0, sizeOf(segment)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqOf(segment, middle) > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

function indexOf(segment: Segment, seq: number): number | null {
  const index = firstAfter(segment, seq) - 1;
  return index >= 0 && seqOf(segment, index) === seq ? index : null;
}

function placed(segment: Segment, index: number): Placed {
  const { records, numbers } = segment;
  const at = index * recordLength;
  const timestampNs = numbers.getBigInt64(at + timeAt);
  return {
    hash: records.subarray(at, at + 32),
    seq: seqOf(segment, index),
    timestampNs,
    bundle: numbers.getUint32(at + bundleAt),
    isGone: timestampNs === gone,
  };
}
