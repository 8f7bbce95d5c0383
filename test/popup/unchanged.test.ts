import { expect, test } from 'vitest';
import { keepUnchanged } from '../../src/popup/unchanged.ts';

const row = (id: string, text = 'words') => ({ id, preview: { text, marks: [1, 2] }, time: 7, group: null });

test('what says the same is the same object as before, wherever it stands', () => {
  const before = [row('a'), row('b'), row('c')];
  const now = keepUnchanged(before, [row('b'), row('a', 'other words'), row('d')]);
  expect(now[0]).toBe(before[1]);
  expect(now[1]).toEqual(row('a', 'other words'));
  expect(now[2]).toEqual(row('d'));
});

test('a list in which nothing differs is the very list of before', () => {
  const before = [row('a'), row('b')];
  expect(keepUnchanged(before, [row('a'), row('b')])).toBe(before);
});

test('another order, a missing one and one more make another list', () => {
  const before = [row('a'), row('b')];
  for (const next of [[row('b'), row('a')], [row('a')], [row('a'), row('b'), row('c')]]) {
    expect(keepUnchanged(before, next)).not.toBe(before);
    expect(keepUnchanged(before, next)).toEqual(next);
  }
});

test('a field that is gone, one more, or null in place of an object differs', () => {
  type Loose = { readonly id: string; readonly [name: string]: unknown };
  const before: Loose[] = [{ id: 'a', quote: { text: 'x' }, signs: ['1'] }];
  for (const next of [
    { id: 'a', signs: ['1'] },
    { id: 'a', quote: { text: 'x' }, signs: ['1'], state: 'sent' },
    { id: 'a', quote: null, signs: ['1'] },
    { id: 'a', quote: { text: 'x' }, signs: ['1', '2'] },
    { id: 'a', quote: { text: 'x' }, signs: { 0: '1' } },
    { id: 'a', quote: { text: undefined }, signs: ['1'] },
  ] as Loose[])
    expect(keepUnchanged(before, [next])[0]).toBe(next);
});
