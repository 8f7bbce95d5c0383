import { create } from '@bufbuild/protobuf';
import { ConversationReferenceSchema } from '../gen/xmtp/message_contents/conversation_reference_pb.ts';
import { DecodedMessageSchema } from '../gen/xmtp/message_contents/message_pb.ts';
import { type Address, parseAddress } from './address.ts';
import { ProtocolError } from './errors.ts';
import type { InvitationContext } from './invitation.ts';
import { decode, encode } from './wire.ts';

/** What the reference client tells about a conversation beside a message: no keys. */
export interface ConversationReference {
  readonly topic: string;
  readonly peer: Address;
  readonly createdNs: bigint;
  readonly context?: InvitationContext;
}

/** A message after it was opened, as the reference client keeps it. It never travels, and nothing in it is proven (SPEC 17.6). */
export interface DecodedMessage {
  readonly id: string;
  readonly version: 'v1' | 'v2';
  readonly sender: Address;
  /** Of legacy messages alone. */
  readonly recipient?: Address;
  readonly sentNs: bigint;
  readonly contentTopic: string;
  readonly conversation: ConversationReference;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
}

/** Writes a message in the reference client's local form. */
export function encodeDecodedMessage({
  id,
  version,
  sender,
  recipient,
  sentNs,
  contentTopic,
  conversation,
  payload,
}: DecodedMessage): Uint8Array<ArrayBuffer> {
  const { topic, peer, createdNs, context } = conversation;
  return encode(
    DecodedMessageSchema,
    create(DecodedMessageSchema, {
      id,
      messageVersion: version,
      senderAddress: sender,
      ...(recipient && { recipientAddress: recipient }),
      sentNs,
      contentTopic,
      conversation: create(ConversationReferenceSchema, {
        topic,
        peerAddress: peer,
        createdNs,
        ...(context && { context: { conversationId: context.conversationId, metadata: context.metadata } }),
      }),
      contentBytes: payload,
    }),
  );
}

/** Reads such a form. @throws ProtocolError malformed, unsupported (version) */
export function decodeDecodedMessage(bytes: Uint8Array): DecodedMessage {
  const message = decode(DecodedMessageSchema, bytes, 'the stored message');
  const { id, messageVersion, senderAddress, recipientAddress, sentNs, contentTopic, conversation, contentBytes } = message;
  if (messageVersion !== 'v1' && messageVersion !== 'v2') throw new ProtocolError('unsupported', 'a stored message of another version');
  if (!/^[0-9a-f]{64}$/.test(id)) throw new ProtocolError('malformed', 'the stored message has no id');
  if (!conversation) throw new ProtocolError('malformed', 'the stored message has no conversation');
  if ((recipientAddress === undefined) !== (messageVersion === 'v2'))
    throw new ProtocolError('malformed', 'legacy messages, and they alone, name a recipient');
  const { topic, peerAddress, createdNs, context } = conversation;
  return {
    id,
    version: messageVersion,
    sender: parseAddress(senderAddress),
    ...(recipientAddress !== undefined && { recipient: parseAddress(recipientAddress) }),
    sentNs,
    contentTopic,
    conversation: {
      topic,
      peer: parseAddress(peerAddress),
      createdNs,
      ...(context && {
        context: {
          conversationId: context.conversationId,
          metadata: Object.assign(Object.create(null) as Record<string, string>, context.metadata),
        },
      }),
    },
    payload: contentBytes,
  };
}
