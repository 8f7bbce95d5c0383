import type { Statement } from './driver.ts';
import { StoreError } from './store.ts';

/**
 * A statement whose every fault is a StoreError, whatever the driver throws. After a fault it is prepared anew: libsql leaves one that met a damaged page where
 * it stood, and it would fail for every other row too. `onDamaged` is called when a page could not be read or was not as it was written.
 */
export function guarded(prepare: () => Statement, onDamaged: () => void): Statement {
  let prepared: Statement | undefined;
  const attempt = <T>(work: (statement: Statement) => T): T => {
    try {
      prepared ??= prepare();
      return work(prepared);
    } catch (cause) {
      prepared = undefined;
      const error = new StoreError((cause as Error).message, { cause });
      if (error.reason === 'damaged') onDamaged();
      throw error;
    }
  };
  attempt(() => {});
  return {
    run: (...values) => attempt((statement) => statement.run(...values)),
    get: (...values) => attempt((statement) => statement.get(...values)),
    all: (...values) => attempt((statement) => statement.all(...values)),
  };
}
