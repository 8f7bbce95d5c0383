import type { SqlValue } from './driver.ts';
import { maxTimestampNs, type StoreQuery } from './store.ts';

/** A row before its message is read. */
export interface Place {
  readonly topic: string;
  readonly seq: bigint;
  readonly timestampNs: bigint;
  readonly digest: Uint8Array;
}

/** A row by as few values as can be: each blob by itself costs as much as finding it. */
export const packedRow = 'ts, CAST(digest || message AS BLOB) AS packed';
const digestLength = 32;

/** Takes `packed` apart. */
export const unpack = (packed: Uint8Array): { readonly digest: Uint8Array; readonly message: Uint8Array } => ({
  digest: packed.subarray(0, digestLength),
  message: packed.subarray(digestLength),
});

/** Leaves of the places of several topics those that come first in the common order. */
export function keepFirst(places: Place[], { ascending, limit }: StoreQuery): void {
  const sign = ascending ? 1 : -1;
  places.sort(
    (a, b) => sign * (a.timestampNs === b.timestampNs ? Buffer.compare(a.digest, b.digest) : a.timestampNs < b.timestampNs ? -1 : 1),
  );
  if (places.length > limit) places.length = limit;
}

/** Asks where the first rows of one topic are, which the index alone answers, or for the rows themselves. Null if there can be none. */
export function placesOf(
  topicId: number,
  { startNs, endNs, limit, ascending, cursor }: StoreQuery,
  columns: 'seq, ts, digest' | typeof packedRow = 'seq, ts, digest',
): { readonly sql: string; readonly values: SqlValue[] } | null {
  const conditions = ['topic = ?'];
  const values: SqlValue[] = [topicId];
  const also = (condition: string, ...more: SqlValue[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  if (startNs > maxTimestampNs) return null;
  if (startNs > 0n) also('ts >= ?', startNs);
  if (endNs > 0n && endNs <= maxTimestampNs) also('ts <= ?', endNs);
  const beyond = ascending ? '>' : '<';
  // As the reference: without a time the digest alone compares, without a digest the cursor says nothing (SPEC 13.5).
  if (cursor && cursor.digest.length > 0) {
    if (cursor.timestampNs > maxTimestampNs) {
      if (ascending) return null;
    } else if (cursor.timestampNs > 0n) also(`(ts, digest) ${beyond} (?, ?)`, cursor.timestampNs, cursor.digest);
    else also(`digest ${beyond} ?`, cursor.digest);
  }
  const order = ascending ? 'ts, digest' : 'ts DESC, digest DESC';
  const sql = `SELECT ${columns} FROM envelope WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`;
  return { sql, values: [...values, limit] };
}
