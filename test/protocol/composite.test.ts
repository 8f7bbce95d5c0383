import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CompositeSchema } from '../../src/gen/xmtp/message_contents/composite_pb.ts';
import { EncodedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { type CompositePart, decodeComposite, encodeComposite } from '../../src/protocol/composite.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { fc } from '../support/fast-check.ts';
import { refused } from './refused.ts';

const frame = toBinary(EncodedContentSchema, create(EncodedContentSchema, { fallback: 'words' }));

test('a list is written as the generated code writes and reads it', () => {
  const composite = create(CompositeSchema, {
    parts: [
      { element: { case: 'part', value: fromBinary(EncodedContentSchema, frame) } },
      { element: { case: 'composite', value: create(CompositeSchema) } },
    ],
  });
  const parts: CompositePart[] = [
    { kind: 'content', bytes: frame },
    { kind: 'list', bytes: new Uint8Array(0) },
  ];
  const bytes = toBinary(CompositeSchema, composite);
  expect(encodeComposite(parts)).toEqual(bytes);
  expect(decodeComposite(bytes)).toEqual(parts);
});

test('any list survives', () => {
  const part = fc.record({ kind: fc.constantFrom<CompositePart['kind'][]>('content', 'list'), bytes: fc.uint8Array() });
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      expect(decodeComposite(encodeComposite(parts))).toEqual(parts);
    }),
  );
});

test('fields that nobody knows are left out, and the last element of a part counts', () => {
  const unknown = [0x10, 0x01, 0x1a, 0x01, 0x00, 0x25, 0, 0, 0, 0];
  expect(decodeComposite(Uint8Array.from([...unknown, 0x0a, 0x04, 0x12, 0x00, 0x0a, 0x00]))).toEqual([
    { kind: 'content', bytes: new Uint8Array(0) },
  ]);
});

test('an empty part, cut bytes and more than 1000 parts are refused', async () => {
  await refused('malformed', () => decodeComposite(Uint8Array.of(0x0a, 0x00)));
  await refused('malformed', () => decodeComposite(Uint8Array.of(0x0a, 0x05, 0x0a)));
  await refused('malformed', () => decodeComposite(Uint8Array.of(0x0f)));
  const parts = Array.from({ length: 1001 }, (): CompositePart => ({ kind: 'list', bytes: new Uint8Array(0) }));
  await refused('too-large', () => encodeComposite(parts));
  const thousand = encodeComposite(parts.slice(1));
  expect(decodeComposite(thousand)).toHaveLength(1000);
  await refused('too-large', () => decodeComposite(Uint8Array.from([...thousand, 0x0a, 0x02, 0x12, 0x00])));
});

test('any bytes are read or refused by a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeComposite(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});
