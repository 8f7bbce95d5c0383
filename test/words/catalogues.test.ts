import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ar } from '../../src/words/ar/index.ts';
import { de } from '../../src/words/de/index.ts';
import { en } from '../../src/words/en/index.ts';
import { es } from '../../src/words/es/index.ts';
import { fr } from '../../src/words/fr/index.ts';
import { languages, ownNames } from '../../src/words/languages.ts';
import { type Message, type Piece, piecesOf } from '../../src/words/message.ts';
import { panelCatalogues } from '../../src/words/panel.ts';

type Catalogue = Readonly<Record<string, Message>>;
const pages: Readonly<Record<string, Catalogue>> = { en, de, es, fr, ar };
const catalogues: readonly (readonly [string, Catalogue])[] = languages.map((each) => [each, { ...pages[each], ...panelCatalogues[each] }]);
const english: Catalogue = { ...en, ...panelCatalogues.en };

/** The places and named parts of a text, in the order of the alphabet. */
const names = (pieces: readonly Piece[]): string[] =>
  pieces
    .flatMap((piece) => (typeof piece === 'string' ? [] : 'place' in piece ? [piece.place] : [`<${piece.tag}>`, ...names(piece.pieces)]))
    .sort();
const textsOf = (message: Message): readonly string[] => (typeof message === 'string' ? [message] : Object.values(message));

test('there is a catalogue for each language, and each is called what its readers call it', () => {
  expect(catalogues.map(([language]) => language).sort()).toEqual([...languages].sort());
  for (const language of languages)
    expect(new Intl.DisplayNames(language, { type: 'language' }).of(language)?.toLowerCase()).toBe(ownNames[language].toLowerCase());
});

describe.each(catalogues)('the catalogue "%s"', (language, catalogue) => {
  const entries = Object.entries(catalogue);

  test('has every key, and none besides', () => {
    expect(Object.keys(english).filter((key) => !(key in catalogue))).toEqual([]);
    expect(Object.keys(catalogue).filter((key) => !(key in english))).toEqual([]);
  });

  test('has the places and named parts of the English text in each text; only a number may be said in words', () => {
    const faults = entries.flatMap(([key, message]) => {
      const whole = english[key] ?? '';
      const wanted = names(piecesOf(typeof whole === 'string' ? whole : whole.other));
      const plural = typeof whole !== 'string';
      return textsOf(message)
        .map((text) => names(piecesOf(text)))
        .filter((given) => {
          const without = (list: string[]): string => list.filter((name) => !plural || name !== 'count').join();
          return without(given) !== without(wanted);
        })
        .map((given) => `${key}: ${given.join()} instead of ${wanted.join()}`);
    });
    expect(faults).toEqual([]);
  });

  test('has the plural forms that the language needs, where English has two, and no others', () => {
    const forms = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort().join();
    const faults = entries.filter(([key, message]) =>
      typeof english[key] === 'string'
        ? typeof message !== 'string'
        : typeof message === 'string' || Object.keys(message).sort().join() !== forms,
    );
    expect(faults.map(([key]) => key)).toEqual([]);
  });

  test('says the number wherever one form of several numbers would hide it', () => {
    const rules = new Intl.PluralRules(language);
    const several = new Map<string, number>();
    for (let count = 0; count < 200; count++) several.set(rules.select(count), (several.get(rules.select(count)) ?? 0) + 1);
    const faults = entries.filter(([key, message]) => {
      const whole = english[key];
      if (typeof message === 'string' || typeof whole !== 'object' || !whole.other.includes('{count}')) return false;
      return Object.entries(message).some(([form, text]) => (several.get(form) ?? 0) > 2 && !text.includes('{count}'));
    });
    expect(faults.map(([key]) => key)).toEqual([]);
  });

  test('speaks quietly: no exclamation marks, no spaces at the ends, none of them empty', () => {
    const faults = entries.filter(([, message]) =>
      textsOf(message).some((text) => /[!¡]/.test(text) || text !== text.trim() || text === ''),
    );
    expect(faults.map(([key]) => key)).toEqual([]);
  });

  test('names Parley and the protocol as they are', () => {
    const faults = entries.filter(([key, message]) => {
      const whole = textsOf(english[key] ?? '').at(-1) ?? '';
      return ['Parley', 'XMTP', 'EIP-191', 'xmtp-js', 'window.xmtp'].some(
        (name) => whole.includes(name) && !textsOf(message).every((text) => text.includes(name)),
      );
    });
    expect(faults.map(([key]) => key)).toEqual([]);
  });
});

test('the browser says what Parley is in each language', () => {
  for (const language of languages) {
    const text = readFileSync(new URL(`../../public/_locales/${language}/messages.json`, import.meta.url), 'utf8');
    const { description } = JSON.parse(text) as { description: { message: string } };
    expect(description.message).toContain('XMTP');
    // Chrome's store takes no more.
    expect(description.message.length).toBeLessThanOrEqual(132);
  }
});
