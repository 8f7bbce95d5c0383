import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { StoreQueryResponseSchema } from '../../../src/gen/waku/store/v3/store_pb.ts';
import { decodeAnswer, encodeAnswer } from '../../../src/node/relay/hash-answer.ts';
import { fc } from '../../support/fast-check.ts';

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength }).map((each) => new Uint8Array(each));
const hash = bytes(32, 32);
const answer = fc.record({
  requestId: fc.string({ maxLength: 40 }),
  statusCode: fc.nat(500),
  messages: fc.array(
    fc.record({ messageHash: fc.oneof(hash, bytes(0, 40)), pubsubTopic: fc.string(), message: fc.record({ payload: bytes(0, 60) }) }),
    { maxLength: 4 },
  ),
  sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  storeId: bytes(16, 16),
});

test('an answer with hashes is what the library reads, and is read as the library writes it', () => {
  fc.assert(
    fc.property(answer, fc.array(hash, { maxLength: 20 }), (parts, hashes) => {
      const own = create(StoreQueryResponseSchema, parts);
      const all = create(StoreQueryResponseSchema, {
        ...parts,
        messages: [...parts.messages, ...hashes.map((messageHash) => ({ messageHash }))],
      });
      const written = encodeAnswer(own, hashes);
      expect(fromBinary(StoreQueryResponseSchema, written)).toEqual(all);
      for (const each of [written, toBinary(StoreQueryResponseSchema, all)]) {
        const read = decodeAnswer(each);
        expect(read.hashes.map((one) => Buffer.from(one))).toEqual(hashes.map((one) => Buffer.from(one)));
        expect(toBinary(StoreQueryResponseSchema, read.answer)).toEqual(toBinary(StoreQueryResponseSchema, own));
      }
    }),
    { numRuns: 300 },
  );
});

test('what is cut off anywhere is no answer, or one with less in it', () => {
  const whole = encodeAnswer(create(StoreQueryResponseSchema, { requestId: 'one', statusCode: 200 }), [
    Buffer.alloc(32, 1),
    Buffer.alloc(32, 2),
  ]);
  for (let end = 0; end < whole.length; end++) {
    const read = (() => {
      try {
        return decodeAnswer(whole.subarray(0, end));
      } catch {
        return null;
      }
    })();
    expect(read?.hashes.length ?? 0).toBeLessThan(2);
  }
});
