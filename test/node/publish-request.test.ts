import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import { EnvelopeSchema, PublishRequestSchema } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { readPublishRequest } from '../../src/node/publish-request.ts';
import { fc } from '../support/fast-check.ts';

const envelope = fc.record({
  contentTopic: fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 })),
  timestampNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  message: fc.uint8Array({ maxLength: 300 }).map((each) => new Uint8Array(each)),
});
const written = fc
  .array(envelope, { maxLength: 6 })
  .map((envelopes) =>
    toBinary(PublishRequestSchema, create(PublishRequestSchema, { envelopes: envelopes.map((each) => create(EnvelopeSchema, each)) })),
  );

/** What the library makes of it; that it throws is one thing whatever it says. */
const byLibrary = (bytes: Uint8Array): unknown => {
  try {
    return fromBinary(PublishRequestSchema, bytes, { readUnknownFields: false }).envelopes.map(
      ({ contentTopic, timestampNs, message }) => ({
        contentTopic,
        timestampNs,
        message: Buffer.from(message).toString('hex'),
      }),
    );
  } catch {
    return 'not a request';
  }
};
const byHand = (bytes: Uint8Array): unknown => {
  try {
    return readPublishRequest(bytes).envelopes.map(({ contentTopic, timestampNs, message }) => ({
      contentTopic,
      timestampNs,
      message: Buffer.from(message).toString('hex'),
    }));
  } catch {
    return 'not a request';
  }
};

test('a request to publish is read by hand as the library reads it', () => {
  fc.assert(
    fc.property(written, (bytes) => {
      expect(byHand(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toEqual(byLibrary(bytes));
    }),
    { numRuns: 200 },
  );
});

test('and so is one that was cut, or has other bytes in it', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(written, edits, fc.nat({ max: 20 }), (bytes, changes, cut) => {
      const changed = Uint8Array.from(bytes.subarray(0, Math.max(0, bytes.length - cut)));
      if (changed.length > 0) for (const [at, value] of changes) changed[at % changed.length] = value;
      expect(byHand(changed)).toEqual(byLibrary(changed));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['bytes alone', fc.uint8Array({ maxLength: 60 })],
  [
    'groups within groups',
    fc.nat({ max: 200 }).map((depth) => {
      const writer = new BinaryWriter();
      for (let at = 0; at < depth; at++) writer.tag(9, WireType.StartGroup);
      for (let at = 0; at < depth; at++) writer.tag(9, WireType.EndGroup);
      return writer.finish();
    }),
  ],
])('and so are %s', (_, arbitrary) => {
  fc.assert(
    fc.property(arbitrary, (bytes) => {
      expect(byHand(bytes)).toEqual(byLibrary(bytes));
      const within = Buffer.concat([Buffer.from([0x0a, bytes.length & 127]), bytes.subarray(0, bytes.length & 127)]);
      expect(byHand(within)).toEqual(byLibrary(within));
    }),
    { numRuns: 200 },
  );
});
