import { KeystoreError } from './errors.ts';
import type { Cell } from './vault-store.ts';

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

/** Counts wrong passphrases, on the disk: dying does not help the guesser. */
export class Throttle {
  readonly #cell: Pick<Cell<unknown>, 'get' | 'put'>;
  readonly #clock: () => number;
  #failures: Failures = noFailures;

  constructor(cell: Pick<Cell<unknown>, 'get' | 'put'>, clock: () => number) {
    this.#cell = cell;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    this.#failures = readFailures(await this.#cell.get());
  }

  failures(): Failures {
    return this.#failures;
  }

  /** Runs one guess, unless it comes too soon. @throws KeystoreError too-soon, and what `open` throws */
  async guess<T>(open: () => Promise<T>): Promise<T> {
    const { nextTryAt } = this.#failures;
    if (nextTryAt !== null && this.#clock() < nextTryAt) throw new KeystoreError('too-soon', 'too many wrong passphrases: wait a little');
    try {
      const opened = await open();
      if (this.#failures.failed > 0) await this.reset();
      return opened;
    } catch (error) {
      if (error instanceof KeystoreError && error.reason === 'wrong-passphrase')
        await this.#set(afterFailure(this.#failures, this.#clock()));
      throw error;
    }
  }

  reset(): Promise<void> {
    return this.#set(noFailures);
  }

  async #set(failures: Failures): Promise<void> {
    this.#failures = failures;
    await this.#cell.put(failures);
  }
}
