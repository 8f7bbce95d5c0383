import { decideAmong, decideOnPublished, type KnownContact } from '../contacts.ts';
import { digestOf } from '../digest.ts';
import { type ContactFacts, type NewEnvelope, NotNewerError } from '../store.ts';
import { type Client, give, type Pool, take } from './client.ts';
import { rowsPerTransaction } from './schema.ts';

/** The sequence numbers of one append, null for what was there; or that a contact of it is not newer, and nothing of it is stored. */
export type Outcome = readonly (number | null)[] | NotNewerError;

/** SQLSTATE of what may succeed when it is tried again: serialization failure, deadlock. */
const again = new Set(['40001', '40P01']);
const tries = 5;

/** Writes some appends in one transaction, each whole or not at all. @throws the database's error */
export async function writeAll(pool: Pool, base: bigint, appends: readonly (readonly NewEnvelope[])[], nowMs: number): Promise<Outcome[]> {
  for (let attempt = 1; ; attempt++) {
    const client = await take(pool);
    try {
      await client.query('BEGIN');
      const outcomes = await new Transaction(client, base, nowMs).write(appends);
      await client.query('COMMIT');
      give(client);
      return outcomes;
    } catch (error) {
      await client.query('ROLLBACK').then(
        () => give(client),
        () => give(client, true),
      );
      if (attempt >= tries || !again.has(String((error as { code?: unknown }).code))) throw error;
    }
  }
}

interface Row extends NewEnvelope {
  /** Its place in the transaction. */
  readonly place: number;
  readonly digest: Uint8Array;
}

class Transaction {
  readonly #client: Client;
  readonly #base: bigint;
  readonly #nowMs: number;

  constructor(client: Client, base: bigint, nowMs: number) {
    this.#client = client;
    this.#base = base;
    this.#nowMs = nowMs;
  }

  async write(appends: readonly (readonly NewEnvelope[])[]): Promise<Outcome[]> {
    let places = 0;
    const numbered = appends.map((envelopes) =>
      envelopes.map((envelope): Row => ({ ...envelope, place: places++, digest: digestOf(envelope.topic, envelope.message) })),
    );
    const contacts = [...new Set(numbered.flat().flatMap(({ contact, topic }) => (contact ? [topic] : [])))].sort();
    // Two nodes that take contacts of one wallet do it one after the other; in one order, so that they never wait for each other.
    for (const topic of contacts) await this.#client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [topic]);
    // All that has no contact goes in at once.
    const plain = await this.#insert(numbered.filter((rows) => !rows.some(({ contact }) => contact)).flat());
    const outcomes: Outcome[] = [];
    for (const rows of numbered) {
      if (rows.some(({ contact }) => contact)) outcomes.push(await this.#writeWithContacts(rows));
      else outcomes.push(rows.map(({ place }) => plain.get(place) ?? null));
    }
    return outcomes;
  }

  async #writeWithContacts(rows: readonly Row[]): Promise<Outcome> {
    await this.#client.query('SAVEPOINT publish');
    try {
      const seqs: (number | null)[] = [];
      for (const row of rows) seqs.push(row.contact ? await this.#insertContact(row, row.contact) : await this.#insertOne(row));
      return seqs;
    } catch (error) {
      if (!(error instanceof NotNewerError)) throw error;
      await this.#client.query('ROLLBACK TO publish');
      return error;
    } finally {
      await this.#client.query('RELEASE publish').catch(() => {});
    }
  }

  async #insertOne(row: Row): Promise<number | null> {
    return (await this.#insert([row])).get(row.place) ?? null;
  }

  async #insertContact(row: Row, facts: ContactFacts): Promise<number | null> {
    const { topic, timestampNs, digest } = row;
    const { rows } = await this.#client.query('SELECT created, keys, versions, ts FROM contact WHERE topic = $1', [topic]);
    const [found] = rows;
    const newest = found && {
      createdMs: Number(found['created']),
      keys: found['keys'] as Buffer,
      versions: Number(found['versions']),
      timestampNs: BigInt(String(found['ts'])),
    };
    const decision = facts.relayed
      ? decideAmong({ ...facts, timestampNs, digest }, await this.#known(topic), newest)
      : decideOnPublished(facts, timestampNs, newest);
    if (decision.gone.length > 0)
      await this.#client.query('DELETE FROM envelope WHERE seq = ANY ($1)', [decision.gone.map(({ seq }) => seq)]);
    if (decision.newest) {
      const { createdMs, keys, versions, timestampNs: ts } = decision.newest;
      await this.#client.query(
        `INSERT INTO contact (topic, created, keys, versions, ts) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (topic) DO UPDATE SET created = excluded.created, keys = excluded.keys, versions = excluded.versions, ts = excluded.ts`,
        [topic, createdMs, Buffer.from(keys), versions, ts],
      );
    }
    const seq = decision.take ? await this.#insertOne(row) : null;
    if (seq !== null)
      await this.#client.query('INSERT INTO contact_row (seq, topic, created, keys, version) VALUES ($1, $2, $3, $4, $5)', [
        seq,
        topic,
        facts.createdMs,
        Buffer.from(facts.keys),
        facts.version,
      ]);
    return seq;
  }

  async #known(topic: string): Promise<(KnownContact & { readonly seq: number })[]> {
    const { rows } = await this.#client.query(
      'SELECT seq, created, keys, version, ts, digest FROM contact_row JOIN envelope USING (seq) WHERE contact_row.topic = $1',
      [topic],
    );
    return rows.map((row) => ({
      seq: Number(row['seq']),
      createdMs: Number(row['created']),
      keys: row['keys'] as Buffer,
      version: Number(row['version']),
      timestampNs: BigInt(String(row['ts'])),
      digest: row['digest'] as Buffer,
    }));
  }

  /** Inserts what is not there, and answers the sequence numbers by place. In the order of the key, so that writers of the same rows never wait for each other. */
  async #insert(rows: readonly Row[]): Promise<Map<number, number>> {
    if (rows.length === 0) return new Map();
    const { rows: inserted } = await this.#client.query(
      `INSERT INTO envelope (seq, topic, ts, digest, received, message)
       SELECT (pg_current_xact_id()::text::bigint - $1::bigint) * ${rowsPerTransaction} + place, topic, ts, digest, $2::bigint, message
       FROM unnest($3::int[], $4::text[], $5::bigint[], $6::bytea[], $7::bytea[]) AS row (place, topic, ts, digest, message)
       ORDER BY topic COLLATE "C", ts, digest, place
       ON CONFLICT (topic, ts, digest) DO NOTHING
       RETURNING seq`,
      [
        this.#base,
        this.#nowMs,
        rows.map(({ place }) => place),
        rows.map(({ topic }) => topic),
        rows.map(({ timestampNs }) => timestampNs),
        rows.map(({ digest }) => Buffer.from(digest)),
        rows.map(({ message }) => Buffer.from(message.buffer, message.byteOffset, message.byteLength)),
      ],
    );
    return new Map(inserted.map((row) => [Number(row['seq']) % rowsPerTransaction, Number(row['seq'])]));
  }
}
