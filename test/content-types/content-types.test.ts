import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentTypes, maxMessageContentLength, readContent, show, type Value, writeContent } from '../../src/content-types/index.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { encodeComposite } from '../../src/protocol/composite.ts';
import { type Content, decodeContent, decodeInnerContent, encodeContent } from '../../src/protocol/content.ts';
import { refused } from '../protocol/refused.ts';
import { fc } from '../support/fast-check.ts';

/** A value of each type, with what is to be shown of it. */
const samples: Readonly<Record<(typeof contentTypes)[number]['kind'], readonly [value: Value, shown: string]>> = {
  text: [{ kind: 'text', text: 'a text' }, 'a text'],
  markdown: [{ kind: 'markdown', markdown: '**a** text' }, '**a** text'],
  attachment: [
    { kind: 'attachment', filename: 'a.txt', mimeType: 'text/plain', data: utf8('data') },
    'Can’t display "a.txt". This app doesn’t support attachments.',
  ],
  'remote-attachment': [
    {
      kind: 'remote-attachment',
      url: 'https://files.example/a',
      contentDigest: 'ab'.repeat(32),
      salt: new Uint8Array(32),
      nonce: new Uint8Array(12),
      secret: new Uint8Array(32),
      contentLength: 5,
      filename: 'b.txt',
    },
    'Can’t display "b.txt". This app doesn’t support attachments.',
  ],
  reaction: [
    { kind: 'reaction', reference: 'ab', action: 'added', schema: 'unicode', content: '👍' },
    'Reacted “👍” to an earlier message',
  ],
  reply: [{ kind: 'reply', reference: 'ab', content: { kind: 'text', text: 'yes' } }, 'Replied with “yes” to an earlier message'],
  'read-receipt': [{ kind: 'read-receipt' }, 'Has read the messages up to here'],
  'transaction-reference': [
    { kind: 'transaction-reference', networkId: 1, reference: '0xab', metadata: { amount: 1, decimals: 18 } },
    '[Crypto transaction] Use a blockchain explorer to learn more using the transaction hash: 0xab',
  ],
  composite: [
    {
      kind: 'composite',
      parts: [
        { kind: 'text', text: 'one' },
        { kind: 'composite', parts: [{ kind: 'text', text: 'two' }] },
      ],
    },
    'one\ntwo',
  ],
  'group-update': [{ kind: 'group-update', action: 'left' }, 'Has left the group.'],
};

const throughFrame = async (value: Value): Promise<Content> => decodeContent(encodeContent(writeContent(value).content));

test('the list holds each file of the folder once, and nothing else', () => {
  const files = readdirSync(fileURLToPath(new URL('../../src/content-types', import.meta.url)))
    .filter((name) => !['index.ts', 'content-type.ts', 'page.ts', 'image-size.ts'].includes(name))
    .map((name) => name.replace(/\.ts$/, ''));
  expect(contentTypes.map(({ kind }) => kind as string).sort()).toEqual(files.sort());
  expect(new Set(contentTypes.map(({ id }) => id)).size).toBe(contentTypes.length);
});

test.each(contentTypes)('$kind: a value survives the way to a reader, and shows', async ({ kind, id }) => {
  const [value, words] = samples[kind];
  const content = await throughFrame(value);
  expect(content.type).toBe(id);
  expect(readContent(content)).toEqual(value);
  const shown = show(content);
  expect(shown.form === 'text' ? shown.text : shown.fallback).toBe(words);
});

test.each(contentTypes)('$kind: any minor and lower major versions are read, a higher major version is unknown', ({ kind, id }) => {
  const [value] = samples[kind];
  const { content } = writeContent(value);
  for (const type of [id.replace(':1.0', ':1.9'), id.replace(':1.0', ':0.3')]) expect(readContent({ ...content, type })).toEqual(value);
  const type = id.replace(':1.0', ':2.0');
  const newer = { kind: 'unknown', type, ...(content.fallback !== undefined && { fallback: content.fallback }) };
  expect(readContent({ ...content, type })).toEqual(newer);
  expect(readContent({ ...content, type: id.replace(/^[^/]+/, 'example.com') }).kind).toBe('unknown');
});

test('only reactions that add something, and what is to be read, notify', () => {
  const pushes = (value: Value): boolean => writeContent(value).shouldPush;
  const silent = contentTypes.filter(({ kind }) => !pushes(samples[kind][0])).map(({ kind }) => kind);
  expect(silent).toEqual(['read-receipt', 'group-update']);
  for (const action of ['removed', 'changed']) expect(pushes({ kind: 'reaction', action, content: 'x' })).toBe(false);
});

test('what we do not know cannot be written, neither by itself nor within another', async () => {
  const unknown: Value = { kind: 'unknown', type: 'example.com/poll:1.0', fallback: 'a poll' };
  await refused('unsupported', () => writeContent(unknown));
  await refused('unsupported', () => writeContent({ kind: 'reply', content: unknown }));
  await refused('unsupported', () => writeContent({ kind: 'composite', parts: [unknown] }));
});

const nested = (depth: number, wrap: (value: Value) => Value): Value => {
  let value: Value = { kind: 'text', text: 'deep' };
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
};
const wraps: readonly [what: string, wrap: (value: Value) => Value][] = [
  ['replies', (content) => ({ kind: 'reply', content })],
  ['lists', (part) => ({ kind: 'composite', parts: [part] })],
  ['lists of replies', (value) => (value.kind === 'reply' ? { kind: 'composite', parts: [value] } : { kind: 'reply', content: value })],
];

test.each(wraps)('%s go 8 deep and no deeper, neither written nor read', async (_, wrap) => {
  const deepest = nested(8, wrap);
  const content = await throughFrame(deepest);
  expect(readContent(content)).toEqual(deepest);
  await refused('too-large', () => writeContent(nested(9, wrap)));
  // One level more, wrapped by hand.
  const deeper: Content = { type: 'xmtp.org/reply:1.0', parameters: new Map(), content: encodeContent(content) };
  await refused('too-large', () => readContent(deeper));
  await refused('too-large', () => show(deeper));
});

test('lists within lists, 300 deep, are refused and not followed', async () => {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < 300; i++) bytes = encodeComposite([{ kind: 'list', bytes }]);
  const type = 'xmtp.org/composite:1.0';
  await refused('too-large', () => readContent({ type, parameters: new Map(), content: bytes }));
});

test('a message holds up to 1000 contents, however they are spread', async () => {
  const list = (count: number): Value => ({ kind: 'composite', parts: Array.from({ length: count }, () => samples.text[0]) });
  expect(readContent(await throughFrame(list(1000)))).toEqual(list(1000));
  await refused('too-large', () => writeContent(list(1001)));
  const pair = (first: number, second: number): Value => ({ kind: 'composite', parts: [list(first), list(second)] });
  expect(readContent(await throughFrame(pair(499, 499)))).toEqual(pair(499, 499));
  await refused('too-large', () => writeContent(pair(500, 499)));
  const half = encodeContent(writeContent(list(600)).content);
  const two = encodeComposite([
    { kind: 'content', bytes: half },
    { kind: 'content', bytes: half },
  ]);
  await refused('too-large', () => readContent({ type: 'xmtp.org/composite:1.0', parameters: new Map(), content: two }));
});

test('a list of a million empty parts is refused at once', async () => {
  const content = new Uint8Array(2_000_000);
  for (let i = 0; i < content.length; i += 2) content[i] = 0x0a;
  const parts = Uint8Array.from({ length: 2004 * 6 }, (_, i) => [0x0a, 0x04, 0x0a, 0x02, 0x0a, 0x00][i % 6] as number);
  const started = performance.now();
  await refused('malformed', () => readContent({ type: 'xmtp.org/composite:1.0', parameters: new Map(), content }));
  await refused('too-large', () => readContent({ type: 'xmtp.org/composite:1.0', parameters: new Map(), content: parts }));
  expect(performance.now() - started).toBeLessThan(1000);
});

test('a message carries up to a million bytes of content, fallback included, and nothing is compressed', async () => {
  const file = (length: number): Value => ({ kind: 'attachment', filename: 'a', mimeType: 'b', data: new Uint8Array(length) });
  const { content } = writeContent(file(maxMessageContentLength - 200));
  expect(encodeContent(content).length).toBeGreaterThan(maxMessageContentLength - 200);
  await refused('too-large', () => writeContent(file(maxMessageContentLength)));
  await refused('too-large', () => writeContent({ kind: 'reply', content: file(maxMessageContentLength - 10) }));
  await refused('too-large', () => writeContent({ kind: 'markdown', markdown: 'x'.repeat(600_000) }));
  await refused('too-large', () => writeContent({ kind: 'attachment', filename: 'x'.repeat(1020), data: new Uint8Array(0) }));
});

test('a content within another goes without fallback, as existing clients write it', () => {
  const { content } = writeContent({ kind: 'reply', content: samples.attachment[0] });
  expect(content.parameters.get('contentType')).toBe('xmtp.org/attachment:1.0');
  expect(decodeInnerContent(content.content)).toEqual({ ...writeContent(samples.attachment[0]).content, fallback: undefined });
});

test('a list of different things, and an empty one, shows in words', () => {
  const parts: Value[] = [{ kind: 'text', text: 'look' }, samples.attachment[0], samples['read-receipt'][0]];
  const type = 'xmtp.org/composite:1.0';
  const fallback = `look\n${samples.attachment[1]}\nA content of a kind that has no words`;
  expect(show(writeContent({ kind: 'composite', parts }).content)).toEqual({ form: 'unknown', type, fallback });
  expect(show(writeContent({ kind: 'composite', parts: [] }).content)).toEqual({ form: 'unknown', type });
});

test('the sender’s words go before ours where a content is shown in words', () => {
  const { content } = writeContent(samples.reply[0]);
  expect(show({ ...content, fallback: 'hello' })).toEqual({ form: 'unknown', type: content.type, fallback: 'hello' });
});

test('a content within another is not compressed', async () => {
  const text = writeContent(samples.text[0]).content;
  const inner = encodeContent({ ...text, content: gzipSync(text.content) });
  const compressed = Uint8Array.from([...inner, 0x28, 1]);
  await refused('unsupported', () => readContent({ type: 'xmtp.org/reply:1.0', parameters: new Map(), content: compressed }));
});

const words = fc.string({
  unit: fc.oneof(fc.string({ minLength: 1, maxLength: 1 }), fc.constantFrom('👍', '\ud83d', '\udc4d', '"', '\u202e')),
});
const maybe = <T extends string>(name: T) =>
  fc.option(words, { nil: undefined }).map((word) => (word === undefined ? {} : { [name]: word }));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0); // JSON has no -0
const { value: anyValue } = fc.letrec<{ value: Value; leaf: Value }>((tie) => ({
  leaf: fc.oneof(
    words.map((text): Value => ({ kind: 'text', text })),
    words.map((markdown): Value => ({ kind: 'markdown', markdown })),
    fc
      .tuple(maybe('filename'), maybe('mimeType'), fc.uint8Array())
      .map(([filename, mimeType, data]): Value => ({ kind: 'attachment', ...filename, ...mimeType, data })),
    fc.tuple(maybe('reference'), maybe('referenceInboxId'), maybe('action'), maybe('schema'), words).map(
      ([reference, inbox, action, schema, content]): Value => ({
        kind: 'reaction',
        ...reference,
        ...inbox,
        ...action,
        ...schema,
        content,
      }),
    ),
    fc.tuple(maybe('namespace'), fc.oneof(number, words), words, maybe('currency'), number, fc.nat()).map(
      ([namespace, networkId, reference, currency, amount, decimals]): Value => ({
        kind: 'transaction-reference',
        ...namespace,
        networkId,
        reference,
        metadata: { ...currency, amount, decimals },
      }),
    ),
    fc.constant<Value>({ kind: 'read-receipt' }),
  ),
  value: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.tuple(maybe('reference'), tie('value')).map(([reference, content]): Value => ({ kind: 'reply', ...reference, content })),
    fc.array(tie('value'), { maxLength: 3 }).map((parts): Value => ({ kind: 'composite', parts })),
  ),
}));

/** The value as UTF-8 can hold it. */
const asUtf8 = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replace(/\p{Surrogate}/gu, '\ufffd');
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(asUtf8);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asUtf8(member)]));
};

test('any value survives the way to a reader but for lone surrogates, and can be shown', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const content = await throughFrame(value);
      expect(readContent(content)).toEqual(asUtf8(value));
      show(content);
    }),
    { numRuns: 500 },
  );
});

test('any bytes, as a content of any type, are read or refused by a ProtocolError', async () => {
  const type = fc.constantFrom(...contentTypes.map(({ id }) => id));
  const parameters = fc.dictionary(fc.constantFrom('encoding', 'filename', 'reference', 'scheme', 'salt', '__proto__'), fc.string(), {
    maxKeys: 3,
  });
  const good = anyValue.map((value) => writeContent(value).content.content);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map(utf8),
    fc.tuple(good, fc.nat(), fc.nat(255)).map(([whole, place, byte]) => {
      const changed = whole.slice();
      if (changed.length > 0) changed[place % changed.length] = byte;
      return changed;
    }),
  );
  await fc.assert(
    fc.property(type, parameters, bytes, (id, given, content) => {
      try {
        show({ type: id, parameters: new Map(Object.entries(given)), content });
      } catch (error) {
        expect((error as Error).name).toBe('ProtocolError');
      }
    }),
    { numRuns: 2000 },
  );
});
