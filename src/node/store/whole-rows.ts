import { bytesOf, type Row } from './driver.ts';
import type { CommittedEnvelope } from './store.ts';

/** Envelopes with all that is kept of them; what is to be said of which rows comes behind it. */
export const wholeRow = 'SELECT seq, name, ts, message FROM envelope JOIN topic ON topic.id = envelope.topic';

export const committedOf = (row: Row): CommittedEnvelope => ({
  seq: Number(row['seq']),
  topic: String(row['name']),
  timestampNs: row['ts'] as bigint,
  message: bytesOf(row['message']),
});
