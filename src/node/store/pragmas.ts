import type { Database } from './driver.ts';

const set = (database: Database, pragmas: readonly string[]): void => {
  for (const pragma of pragmas) database.prepare(`PRAGMA ${pragma}`).all();
};

/**
 * FULL: a commit is on the disk before it is acknowledged. The log is moved into the file from 128 MB on, and meanwhile who publishes waits: with half of that one in a thousand waits half as long again, and the
 * longest wait is half as long.
 */
export const openForWriting = (database: Database): void =>
  set(database, ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'wal_autocheckpoint = 32768', 'cache_size = -16384']);

/** What reads beside another connection that writes. Four megabytes hold the upper pages of all trees; messages are read from all over the file, and lie in the system's cache if anywhere. */
export const openForReading = (database: Database): void => set(database, ['query_only = ON', 'cache_size = -4096']);
