/** Runs one task at a time, in the order in which they were given; a task that fails does not hold up the next. */
export type Exclusive = <T>(task: () => Promise<T>) => Promise<T>;

export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
}

/**
 * Makes of a job a function that starts it, or, while it runs, makes sure that it runs once more afterwards: whoever calls can count on a whole run that
 * began after the call.
 */
export function createSingle(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  return function run(): Promise<void> {
    if (!running) {
      running = job().finally(() => {
        running = null;
      });
      return running;
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return run();
      });
    return next;
  };
}

/** A pause that an abort ends early (without an error). */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

/** Does something at once; what is called for within `ms` of that, as it is then, is done together when they have passed. After `signal` aborts nothing is done. */
export function createSpaced(work: () => void, ms: () => number, signal: AbortSignal): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  const run = (): void => {
    timer = undefined;
    last = performance.now();
    work();
  };
  return () => {
    if (signal.aborted || timer !== undefined) return;
    const wait = last + ms() - performance.now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
}
