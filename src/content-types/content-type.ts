import { fromUtf8, utf8 } from '../protocol/bytes.ts';
import type { Content } from '../protocol/content.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Value } from './index.ts';
import type { InnerFromPage, InnerToPage } from './page.ts';

/** What a content looks like to a person. */
export type Shown = TextShown | UnknownShown;

export interface TextShown {
  readonly form: 'text';
  readonly text: string;
}

/** A content that is shown in words only, or that we have no type for; its fallback is the sender's words, or ours. */
export interface UnknownShown {
  readonly form: 'unknown';
  readonly type: string;
  readonly fallback?: string;
}

/** One kind of content, read and written. `Known` is what is read; its `kind` is the name of the file. */
export interface ContentType<Known extends { readonly kind: string }> {
  readonly kind: Known['kind'];
  /** What we write. When reading, a major version up to this one is taken, and the minor does not matter (SPEC 10.1). */
  readonly id: `${string}/${string}:${number}.${number}`;
  /** @throws ProtocolError for a value that nobody would read */
  encode(value: Known, inner: Inner): Pick<Content, 'parameters' | 'content'>;
  /** @throws ProtocolError for a content that claims this type and is not of it */
  decode(content: Content, inner: Inner): Known;
  /** The words for those who do not know the type; none where there is nothing to say. */
  fallback(value: Known): string | undefined;
  /** Whether the message is worth a notification. */
  shouldPush(value: Known): boolean;
  /** `words` puts a value within this one in words. */
  show(value: Known, content: Content, words: (inner: Value) => string): Shown;
  /** The value as a web page has it, in JSON. */
  toPage(value: Known, inner: InnerToPage): unknown;
  /** The value that a page stands for. @throws ParseError for anything else, unknown members too */
  fromPage(content: unknown, path: string, inner: InnerFromPage): Known;
}

/** How a type reaches the contents within its own. Depth and number are bounded: @throws ProtocolError too-large */
export interface Inner {
  /** What becomes a value of kind `unknown` here is no error. @throws ProtocolError for a content that is not what its type says */
  decode(content: Content): Value;
  /** Without fallback, as the reference client writes it. @throws ProtocolError unsupported for an unknown value */
  encode(value: Value): Content;
}

/** Shows a content in the sender's words, else in ours. */
export const inWords = ({ type, fallback }: Content, words: string | undefined): UnknownShown => {
  const either = fallback ?? words;
  return { form: 'unknown', type, ...(either !== undefined && { fallback: either }) };
};

/** Surrogates that stand alone, which no UTF-8 can hold, become U+FFFD. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** The text and the parameter of types that are a text. */
export const textContent = (text: string): Pick<Content, 'parameters' | 'content'> => ({
  parameters: new Map([['encoding', 'UTF-8']]),
  content: utf8(text),
});

/** Old clients leave the encoding out; any other than UTF-8 is refused (SPEC 10.4). @throws ProtocolError unsupported */
export function readText({ parameters, content }: Content): string {
  const encoding = parameters.get('encoding') ?? 'UTF-8';
  if (encoding !== 'UTF-8') throw new ProtocolError('unsupported', 'the text is not in UTF-8');
  return fromUtf8(content);
}

/** The members of a JSON object from a peer; members that nobody asks for are no fault. */
export class JsonMembers {
  readonly #members: ReadonlyMap<string, unknown>;

  /** @throws ProtocolError malformed when the value is not an object */
  constructor(value: unknown, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ProtocolError('malformed', `${what} is no object`);
    this.#members = new Map(Object.entries(value));
  }

  raw(name: string): unknown {
    return this.#members.get(name);
  }

  /** A text, or undefined where it is absent or null. @throws ProtocolError malformed */
  text(name: string): string | undefined {
    const value = this.raw(name) ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw new ProtocolError('malformed', `${name} is no text`);
    return value === undefined ? undefined : wellFormed(value);
  }

  /** A finite number, or undefined where it is absent or null. @throws ProtocolError malformed */
  number(name: string): number | undefined {
    const value = this.raw(name) ?? undefined;
    if (value !== undefined && !Number.isFinite(value)) throw new ProtocolError('malformed', `${name} is no number`);
    return value as number | undefined;
  }
}

/** The JSON value in a content. @throws ProtocolError malformed */
export function readJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(content));
  } catch (cause) {
    throw new ProtocolError('malformed', 'the content is no JSON', { cause });
  }
}

/** The members that are not undefined: absent is absent, in JSON as in a value. */
export const defined = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
