import { test } from 'vitest';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { fc } from '../support/fast-check.ts';

/** What every property is tried with. */
export const runs = 1000;

/** Slow machines run the properties of keys for minutes. */
const timeout = 600_000;

/**
 * A test that something holds for all values: the only way in which the files of this folder test. The predicate fails by throwing. What it was tried with
 * is counted here, so that no property passes because its values were skipped.
 */
export function property<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { readonly [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  predicate: (...values: Values) => void | Promise<void>,
): void {
  test(
    name,
    async () => {
      let tried = 0;
      const values = fc.tuple(...arbitraries) as unknown as fc.Arbitrary<Values>;
      await fc.assert(
        fc.asyncProperty(values, async (all) => {
          await predicate(...all);
          tried += 1;
        }),
        { numRuns: runs },
      );
      if (tried < runs) throw new Error(`only ${tried} of ${runs} runs came to their end`);
    },
    timeout,
  );
}

/** What an action returns, or the reason for which it was refused by a ProtocolError; any other error is thrown on. */
export async function outcome<T>(action: () => T | Promise<T>): Promise<T | string> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.reason;
    throw error;
  }
}

/** Bytes with one bit changed; the bit is chosen by any whole number. */
export function flip(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes);
  const bit = at % (bytes.length * 8);
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
  return changed;
}
