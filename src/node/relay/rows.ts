import type { SqlValue, Statement } from '../store/driver.ts';

/** Rows of one statement: calling one costs more than a row. */
export const rowsAtOnce = 50;

/** Inserts rows, some by each statement. */
export function insertAll(run: (sql: string) => Statement, before: string, rows: readonly (readonly SqlValue[])[], after = ''): void {
  for (let at = 0; at < rows.length; ) {
    const count = rows.length - at >= rowsAtOnce ? rowsAtOnce : 1;
    const some = rows.slice(at, at + count);
    const row = `(${(some[0] as readonly SqlValue[]).map(() => '?').join()})`;
    run(`${before} ${Array(count).fill(row).join()} ${after}`).run(...some.flat());
    at += count;
  }
}
