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

/** What is asked for at once: one, or the same number always, so that there are two statements for any number of them. What is there twice is found once. */
export function filledUp<T>(some: readonly T[]): readonly T[] {
  if (some.length <= 1 || some.length === rowsAtOnce) return some;
  return [...some, ...Array<T>(rowsAtOnce - some.length).fill(some[0] as T)];
}
