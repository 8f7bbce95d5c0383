import type { Log } from './log.ts';
import type { Store } from './store/store.ts';

/** How often old rows are looked for. */
const everyMs = 3_600_000;
/** Rows that are looked through at a time: writers wait no longer than that takes. */
const rowsAtATime = 500;

/** Deletes what is older than its kind may become. Nothing is deleted that no setting names. */
export function keepRetention(retention: ReadonlyMap<string, number>, store: Store, log: Log, clock: () => number): () => void {
  if (retention.size === 0) return () => {};
  let stopped = false;
  /** Up to which row nothing of a kind is left: there the next sweep begins. After a start everything is looked through once. */
  const swept = new Map<string, number>();
  const sweep = async (): Promise<void> => {
    for (const [kind, days] of retention) {
      let gone = 0;
      let clean = true;
      const beforeMs = clock() - days * 86_400_000;
      for (let after: number | null = swept.get(kind) ?? 0; after !== null && !stopped; ) {
        const begun = performance.now();
        const window = await store.forget({ prefix: `/xmtp/0/${kind}-`, beforeMs, after, limit: rowsAtATime });
        gone += window.gone;
        clean &&= !window.left;
        after = window.next;
        if (clean && after !== null) swept.set(kind, after);
        // As long for everybody else as for this.
        await new Promise((resolve) => setTimeout(resolve, performance.now() - begun));
      }
      if (gone > 0) log.info('deleted what was older than it is kept', { kind, days, rows: gone });
    }
  };
  let running = false;
  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      await sweep();
    } catch (error) {
      if (!stopped) log.error('deleting old messages failed', error);
    } finally {
      running = false;
    }
  };
  const timer = setInterval(() => void run(), everyMs);
  timer.unref();
  setImmediate(() => void run());
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
