import { envelopeDigest } from '../../protocol/envelope.ts';
import type { Clock } from '../../protocol/time.ts';
import type { Connection } from './connection.ts';
import { noteContact, takeContact } from './contact-rows.ts';
import type { Statement } from './driver.ts';
import { type ContactFacts, type NewEnvelope, NotNewerError, StoreError } from './store.ts';

/** The sequence numbers of one append, null for what was there; or that a contact of it is not newer, and nothing of it is stored. */
export type Outcome = readonly (number | null)[] | NotNewerError;

/** All that writes into a database of SQLite. Everything throws StoreError only. */
export class Writer {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Takes some appends in one transaction, each whole or not at all; after it returns they are durable. */
  write(appends: readonly (readonly NewEnvelope[])[]): Outcome[] {
    try {
      this.#run('BEGIN IMMEDIATE');
      const outcomes = appends.map((envelopes) => this.#insertAll(envelopes));
      this.#run('COMMIT');
      return outcomes;
    } catch (cause) {
      this.#rollBack();
      throw new StoreError(`the store cannot write: ${(cause as Error).message}`, { cause });
    }
  }

  /** See `Store.forget`. */
  forget(prefix: string, beforeMs: number, limit: number): number {
    // Names are compared as ranges: `_` and `%` mean nothing here.
    const { changes } = this.#connection
      .statement(
        `DELETE FROM envelope WHERE seq IN (
         SELECT seq FROM envelope JOIN topic ON topic.id = envelope.topic
         WHERE topic.name >= ? AND topic.name < ? AND received < ? LIMIT ?
       )`,
      )
      .run(prefix, `${prefix}\u{10ffff}`, beforeMs, limit);
    return changes;
  }

  /** Writes a page, as large as a small message. */
  probe(): void {
    this.#run("INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', randomblob(512))");
  }

  /** Leaves one file; a failure here loses nothing, since the log that stays is read at the next start. */
  checkpoint(): void {
    try {
      this.#connection.statement('PRAGMA wal_checkpoint(TRUNCATE)').all();
    } catch {
      // Nothing is lost: see above.
    }
  }

  /** The envelopes of one publish, inside the common transaction. Only contacts can be refused here, and only then does it need a way back. */
  #insertAll(envelopes: readonly NewEnvelope[]): Outcome {
    if (!envelopes.some(({ contact }) => contact)) return envelopes.map((envelope) => this.#insert(envelope));
    this.#run('SAVEPOINT publish');
    let outcome: Outcome;
    try {
      outcome = envelopes.map((envelope) => (envelope.contact ? this.#insertContact(envelope, envelope.contact) : this.#insert(envelope)));
    } catch (error) {
      // After a fault of the disk there may be nothing left to go back from: the whole transaction ends, and the fault is what is told.
      if (!(error instanceof NotNewerError)) throw error;
      this.#run('ROLLBACK TO publish');
      this.#connection.forgetTopics();
      outcome = error;
    }
    this.#run('RELEASE publish');
    return outcome;
  }

  #insert({ topic, timestampNs, message }: NewEnvelope): number | null {
    const { changes, lastId } = this.#connection
      .statement('INSERT OR IGNORE INTO envelope (topic, ts, digest, received, message) VALUES (?, ?, ?, ?, ?)')
      .run(this.#topicId(topic), timestampNs, envelopeDigest(topic, message), this.#clock(), message);
    return changes === 1 ? lastId : null;
  }

  #insertContact(envelope: NewEnvelope, facts: ContactFacts): number | null {
    const topic = this.#topicId(envelope.topic);
    const statement = (sql: string): Statement => this.#connection.statement(sql);
    if (!takeContact(statement, topic, envelope, facts)) return null;
    const seq = this.#insert(envelope);
    if (seq !== null) noteContact(statement, topic, seq, facts);
    return seq;
  }

  #topicId(name: string): number {
    const known = this.#connection.findTopic(name);
    if (known !== undefined) return known;
    const { lastId } = this.#connection.statement('INSERT INTO topic (name) VALUES (?)').run(name);
    this.#connection.remember(name, lastId);
    return lastId;
  }

  #run(sql: string): void {
    this.#connection.statement(sql).run();
  }

  #rollBack(): void {
    this.#connection.forgetTopics();
    try {
      this.#run('ROLLBACK');
    } catch {
      // Nothing was begun, or SQLite has rolled back by itself.
    }
  }
}
