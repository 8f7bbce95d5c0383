/** Wrong passphrases so far, and when the next may be tried (milliseconds since 1970; null: now). */
export interface Failures {
  readonly failed: number;
  readonly nextTryAt: number | null;
}

export const noFailures: Failures = { failed: 0, nextTryAt: null };

/** Five are free, then 1, 2, 4 … 60 seconds between tries, and five minutes from the twentieth on. Nothing is ever destroyed: a guest could do that. */
export function afterFailure({ failed }: Failures, now: number): Failures {
  const count = failed + 1;
  if (count < 5) return { failed: count, nextTryAt: null };
  const seconds = count >= 20 ? 300 : Math.min(60, 2 ** (count - 5));
  return { failed: count, nextTryAt: now + seconds * 1000 };
}

/** What was stored, or no failures when that is no such thing. */
export function readFailures(value: unknown): Failures {
  const { failed, nextTryAt } = (value ?? {}) as Partial<Failures>;
  if (!Number.isSafeInteger(failed) || (failed as number) < 0) return noFailures;
  return { failed: failed as number, nextTryAt: typeof nextTryAt === 'number' ? nextTryAt : null };
}
