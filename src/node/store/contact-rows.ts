import { envelopeDigest } from '../../protocol/envelope.ts';
import { compareKeys, type KnownContact, outranks } from './contacts.ts';
import { bytesOf, type Statement } from './driver.ts';
import { type ContactFacts, type NewEnvelope, NotNewerError } from './store.ts';

type Prepare = (sql: string) => Statement;

/** Decides inside the transaction of the insert whether a contact is stored, and remembers the newest of its topic. @throws NotNewerError */
export function takeContact(statement: Prepare, topic: number, envelope: NewEnvelope, facts: ContactFacts): boolean {
  return facts.relayed ? agreeOn(statement, topic, envelope, facts) : compareWithNewest(statement, topic, envelope, facts);
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

/** One that its owner publishes here: it must be newer than the newest, or say the same. */
function compareWithNewest(
  statement: Prepare,
  topic: number,
  { timestampNs }: NewEnvelope,
  { version, createdMs, keys, mustBeNewer }: ContactFacts,
): boolean {
  const newest = statement(newestContact).get(topic);
  let versions = version as number;
  if (newest) {
    if (Buffer.compare(bytesOf(newest['keys']), keys) === 0) {
      const seen = Number(newest['versions']);
      // Clients publish each bundle in both formats, and again whenever they like; once each is enough.
      if ((seen & version) !== 0) return !mustBeNewer;
      versions |= seen;
    } else if (createdMs <= Number(newest['created'])) {
      if (mustBeNewer) throw new NotNewerError('the pre-key is not newer than that of the contact which the topic has');
      return true;
    } else if (mustBeNewer && timestampNs < (newest['ts'] as bigint)) {
      throw new NotNewerError('the envelope is older than the contact which the topic has, so nobody would find it');
    }
  }
  const ts = newest && (newest['ts'] as bigint) > timestampNs ? (newest['ts'] as bigint) : timestampNs;
  statement(setNewest).run(topic, createdMs, keys, versions, ts);
  return true;
}

/** One that another node took: it finds its place among all of its topic, and those that have none beside it go. */
function agreeOn(
  statement: Prepare,
  topic: number,
  { topic: name, timestampNs, message }: NewEnvelope,
  { createdMs, keys, version }: ContactFacts,
): boolean {
  const one: KnownContact = { createdMs, keys, version, timestampNs, digest: envelopeDigest(name, message) };
  const known = statement(
    'SELECT seq, created, keys, version, ts, digest FROM contact_row JOIN envelope USING (seq) WHERE contact_row.topic = ?',
  )
    .all(topic)
    .map((row) => ({
      seq: row['seq'] as bigint,
      createdMs: Number(row['created']),
      keys: bytesOf(row['keys']),
      version: Number(row['version']),
      timestampNs: row['ts'] as bigint,
      digest: bytesOf(row['digest']),
    }));
  if (known.some((other) => outranks(other, one))) return false;
  const gone = known.filter((other) => outranks(one, other));
  for (const { seq } of gone) statement('DELETE FROM envelope WHERE seq = ?').run(seq);
  const newest = statement(newestContact).get(topic);
  const newer = newest ? compareKeys(one, { createdMs: Number(newest['created']), keys: bytesOf(newest['keys']) }) : 1;
  if (newer < 0) return true;
  const beside = known.filter((other) => !gone.includes(other) && compareKeys(one, other) === 0);
  let latest = timestampNs;
  for (const other of beside) if (other.timestampNs > latest) latest = other.timestampNs;
  const versions = beside.reduce((seen, other) => seen | other.version, version as number);
  statement(setNewest).run(topic, createdMs, keys, versions, latest);
  return true;
}

const newestContact = 'SELECT created, keys, versions, ts FROM contact WHERE topic = ?';
const setNewest = 'INSERT OR REPLACE INTO contact (topic, created, keys, versions, ts) VALUES (?, ?, ?, ?, ?)';
