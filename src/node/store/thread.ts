import { Worker } from 'node:worker_threads';
import { type PackedAppends, type PackedOutcomes, packAppends, unpackOutcomes } from './batch.ts';
import type { StoreReason } from './reasons.ts';
import { type ForgetWindow, type Forgotten, type NewEnvelope, StoreError } from './store.ts';
import type { WriteSide } from './write-side.ts';
import type { Outcome } from './writer.ts';

/** What the thread is asked; it answers in turn, writes that it did together by one answer, and says `done` first when it has opened. */
export type Asked =
  | { readonly what: 'write'; readonly lot: PackedAppends; readonly nowMs: number }
  | { readonly what: 'forget'; readonly window: ForgetWindow }
  | { readonly what: 'noteSwept'; readonly prefix: string; readonly seq: number }
  | { readonly what: 'probe' }
  | { readonly what: 'close' };

export type Told =
  | ({ readonly what: 'written' } & PackedOutcomes)
  | ({ readonly what: 'forgotten' } & Forgotten)
  | { readonly what: 'done' }
  | { readonly what: 'failed'; readonly message: string; readonly reason: StoreReason };

interface Waiting {
  /** Of a write: how many envelopes each of its appends has. */
  readonly counts?: readonly number[];
  readonly resolve: (told: Told | Outcome[]) => void;
  readonly reject: (error: StoreError) => void;
}

interface ThreadOptions {
  /** The built `writer-thread.ts`. */
  readonly file: string;
  /** The database, in its present shape. */
  readonly path: string;
  /** Called when another thread has taken the place of one that ended by itself; what that one had committed may not have been told. */
  readonly onReplaced: () => void;
}

/** Writes in a thread of its own, so that neither the disk nor the digests keep anybody waiting who reads. */
export function writeInThread({ file, path, onReplaced }: ThreadOptions): WriteSide {
  let current: Running | null = null;
  const running = (): Running => {
    if (current) return current;
    const started = start(file, path, () => {
      if (current === started) current = null;
      replaced = true;
    });
    current = started;
    if (replaced) void started.opened.then(onReplaced, () => {});
    return started;
  };
  let replaced = false;
  const ask = async (asked: Exclude<Asked, { what: 'write' }>): Promise<Told> => running().ask(asked);
  running();
  return {
    write: async (appends, nowMs) => running().write(appends, nowMs),
    async forget(window) {
      const { gone, next, left } = (await ask({ what: 'forget', window })) as Told & { what: 'forgotten' };
      return { gone, next, left };
    },
    async noteSwept(prefix, seq) {
      await ask({ what: 'noteSwept', prefix, seq });
    },
    async probe() {
      await ask({ what: 'probe' });
    },
    async close() {
      const last = current;
      if (!last) return;
      await ask({ what: 'close' }).catch(() => {}); // nothing is lost: what was acknowledged is in the log
      await last.ended;
    },
  };
}

interface Running {
  readonly opened: Promise<Told>;
  readonly ended: Promise<void>;
  write(appends: readonly (readonly NewEnvelope[])[], nowMs: number): Promise<Outcome[]>;
  ask(asked: Asked): Promise<Told>;
}

function start(file: string, path: string, onEnded: () => void): Running {
  const worker = new Worker(file, { workerData: { path }, name: 'parley-writer' });
  const waiting: Waiting[] = [];
  let why: unknown = new Error('it ended');
  const next = (): Promise<Told> => new Promise((resolve, reject) => waiting.push({ resolve: resolve as Waiting['resolve'], reject }));
  const opened = next();
  opened.catch(() => {}); // whoever asks next hears of it
  worker.on('message', (told: Told) => {
    if (told.what === 'written') {
      const written = waiting.splice(0, told.lots);
      const outcomes = unpackOutcomes(
        told,
        written.map(({ counts }) => counts ?? []),
      );
      for (const [place, { resolve }] of written.entries()) resolve(outcomes[place] ?? []);
      return;
    }
    const asked = waiting.shift();
    if (told.what === 'failed') asked?.reject(new StoreError(told.message, { reason: told.reason }));
    else asked?.resolve(told);
  });
  worker.on('error', (error) => {
    why = error;
  });
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      onEnded();
      const error = new StoreError(`the thread that writes has ended: ${(why as Error).message}`, { cause: why });
      for (const { reject } of waiting.splice(0)) reject(error);
      resolve();
    });
  });
  return {
    opened,
    ended,
    write(appends, nowMs) {
      const lot = packAppends(appends);
      worker.postMessage({ what: 'write', lot, nowMs } satisfies Asked, [lot.data]);
      const counts = appends.map(({ length }) => length);
      return new Promise((resolve, reject) => waiting.push({ counts, resolve: resolve as Waiting['resolve'], reject }));
    },
    ask(asked) {
      worker.postMessage(asked);
      return next();
    },
  };
}
