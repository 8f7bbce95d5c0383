import { bytesOf, type Statement } from '../store/driver.ts';
import { insertAll } from './rows.ts';
import type { Indexed, Segments } from './segments.ts';

/** A stretch of time; the cursor is the last message that was seen. */
export interface TimeWindow {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly cursor: { readonly hash: Uint8Array; readonly timestampNs: bigint } | undefined;
  readonly ascending: boolean;
  readonly limit: number;
}

export const timeShape = `
  -- Messages by their time and hash, as far as somebody asked.
  CREATE TABLE IF NOT EXISTS timed (ts INTEGER NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (ts, hash)) STRICT, WITHOUT ROWID;
`;

/** Messages by their time: the order in which other stores of Waku are read. Nodes of our kind never ask for it, so it is made when somebody does. */
export class TimePlaces {
  readonly #run: (sql: string) => Statement;
  readonly #segments: Segments;

  constructor(run: (sql: string) => Statement, segments: Segments) {
    this.#run = run;
    this.#segments = segments;
  }

  /** Within a transaction: sorts in some more of those after this number. Answers the number up to which all are there; null when there were no more. */
  sortIn(after: number, rows: number): number | null {
    const more = this.#segments.after(after, rows);
    insertAll(
      this.#run,
      'INSERT OR REPLACE INTO timed VALUES',
      more.flatMap(({ isGone, timestampNs, hash, seq }) => (isGone ? [] : [[timestampNs, hash, seq]])),
    );
    return more.at(-1)?.seq ?? null;
  }

  /** Within a transaction: the store has deleted this one. */
  forget({ timestampNs, hash }: Indexed): void {
    this.#run('DELETE FROM timed WHERE ts = ? AND hash = ?').run(timestampNs, hash);
  }

  window({ startNs, endNs, cursor, ascending, limit }: TimeWindow): Indexed[] {
    const conditions = ['TRUE'];
    const values: (bigint | Uint8Array)[] = [];
    if (startNs !== undefined) conditions.push('ts >= ?') && values.push(startNs);
    if (endNs !== undefined) conditions.push('ts <= ?') && values.push(endNs);
    if (cursor) conditions.push(`(ts, hash) ${ascending ? '>' : '<'} (?, ?)`) && values.push(cursor.timestampNs, cursor.hash);
    const order = ascending ? 'ts, hash' : 'ts DESC, hash DESC';
    return this.#run(`SELECT ts, hash, seq FROM timed WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`)
      .all(...values, limit)
      .map((row) => ({ hash: bytesOf(row['hash']), seq: Number(row['seq']), timestampNs: row['ts'] as bigint }));
  }
}
