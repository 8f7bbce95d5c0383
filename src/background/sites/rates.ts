import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';

/** Calls that one origin may make within any span of that length. */
const limits = [
  { calls: 10, withinMs: 1_000 },
  { calls: 300, withinMs: 60_000 },
];
const most = Math.max(...limits.map(({ calls }) => calls));
/** Nobody visits a thousand sites in the life of one background. */
const mostOrigins = 1_000;

/** Counts calls by origin; `take` refuses with the wait in `data.retryAfterMs`. @throws RefusalError too-many */
export function createRates(clock: Clock): { take(origin: string): void } {
  /** Times of the last calls, oldest first. */
  const origins = new Map<string, number[]>();
  return {
    take(origin) {
      const times = origins.get(origin) ?? [];
      const now = Math.max(clock(), times.at(-1) ?? 0); // a clock that is set back wins nothing
      const wait = Math.max(...limits.map(({ calls, withinMs }) => (times.at(-calls) ?? Number.NEGATIVE_INFINITY) + withinMs - now));
      if (wait > 0) throw new RefusalError('too-many', 'too many calls', { retryAfterMs: Math.ceil(wait) });
      times.push(now);
      if (times.length > most) times.shift();
      if (origins.size > mostOrigins) origins.clear();
      origins.set(origin, times);
    },
  };
}
