import { expect, test } from 'vitest';
import { Recent } from '../../../src/node/relay/recent.ts';

const hash = (n: number): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(n);
  return bytes;
};

test('the newest hashes are remembered, at least so many and not for ever, and one that was taken back is not', () => {
  const recent = new Recent(100);
  for (let n = 0; n < 1000; n++) {
    recent.add(hash(n));
    for (let back = 0; back < Math.min(100, n + 1); back++) expect(recent.has(hash(n - back))).toBe(true);
    if (n >= 200) expect(recent.has(hash(n - 200))).toBe(false);
  }
  for (const n of [999, 950]) {
    recent.delete(hash(n));
    expect(recent.has(hash(n))).toBe(false);
  }
  expect([recent.has(hash(998)), recent.has(hash(1000))]).toEqual([true, false]);
});
