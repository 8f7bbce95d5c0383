import type { Connection } from './connection.ts';
import { noteContact, takeContact } from './contact-rows.ts';
import { digestOf } from './digest.ts';
import type { Row, Statement } from './driver.ts';
import { type ContactFacts, type ForgetWindow, type Forgotten, type NewEnvelope, NotNewerError, StoreError } from './store.ts';
import { sweptName } from './swept.ts';

/** The sequence numbers of one append, null for what was there; or that a contact of it is not newer, and nothing of it is stored. */
export type Outcome = readonly (number | null)[] | NotNewerError;

/** All that writes into a database of SQLite. Everything throws StoreError only. */
export class Writer {
  readonly #connection: Connection;
  #nowMs = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes some appends, received at `nowMs`, in one transaction, each whole or not at all; after it returns they are durable. */
  write(appends: readonly (readonly NewEnvelope[])[], nowMs: number): Outcome[] {
    this.#nowMs = nowMs;
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
  forget({ prefix, beforeMs, after, limit }: ForgetWindow): Forgotten {
    const rows = this.#connection
      .statement(
        `SELECT seq, received, topic, name FROM (SELECT seq, received, topic FROM envelope WHERE seq > ? ORDER BY seq LIMIT ?)
         JOIN topic ON topic.id = topic ORDER BY seq`,
      )
      .all(after, limit);
    const named = rows.filter(({ name }) => String(name).startsWith(prefix));
    const old = named.filter(({ received }) => Number(received) < beforeMs);
    if (old.length > 0) this.#delete(old);
    // A whole window without an old row is the end: rows lie in the order in which they were received, whatever the clock did for a while.
    const ended = rows.length < limit || !rows.some(({ received }) => Number(received) < beforeMs);
    return { gone: old.length, next: ended ? null : Number(rows.at(-1)?.['seq']), left: old.length < named.length };
  }

  /** See `Store.noteSwept`. */
  noteSwept(prefix: string, seq: number): void {
    try {
      this.#connection
        .statement('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
        .run(sweptName(prefix), Buffer.from(String(seq)));
    } catch (cause) {
      throw new StoreError(`the store cannot write: ${(cause as Error).message}`, { cause });
    }
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
      .run(this.#topicId(topic), timestampNs, digestOf(topic, message), this.#nowMs, message);
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

  #delete(rows: readonly Row[]): void {
    try {
      this.#run('BEGIN IMMEDIATE');
      for (const { seq } of rows) this.#connection.statement('DELETE FROM envelope WHERE seq = ?').run(seq as bigint);
      // The name with the highest id stays: the next topic gets the id after it, so that none means two topics in the course of time.
      for (const topic of new Set(rows.map((row) => row['topic'] as bigint)))
        this.#connection
          .statement(
            `DELETE FROM topic WHERE id = ?1 AND id < (SELECT max(id) FROM topic)
             AND NOT EXISTS (SELECT 1 FROM envelope WHERE topic = ?1) AND NOT EXISTS (SELECT 1 FROM contact WHERE topic = ?1)`,
          )
          .run(topic);
      this.#run('COMMIT');
    } catch (cause) {
      this.#rollBack();
      throw new StoreError(`the store cannot delete: ${(cause as Error).message}`, { cause });
    }
    this.#connection.forgetTopics();
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
