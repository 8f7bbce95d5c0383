import type { WakuMessage } from '../../gen/waku/message/v1/message_pb.ts';
import { isEphemeralTopic } from '../../protocol/topic.ts';
import { sha256 } from '../sha256.ts';
import type { NewEnvelope } from '../store/store.ts';
import { decodeMessage, encodeMessage } from './wire.ts';
import { writeTime } from './write-time.ts';

export type { WakuMessage } from '../../gen/waku/message/v1/message_pb.ts';

/** Of 14/WAKU2-MESSAGE. */
const maxMetaLength = 64;

/** An envelope as Waku carries it: its message is the payload, byte for byte. */
export const wakuMessageOf = ({ topic, timestampNs, message }: NewEnvelope): WakuMessage => ({
  $typeName: 'waku.message.v1.WakuMessage',
  payload: message as Uint8Array<ArrayBuffer>,
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

export const encodeWakuMessage: (message: WakuMessage) => Uint8Array = encodeMessage;

/** Null when these are not the bytes of a message. */
export function decodeWakuMessage(bytes: Uint8Array): WakuMessage | null {
  const message = decodeMessage(bytes);
  return (message?.meta?.length ?? 0) > maxMetaLength ? null : message;
}

/** Deterministic message hashing of 14/WAKU2-MESSAGE; 32 bytes. Its parts are not set apart, so it names a message and proves nothing. */
export function wakuHash(pubsubTopic: string, { topic, timestampNs, message }: NewEnvelope): Buffer {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(pubsubTopic) + message.length + Buffer.byteLength(topic) + 8);
  let at = bytes.write(pubsubTopic);
  bytes.set(message, at);
  at += message.length;
  at += bytes.write(topic, at);
  writeTime(bytes, timestampNs, at);
  return sha256(bytes);
}
