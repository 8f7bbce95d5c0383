import { describe, expect, test } from 'vitest';
import { contentTypes, fromPage, toPage, type Value } from '../../src/content-types/index.ts';
import { ParseError } from '../../src/parse.ts';
import { utf8 } from '../../src/protocol/bytes.ts';

const id = 'ab'.repeat(32);
const keys = { salt: new Uint8Array(32), nonce: new Uint8Array(12), secret: new Uint8Array(32).fill(255) };

/** A value of each type, and how a page has it. */
const samples: Readonly<Record<Exclude<(typeof contentTypes)[number]['kind'], 'group-update'>, readonly [value: Value, content: unknown]>> =
  {
    text: [{ kind: 'text', text: 'hello' }, 'hello'],
    markdown: [{ kind: 'markdown', markdown: '**hello**' }, '**hello**'],
    attachment: [
      { kind: 'attachment', filename: 'a.bin', mimeType: 'application/octet-stream', data: Uint8Array.from([251, 255]) },
      { filename: 'a.bin', mimeType: 'application/octet-stream', data: { $bytes: '-_8' } },
    ],
    'remote-attachment': [
      { kind: 'remote-attachment', url: 'https://files.example/a', contentDigest: id, ...keys, contentLength: 5, filename: 'b.txt' },
      {
        url: 'https://files.example/a',
        contentDigest: id,
        salt: { $bytes: 'A'.repeat(43) },
        nonce: { $bytes: 'A'.repeat(16) },
        secret: { $bytes: `${'_'.repeat(42)}8` },
        scheme: 'https://',
        contentLength: 5,
        filename: 'b.txt',
      },
    ],
    reaction: [
      { kind: 'reaction', reference: id, action: 'added', schema: 'unicode', content: '👍' },
      { reference: id, action: 'added', schema: 'unicode', content: '👍' },
    ],
    reply: [
      { kind: 'reply', reference: id, content: { kind: 'text', text: 'yes' } },
      { reference: id, contentType: 'xmtp.org/text:1.0', content: 'yes' },
    ],
    'read-receipt': [{ kind: 'read-receipt' }, {}],
    'transaction-reference': [
      { kind: 'transaction-reference', namespace: 'eip155', networkId: 1, reference: '0xab', metadata: { amount: 1.5, decimals: 18 } },
      { namespace: 'eip155', networkId: 1, reference: '0xab', metadata: { amount: 1.5, decimals: 18 } },
    ],
    composite: [
      {
        kind: 'composite',
        parts: [
          { kind: 'text', text: 'one' },
          { kind: 'composite', parts: [{ kind: 'text', text: 'two' }] },
        ],
      },
      {
        parts: [
          { contentType: 'xmtp.org/text:1.0', content: 'one' },
          { contentType: 'xmtp.org/composite:1.0', content: { parts: [{ contentType: 'xmtp.org/text:1.0', content: 'two' }] } },
        ],
      },
    ],
  };
const idOf = (kind: string): string => contentTypes.find((type) => type.kind === kind)?.id ?? '';

test.each(Object.entries(samples))('%s: a page has it in plain JSON, and what it sends back is the same', (kind, [value, content]) => {
  const seen = toPage(value);
  expect(seen).toEqual({ contentType: idOf(kind), content });
  expect(fromPage(seen.contentType, JSON.parse(JSON.stringify(seen.content)), 'params')).toEqual(value);
});

test('without a type it is a text', () => {
  expect(fromPage(undefined, 'hello', 'params')).toEqual({ kind: 'text', text: 'hello' });
  const answered = fromPage('xmtp.org/reply:1.0', { reference: id, content: 'yes' }, 'params');
  expect(answered).toEqual({ kind: 'reply', reference: id, content: { kind: 'text', text: 'yes' } });
});

test('a type that we do not know comes without content, with the sender’s words', () => {
  expect(toPage({ kind: 'unknown', type: 'x.org/poll:1.0', fallback: 'A poll' })).toEqual({
    contentType: 'x.org/poll:1.0',
    content: null,
    fallback: 'A poll',
  });
  const reply: Value = { kind: 'reply', reference: id, content: { kind: 'unknown', type: 'x.org/poll:1.0', fallback: 'A poll' } };
  expect(toPage(reply).content).toEqual({ reference: id, contentType: 'x.org/poll:1.0', content: null, fallback: 'A poll' });
});

test('announcements of groups are read, and never sent by pages', () => {
  expect(toPage({ kind: 'group-update', action: 'left' })).toEqual({
    contentType: 'parley.chat/groupUpdate:1.0',
    content: { action: 'left' },
  });
  expect(() => fromPage('parley.chat/groupUpdate:1.0', { action: 'left' }, 'params')).toThrow(ParseError);
});

describe('refuses, and says where', () => {
  const deep = (depth: number): unknown =>
    depth === 0 ? 'x' : { reference: id, contentType: depth > 1 ? 'xmtp.org/reply:1.0' : undefined, content: deep(depth - 1) };
  test.each<[string, unknown, unknown, string]>([
    ['an unknown type', 'x.org/poll:1.0', {}, 'params.contentType'],
    ['a type that is no text', 7, 'x', 'params.contentType'],
    ['a text that is none', 'xmtp.org/text:1.0', { text: 'x' }, 'params.content'],
    ['an empty text', 'xmtp.org/text:1.0', '', 'params.content'],
    ['a member too many', 'xmtp.org/readReceipt:1.0', { at: 1 }, 'params.content.at'],
    ['a reaction to nothing', 'xmtp.org/reaction:1.0', { action: 'added', schema: 'unicode', content: 'x' }, 'params.content.reference'],
    ['bytes that are none', 'xmtp.org/attachment:1.0', { data: 'AAAA' }, 'params.content.data'],
    ['bytes in another alphabet', 'xmtp.org/attachment:1.0', { data: { $bytes: 'a+/=' } }, 'params.content.data.$bytes'],
    ['bytes of an impossible length', 'xmtp.org/attachment:1.0', { data: { $bytes: 'a' } }, 'params.content.data.$bytes'],
    [
      'a remote attachment over http',
      'xmtp.org/remoteStaticAttachment:1.0',
      { ...(samples['remote-attachment'][1] as object), url: 'http://files.example/a', scheme: undefined },
      'params.content',
    ],
    [
      'an inner content of an unknown type',
      'xmtp.org/reply:1.0',
      { reference: id, contentType: 'x', content: 'x' },
      'params.content.contentType',
    ],
    ['a member too many within', 'xmtp.org/composite:1.0', { parts: [{ content: 'x', type: 'y' }] }, 'params.content.parts[0].type'],
    [
      'an amount that is no number',
      'xmtp.org/transactionReference:1.0',
      { networkId: 1, reference: '0x', metadata: { amount: '1' } },
      'params.content.metadata.amount',
    ],
  ])('%s', (_, type, content, path) => {
    const error = (() => {
      try {
        fromPage(type, JSON.parse(JSON.stringify(content)), 'params');
      } catch (caught) {
        return caught;
      }
      return null;
    })();
    expect(error).toBeInstanceOf(ParseError);
    expect((error as ParseError).path).toBe(path);
  });

  test('contents within contents beyond the depth that is read', () => {
    expect(() => fromPage('xmtp.org/reply:1.0', deep(8), 'params')).not.toThrow();
    expect(() => fromPage('xmtp.org/reply:1.0', deep(9), 'params')).toThrow('fewer contents within contents');
  });

  test('members of the prototype', () => {
    expect(() => fromPage('xmtp.org/attachment:1.0', JSON.parse('{"data":{"$bytes":""},"__proto__":{}}'), 'params')).toThrow(ParseError);
  });
});

test('bytes of a text file go both ways', () => {
  const value: Value = { kind: 'attachment', data: utf8('data') };
  const { contentType, content } = toPage(value);
  expect(fromPage(contentType, content, '')).toEqual(value);
});
