import type { Statement } from './driver.ts';
import { StoreError } from './store.ts';

const attempt = <T>(work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    throw new StoreError((cause as Error).message, { cause });
  }
};

/** A statement whose every fault is a StoreError, whatever the driver throws. */
export function guarded(prepare: () => Statement): Statement {
  const statement = attempt(prepare);
  return {
    run: (...values) => attempt(() => statement.run(...values)),
    get: (...values) => attempt(() => statement.get(...values)),
    all: (...values) => attempt(() => statement.all(...values)),
  };
}
