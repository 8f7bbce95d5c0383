import type { Database } from './driver.ts';
import { StoreError } from './store.ts';

/** Step N leads from version N to N+1. Steps that were released never change; a change of shape is a further step. */
export const steps: readonly string[] = [
  `
  CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE envelope (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic INTEGER NOT NULL REFERENCES topic (id),
    ts INTEGER NOT NULL,
    digest BLOB NOT NULL,
    received INTEGER NOT NULL,
    message BLOB NOT NULL,
    UNIQUE (topic, ts, digest)
  ) STRICT;

  -- The newest verified contact of a contact topic: what the next one is compared with.
  CREATE TABLE contact (
    topic INTEGER PRIMARY KEY REFERENCES topic (id),
    created INTEGER NOT NULL,
    keys BLOB NOT NULL,
    versions INTEGER NOT NULL,
    ts INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What the store is: its random id, by which clients tell whose sequence a number is from.
  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO meta (name, value) VALUES ('id', randomblob(16));
  `,
  `
  -- Every verified contact: which of them stay is decided among all of a topic when they come from other nodes.
  CREATE TABLE contact_row (
    seq INTEGER PRIMARY KEY REFERENCES envelope (seq) ON DELETE CASCADE,
    topic INTEGER NOT NULL REFERENCES topic (id),
    created INTEGER NOT NULL,
    keys BLOB NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX contact_row_topic ON contact_row (topic);
  `,
];

/** Brings a database to the shape that this program knows, by all steps that it lacks or none. @throws StoreError when a newer program wrote it. */
export function migrate(database: Database, known: readonly string[] = steps): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > known.length)
    throw new StoreError(`The data was written by a newer version of Parley (format ${version}; this one knows up to ${known.length}).`);
  if (version === known.length) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    for (const step of known.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${known.length}`);
    database.exec('COMMIT');
  } catch (cause) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself; what went wrong before is what counts.
    }
    throw cause;
  }
}
