import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { DecodedMessageSchema, type DecodedMessage as Stored } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { type DecodedMessage, decodeDecodedMessage, encodeDecodedMessage } from '../../src/protocol/decoded-message.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const message: DecodedMessage = {
  id: 'ab'.repeat(32),
  version: 'v2',
  sender: alice.address,
  sentNs: 7n,
  contentTopic: conversationTopic('a'),
  conversation: { topic: conversationTopic('a'), peer: bob.address, createdNs: 5n },
  payload: Uint8Array.of(1, 2),
};

const withParts = (changes: Partial<Stored>): Uint8Array =>
  toBinary(DecodedMessageSchema, Object.assign(fromBinary(DecodedMessageSchema, encodeDecodedMessage(message)), changes));

test('a stored message comes back as it was written, of either version, with and without context', () => {
  // No map of Protobuf has that name in JavaScript: it is left out when it is written and when it is read.
  const name = fc.string().filter((each) => each !== '__proto__');
  const context = fc.record({ conversationId: fc.string(), metadata: fc.dictionary(name, fc.string(), { maxKeys: 3 }) });
  const longs = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(fc.option(context), longs, fc.boolean(), fc.uint8Array(), (given, sentNs, legacy, payload) => {
      const stored: DecodedMessage = {
        ...message,
        ...(legacy && { version: 'v1' as const, recipient: bob.address }),
        sentNs,
        conversation: { ...message.conversation, ...(given && { context: given }) },
        payload,
      };
      expect(decodeDecodedMessage(encodeDecodedMessage(stored))).toEqual(stored);
    }),
  );
});

test('what the reference client could not have stored is refused', async () => {
  await refused('unsupported', () => decodeDecodedMessage(withParts({ messageVersion: 'v3' })));
  await refused('malformed', () => decodeDecodedMessage(withParts({ id: 'AB'.repeat(32) })));
  await refused('malformed', () => decodeDecodedMessage(withParts({ senderAddress: '0x' })));
  await refused('malformed', () => decodeDecodedMessage(withParts({ conversation: undefined })));
  await refused('malformed', () => decodeDecodedMessage(withParts({ messageVersion: 'v1' })));
  await refused('malformed', () => decodeDecodedMessage(withParts({ recipientAddress: bob.address })));
  await refused('malformed', () => decodeDecodedMessage(Uint8Array.of(10, 9)));
});

test('metadata has no prototype, so that no name in it means more than it says', () => {
  const context = { conversationId: '', metadata: { constructor: 'x' } };
  const read = decodeDecodedMessage(encodeDecodedMessage({ ...message, conversation: { ...message.conversation, context } }));
  const { metadata } = read.conversation.context ?? {};
  expect(Object.getPrototypeOf(metadata)).toBeNull();
  expect(Object.entries(metadata ?? {})).toEqual([['constructor', 'x']]);
});
