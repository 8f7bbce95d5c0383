import { backoffMs } from '../../network/retry.ts';
import { pause } from '../exclusive.ts';
import { noteStop } from '../log.ts';

/** Has a job tried again after the node could not serve it: later each time, never twice at once, and not after `signal` aborts. */
export interface Again {
  /** Plans the next try and returns how long it waits, ms. What the node asked for (`retryAfterMs`) is kept to. */
  later(retryAfterMs: number | null): number;
  /** It went well: the next trouble begins with a short wait. */
  reset(): void;
}

/** The job runs only while the background lives; what must not be forgotten is also started by the alarm. */
export function createAgain(what: string, job: () => Promise<void>, signal: AbortSignal): Again {
  let tries = 0;
  let planned = false;
  return {
    later(retryAfterMs) {
      tries += 1;
      const wait = backoffMs(tries, { floorMs: retryAfterMs ?? 0 });
      if (planned) return wait;
      planned = true;
      void pause(wait, signal).then(() => {
        planned = false;
        return signal.aborted ? undefined : job().catch((error: unknown) => noteStop(what, error));
      });
      return wait;
    },
    reset() {
      tries = 0;
    },
  };
}
