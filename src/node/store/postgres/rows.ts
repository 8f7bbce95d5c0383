import type { CommittedEnvelope } from '../store.ts';

/** A row of the table of envelopes. */
export const committedOf = (row: Record<string, unknown>): CommittedEnvelope => ({
  seq: Number(row['seq']),
  topic: String(row['topic']),
  timestampNs: BigInt(String(row['ts'])),
  message: plain(row['message']),
});

/** The bytes of a column, as an array and no buffer. */
export const plain = (value: unknown): Uint8Array => {
  const { buffer, byteOffset, byteLength } = value as Buffer;
  return new Uint8Array(buffer, byteOffset, byteLength);
};
