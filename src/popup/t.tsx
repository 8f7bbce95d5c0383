import type { ComponentChildren } from 'preact';
import { createContext, Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { first as english } from '../words/en/first.ts';
import type { en, Key } from '../words/en/index.ts';
import {
  directionOf,
  isLanguageSetting,
  type Language,
  type LanguageSetting,
  preferredHere,
  type Spoken,
  spokenFor,
} from '../words/languages.ts';
import {
  type CatalogueLike,
  fill,
  type Message,
  type Names,
  type Piece,
  piecesOf,
  type Tags,
  textFor,
  type Value,
  type Values,
  written,
} from '../words/message.ts';

/**
 * The one way to words: every text that a person sees is `t('key', { … })`, or `rich(…)` where there are elements in it. What the first look says is fetched
 * from the package before it is drawn, in English it is always here; the rest comes with the first part of the page that needs it.
 */
export type Catalogue = CatalogueLike<typeof en>;
type Messages = typeof en;

type Some = Partial<Catalogue>;
interface Source {
  readonly first: () => Promise<Some>;
  readonly rest: () => Promise<Some>;
}

const sources: Readonly<Record<Language, Source>> = {
  en: { first: async () => english, rest: async () => (await import('../words/en/rest.ts')).rest },
  de: { first: async () => (await import('../words/de/first.ts')).first, rest: async () => (await import('../words/de/rest.ts')).rest },
  es: { first: async () => (await import('../words/es/first.ts')).first, rest: async () => (await import('../words/es/rest.ts')).rest },
  fr: { first: async () => (await import('../words/fr/first.ts')).first, rest: async () => (await import('../words/fr/rest.ts')).rest },
  ar: { first: async () => (await import('../words/ar/first.ts')).first, rest: async () => (await import('../words/ar/rest.ts')).rest },
};

let spoken: Spoken = spokenFor('en', preferredHere());
let catalogue: Some = english;
/** What is here of each language, and whether that is all of it. */
const fetched = new Map<Language, { readonly words: Some; readonly all: boolean }>([['en', { words: english, all: false }]]);
/** Whether something is or was shown that needs all words. */
let allWanted = false;
const listeners = new Set<() => void>();

/** The words of a language, if as many of them are here as are needed. */
function wordsHere(language: Language): Some | null {
  const known = fetched.get(language);
  return known && (known.all || !allWanted) ? known.words : null;
}

/** @throws where they cannot be read */
async function fetchWords(language: Language): Promise<void> {
  const all = allWanted;
  const known = fetched.get(language)?.words;
  const [first, rest] = await Promise.all([known ?? sources[language].first(), all ? sources[language].rest() : null]);
  fetched.set(language, rest ? { words: { ...first, ...rest }, all } : { words: first, all });
}

/** From now on every text can be said. @throws where the words cannot be read */
export async function allWords(): Promise<void> {
  allWanted = true;
  for (;;) {
    const { language } = spoken;
    const here = wordsHere(language);
    if (here) {
      catalogue = here;
      return;
    }
    await fetchWords(language);
  }
}

export function t<K extends Key>(key: K, ...values: Values<Messages[K]>): string {
  return fill(messageFor(key), (values[0] ?? {}) as Readonly<Record<string, Value>>, spoken);
}

/** The words of a named part, already drawn. */
export type Words = ComponentChildren;
type Draw = (words: Words) => ComponentChildren;
type Drawn<M> = { readonly [N in Names<M>]: N extends 'count' ? number : N extends Tags<M> ? Draw : ComponentChildren };

// An error of what the first look has not to do with may come before the words for it.
const messageFor = (key: Key): Message => catalogue[key] ?? english['errors.fault'];

/** The same with elements: places take them as they are, and a named part is what its function makes of the words in it. */
export function rich<K extends Key>(key: K, values: Drawn<Messages[K]>): ComponentChildren {
  const given = values as Readonly<Record<string, unknown>>;
  const draw = (pieces: readonly Piece[]): ComponentChildren =>
    pieces.map((piece, index) => {
      if (typeof piece === 'string') return piece;
      if ('place' in piece) {
        const value = given[piece.place];
        return typeof value === 'string' || typeof value === 'number' ? (
          written(value, spoken)
        ) : (
          <Fragment key={index}>{value as ComponentChildren}</Fragment>
        );
      }
      return <Fragment key={index}>{(given[piece.tag] as Draw)(draw(piece.pieces))}</Fragment>;
    });
  return <>{draw(piecesOf(textFor(messageFor(key), given['count'], spoken)))}</>;
}

/** The locale of what is spoken, for all that `Intl` writes. */
export const locale = (): string => spoken.locale;

/** A number as the language writes it. */
export const numbered = (count: number): string => written(count, spoken);

const rememberedKey = 'language';
let turn = 0;

/** Speaks a language from now on, and remembers it so that the next page opens in it. Where its words cannot be read, all stays as it is. */
export async function speak(setting: LanguageSetting): Promise<void> {
  const mine = ++turn;
  try {
    localStorage.setItem(rememberedKey, setting);
  } catch {
    // Storage is off: the page just begins in the browser's language.
  }
  const next = spokenFor(setting, preferredHere());
  try {
    while (!wordsHere(next.language)) await fetchWords(next.language);
  } catch {
    return;
  }
  const known = wordsHere(next.language);
  // Somebody chose another one meanwhile.
  if (!known || mine !== turn) return;
  if (next.language === spoken.language && next.locale === spoken.locale && known === catalogue) return show();
  spoken = next;
  catalogue = known;
  show();
  for (const listener of listeners) listener();
}

/** What was spoken last time, before the background has said anything. */
export function rememberedLanguage(): LanguageSetting {
  try {
    const kept = localStorage.getItem(rememberedKey);
    return isLanguageSetting(kept) ? kept : 'browser';
  } catch {
    return 'browser';
  }
}

/** The page says which language it is in and which way its letters run. */
function show(): void {
  document.documentElement.lang = spoken.locale;
  document.documentElement.dir = directionOf(spoken.language);
}

/** What is spoken, for what is drawn anew only when something that it uses changes. */
export const SpokenContext = createContext<Spoken>(spoken);

/** Draws anew when another language is spoken. */
export function useLanguage(): Spoken {
  const [now, setNow] = useState(spoken);
  useEffect(() => {
    const changed = (): void => setNow(spoken);
    listeners.add(changed);
    changed();
    return () => void listeners.delete(changed);
  }, []);
  return now;
}
