import { matching, object, ParseError, type Parser, string } from '../parse.ts';
import { fromBase64Url, toBase64Url } from '../protocol/bytes.ts';
import type { Value } from './index.ts';

/** A content as a web page has it: plain JSON, bytes as `{ "$bytes": "<base64url>" }`. */
export interface PageContent {
  readonly contentType: string;
  /** null for a type that is not known. */
  readonly content: unknown;
  readonly fallback?: string;
}

/** Reads a content within another, `{ contentType?, content }`. Depth and number are bounded. @throws ParseError */
export type InnerFromPage = (content: unknown, path: string) => Value;
/** The other way. */
export type InnerToPage = (value: Value) => PageContent;

/** Bytes as a page has them. @throws ParseError */
export const pageBytes: Parser<Uint8Array<ArrayBuffer>> = (value, path) => {
  const { $bytes } = wrapped(value, path);
  try {
    return fromBase64Url($bytes);
  } catch {
    throw new ParseError(`${path}.$bytes`, base64url);
  }
};

const base64url = 'base64url without padding';
const wrapped = object({ $bytes: matching(/^[\w-]*$/, base64url) });

export const toPageBytes = (bytes: Uint8Array): { readonly $bytes: string } => ({ $bytes: toBase64Url(bytes) });

export const messageId = matching(/^[0-9a-f]{64}$/, 'the id of a message');
export const pageText = string({ min: 1, max: 524_288 });
export const pageName = string({ max: 1024 });
