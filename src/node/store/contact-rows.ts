import { envelopeDigest } from '../../protocol/envelope.ts';
import { decideAmong, decideOnPublished } from './contacts.ts';
import { bytesOf, type Statement } from './driver.ts';
import type { ContactFacts, NewEnvelope } from './store.ts';

type Prepare = (sql: string) => Statement;

/** Decides inside the transaction of the insert whether a contact is stored, and remembers the newest of its topic. @throws NotNewerError */
export function takeContact(statement: Prepare, topic: number, envelope: NewEnvelope, facts: ContactFacts): boolean {
  const row = statement('SELECT created, keys, versions, ts FROM contact WHERE topic = ?').get(topic);
  const newest = row && {
    createdMs: Number(row['created']),
    keys: bytesOf(row['keys']),
    versions: Number(row['versions']),
    timestampNs: row['ts'] as bigint,
  };
  const { topic: name, timestampNs, message } = envelope;
  const decision = facts.relayed
    ? decideAmong({ ...facts, timestampNs, digest: envelopeDigest(name, message) }, known(statement, topic), newest)
    : decideOnPublished(facts, timestampNs, newest);
  for (const { seq } of decision.gone) statement('DELETE FROM envelope WHERE seq = ?').run(seq);
  if (decision.newest) {
    const { createdMs, keys, versions, timestampNs: ts } = decision.newest;
    statement('INSERT OR REPLACE INTO contact (topic, created, keys, versions, ts) VALUES (?, ?, ?, ?, ?)').run(
      topic,
      createdMs,
      keys,
      versions,
      ts,
    );
  }
  return decision.take;
}

/** Writes down what a stored contact is, for those that come from other nodes later. */
export function noteContact(statement: Prepare, topic: number, seq: number, { createdMs, keys, version }: ContactFacts): void {
  statement('INSERT INTO contact_row (seq, topic, created, keys, version) VALUES (?, ?, ?, ?, ?)').run(
    seq,
    topic,
    createdMs,
    keys,
    version,
  );
}

const known = (statement: Prepare, topic: number) =>
  statement('SELECT seq, created, keys, version, ts, digest FROM contact_row JOIN envelope USING (seq) WHERE contact_row.topic = ?')
    .all(topic)
    .map((row) => ({
      seq: row['seq'] as bigint,
      createdMs: Number(row['created']),
      keys: bytesOf(row['keys']),
      version: Number(row['version']),
      timestampNs: row['ts'] as bigint,
      digest: bytesOf(row['digest']),
    }));
