import { readContent } from '../../../src/content-types/index.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { decodeContent } from '../../../src/protocol/content.ts';
import { decodeDecodedMessage, encodeDecodedMessage } from '../../../src/protocol/decoded-message.ts';
import { openMessage } from '../../../src/protocol/message.ts';
import { msToNs, nsToMs } from '../../../src/protocol/time.ts';
import { type Check, same, sameBytes, type Vector } from '../vector.ts';
import { toVector } from './content-values.ts';
import { readContext } from './invite-derivation.ts';

/** Opens the envelope, writes it in the local form, and reads that back. */
const serialise = async ({ in: given, out }: Vector): Promise<void> => {
  const envelope = given.fields('envelope');
  const reference = out.fields('conversation');
  const opened = await openMessage({
    topic: given.text('topic'),
    keyMaterial: given.bytes('keyMaterial'),
    members: [parseAddress(out.text('senderAddress'))],
    message: envelope.bytes('message'),
    envelopeTopic: envelope.text('contentTopic'),
  });
  const context = reference.given('context') ? readContext(reference.fields('context')) : undefined;
  const message = {
    id: opened.id,
    version: 'v2' as const,
    sender: opened.sender,
    sentNs: msToNs(nsToMs(opened.createdNs)),
    contentTopic: envelope.text('contentTopic'),
    conversation: {
      topic: reference.text('topic'),
      peer: parseAddress(reference.text('peerAddress')),
      createdNs: msToNs(Number(reference.long('createdMs'))),
      ...(context && { context }),
    },
    payload: opened.payload,
  };
  sameBytes(encodeDecodedMessage(message), out, 'serialised');

  const read = decodeDecodedMessage(out.bytes('serialised'));
  // The metadata read back has no prototype, which would count as a difference.
  same(structuredClone(read), structuredClone(message), 'message read back');
  same(read.id, out.text('id'), 'id');
  same(String(nsToMs(read.sentNs)), out.text('sentMs'), 'sentMs');
  sameBytes(read.payload, out, 'encodedContent');
  const content = await decodeContent(read.payload);
  same(content.type, out.text('contentType'), 'contentType');
  same(toVector(readContent(content)), out.raw('content'), 'content');
};

export const serialisedMessages: readonly Check[] = [{ needs: ['envelope', 'topic', 'keyMaterial'], run: serialise }];
