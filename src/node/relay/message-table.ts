import { bytesOf, type Database } from '../store/driver.ts';
import type { Segments } from './segments.ts';

const rowsAtOnce = 500;

/** Moves what was remembered of messages into its present shape. There was one row for each, with a tree by hash, one by time and one by place, and that was a third of what taking one cost. `onMoving` is told before how many there are: of a million it takes some ten seconds, in which the node does nothing else. */
export function moveMessages(database: Database, segments: Segments, onMoving: (messages: number) => void): void {
  const has = (sql: string): boolean => database.prepare(sql).get() !== undefined;
  if (!has("SELECT 1 FROM sqlite_master WHERE name = 'message'")) return;
  const bundle = has("SELECT 1 FROM pragma_table_info('message') WHERE name = 'bundle'") ? 'bundle' : '0 AS bundle';
  const run = (sql: string) => database.prepare(sql);
  onMoving(Number(run('SELECT count(*) AS count FROM message').get()?.['count']));
  database.exec('BEGIN IMMEDIATE');
  try {
    const page = run(`SELECT hash, seq, ts, ${bundle} FROM message WHERE seq > ? ORDER BY seq LIMIT ${rowsAtOnce}`);
    for (let last = 0; ; ) {
      const rows = page.all(last);
      if (rows.length === 0) break;
      segments.append(
        rows.map((row) => ({ hash: bytesOf(row['hash']), seq: Number(row['seq']), timestampNs: (row['ts'] ?? -1n) as bigint })),
        rows.map((row) => Number(row['bundle'])),
      );
      last = Number(rows.at(-1)?.['seq']);
    }
    database.exec('INSERT OR REPLACE INTO voucher SELECT hash, voucher FROM message WHERE voucher IS NOT NULL');
    // Those that had no place yet are given theirs as ever.
    if (bundle === 'bundle') database.exec('UPDATE bundle SET open = 1 WHERE id IN (SELECT bundle FROM message WHERE seq IS NULL)');
    database.exec('DROP TABLE message; COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
