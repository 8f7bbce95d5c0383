import type { Log } from './log.ts';
import type { Store } from './store/store.ts';

/** How often old rows are looked for. */
const everyMs = 3_600_000;
/** Rows that are looked through at a time: writers wait no longer than that takes. */
const rowsAtATime = 500;
/** Windows after which a long sweep writes down how far it is. */
const windowsBetweenNotes = 100;

/** Deletes what is older than its kind may become. Nothing is deleted that no setting names. */
export function keepRetention(retention: ReadonlyMap<string, number>, store: Store, log: Log, clock: () => number): () => void {
  if (retention.size === 0) return () => {};
  let stopped = false;
  const sweep = async (): Promise<void> => {
    for (const [kind, days] of retention) {
      const prefix = `/xmtp/0/${kind}-`;
      // Up to there nothing of the kind is left, also after a start: else each would look through everything.
      const from = await store.sweptTo(prefix);
      let [gone, clean, swept, noted, windows] = [0, true, from, from, 0];
      const note = async (): Promise<void> => {
        if (swept > noted) await store.noteSwept(prefix, swept);
        noted = swept;
      };
      const beforeMs = clock() - days * 86_400_000;
      for (let after: number | null = from; after !== null && !stopped; ) {
        const begun = performance.now();
        const window = await store.forget({ prefix, beforeMs, after, limit: rowsAtATime });
        gone += window.gone;
        clean &&= !window.left;
        after = window.next;
        if (clean && after !== null) swept = after;
        if (++windows % windowsBetweenNotes === 0) await note();
        // As long for everybody else as for this.
        await new Promise((resolve) => setTimeout(resolve, performance.now() - begun));
      }
      await note();
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
