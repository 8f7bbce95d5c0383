import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { gzipSync, zlibSync } from 'fflate';
import { expect, test } from 'vitest';
import { Compression, type EncodedContent, EncodedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { decodeContent, encodeContent, maxContentLength, parseContentType } from '../../src/protocol/content.ts';
import { refused } from './refused.ts';

const type = { authorityId: 'example.com', typeId: 'poll', versionMajor: 1, versionMinor: 0 };

const frame = (change: Partial<Omit<EncodedContent, '$typeName' | '$unknown'>>): Uint8Array =>
  toBinary(EncodedContentSchema, create(EncodedContentSchema, { type, ...change } as EncodedContent));

const compressed = (content: Uint8Array, format: 'gzip' | 'deflate' = 'gzip'): Uint8Array =>
  format === 'gzip'
    ? frame({ content: gzipSync(content, { level: 9 }), compression: Compression.GZIP })
    : frame({ content: zlibSync(content, { level: 9 }), compression: Compression.DEFLATE });

/** Bytes that do not compress: each byte follows from the one before by a fixed rule. */
const noise = (length: number): Uint8Array => {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};

test('any content comes back as it was encoded', async () => {
  const anything = fc.record({
    type: fc.constantFrom('xmtp.org/text:1.0', 'example.com/poll:12.345', 'a/b/c:0.0', '/:0.0'),
    parameters: fc.uniqueArray(fc.tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 })), {
      selector: ([key]) => key,
      maxLength: 8,
    }),
    fallback: fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined }),
    content: fc.uint8Array({ maxLength: 500 }),
  });
  await fc.assert(
    fc.asyncProperty(anything, async ({ type: name, parameters, fallback, content }) => {
      const given = { type: name, parameters: new Map(parameters), content, ...(fallback !== undefined && { fallback }) };
      const decoded = await decodeContent(encodeContent(given));
      expect({ ...decoded, content: toHex(decoded.content) }).toEqual({ ...given, content: toHex(content) });
    }),
    { numRuns: 100 },
  );
});

test.each(['gzip', 'deflate'] as const)('%s content is decompressed, empty content too', async (format) => {
  for (const content of [new Uint8Array(), noise(5), new Uint8Array(2000), noise(100_000)])
    expect(toHex((await decodeContent(compressed(content, format))).content)).toBe(toHex(content));
});

test('deflate means the zlib format, and its zero is not the same as none', async () => {
  const content = zlibSync(noise(50));
  expect(content[0]).toBe(0x78);
  const { content: opened } = await decodeContent(frame({ content, compression: Compression.DEFLATE }));
  expect(toHex(opened)).toBe(toHex(noise(50)));
  expect(toHex((await decodeContent(frame({ content }))).content)).toBe(toHex(content));
});

test('content that grows beyond 4 MiB is refused, however slowly it grows', async () => {
  // Every second kilobyte is noise, so that the ratio stays small.
  const large = new Uint8Array(maxContentLength + 1024);
  for (let place = 0; place < large.length; place += 2048) large.set(noise(1024).subarray(0, large.length - place), place);
  await refused('too-large', () => decodeContent(compressed(large)));
  const fits = large.subarray(0, maxContentLength);
  expect((await decodeContent(compressed(fits))).content.length).toBe(maxContentLength);
});

test('content that grows more than 200 times is a bomb beyond its first 64 KiB', async () => {
  await refused('too-large', () => decodeContent(compressed(new Uint8Array(1_000_000))));
  await refused('too-large', () => decodeContent(compressed(new Uint8Array(1_000_000), 'deflate')));
  expect((await decodeContent(compressed(new Uint8Array(65_536)))).content.length).toBe(65_536);
});

test('a bomb inside a bomb is only unpacked once', async () => {
  const inner = gzipSync(new Uint8Array(10_000_000));
  const { content } = await decodeContent(compressed(inner));
  expect(toHex(content)).toBe(toHex(inner));
});

test('compressed content that is cut, garbled, followed by more, or of the other format is refused', async () => {
  const whole = gzipSync(noise(200));
  const garbled = whole.slice();
  garbled[40] = (garbled[40] as number) ^ 0xff;
  for (const content of [
    whole.slice(0, -1),
    whole.slice(0, 20),
    garbled,
    new Uint8Array(),
    Uint8Array.of(...whole, 0),
    zlibSync(noise(200)),
  ])
    await refused('malformed', () => decodeContent(frame({ content, compression: Compression.GZIP })));
});

test('an unknown compression is refused', async () => {
  await refused('unsupported', () => decodeContent(frame({ content: noise(20), compression: 2 as Compression })));
});

test('a frame without type is refused', async () => {
  await refused('malformed', () => decodeContent(toBinary(EncodedContentSchema, create(EncodedContentSchema, { content: noise(3) }))));
  await refused('malformed', () => decodeContent(new Uint8Array()));
});

test('too many and too long parameters are refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, count) => [`key ${count}`, '']));
  await refused('too-large', () => decodeContent(frame({ parameters: many })));
  await refused('too-large', () => decodeContent(frame({ parameters: { key: 'x'.repeat(1025) } })));
  delete many['key 0'];
  expect((await decodeContent(frame({ parameters: many }))).parameters.size).toBe(32);
});

test('a parameter named like a part of a prototype is a parameter like any other', async () => {
  const parameters = new Map([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
  const decoded = await decodeContent(encodeContent({ type: 'a/b:1.0', parameters, content: new Uint8Array() }));
  expect(decoded.parameters).toEqual(parameters);
});

test('bytes of any kind are read or refused by a ProtocolError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const outcome = await decodeContent(bytes).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome.name).toBe('ProtocolError');
    }),
    { numRuns: 300 },
  );
});

test('the text form of a content type is taken apart at its last slash', () => {
  expect(parseContentType('xmtp.org/text:1.0')).toEqual({ authority: 'xmtp.org', name: 'text', major: 1, minor: 0 });
  expect(parseContentType('a/b/c:2.10')).toEqual({ authority: 'a/b', name: 'c', major: 2, minor: 10 });
});

test.each(['', 'text', 'xmtp.org/text', 'xmtp.org/text:1', 'xmtp.org/text:1.x', 'xmtp.org/text:1.0 '])(
  '"%s" is no content type',
  async (text) => {
    await refused('malformed', () => parseContentType(text));
  },
);
