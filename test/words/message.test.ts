import { describe, expect, test } from 'vitest';
import { spokenFor } from '../../src/words/languages.ts';
import { fill, piecesOf } from '../../src/words/message.ts';

const english = spokenFor('en', []);
const arabic = spokenFor('ar', []);

describe('a message', () => {
  test('is read as texts, places and named parts, also within each other', () => {
    expect(piecesOf('In {where}: <link>see {count}</link>.')).toEqual([
      'In ',
      { place: 'where' },
      ': ',
      { tag: 'link', pieces: ['see ', { place: 'count' }] },
      '.',
    ]);
  });

  test('keeps marks that are not whole as text', () => {
    for (const text of ['a { b', '<link>open', 'x < y and y > z', '{}', '</link>']) expect(piecesOf(text)).toEqual([text]);
  });

  test('is filled in, and what is filled in is no message itself', () => {
    expect(fill('To {who}', { who: '{count} <b>x</b>' }, english)).toBe('To {count} <b>x</b>');
  });

  test('shows the name of a place that nobody filled', () => {
    expect(fill('To {who}', {}, english)).toBe('To {who}');
  });

  test('has its numbers written as the language writes them', () => {
    expect(fill('{count} more', { count: 12345 }, english)).toBe('12,345 more');
    expect(fill('{count} more', { count: 12345 }, spokenFor('de', []))).toBe('12.345 more');
  });

  test('follows the plural rules of the language', () => {
    const files = { one: '{count} file', other: '{count} files' };
    expect([0, 1, 2].map((count) => fill(files, { count }, english))).toEqual(['0 files', '1 file', '2 files']);
    const forms = { zero: 'z', one: 'o', two: 't', few: 'f', many: 'm', other: 'x' };
    expect([0, 1, 2, 3, 11, 100].map((count) => fill(forms, { count }, arabic)).join('')).toBe('zotfmx');
    // French counts nothing as one.
    expect(fill(files, { count: 0 }, spokenFor('fr', []))).toBe('0 file');
  });

  test('sets texts apart where letters run the other way, and numbers not', () => {
    expect(fill('{name}!', { name: '0x52f3' }, arabic)).toBe('\u20680x52f3\u2069!');
    expect(fill('{name}!', { name: '' }, arabic)).toBe('!');
    expect(fill('{name}!', { name: '0x52f3' }, english)).toBe('0x52f3!');
  });
});

describe('the language that is spoken', () => {
  test.each([
    ['browser', ['pt-BR', 'de-AT', 'en'], 'de', 'de-AT'],
    ['browser', ['pt-BR', 'ja'], 'en', 'en'],
    ['browser', ['en-GB', 'fr'], 'en', 'en-GB'],
    ['browser', [], 'en', 'en'],
    ['fr', ['en-GB', 'fr-CA'], 'fr', 'fr-CA'],
    ['ar', ['en-GB'], 'ar', 'ar'],
    ['de', ['de_broken!'], 'de', 'de'],
  ] as const)('for %s with %j is %s, written as in %s', (setting, preferred, language, locale) => {
    expect(spokenFor(setting, preferred)).toEqual({ language, locale });
  });
});
