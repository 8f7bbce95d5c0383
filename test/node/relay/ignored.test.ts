import { expect, test } from 'vitest';
import type { Judgement } from '../../../src/node/relay/guard.ts';
import { worstScore } from '../../../src/node/relay/host.ts';
import { Ignored } from '../../../src/node/relay/ignored.ts';

const ignored = (reason: 'no voucher' | 'known' | 'over limit' | 'store'): Judgement => ({ verdict: 'ignore', reason });

function budgets(perSecond = 10) {
  let nowMs = 1_000_000;
  const budget = new Ignored({ perSecond, isNamed: (peer) => peer === 'named', clock: () => nowMs });
  const hand = (peer: string, count: number, judgement = ignored('no voucher'), bytes = 400): void => {
    for (let n = 0; n < count; n++) budget.count(peer, judgement, bytes);
  };
  return {
    budget,
    hand,
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('a peer falls in standing with the second half of its budget, and is sent away at its end; the others do not', () => {
  const { budget, hand } = budgets();
  hand('stranger', 500);
  expect(budget.score('stranger')).toBeCloseTo(0);
  hand('stranger', 250);
  expect(budget.score('stranger')).toBeCloseTo(-25);
  hand('stranger', 249);
  expect(budget.score('stranger')).toBeGreaterThan(worstScore);
  hand('stranger', 1);
  // Whatever good it did.
  expect(budget.score('stranger') + 100).toBeLessThanOrEqual(worstScore);
  expect(budget.score('another')).toBe(0);
});

test('the budget comes back with the time', () => {
  const { budget, hand, later } = budgets();
  for (let second = 0; second < 300; second++) {
    hand('stranger', 10);
    later(1000);
  }
  expect(budget.score('stranger')).toBe(0);
  hand('stranger', 1000);
  expect(budget.score('stranger')).toBeLessThan(worstScore);
  later(40_000);
  expect(budget.score('stranger')).toBeLessThan(worstScore);
  later(10_000);
  expect(budget.score('stranger')).toBeCloseTo(0);
});

test('a large message costs as many as it has kilobytes', () => {
  const { budget, hand } = budgets();
  hand('stranger', 1, ignored('no voucher'), 750 * 1024);
  expect(budget.score('stranger')).toBeCloseTo(-25);
});

test('what came in by another way may come once more from everybody, in two forms', () => {
  const { budget, hand } = budgets();
  hand('stranger', 1);
  for (let n = 0; n < 5000; n++) {
    budget.known(400);
    hand('stranger', 2, ignored('known'));
  }
  expect(budget.score('stranger')).toBe(0);
  for (let n = 0; n < 50; n++) {
    budget.known(100_000);
    // By itself it is larger, by its voucher.
    hand('stranger', 2, ignored('known'), 100_900);
  }
  expect(budget.score('stranger')).toBe(0);
  hand('stranger', 1000, ignored('known'));
  expect(budget.score('stranger')).toBeLessThan(worstScore);
});

test('who is named has ten times as much, and is not blamed for what its home sends', () => {
  const { budget, hand } = budgets();
  hand('named', 5000);
  hand('named', 100_000, ignored('over limit'));
  expect(budget.score('named')).toBeCloseTo(0);
  hand('named', 5000);
  expect(budget.score('named')).toBeLessThan(worstScore);
});

test('a fault of our own store is nobody else’s; what was taken or rejected is counted elsewhere', () => {
  const { budget, hand } = budgets();
  hand('stranger', 5000, ignored('store'));
  hand('stranger', 5000, { verdict: 'reject', reason: 'malformed' });
  expect(budget.score('stranger')).toBe(0);
});

test('where there is no limit nothing is counted', () => {
  const { budget, hand } = budgets(0);
  hand('stranger', 100_000);
  expect(budget.score('stranger')).toBe(0);
});
