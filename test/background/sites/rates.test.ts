import { beforeEach, describe, expect, test } from 'vitest';
import { createRates } from '../../../src/background/sites/rates.ts';
import type { RefusalError } from '../../../src/rpc/errors.ts';
import { game, shop } from './callers.ts';

let now: number;
let rates: ReturnType<typeof createRates>;

beforeEach(() => {
  now = 1_000_000;
  rates = createRates(() => now);
});

/** Calls until it is refused, `limit` times at most; how many went through. */
function burst(origin: string, limit = 1000): number {
  for (let count = 0; count < limit; count++) {
    try {
      rates.take(origin);
    } catch (error) {
      expect(error).toMatchObject({ reason: 'too-many', data: { retryAfterMs: expect.any(Number) } });
      return count;
    }
  }
  return limit;
}

describe('the calls of one origin', () => {
  test('are ten within any second', () => {
    expect(burst(shop)).toBe(10);
    now += 999;
    expect(burst(shop)).toBe(0);
    now += 1;
    expect(burst(shop)).toBe(10);
    now += 60_000;
    expect(burst(shop)).toBe(10);
  });

  test('are 300 within any minute', () => {
    const minute = (): number => {
      let count = 0;
      for (let step = 0; step < 600; step++, now += 100) count += burst(shop);
      return count;
    };
    expect([minute(), minute(), minute()]).toEqual([300, 300, 300]);
  });

  test('may go on after the wait that the refusal names', () => {
    burst(shop);
    let wait = 0;
    try {
      rates.take(shop);
    } catch (error) {
      wait = (error as RefusalError).data['retryAfterMs'] as number;
    }
    expect(wait).toBeGreaterThan(0);
    now += wait - 1;
    expect(burst(shop)).toBe(0);
    now += 1;
    expect(burst(shop)).toBe(10);
  });

  test('are no affair of another origin', () => {
    burst(shop);
    expect(burst(game)).toBe(10);
  });

  test('are not won by a clock that is set back', () => {
    burst(shop);
    now -= 3_600_000;
    expect(burst(shop)).toBe(0);
  });
});
