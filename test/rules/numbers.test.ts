import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((name) => name.endsWith('.test.ts'));
const names = files.flatMap((name) =>
  [...readFileSync(new URL(name, here), 'utf8').matchAll(/\b(?:it|test)(?:\.each\([^)]*\))?\(\s*['"`]((?:[VF])?\d+)\b/g)].map(
    ([, number]) => number,
  ),
);
const readme = readFileSync(new URL('README.md', here), 'utf8');

const upTo = (last: number, prefix = '', without: readonly number[] = []): string[] =>
  Array.from({ length: last }, (_, index) => index + 1)
    .filter((number) => !without.includes(number))
    .map((number) => `${prefix}${number}`);

test.each([
  ['the checklist', upTo(28)],
  ['the rules', upTo(22, 'V')],
  ['the faults', upTo(24, 'F', [15])],
])('every number of %s has a test, and a line in the README', (_, numbers) => {
  expect(numbers.filter((number) => !names.includes(number))).toEqual([]);
  expect(numbers.filter((number) => !readme.includes(`| ${number} |`))).toEqual([]);
});
