import { expect, test } from 'vitest';
import { createHeights } from '../../src/popup/parts/heights.ts';
import { fc } from '../support/fast-check.ts';

const estimate = 64;
const change = fc.oneof(
  fc.record({ place: fc.nat(400), height: fc.constantFrom(estimate, 0, 20, 64.5, 130, 900) }),
  fc.record({ cut: fc.nat(400) }),
);

test('heights come to the same as adding all of them up, whatever was drawn and whatever went', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.nat(401), fc.nat(401), fc.nat(40_000), (changes, a, b, y) => {
      const heights = createHeights(estimate);
      const plain = new Map<number, number>();
      for (const each of changes)
        if ('cut' in each) {
          heights.cut(each.cut);
          for (const place of [...plain.keys()]) if (place >= each.cut) plain.delete(place);
        } else {
          heights.set(each.place, each.height);
          plain.set(each.place, each.height);
        }
      const of = (place: number): number => plain.get(place) ?? estimate;
      const [from, to] = a < b ? [a, b] : [b, a];
      let sum = 0;
      for (let place = from; place < to; place++) sum += of(place);
      expect(heights.between(from, to)).toBeCloseTo(sum, 6);
      let [found, end] = [0, of(0)];
      while (found < b && end <= y) end += of(++found);
      expect(heights.placeAt(y, b)).toBe(Math.min(found, b));
    }),
  );
});

test('where a list is looked at makes no difference', () => {
  const heights = createHeights(estimate);
  for (let place = 0; place < 10_000; place += 7) heights.set(place, 65);
  const end = heights.between(0, 10_000);
  expect(end).toBe(10_000 * estimate + 1429);
  expect(heights.placeAt(end - 1, 10_000)).toBe(9_999);
  expect(heights.placeAt(end, 10_000)).toBe(10_000);
});
