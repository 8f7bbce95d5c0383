import { expect, test } from 'vitest';
import { backoffMs } from '../../src/network/retry.ts';

test('waits grow to their bound, with chance in them and never below what the node asked', () => {
  const longest = Array.from({ length: 12 }, (_, tries) => backoffMs(tries + 1, { random: () => 1 }));
  expect(longest.slice(0, 3)).toEqual([1000, 1600, 2560]);
  expect(longest).toEqual(longest.toSorted((a, b) => a - b));
  expect(longest.at(-1)).toBe(60_000);
  expect(backoffMs(1, { random: () => 0 })).toBe(200);
  expect(backoffMs(1, { random: () => 0, floorMs: 7000 })).toBe(7000);
  expect(backoffMs(1000, { maxMs: 120_000, random: () => 1 })).toBe(120_000);
});
