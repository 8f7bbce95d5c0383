import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { growthFlag, growthOf } from '../../src/node/heap.ts';

test('a small heap may grow to three times of what is in use, and how much a large one may is not said', () => {
  expect([0, 50 << 20, (256 << 20) - 1].map(growthOf)).toEqual([200, 200, 200]);
  expect([256 << 20, 2 ** 31].map(growthOf)).toEqual([0, 0]);
});

test('this V8 knows what it is told', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  expect(known).toContain(`  ${growthFlag} `);
});
