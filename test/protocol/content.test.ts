import { deflateSync, gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test, vi } from 'vitest';
import { Compression, ContentTypeIdSchema, EncodedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { decodeContent, encodeContent, maxContentLength, parseContentType } from '../../src/protocol/content.ts';
import { fc } from '../support/fast-check.ts';
import { refused } from './refused.ts';

const type = create(ContentTypeIdSchema, { authorityId: 'xmtp.org', typeId: 'text', versionMajor: 1 });
const mebibyte = 1024 * 1024;

const frame = (content: Uint8Array, compression?: number): Uint8Array =>
  toBinary(
    EncodedContentSchema,
    Object.assign(create(EncodedContentSchema, { type, content }), compression !== undefined && { compression }),
  );
const gzipped = (content: Uint8Array): Uint8Array => frame(gzipSync(content), Compression.GZIP);

/** Bytes that hardly compress, but the same each time. */
const noise = (length: number): Uint8Array<ArrayBuffer> => {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};

test('a content survives its frame', async () => {
  const words = fc.string({ maxLength: 30 });
  const version = fc.nat({ max: 2 ** 32 - 1 });
  await fc.assert(
    fc.asyncProperty(words, words, version, version, fc.uint8Array(), async (word, fallback, major, minor, content) => {
      const given = { type: `${word}.org/name:${major}.${minor}`, parameters: new Map([['a', word]]), content };
      expect(await decodeContent(encodeContent(given))).toEqual(given);
      const read = await decodeContent(encodeContent({ ...given, fallback }));
      expect(read.fallback).toBe(fallback || undefined);
    }),
    { numRuns: 50 },
  );
});

test('both compressions are undone, and an empty content stays empty', async () => {
  const text = utf8('again and again '.repeat(200));
  expect((await decodeContent(gzipped(text))).content).toEqual(text);
  expect((await decodeContent(frame(deflateSync(text), Compression.DEFLATE))).content).toEqual(text);
  expect((await decodeContent(frame(text))).content).toEqual(text);
  expect((await decodeContent(gzipped(new Uint8Array(0)))).content).toEqual(new Uint8Array(0));
});

test('content may grow to 4 MiB and no further', async () => {
  const largest = noise(maxContentLength);
  expect((await decodeContent(gzipped(largest))).content.length).toBe(maxContentLength);
  const larger = new Uint8Array(maxContentLength + 1);
  larger.set(largest);
  await refused('too-large', () => decodeContent(gzipped(larger)));
});

test('beyond 64 KiB, content may grow 200-fold and no further', async () => {
  expect((await decodeContent(gzipped(new Uint8Array(64 * 1024)))).content).toHaveLength(64 * 1024);
  await refused('too-large', () => decodeContent(gzipped(new Uint8Array(64 * 1024 + 1))));
  await refused('too-large', () => decodeContent(gzipped(new Uint8Array(3 * mebibyte))));
});

test('content that grows without end is left after its first pieces', async () => {
  let pieces = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pieces += 1;
      controller.enqueue(new Uint8Array(mebibyte));
    },
  });
  vi.stubGlobal(
    'DecompressionStream',
    class {
      readonly readable = endless;
      readonly writable = new WritableStream();
    },
  );
  try {
    await refused('too-large', () => decodeContent(frame(noise(100_000), Compression.GZIP)));
  } finally {
    vi.unstubAllGlobals();
  }
  expect(pieces).toBeLessThan(10);
});

test('what does not decompress, or by an unknown method, is refused', async () => {
  const whole = gzipSync(utf8('a text that is cut'));
  await refused('malformed', () => decodeContent(frame(whole.subarray(0, -9), Compression.GZIP)));
  await refused('malformed', () => decodeContent(frame(utf8('no gzip'), Compression.GZIP)));
  await refused('malformed', () => decodeContent(frame(whole, Compression.DEFLATE)));
  await refused('malformed', () => decodeContent(frame(new Uint8Array(0), Compression.GZIP)));
  await refused('unsupported', () => decodeContent(frame(whole, 2)));
});

test('a frame without a type, or that does not parse, is refused', async () => {
  await refused('malformed', () => decodeContent(new Uint8Array(0)));
  await refused('malformed', () => decodeContent(Uint8Array.of(255, 1)));
  await refused('malformed', () => decodeContent(toBinary(EncodedContentSchema, create(EncodedContentSchema, { content: utf8('x') }))));
});

test('parameters are bounded in number and size, and their names mean nothing to the language', async () => {
  const many = (count: number, length: number) =>
    encodeContent({
      type: 'xmtp.org/text:1.0',
      parameters: new Map(Array.from({ length: count }, (_, i) => [`${i}`, 'x'.repeat(length)])),
      content: new Uint8Array(0),
    });
  expect((await decodeContent(many(32, 1000))).parameters.size).toBe(32);
  await refused('too-large', () => decodeContent(many(33, 1)));
  await refused('too-large', () => decodeContent(many(1, 1024)));
  const names = new Map([
    ['constructor', 'x'],
    ['toString', 'y'],
  ]);
  const { parameters } = await decodeContent(encodeContent({ type: 'a/b:1.0', parameters: names, content: new Uint8Array(0) }));
  expect(parameters).toEqual(names);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('the text form of a type is read from its end', () => {
  expect(parseContentType('xmtp.org/text:1.0')).toEqual({ authority: 'xmtp.org', name: 'text', major: 1, minor: 0 });
  expect(parseContentType('a/b/c:d:10.20')).toEqual({ authority: 'a/b', name: 'c:d', major: 10, minor: 20 });
});

test.each(['', 'text', 'xmtp.org/text', 'xmtp.org/text:1', 'xmtp.org/text:1.x', 'xmtp.org/text:-1.0'])('refuses %j as a type', (text) =>
  refused('malformed', () => parseContentType(text)),
);
