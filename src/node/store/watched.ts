import { type Clock, systemClock } from '../../protocol/time.ts';
import type { Log } from '../log.ts';
import type { StoreReason } from './reasons.ts';
import { type SequenceQuery, type Store, StoreError } from './store.ts';

/** How often a fault that lasts is told again. */
const repeatMs = 60_000;
/** Whoever asks for readiness within this time of another hears the same: it costs a write. */
const checkedMs = 1000;

interface Watching {
  readonly log: Log;
  /** Told of every fault. */
  readonly onFault: (reason: StoreReason) => void;
  readonly clock?: Clock;
}

/** A store that does the same and tells of its faults in one place: each to `onFault`, and to the log when one begins, once a minute while it lasts, and when it has gone. */
export function watched(store: Store, { log, onFault, clock = systemClock }: Watching): Store {
  const told = new Map<StoreReason, { atMs: number; since: number }>();
  const note = (error: unknown): void => {
    if (!(error instanceof StoreError) || error.reason === 'closed') return;
    const { reason } = error;
    onFault(reason);
    const nowMs = clock();
    const last = told.get(reason);
    if (last && nowMs - last.atMs < repeatMs) last.since += 1;
    else {
      log.error(`the store has a fault: ${reason}${last ? `, ${last.since} more since it was last told` : ''}`, error);
      told.set(reason, { atMs: nowMs, since: 0 });
    }
  };
  const noting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      note(error);
      throw error;
    }
  };
  /** A write that succeeds ends whatever kept writes away. */
  const written = (): void => {
    for (const reason of told.keys()) {
      if (reason === 'damaged') continue; // of other rows than those that were written now
      told.delete(reason);
      log.info(`the store writes again; it was ${reason}`);
    }
  };
  let checked: { readonly outcome: Promise<void>; readonly atMs: number } | undefined;
  return {
    description: store.description,
    id: store.id,
    async append(envelopes) {
      const seqs = await noting(() => store.append(envelopes));
      if (told.size > 0) written();
      return seqs;
    },
    query: (query) => noting(() => store.query(query)),
    head() {
      try {
        return store.head();
      } catch (error) {
        note(error);
        throw error;
      }
    },
    async *since(query: SequenceQuery) {
      try {
        yield* store.since(query);
      } catch (error) {
        note(error);
        throw error;
      }
    },
    page: (after, limit) => noting(() => store.page(after, limit)),
    rows: (seqs) => noting(() => store.rows(seqs)),
    forget: (window) => noting(() => store.forget(window)),
    sweptTo: (prefix) => noting(() => store.sweptTo(prefix)),
    noteSwept: (prefix, seq) => noting(() => store.noteSwept(prefix, seq)),
    check() {
      const nowMs = clock();
      if (!checked || nowMs - checked.atMs >= checkedMs) checked = { outcome: noting(() => store.check()), atMs: nowMs };
      return checked.outcome;
    },
    close: () => store.close(),
  };
}
