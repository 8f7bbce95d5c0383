import assert from 'node:assert/strict';
import { contentTypes, type Value } from '../../../src/content-types/index.ts';
import { fromHex, toHex } from '../../../src/protocol/bytes.ts';
import { Fields } from '../vector.ts';

/** A value as vectors write it: absent members omitted, bytes as `{ "$hex" }`, unknown content as null. */
export function toVector(value: Value): unknown {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'markdown':
      return value.markdown;
    case 'unknown':
      return null;
    case 'attachment':
      return { ...withoutKind(value), data: hex(value.data) };
    case 'remote-attachment': {
      const { salt, nonce, secret } = value;
      return { ...withoutKind(value), scheme: 'https://', salt: hex(salt), nonce: hex(nonce), secret: hex(secret) };
    }
    case 'reply':
      return { ...withoutKind(value), contentType: typeOf(value.content), content: toVector(value.content) };
    case 'composite':
      return {
        parts: value.parts.map((part) => (part.kind === 'composite' ? toVector(part) : { type: typeOf(part), content: toVector(part) })),
      };
    default:
      return withoutKind(value);
  }
}

/** The value that a vector writes so; of a type that we do not know, an unknown one. */
export function fromVector(type: string, content: unknown): Value {
  const known = contentTypes.find(({ id }) => id === type);
  if (!known) return { kind: 'unknown', type };
  switch (known.kind) {
    case 'text':
      assert(typeof content === 'string');
      return { kind: 'text', text: content };
    case 'markdown':
      assert(typeof content === 'string');
      return { kind: 'markdown', markdown: content };
    case 'attachment': {
      const { data, ...rest } = content as { data: Hex };
      return { kind: 'attachment', ...rest, data: bytes(data) };
    }
    case 'remote-attachment':
      return remoteFromVector(new Fields(content));
    case 'reply': {
      const { contentType, content: inner, ...rest } = content as { contentType: string; content: unknown };
      return { kind: 'reply', ...rest, content: fromVector(contentType, inner) };
    }
    case 'composite':
      return { kind: 'composite', parts: new Fields(content).list('parts').map(partFromVector) };
    case 'read-receipt':
      return { kind: 'read-receipt' };
    case 'group-update':
      throw new Error('announcements in groups have vectors of their own');
    case 'reaction':
    case 'transaction-reference':
      // The vector's own members are those of the value.
      return { kind: known.kind, ...(content as object) } as Value;
  }
}

export function remoteFromVector(fields: Fields): Extract<Value, { kind: 'remote-attachment' }> {
  const [salt, nonce, secret] = ['salt', 'nonce', 'secret'].map((name) => bytes(fields.raw(name) as Hex)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    kind: 'remote-attachment',
    url: fields.text('url'),
    contentDigest: fields.text('contentDigest'),
    salt,
    nonce,
    secret,
    contentLength: fields.raw('contentLength') as number,
    filename: fields.text('filename'),
  };
}

function partFromVector(part: unknown): Value {
  const fields = new Fields(part);
  if (fields.has('parts')) return { kind: 'composite', parts: fields.list('parts').map(partFromVector) };
  return fromVector(fields.text('type'), fields.raw('content'));
}

interface Hex {
  readonly $hex: string;
}

const hex = (value: Uint8Array): Hex => ({ $hex: toHex(value) });

const bytes = ({ $hex }: Hex): Uint8Array => fromHex($hex);

const withoutKind = <T extends Value>({ kind: _, ...members }: T): Omit<T, 'kind'> => members;

const typeOf = (value: Value): string =>
  value.kind === 'unknown' ? value.type : (contentTypes.find(({ kind }) => kind === value.kind)?.id ?? '');
