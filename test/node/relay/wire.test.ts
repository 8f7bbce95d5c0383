import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { BundleSchema } from '../../../src/gen/parley/relay/v1/bundle_pb.ts';
import { WakuMessageSchema } from '../../../src/gen/waku/message/v1/message_pb.ts';
import { decodeBundle, decodeMessage, encodeBundle, encodeMessage } from '../../../src/node/relay/wire.ts';
import { fc } from '../../support/fast-check.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => new Uint8Array(each));
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const message = fc.record({
  payload: bytes,
  contentTopic: fc.string({ unit: 'grapheme', maxLength: 200 }),
  version: some(fc.nat({ max: 2 ** 31 - 1 }).map((each) => each * 2 + (each & 1))),
  timestamp: some(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n }))),
  meta: some(bytes),
  rateLimitProof: some(bytes),
  ephemeral: some(fc.boolean()),
  voucher: some(bytes),
});
const made = message.map((each) => {
  const known = Object.entries(each).filter(([, value]) => value !== undefined);
  return create(WakuMessageSchema, Object.fromEntries(known) as MessageInitShape<typeof WakuMessageSchema>);
});
const word = fc.record({ home: bytes, issuedMs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), signature: bytes });
const bundleOf = (parts: { word: object; messages: object[] }) =>
  toBinary(BundleSchema, create(BundleSchema, { ...parts.word, messages: parts.messages } as MessageInitShape<typeof BundleSchema>));

describe('what is relayed, by hand', () => {
  test('is written as the library writes it, and read as it reads it', () => {
    fc.assert(
      fc.property(made, (each) => {
        const written = toBinary(WakuMessageSchema, each);
        expect(Buffer.from(encodeMessage(each))).toEqual(Buffer.from(written));
        expect(decodeMessage(written)).toEqual({ ...fromBinary(WakuMessageSchema, written) });
      }),
      { numRuns: 1000 },
    );
  });

  test('is so in bundles of any number', () => {
    fc.assert(
      fc.property(word, fc.array(made, { maxLength: 5 }), (of, messages) => {
        const written = bundleOf({ word: of, messages });
        // A field of its standard value is not written by the library; no home sends such a word.
        if (of.home.length > 0 && of.signature.length > 0 && of.issuedMs > 0n)
          expect(Buffer.from(encodeBundle({ word: of, messages }))).toEqual(Buffer.from(written));
        const read = decodeBundle(written);
        expect(read?.word).toEqual(of);
        expect(read?.messages).toEqual(messages.map((each) => ({ ...each })));
      }),
      { numRuns: 300 },
    );
  });

  test('takes no bytes for a message that the library does not take for the same one', () => {
    let taken = 0;
    fc.assert(
      fc.property(made, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), (each, changes) => {
        const spoilt = toBinary(WakuMessageSchema, each);
        for (const [at, value] of changes) if (spoilt.length > 0) spoilt[at % spoilt.length] = value;
        const read = decodeMessage(spoilt);
        if (!read) return;
        taken++;
        expect(read).toEqual({ ...fromBinary(WakuMessageSchema, spoilt, { readUnknownFields: false }) });
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(0);
  });

  test('passes over fields that nobody knows, and takes the last of one that comes twice', () => {
    const twice = Buffer.concat([
      toBinary(WakuMessageSchema, create(WakuMessageSchema, { payload: Uint8Array.of(1) })),
      Buffer.from([0xf2, 0x07, 2, 9, 9]), // field 126
      toBinary(WakuMessageSchema, create(WakuMessageSchema, { payload: Uint8Array.of(2) })),
    ]);
    expect([...(decodeMessage(twice)?.payload ?? [])]).toEqual([2]);
  });

  test('is nothing when it is cut anywhere, or when a field of a message goes beyond it', () => {
    const whole = encodeBundle({
      word: { home: new Uint8Array(32), issuedMs: 1n, signature: new Uint8Array(64) },
      messages: [create(WakuMessageSchema, { payload: Uint8Array.of(1, 2, 3), contentTopic: 'a' })],
    });
    const last = whole.length - 10; // where the message begins
    for (let end = 1; end < whole.length; end++)
      if (![34, 36, 102].includes(end)) expect(decodeBundle(whole.subarray(0, end)), `${end}`).toBeNull();
    const long = Buffer.from(whole);
    expect(long[last]).toBe(0x22);
    long[last + 1] = 2;
    expect(decodeBundle(long)).toBeNull();
  });
});
