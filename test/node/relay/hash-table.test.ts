import { expect, test } from 'vitest';
import { HashTable } from '../../../src/node/relay/hash-table.ts';
import { fc } from '../../support/fast-check.ts';

/** Few of them, and many that begin alike, so that they get in each other's way. */
const hash = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 40 })).map(([first, last]) => {
  const bytes = new Uint8Array(32);
  bytes[0] = first;
  bytes[31] = last;
  return bytes;
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('set' as const), hash, value: fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('delete' as const), hash, value: fc.constant(0) }) },
);
const name = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('a table of hashes is a map of them, whatever is put into it and taken out', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.array(hash, { maxLength: 20 }), fc.nat({ max: 200 }), (steps, others, expected) => {
      const [table, map] = [new HashTable(expected), new Map<string, number>()];
      for (const { what, hash: each, value } of steps)
        if (what === 'set') {
          table.set(each, value);
          map.set(name(each), value);
        } else expect(table.delete(each)).toBe(map.delete(name(each)));
      expect(table.size).toBe(map.size);
      for (const each of [...steps.map((one) => one.hash), ...others]) {
        expect(table.get(each)).toBe(map.get(name(each)));
        expect(table.has(each)).toBe(map.has(name(each)));
      }
      const told = new Map<string, number>();
      table.each((bytes, at, value) => told.set(name(bytes.subarray(at, at + 32)), value));
      expect(told).toEqual(map);
    }),
    { numRuns: 100 },
  );
});
