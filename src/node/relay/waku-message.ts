import { hash } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type WakuMessage, WakuMessageSchema } from '../../gen/waku/message/v1/message_pb.ts';
import { isEphemeralTopic } from '../../protocol/topic.ts';
import type { NewEnvelope } from '../store/store.ts';

export type { WakuMessage } from '../../gen/waku/message/v1/message_pb.ts';

/** Of 14/WAKU2-MESSAGE. */
const maxMetaLength = 64;

/** An envelope as Waku carries it: its message is the payload, byte for byte. */
export const wakuMessageOf = ({ topic, timestampNs, message }: NewEnvelope): WakuMessage =>
  create(WakuMessageSchema, {
    payload: message,
    contentTopic: topic,
    version: 0,
    timestamp: timestampNs,
    ...(isEphemeralTopic(topic) && { ephemeral: true }),
  });

/** The envelope in a message; null where it cannot be one: no time, encrypted by Waku's own means, or metadata, which envelopes do not have. */
export function envelopeOf({ payload, contentTopic, version, timestamp, meta }: WakuMessage): NewEnvelope | null {
  if (timestamp === undefined || timestamp < 0n || (version ?? 0) !== 0 || (meta?.length ?? 0) > 0) return null;
  return { topic: contentTopic, timestampNs: timestamp, message: payload };
}

export const encodeWakuMessage = (message: WakuMessage): Uint8Array => toBinary(WakuMessageSchema, message);

/** Null when these are not the bytes of a message. */
export function decodeWakuMessage(bytes: Uint8Array): WakuMessage | null {
  try {
    const message = fromBinary(WakuMessageSchema, bytes, { readUnknownFields: false });
    return (message.meta?.length ?? 0) > maxMetaLength ? null : message;
  } catch {
    return null;
  }
}

/** Deterministic message hashing of 14/WAKU2-MESSAGE; 32 bytes. Its parts are not set apart, so it names a message and proves nothing. */
export function wakuHash(pubsubTopic: string, { topic, timestampNs, message }: NewEnvelope): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timestampNs);
  return hash('sha256', Buffer.concat([Buffer.from(pubsubTopic), message, Buffer.from(topic), time]), 'buffer');
}
