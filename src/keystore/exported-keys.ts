import { fromBase64, fromHex, fromUtf8 } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { decodePrivateBundle, encodePrivateBundle, type PrivateBundle } from '../protocol/private-keys.ts';
import { KeystoreError } from './errors.ts';

/**
 * Reads keys as programs built on the reference client hand them out (`Client.getKeys()`) and keep them: the bytes themselves, or their text as hex,
 * base64, a JSON array, a JSON object by index, or one character for each byte as they lie in a page's `localStorage`.
 * @throws KeystoreError bad-bundle, whose message says what is wrong
 */
export function readExportedKeys(given: Uint8Array): PrivateBundle {
  let first: unknown;
  for (const bytes of [given, ...textForms(given)]) {
    try {
      const bundle = decodePrivateBundle(bytes);
      encodePrivateBundle(bundle); // what cannot be stored again in the form that other programs read is of no use
      return bundle;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Bytes that are no bundle at all say less than a bundle with a fault.
      if (first === undefined || error.message !== notOne) first = error;
    }
  }
  const message = first instanceof ProtocolError ? first.message : notOne;
  throw new KeystoreError('bad-bundle', message, { cause: first });
}

const notOne = 'not a private key bundle';

/** The bytes that a text may stand for. */
function textForms(given: Uint8Array): Uint8Array[] {
  let text: string;
  try {
    text = fromUtf8(given);
  } catch {
    return [];
  }
  const value = parseJson(text.trim());
  // A value of storage is often JSON of a text.
  const inner = typeof value === 'string' ? value : text;
  const forms =
    typeof value === 'object' && value !== null ? [bytesOfJson(value)] : [readHex(inner), readBase64(inner), readCharacters(inner)];
  return forms.filter((bytes) => bytes !== null && bytes.length > 0) as Uint8Array[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `[8,1]`, `{"0":8,"1":1}`, `{"type":"Buffer","data":[8,1]}`. */
function bytesOfJson(value: object): Uint8Array | null {
  const { data } = value as { data?: unknown };
  const items = Array.isArray(value) ? value : Array.isArray(data) ? data : Object.values(value);
  const good = items.length <= 1 << 20 && items.every((item) => Number.isInteger(item) && item >= 0 && item <= 255);
  return good ? Uint8Array.from(items as number[]) : null;
}

function readHex(text: string): Uint8Array | null {
  const hex = text.replace(/\s+/g, '');
  return /^(0x)?([0-9a-fA-F]{2})+$/.test(hex) ? fromHex(hex) : null;
}

function readBase64(text: string): Uint8Array | null {
  try {
    return fromBase64(text.replace(/\s+/g, ''));
  } catch {
    return null;
  }
}

function readCharacters(text: string): Uint8Array | null {
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return [...text].every((letter) => letter.charCodeAt(0) <= 255) ? bytes : null;
}
