import { create } from '@bufbuild/protobuf';
import type { Ciphertext } from '../gen/xmtp/message_contents/ciphertext_pb.ts';
import { MessageHeaderV1Schema, MessageSchema } from '../gen/xmtp/message_contents/message_pb.ts';
import type { PublicKeyBundle } from '../gen/xmtp/message_contents/public_key_pb.ts';
import type { Address } from './address.ts';
import { checkCiphertext, openAead, sealAead } from './aead.ts';
import { concat, equalBytes, type Random, randomBytes, utf8 } from './bytes.ts';
import { maxMessageLength, messageId } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import { type PrivateBundle, publicBundle, sharedSecret } from './private-keys.ts';
import { readLegacyKey, type VerifiedBundle, verifyBundle } from './public-keys.ts';
import { directTopic, ephemeralTopic, introTopic } from './topic.ts';
import { decode, encode } from './wire.ts';

/** A message of version 1. Nobody signs its content: whichever of the two it names as sender, the other can have written it (SPEC 9.1). */
export interface OpenedLegacyMessage {
  /** The XMTP message id, hex. */
  readonly id: string;
  readonly sender: Address;
  readonly recipient: Address;
  /** Who of the two is not me. */
  readonly peer: Address;
  readonly peerBundle: VerifiedBundle;
  readonly sentByMe: boolean;
  /** The sender's time, in whole milliseconds. */
  readonly createdNs: bigint;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
  /** Equal for repetitions of one sender's content and time, however they were sealed again; 32 bytes. */
  readonly dedupKey: Uint8Array;
}

/** Seals content between my current keys and the peer's (SPEC 9.2). @throws ProtocolError unsupported when a side has no legacy keys */
export async function sealLegacyMessage({
  bundle,
  peer,
  payload,
  timestampMs,
  random = randomBytes,
}: {
  readonly bundle: PrivateBundle;
  readonly peer: VerifiedBundle;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
  readonly timestampMs: number;
  readonly random?: Random;
}): Promise<{ readonly message: Uint8Array<ArrayBuffer>; readonly id: string }> {
  const me = publicBundle(bundle);
  const header = { sender: legacyOf(me), recipient: legacyOf(peer), timestamp: BigInt(timestampMs) };
  const headerBytes = encode(MessageHeaderV1Schema, create(MessageHeaderV1Schema, header));
  const ciphertext = await sealLegacyPayload(bundle, peer, { headerBytes, payload }, random);
  const message = encode(MessageSchema, create(MessageSchema, { version: { case: 'v1', value: { headerBytes, ciphertext } } }));
  return { message, id: messageId(message) };
}

/**
 * Opens a message of version 1 as either side and refuses what SPEC 9.5 refuses; the identity key of my side has to be mine, and any of my
 * pre-keys may be named (SPEC 9.6). `peer` is absent where the topic does not tell it: in my own introductions.
 * @throws ProtocolError
 */
export async function openLegacyMessage({
  bundle,
  peer,
  message,
  envelopeTopic,
}: {
  readonly bundle: PrivateBundle;
  readonly peer?: Address;
  readonly message: Uint8Array;
  readonly envelopeTopic: string;
}): Promise<OpenedLegacyMessage> {
  const me = publicBundle(bundle);
  const { headerBytes, ciphertext, sender, recipient, timestampMs } = parseLegacyMessage(message);
  const sentByMe = equalBytes(sender.identity, me.identityKey);
  const toMe = equalBytes(recipient.identity, me.identityKey);
  if (sentByMe === toMe) throw new ProtocolError('wrong-recipient', 'the message is not between me and somebody else');

  const other = verifyBundle(sentByMe ? recipient.bundle : sender.bundle);
  const topic = directTopic(me.address, other.address);
  if ((peer !== undefined && peer !== other.address) || ![topic, ephemeralTopic(topic), introTopic(me.address)].includes(envelopeTopic))
    throw new ProtocolError('wrong-topic', 'the message belongs to another conversation');

  const payload = await openLegacyPayload(bundle, other, { headerBytes, ciphertext, sentByMe });
  const [from, to] = sentByMe ? [me, other] : [other, me];
  return {
    id: messageId(message),
    sender: from.address,
    recipient: to.address,
    peer: other.address,
    peerBundle: other,
    sentByMe,
    createdNs: timestampMs * 1_000_000n,
    payload,
    dedupKey: dedupKey(topic, from.identityKey, timestampMs, payload),
  };
}

/** The readable part of a message of version 1: who, to whom, when. Bundles are not verified. @throws ProtocolError malformed, unsupported, too-large */
export function parseLegacyMessage(message: Uint8Array) {
  if (message.length > maxMessageLength) throw new ProtocolError('too-large', 'the message is larger than a node takes');
  const { version } = decode(MessageSchema, message, 'the message');
  if (version.case === 'v2') throw new ProtocolError('unsupported', 'not a legacy message');
  if (version.case !== 'v1' || !version.value.ciphertext) throw new ProtocolError('malformed', 'the message is incomplete');
  const { headerBytes, ciphertext } = version.value;
  checkCiphertext(ciphertext);
  const { sender, recipient, timestamp } = decode(MessageHeaderV1Schema, headerBytes, 'the header of the message');
  if (timestamp > maxTimestampMs) throw new ProtocolError('malformed', 'the time of the message is beyond what nanoseconds can tell');
  return { headerBytes, ciphertext, sender: party(sender), recipient: party(recipient), timestampMs: timestamp };
}

/** The inner half of `sealLegacyMessage`, for a header that somebody else wrote. @throws ProtocolError */
export const sealLegacyPayload = (
  bundle: PrivateBundle,
  peer: VerifiedBundle,
  { headerBytes, payload }: { readonly headerBytes: Uint8Array; readonly payload: Uint8Array },
  random: Random = randomBytes,
): Promise<Ciphertext> => sealAead(sharedSecret(bundle, peer, publicBundle(bundle).preKey, 'initiator'), payload, headerBytes, random);

/**
 * The inner half of `openLegacyMessage`, for a caller who has looked at the header: that it names the peer, and the topic both (SPEC 9.5).
 * @throws ProtocolError unknown-key, cannot-decrypt, malformed
 */
export async function openLegacyPayload(
  bundle: PrivateBundle,
  peer: VerifiedBundle,
  { headerBytes, ciphertext, sentByMe }: { readonly headerBytes: Uint8Array; readonly ciphertext: Ciphertext; readonly sentByMe: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const { sender, recipient } = decode(MessageHeaderV1Schema, headerBytes, 'the header of the message');
  const mine = party(sentByMe ? sender : recipient);
  if (!equalBytes(mine.identity, bundle.identity.point))
    throw new ProtocolError('wrong-recipient', 'the header does not name me on that side');
  return openAead(sharedSecret(bundle, peer, mine.pre, sentByMe ? 'initiator' : 'responder'), ciphertext, headerBytes);
}

/** Where a message of version 1 goes: the first one to a peer introduces itself to both sides too, in this order (SPEC 9.3). */
export const legacyTopics = (me: Address, peer: Address, first: boolean): string[] => [
  ...(first ? [introTopic(peer), introTopic(me)] : []),
  directTopic(me, peer),
];

/** The times of envelopes are 64-bit nanoseconds. */
const maxTimestampMs = (2n ** 64n - 1n) / 1_000_000n;

function legacyOf(bundle: VerifiedBundle): PublicKeyBundle {
  if (!bundle.legacy) throw new ProtocolError('unsupported', 'keys of the signed format cannot take part in a legacy conversation');
  return bundle.legacy;
}

function party(bundle: PublicKeyBundle | undefined) {
  if (!bundle?.identityKey || !bundle.preKey) throw new ProtocolError('malformed', 'the message lacks a party');
  return { bundle, identity: readLegacyKey(bundle.identityKey).point, pre: readLegacyKey(bundle.preKey).point };
}

function dedupKey(topic: string, identityKey: Uint8Array, timestampMs: bigint, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, timestampMs);
  return sha256(concat(utf8(`l1|${topic}|`), identityKey, time, payload));
}
