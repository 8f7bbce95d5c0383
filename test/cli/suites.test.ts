import { describe, expect, test } from 'vitest';
import { afterSecondTry, type Counts } from './suites.ts';

const failure = (title: string) => ({ file: title.split(':')[0] as string, title, message: 'why' });

describe('a second try of the files that failed', () => {
  const first: Counts = {
    passed: 2,
    failed: 2,
    skipped: 1,
    titles: ['a: one', 'b: one'],
    failures: [failure('b: two'), failure('b: three')],
  };

  test('counts what passes then, and names it as unsure', () => {
    const again: Counts = { passed: 3, failed: 0, skipped: 0, titles: ['b: one', 'b: two', 'b: three'], failures: [] };
    expect(afterSecondTry(first, again)).toMatchObject({ passed: 4, failed: 0, skipped: 1, failures: [], unsure: first.failures });
  });

  test('keeps what fails again', () => {
    const again: Counts = { passed: 2, failed: 1, skipped: 0, titles: ['b: one', 'b: two'], failures: [failure('b: three')] };
    expect(afterSecondTry(first, again)).toMatchObject({
      passed: 3,
      failed: 1,
      failures: [failure('b: three')],
      unsure: [failure('b: two')],
    });
  });

  test('counts the tests of a file that could not begin at first', () => {
    const broken: Counts = { passed: 1, failed: 1, skipped: 0, titles: ['a: one'], failures: [failure('b')] };
    const again: Counts = { passed: 2, failed: 0, skipped: 0, titles: ['b: one', 'b: two'], failures: [] };
    expect(afterSecondTry(broken, again)).toMatchObject({ passed: 3, failed: 0, unsure: [failure('b')] });
  });
});
