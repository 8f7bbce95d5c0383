import { existsSync } from 'node:fs';
import { envelopeDigest } from '../../protocol/envelope.ts';
import { bytesOf, type Database, openDatabase } from '../store/driver.ts';
import { steps } from '../store/migrations.ts';
import { StoreError } from '../store/store.ts';

/** What a database of a node holds. */
export interface Contents {
  readonly version: number;
  readonly envelopes: number;
  readonly topics: number;
}

/** Digests that are computed again: spread over the whole. */
const checkedRows = 1000;

/** Opens a database file, does something with it and closes it. @throws StoreError when there is none */
export function withDatabase<T>(path: string, work: (database: Database) => T): T {
  if (!existsSync(path)) throw new StoreError(`There is no database ${path}.`);
  const database = openDatabase(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Checks a database as a whole: its structure, and the digests of rows all over it. @throws StoreError saying what is wrong with it */
export function checkDatabase(path: string): Contents {
  return withDatabase(path, (database) => {
    const all = (sql: string) => {
      try {
        return database.prepare(sql).all();
      } catch (cause) {
        throw new StoreError(`${path} is damaged or no database of a node: ${(cause as Error).message}`, { cause });
      }
    };
    const version = Number(all('PRAGMA user_version')[0]?.['user_version']);
    if (version > steps.length) throw new StoreError(`${path} was written by a newer version of Parley (format ${version}).`);
    if (version === 0) throw new StoreError(`${path} is no database of a node.`);
    const [first] = all('PRAGMA integrity_check(1)');
    if (first?.['integrity_check'] !== 'ok') throw new StoreError(`${path} is damaged: ${String(first?.['integrity_check'])}`);
    const count = (table: string): number => Number(all(`SELECT count(*) AS count FROM ${table}`)[0]?.['count']);
    const envelopes = count('envelope');
    const stride = Math.max(1, Math.floor(envelopes / checkedRows));
    const rows = all(
      `SELECT seq, name, digest, message FROM envelope JOIN topic ON topic.id = envelope.topic WHERE seq % ${stride} = 0 LIMIT ${checkedRows}`,
    );
    for (const row of rows) {
      const digest = envelopeDigest(String(row['name']), bytesOf(row['message']));
      if (Buffer.compare(digest, bytesOf(row['digest'])) !== 0)
        throw new StoreError(`${path} is damaged: row ${row['seq']} is not what was stored`);
    }
    return { version, envelopes, topics: count('topic') };
  });
}
