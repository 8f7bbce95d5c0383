import type { SqlValue } from './driver.ts';
import { maxTimestampNs, type StoredEnvelope, type StoreQuery } from './store.ts';

/** A row before its message is read. */
export interface Place {
  readonly topic: string;
  readonly seq: bigint;
  readonly timestampNs: bigint;
  readonly digest: Uint8Array;
}

/** Rows of one topic that are read as one value; more of them by their places, so that no value becomes too large. */
export const mostPacked = 100;
/** What is asked of each row to be packed: time, length of the message, digest, message. */
const packedRow = "printf('%019d%09d', ts, length(message)) || digest || message AS packed";
const [timeLength, lengthLength, digestLength] = [19, 9, 32];

/** Asks for the first rows of one topic as one value: what SQLite hands over costs by its values, and not by its bytes. Null if there can be none. */
export function packedOf(topicId: number, query: StoreQuery): Question | null {
  const question = placesOf(topicId, query, packedRow);
  // The order is that of the rows within, which have one because they have a limit.
  return question && { ...question, sql: `SELECT CAST(group_concat(packed, '') AS BLOB) AS packed FROM (${question.sql})` };
}

/** Takes apart what `packedOf` found. */
export function unpack(topic: string, packed: Uint8Array): StoredEnvelope[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const rows: StoredEnvelope[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lengthAt = at + timeLength;
    const digestAt = lengthAt + lengthLength;
    const messageAt = digestAt + digestLength;
    const end = messageAt + Number(bytes.toString('latin1', lengthAt, digestAt));
    rows.push({
      topic,
      timestampNs: BigInt(bytes.toString('latin1', at, lengthAt)),
      digest: new Uint8Array(bytes.buffer, bytes.byteOffset + digestAt, digestLength),
      message: new Uint8Array(bytes.buffer, bytes.byteOffset + messageAt, end - messageAt),
    });
    at = end;
  }
  return rows;
}

/** Leaves of the places of several topics those that come first in the common order. */
export function keepFirst(places: Place[], { ascending, limit }: StoreQuery): void {
  const sign = ascending ? 1 : -1;
  places.sort(
    (a, b) => sign * (a.timestampNs === b.timestampNs ? Buffer.compare(a.digest, b.digest) : a.timestampNs < b.timestampNs ? -1 : 1),
  );
  if (places.length > limit) places.length = limit;
}

interface Question {
  readonly sql: string;
  readonly values: SqlValue[];
}

/** Asks where the first rows of one topic are, which the index alone answers, or for other columns of them. Null if there can be none. */
export function placesOf(
  topicId: number,
  { startNs, endNs, limit, ascending, cursor }: StoreQuery,
  columns = 'seq, ts, digest',
): Question | null {
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
