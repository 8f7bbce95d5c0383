import type { Clock } from '../protocol/time.ts';
import { RefusalError } from '../rpc/errors.ts';

/** Calls that one origin may make: 10 a second and 300 a minute, counted continuously. */
const limits = [
  { burst: 10, perSecond: 10 },
  { burst: 300, perSecond: 5 },
];

/** Token buckets by origin; `take` refuses with the wait in `data.retryAfterMs`. @throws RefusalError too-many */
export function createRates(clock: Clock): { take(origin: string): void } {
  const origins = new Map<string, { at: number; tokens: number[] }>();
  return {
    take(origin) {
      const now = clock();
      const full = limits.map(({ burst }) => burst);
      const known = origins.get(origin) ?? { at: now, tokens: full };
      const passed = Math.max(0, now - known.at) / 1000;
      const tokens = limits.map(({ burst, perSecond }, index) => Math.min(burst, (known.tokens[index] ?? burst) + passed * perSecond));
      const wait = Math.max(...limits.map(({ perSecond }, index) => (1 - (tokens[index] ?? 0)) / perSecond));
      if (wait > 0) {
        origins.set(origin, { at: now, tokens });
        throw new RefusalError('too-many', 'too many calls', { retryAfterMs: Math.ceil(wait * 1000) });
      }
      if (origins.size > 1000) origins.clear(); // nobody visits a thousand sites in the life of one background
      origins.set(origin, { at: now, tokens: tokens.map((count) => count - 1) });
    },
  };
}
