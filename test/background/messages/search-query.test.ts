import { describe, expect, it } from 'vitest';
import { excerptOf, fold, parseSearch } from '../../../src/background/messages/search-query.ts';

const day = (text: string): number => new Date(`${text}T00:00:00`).getTime();

describe('what somebody looks for', () => {
  it('is words, pieces in quotes, and filters', () => {
    expect(parseSearch('Crème "Brûlée  au four" from:me from:"Bob B" has:file HAS:Image before:2026-03 after:2026-01-31')).toEqual({
      words: ['creme', 'brulee au four'],
      from: ['me', 'bob b'],
      has: ['file', 'image'],
      after: day('2026-01-31'),
      before: day('2026-03-01'),
      unknown: [],
    });
  });

  it('tells filters that say nothing, and takes what only looks like one for a word', () => {
    const query = parseSearch('has:wings before:2026-02-30 after:soon http://example.org to:me "open');
    expect(query.unknown).toEqual(['has:wings', 'before:2026-02-30', 'after:soon']);
    expect(query.words).toEqual(['http://example.org', 'to:me', 'open']);
    expect(query.before).toBeNull();
  });

  it('is nothing where nothing is written', () => {
    for (const text of ['', '   ', '""', 'from:""']) expect(parseSearch(text)).toMatchObject({ words: [], from: [] });
  });

  it('is bounded', () => {
    expect(parseSearch('a '.repeat(500)).words).toHaveLength(16);
  });

  it('is compared in the same letters, whether there is more to do than to take the case away or not', () => {
    const wholly = (text: string) =>
      text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .toLowerCase()
        .replace(/\s+/gu, ' ');
    for (const text of ['', ' ', '  a', 'a  B ', 'A\tb\nc', '~!@ Z', '\u007f', 'Élan', 'ﬁne Ⅳ', 'a\u00a0b', '0xAbC0 ', 'İ', 'straße K'])
      expect(fold(text)).toBe(wholly(text));
  });

  it('does not mind case, accents, widths and ligatures', () => {
    expect(fold('ÅNGSTRÖM ﬁne ｗｉｄｅ\nÉ')).toBe('angstrom fine wide e');
  });
});

describe('an excerpt', () => {
  const marked = (text: string, words: string[]): string => {
    const { text: shown, marks } = excerptOf(text, words.map(fold));
    return marks.toReversed().reduce((line, [from, to]) => `${line.slice(0, from)}[${line.slice(from, to)}]${line.slice(to)}`, shown);
  };

  it('marks the words as they were written', () => {
    expect(marked('A Crème brûlée, and a CREME again', ['creme', 'brulee'])).toBe('A [Crème] [brûlée], and a [CREME] again');
    expect(marked('ﬁne', ['fi'])).toBe('[ﬁ]ne');
    expect(marked('aaaa', ['aa'])).toBe('[aaaa]');
  });

  it('is cut around the first of them, never through a character', () => {
    const text = `${'😀'.repeat(60)} needle ${'x'.repeat(300)}`;
    const shown = marked(text, ['needle']);
    expect(shown).toMatch(/^…(😀)+ \[needle\] x+…$/u);
    expect(shown.length).toBeLessThan(180);
    expect(excerptOf('short', [])).toEqual({ text: 'short', marks: [] });
  });
});
