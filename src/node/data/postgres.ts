import { type Client, give, openPool, placeOf, take } from '../store/postgres/client.ts';
import { committedOf } from '../store/postgres/rows.ts';
import { steps } from '../store/postgres/schema.ts';
import { reasonOf } from '../store/reasons.ts';
import { type CommittedEnvelope, StoreError } from '../store/store.ts';
import type { Contents } from './inspect.ts';
import { countByKind, type Stats } from './stats.ts';

const pageSize = 1000;

/**
 * Reads a store in PostgreSQL as it is at one moment, without changing anything or keeping the nodes waiting that use it: a transaction that only reads has no number, and
 * their streams wait for those alone. @throws StoreError
 */
async function* reading<T>(url: string, work: (client: Client, place: string) => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const place = placeOf(url);
  const pool = openPool(url, 1);
  pool.on('error', () => {}); // whoever uses the connection hears of it
  try {
    const client = await take(pool);
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query("SELECT to_regclass('parley_version') IS NOT NULL AS there");
      if (rows[0]?.['there'] !== true) throw new StoreError(`There is no store of a node at ${place}.`);
      const version = Number((await client.query('SELECT version FROM parley_version')).rows[0]?.['version']);
      if (version > steps.length) throw new StoreError(`${place} was written by a newer version of Parley (format ${version}).`);
      if (version < steps.length)
        throw new StoreError(`${place} is of an older version (format ${version}); start the node once, which renews it.`);
      yield* work(client, place);
    } finally {
      give(client, true); // with it goes the transaction, wherever it stood
    }
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const what = reasonOf(cause) === 'damaged' ? 'is damaged' : 'cannot be read';
    throw new StoreError(`${place} ${what}: ${(cause as Error).message}`, { cause });
  } finally {
    await pool.end();
  }
}

async function readOnce<T>(url: string, work: (client: Client, place: string) => Promise<T>): Promise<T> {
  for await (const found of reading(url, async function* (client, place) {
    yield await work(client, place);
  }))
    return found;
  throw new StoreError(`${placeOf(url)} cannot be read.`);
}

/** As `readStats`. @throws StoreError */
export function readPostgresStats(url: string): Promise<Stats> {
  return readOnce(url, async (client) => {
    const topics = await client.query('SELECT topic, count(*) AS count, sum(length(message)) AS bytes FROM envelope GROUP BY topic');
    const { rows } = await client.query(
      `SELECT min(received) AS oldest, max(received) AS newest, max(seq) AS seq, (SELECT encode(value, 'hex') FROM meta WHERE name = 'id') AS id
       FROM envelope`,
    );
    const [ends] = rows;
    const time = (name: string): number | null => (ends?.[name] === null || ends?.[name] === undefined ? null : Number(ends[name]));
    return {
      kinds: countByKind(
        topics.rows.map(({ topic, count, bytes }) => ({ topic: String(topic), count: Number(count), bytes: Number(bytes) })),
      ),
      oldestMs: time('oldest'),
      newestMs: time('newest'),
      sequence: Number(ends?.['seq'] ?? 0),
      id: String(ends?.['id']),
    };
  });
}

/** Checks a store as a whole: the digest of every row, and the indexes where the database has the extension amcheck. @throws StoreError saying what is wrong with it */
export function checkPostgres(url: string): Promise<Contents> {
  return readOnce(url, async (client, place) => {
    const { rows: wrong } = await client.query(
      "SELECT seq FROM envelope WHERE sha256(convert_to(topic, 'UTF8') || message) <> digest ORDER BY seq LIMIT 1",
    );
    if (wrong[0]) throw new StoreError(`${place} is damaged: row ${wrong[0]['seq']} is not what was stored`);
    const { rows: lost } = await client.query(
      'SELECT contact_row.seq FROM contact_row LEFT JOIN envelope USING (seq) WHERE envelope.topic IS DISTINCT FROM contact_row.topic LIMIT 1',
    );
    if (lost[0]) throw new StoreError(`${place} is damaged: contact ${lost[0]['seq']} has no row`);
    const { rows: extension } = await client.query(
      "SELECT nspname FROM pg_extension JOIN pg_namespace ON extnamespace = pg_namespace.oid WHERE extname = 'amcheck'",
    );
    if (extension[0])
      await client.query(
        `SELECT "${String(extension[0]['nspname'])}".bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         JOIN pg_am ON pg_am.oid = relam
         WHERE amname = 'btree' AND indrelid IN ('envelope'::regclass, 'contact'::regclass, 'contact_row'::regclass, 'meta'::regclass)`,
      );
    const { rows } = await client.query('SELECT count(*) AS envelopes, count(DISTINCT topic) AS topics FROM envelope');
    return { version: steps.length, envelopes: Number(rows[0]?.['envelopes']), topics: Number(rows[0]?.['topics']) };
  });
}

/** Every row that there was when the first was asked for, in the order of the sequence. @throws StoreError */
export async function* postgresRows(url: string): AsyncGenerator<CommittedEnvelope, void, undefined> {
  yield* reading(url, async function* (client) {
    for (let last = 0; ; ) {
      const { rows } = await client.query('SELECT seq, topic, ts, message FROM envelope WHERE seq > $1 ORDER BY seq LIMIT $2', [
        last,
        pageSize,
      ]);
      for (const row of rows) yield committedOf(row);
      if (rows.length < pageSize) return;
      last = Number(rows.at(-1)?.['seq']);
    }
  });
}
