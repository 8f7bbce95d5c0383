import { fromBase64, fromUtf8, toBase64, utf8 } from '../protocol/bytes.ts';

/** A value as JSON; bigints and bytes are kept. */
export const encodeJson = (value: unknown): Uint8Array<ArrayBuffer> => utf8(JSON.stringify(value, replace));

/** @throws SyntaxError, RangeError where it is none of ours */
export const decodeJson = (bytes: Uint8Array): unknown => JSON.parse(fromUtf8(bytes), revive) as unknown;

// A foreign object may have members of our marks' names (a page's metadata, say); it travels as a list of its entries.
function replace(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && marks.some((mark) => Object.hasOwn(value, mark)))
    return { $entries: Object.entries(value) };
  return value;
}

function revive(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $bigint, $bytes, $entries } = value as { $bigint?: unknown; $bytes?: unknown; $entries?: unknown };
  if (typeof $bigint === 'string') return BigInt($bigint);
  if (typeof $bytes === 'string') return fromBase64($bytes);
  if (Array.isArray($entries)) return Object.fromEntries($entries as [string, unknown][]);
  return value;
}

const marks = ['$bigint', '$bytes', '$entries'];
