/** Who may have something, and how it is asked for. */
export interface Race<Source, Found extends { readonly size: number }, Taken> {
  readonly sources: readonly Source[];
  /** Whether a source gives it only when no other answers. */
  isLast(source: Source): boolean;
  /** Null where it is not. @throws when there is no answer */
  find(source: Source): Promise<Found | null>;
  /** Takes all of it, and tells of the bytes that have come. @throws when it is not what it should be, or the signal says to stop */
  take(source: Source, found: Found, came: (bytes: number) => void, signal: AbortSignal): Promise<Taken>;
  /** Told of what was taken too late. */
  discard(taken: Taken): void;
  /** Told of who had it and did not give it. */
  onFailed(source: Source, error: Error): void;
  /** Told of whom another was before, though that one began later. */
  onOutrun(source: Source): void;
  /** How long one that gives it may be at it, by what it has. */
  limitMs(found: Found): number;
  /** After so long without an end the next one is asked too. */
  readonly nextMs: number;
  /** How long all of it may take, from the first that gives on. */
  readonly allMs: number;
}

/** What came of it: taken, nowhere, or not had though somebody may have it. */
export type RaceEnd<Found, Taken> = { readonly found: Found; readonly taken: Taken } | 'absent' | 'failed';

interface Runner<Source> {
  readonly source: Source;
  readonly size: number;
  readonly limitMs: number;
  readonly begunMs: number;
  readonly control: AbortController;
  bytes: number;
}

const atOnce = 2;

/**
 * Takes something from the first source that gives it whole. All are asked whether they have it; the first that does gives it, and when it has not done so after a while the next one does, too. With
 * two at it, the one that has given less makes way for another; who would not come to the end in the time that what it has may take is given up.
 */
export function race<Source, Found extends { readonly size: number }, Taken>(
  options: Race<Source, Found, Taken>,
): Promise<RaceEnd<Found, Taken>> {
  const { sources, nextMs, allMs } = options;
  return new Promise((resolve) => {
    const waiting: { readonly source: Source; readonly found: Found }[] = [];
    const running = new Set<Runner<Source>>();
    let [asked, failed, isOver] = [sources.length, false, false];
    let beat: NodeJS.Timeout | undefined;
    let end: NodeJS.Timeout | undefined;

    const finish = (outcome: RaceEnd<Found, Taken>): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(beat);
      clearTimeout(end);
      for (const { control } of running) control.abort(new Error('not wanted any more'));
      resolve(outcome);
    };

    const start = ({ source, found }: { readonly source: Source; readonly found: Found }): void => {
      const runner: Runner<Source> = {
        source,
        size: found.size,
        limitMs: options.limitMs(found),
        begunMs: performance.now(),
        control: new AbortController(),
        bytes: 0,
      };
      running.add(runner);
      const came = (bytes: number): void => {
        runner.bytes += bytes;
      };
      end ??= setTimeout(() => {
        for (const each of [...running]) giveUp(each, new Error('it takes too long'));
        finish('failed');
      }, allMs).unref();
      clearInterval(beat);
      beat = setInterval(look, nextMs).unref();
      options.take(source, found, came, runner.control.signal).then(
        (taken) => {
          if (isOver || !running.delete(runner)) return options.discard(taken);
          for (const other of running) if (other.begunMs < runner.begunMs) options.onOutrun(other.source);
          finish({ found, taken });
        },
        (error: unknown) => {
          if (!isOver && running.has(runner)) giveUp(runner, error as Error);
          go();
        },
      );
    };

    const giveUp = (runner: Runner<Source>, error: Error): void => {
      failed = true;
      running.delete(runner);
      runner.control.abort(error);
      options.onFailed(runner.source, error);
    };

    /** Starts the next one, if there is one whose turn it is. */
    const next = (isLate: boolean): void => {
      const at = waiting.findIndex(({ source }) => !options.isLast(source));
      // Somebody who is better may yet answer.
      if (at < 0 && asked > 0 && !isLate) return;
      const [first] = waiting.splice(Math.max(0, at), 1);
      if (first) start(first);
    };

    const go = (): void => {
      if (isOver) return;
      if (running.size === 0) next(false);
      if (running.size === 0 && asked === 0 && waiting.length === 0) finish(failed ? 'failed' : 'absent');
    };

    const look = (): void => {
      for (const runner of [...running]) {
        const ranMs = performance.now() - runner.begunMs;
        if (ranMs >= runner.limitMs) giveUp(runner, new Error('it takes too long'));
        else if (ranMs >= 2 * nextMs && runner.bytes < (runner.size * ranMs) / runner.limitMs / 2)
          giveUp(runner, new Error('it comes too slowly'));
      }
      if (waiting.length > 0 && running.size >= atOnce) {
        const [slowest] = [...running].sort((a, b) => a.bytes - b.bytes);
        if (slowest) {
          running.delete(slowest);
          slowest.control.abort(new Error('another is asked'));
          options.onOutrun(slowest.source);
          failed = true;
        }
      }
      if (running.size < atOnce) next(true);
      go();
    };

    for (const source of sources)
      options
        .find(source)
        .then(
          (found) => {
            if (found) waiting.push({ source, found });
          },
          () => {
            failed = true;
          },
        )
        .finally(() => {
          asked -= 1;
          go();
        });
    go();
  });
}
