import { directionOf, type Language, type Spoken } from './languages.ts';

/**
 * Words with places in them: `{name}` is filled in, and `<name>…</name>` is handed to whoever draws it. Where a number changes the words there is a text for
 * each plural form that the language has, chosen by `count`.
 */
export type Message = string | Plural;
export type Plural = { readonly [form in Exclude<Intl.LDMLPluralRule, 'other'>]?: string } & { readonly other: string };

/** A catalogue in English says what there is; those of other languages have the same. */
export type CatalogueLike<English> = { readonly [K in keyof English]: English[K] extends string ? string : Plural };

type Text<M> = M extends string ? M : M[keyof M] & string;
/** The names of the places in a message. */
export type Places<M> = Text<M> extends infer S ? (S extends string ? PlacesIn<S> : never) : never;
type PlacesIn<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | PlacesIn<Rest> : never;
/** The names of the parts of a message that somebody else draws. */
export type Tags<M> = Text<M> extends infer S ? (S extends string ? TagsIn<S> : never) : never;
type TagsIn<S extends string> = S extends `${string}</${infer Name}>${infer Rest}` ? Name | TagsIn<Rest> : never;

/** All that a message has to be given; what has plural forms needs a number to choose by. */
export type Names<M> = Places<M> | Tags<M> | (M extends string ? never : 'count');

export type Value = string | number;
type Filled<M> = { readonly [N in Names<M>]: N extends 'count' ? number : Value };
/** What is given with a message: nothing where it has no places. */
export type Values<M> = [Names<M>] extends [never] ? [] : [Filled<M>];

/** A message, read: texts, places by their names, and parts with a name. */
export type Piece = string | { readonly place: string } | { readonly tag: string; readonly pieces: readonly Piece[] };

const read = new Map<string, readonly Piece[]>();

/** Reads the text of a message. What is no whole mark is text. */
export function piecesOf(text: string): readonly Piece[] {
  const known = read.get(text);
  if (known) return known;
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: whole, 1: place, 2: tag, 3: inner = '', index } of text.matchAll(/\{(\w+)\}|<(\w+)>(.*?)<\/\2>/gs)) {
    if (index > end) pieces.push(text.slice(end, index));
    pieces.push(place === undefined ? { tag: tag as string, pieces: piecesOf(inner) } : { place });
    end = index + whole.length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  read.set(text, pieces);
  return pieces;
}

/** The text that fits a number. */
export function textFor(message: Message, count: unknown, { locale }: Spoken): string {
  if (typeof message === 'string') return message;
  return message[pluralRules(locale).select(Number(count))] ?? message.other;
}

/** Fills the places of a message in. */
export function fill(message: Message, values: Readonly<Record<string, Value>>, spoken: Spoken): string {
  const write = (pieces: readonly Piece[]): string =>
    pieces
      .map((piece) => {
        if (typeof piece === 'string') return piece;
        if ('tag' in piece) return write(piece.pieces);
        return written(values[piece.place] ?? `{${piece.place}}`, spoken);
      })
      .join('');
  return write(piecesOf(textFor(message, values['count'], spoken)));
}

/** A value as it stands in a sentence: numbers as the language writes them, texts set apart from letters that run the other way. */
export const written = (value: Value, { locale, language }: Spoken): string =>
  typeof value === 'number' ? numberFormat(locale).format(value) : isolated(value, language);

/** What runs from left to right (a name, an address) keeps its order amid letters that run the other way. */
const isolated = (text: string, language: Language): string =>
  directionOf(language) === 'rtl' && text !== '' ? `\u2068${text}\u2069` : text;

// To make one takes longer than to use it a thousand times.
const rules = new Map<string, Intl.PluralRules>();
const numbers = new Map<string, Intl.NumberFormat>();
const pluralRules = (locale: string): Intl.PluralRules => kept(rules, locale, () => new Intl.PluralRules(locale));
const numberFormat = (locale: string): Intl.NumberFormat => kept(numbers, locale, () => new Intl.NumberFormat(locale));

function kept<T>(all: Map<string, T>, key: string, make: () => T): T {
  const found = all.get(key);
  if (found) return found;
  const made = make();
  all.set(key, made);
  return made;
}
