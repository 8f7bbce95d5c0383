import type { Log } from './log.ts';
import type { Store } from './store/store.ts';

/** How often old rows are looked for, and how many go at a time: writers wait no longer than that takes. */
const everyMs = 3_600_000;
const batch = 500;

/** Deletes what is older than its kind may become. Nothing is deleted that no setting names. */
export function keepRetention(retention: ReadonlyMap<string, number>, store: Store, log: Log, clock: () => number): () => void {
  if (retention.size === 0) return () => {};
  let stopped = false;
  const sweep = async (): Promise<void> => {
    for (const [kind, days] of retention) {
      let gone = 0;
      const before = clock() - days * 86_400_000;
      for (let some = batch; some === batch && !stopped; ) {
        some = await store.forget(`/xmtp/0/${kind}-`, before, batch);
        gone += some;
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (gone > 0) log.info('deleted what was older than it is kept', { kind, days, rows: gone });
    }
  };
  const run = (): void => void sweep().catch((error: unknown) => log.error('deleting old messages failed', error));
  const timer = setInterval(run, everyMs);
  timer.unref();
  setImmediate(run);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
