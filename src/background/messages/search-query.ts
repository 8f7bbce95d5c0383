/** What somebody looks for, taken apart. */
export interface SearchQuery {
  /** Folded; all of them must be there. */
  readonly words: readonly string[];
  /** Who wrote it: `me`, or a part of a name or the beginning of an address, folded. */
  readonly from: readonly string[];
  readonly has: readonly Having[];
  /** Milliseconds since 1970; `after` inclusive, `before` exclusive. */
  readonly after: number | null;
  readonly before: number | null;
  /** Filters that say nothing to us, as they were written. */
  readonly unknown: readonly string[];
}

/** What can be asked for besides words, each a bit of what the index keeps of a message. */
export const having = { link: 1, file: 2, image: 4 } as const;
export type Having = keyof typeof having;

/** Letters as they are compared: without case, accents and other forms of the same sign. A line break becomes a space. */
export const fold = (text: string): string => {
  // Names and addresses of all conversations are folded for each search: of most of them nothing but the case changes.
  if (!more.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/gu, ' ');
};

/** What is no printable letter of ASCII, and several spaces. */
const more = /[^ -~]| {2}/;

const mostWords = 16;

/**
 * Reads `words "of one piece" from:me has:file after:2026-01-31 before:2026-03`. A day, month or year ends where the next one begins; times are this
 * machine's own.
 */
export function parseSearch(text: string): SearchQuery {
  const words: string[] = [];
  const from: string[] = [];
  const has: Having[] = [];
  const unknown: string[] = [];
  let after: number | null = null;
  let before: number | null = null;
  for (const [, filter, quoted, plain = ''] of text.matchAll(/(?:(from|has|before|after):)?(?:"([^"]*)"?|(\S+))/giu)) {
    const value = fold(quoted ?? plain).trim();
    if (value === '') continue;
    const name = filter?.toLowerCase();
    if (name === undefined) words.push(value);
    else if (name === 'from') from.push(value);
    else if (name === 'has') {
      if (Object.hasOwn(having, value)) has.push(value as Having);
      else unknown.push(`has:${value}`);
    } else {
      const day = startOf(value);
      if (day === null) unknown.push(`${name}:${value}`);
      else if (name === 'before') before = Math.min(before ?? day, day);
      else after = Math.max(after ?? day, day);
    }
  }
  return { words: words.slice(0, mostWords), from, has, after, before, unknown };
}

/** When a year, a month or a day begins here; null for what is none. */
function startOf(text: string): number | null {
  const found = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(text);
  if (!found) return null;
  const [year, month, day] = [Number(found[1]), Number(found[2] ?? 1), Number(found[3] ?? 1)];
  const date = new Date(year, month - 1, day);
  return date.getFullYear() === year && date.getMonth() === month - 1 && date.getDate() === day ? date.getTime() : null;
}

export const isEmpty = ({ words, from, has, after, before }: SearchQuery): boolean =>
  words.length === 0 && from.length === 0 && has.length === 0 && after === null && before === null;

/** A piece of a text with what was looked for in it. */
export interface Excerpt {
  readonly text: string;
  /** Where the words stand in it, from and to, in order, apart from each other. */
  readonly marks: readonly (readonly [from: number, to: number])[];
}

const excerptLength = 160;
const before = 20;

/** The part of a text where the first of the words stands, in one line. */
export function excerptOf(whole: string, words: readonly string[]): Excerpt {
  const line = whole.replace(/\s+/gu, ' ').trim();
  const { folded, origin } = foldWithOrigin(line);
  const found = words
    .flatMap((word) => {
      const places: [number, number][] = [];
      for (let at = folded.indexOf(word); at >= 0 && places.length < 20; at = folded.indexOf(word, at + word.length))
        places.push([origin[at] ?? 0, origin[at + word.length] ?? line.length]);
      return places;
    })
    .sort(([a], [b]) => a - b);
  const start = edge(line, Math.max(0, (found[0]?.[0] ?? 0) - before));
  const end = edge(line, Math.min(line.length, start + excerptLength));
  const lead = start > 0 ? '…' : '';
  const marks: [number, number][] = [];
  for (const [from, to] of found) {
    if (from < start || to > end) continue;
    const [a, b] = [from - start + lead.length, to - start + lead.length];
    const last = marks.at(-1);
    if (last && a <= last[1]) last[1] = Math.max(last[1], b);
    else marks.push([a, b]);
  }
  return { text: `${lead}${line.slice(start, end)}${end < line.length ? '…' : ''}`, marks };
}

/** A place that parts no character of two halves. */
const edge = (text: string, at: number): number => (/[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at);

/** The folded text, and for each of its letters where it began in the text as it is. */
function foldWithOrigin(text: string): { readonly folded: string; readonly origin: number[] } {
  const origin: number[] = [];
  let folded = '';
  let at = 0;
  for (const character of text) {
    const piece = fold(character);
    for (let i = 0; i < piece.length; i++) origin.push(at);
    folded += piece;
    at += character.length;
  }
  origin.push(text.length);
  return { folded, origin };
}
