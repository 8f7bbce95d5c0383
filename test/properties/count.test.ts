import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runs } from './property.ts';

const folder = new URL('.', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts') && file !== 'count.test.ts');
const sourceOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
/** The names of the properties that a file declares: each call stands at the beginning of a line. */
const namesIn = (file: string): string[] =>
  [...sourceOf(file).matchAll(/^property(?:<[^>]*>)?\(\s*'((?:[^'\\]|\\.)*)'/gm)].map(([, name = '']) => name);

test('there are at least sixty properties, each with a name of its own and a thousand runs', () => {
  const names = files.flatMap(namesIn);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
  expect(runs).toBeGreaterThanOrEqual(1000);
});

test.each(files)('%s declares its properties by the one helper, which counts the runs', (file) => {
  const source = sourceOf(file);
  const other = /fc\.(?:assert|check|property|asyncProperty|pre)\b|numRuns|(?<!\.)\b(?:test|it|describe)\(|\.(?:skip|only)\b/.exec(source);
  expect(other?.[0]).toBeUndefined();
  expect(source.match(/\bproperty\(/g)).toHaveLength(namesIn(file).length);
});
