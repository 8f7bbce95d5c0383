import { create } from '@bufbuild/protobuf';
import { SignedContentSchema } from '../gen/xmtp/message_contents/content_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../gen/xmtp/message_contents/message_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import type { Address } from './address.ts';
import { type AeadSecret, checkCiphertext, hkdf, openAead, sealAead } from './aead.ts';
import { equalBytes, type Random, randomBytes, utf8 } from './bytes.ts';
import { messageId } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { beginSha256, hmacSha256, sha256 } from './hash.ts';
import { type PrivateBundle, publicBundle, signByPreKey } from './private-keys.ts';
import { readSignature, type VerifiedBundle, verifyBundle } from './public-keys.ts';
import { type EcdsaSignature, verify } from './secp256k1.ts';
import { type Clock, systemClock } from './time.ts';
import { ephemeralTopic } from './topic.ts';
import { decode, encode } from './wire.ts';

export interface OpenedMessage {
  /** The XMTP message id, hex. */
  readonly id: string;
  readonly sender: Address;
  /** 65 bytes. */
  readonly senderIdentityKey: Uint8Array;
  /** The sender's time. */
  readonly createdNs: bigint;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
  /** Equal for repetitions of what one sender signed once, however they were sealed again (SPEC 8.5); 32 bytes. */
  readonly dedupKey: Uint8Array;
}

/** Signs content with the current pre-key and seals it for a conversation (SPEC 8.1). `createdNs` is in whole milliseconds. */
export async function sealMessage({
  topic,
  keyMaterial,
  bundle,
  payload,
  createdNs,
  shouldPush,
  clock = systemClock,
  random = randomBytes,
}: {
  readonly topic: string;
  readonly keyMaterial: Uint8Array;
  readonly bundle: PrivateBundle;
  /** An encoded EncodedContent. */
  readonly payload: Uint8Array;
  readonly createdNs: bigint;
  readonly shouldPush: boolean;
  readonly clock?: Clock;
  readonly random?: Random;
}): Promise<{ readonly message: Uint8Array<ArrayBuffer>; readonly id: string }> {
  const me = publicBundle(bundle);
  const headerBytes = encode(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs, topic }));
  const signature = signByPreKey(bundle, sha256(headerBytes, payload));
  const signed = create(SignedContentSchema, {
    payload,
    sender: me.signed,
    signature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: { ...signature } } }),
  });
  const ciphertext = await sealAead(keyMaterial, encode(SignedContentSchema, signed), headerBytes, random);
  const senderHmac = hmacSha256(await notificationKey(keyMaterial, me.address, clock()), headerBytes);
  const value = { headerBytes, ciphertext, senderHmac, shouldPush };
  const message = encode(MessageSchema, create(MessageSchema, { version: { case: 'v2', value } }));
  return { message, id: messageId(message) };
}

/** A message as it came, and the conversation that it should be of. */
export interface ReceivedMessage {
  /** The conversation's ordinary topic. */
  readonly topic: string;
  readonly keyMaterial: Uint8Array;
  readonly members: readonly Address[];
  readonly message: Uint8Array;
  /** The ordinary or the ephemeral topic. */
  readonly envelopeTopic: string;
}

/** Opens a message of a conversation and refuses what SPEC 8.4 refuses, the sender who is no member included. @throws ProtocolError */
export async function openMessage(received: ReceivedMessage): Promise<OpenedMessage> {
  const unsealed = await unsealMessage(received, received.keyMaterial);
  return admit(received, unsealed, verify(unsealed.digest, unsealed.signature, unsealed.bundle.preKey));
}

/** A message whose sender's chain holds and whose signature nobody has checked yet. */
export interface UnsealedMessage {
  readonly headerBytes: Uint8Array;
  readonly createdNs: bigint;
  readonly payload: Uint8Array;
  readonly bundle: VerifiedBundle;
  readonly digest: Uint8Array;
  readonly signature: EcdsaSignature;
}

/** The first half of opening: everything but the signature and who may send. @throws ProtocolError */
export async function unsealMessage({ topic, message, envelopeTopic }: ReceivedMessage, secret: AeadSecret): Promise<UnsealedMessage> {
  if (envelopeTopic !== topic && envelopeTopic !== ephemeralTopic(topic))
    throw new ProtocolError('wrong-topic', 'the envelope is not from this conversation');
  const { headerBytes, ciphertext, header } = parseMessage(message);
  if (header.topic !== topic) throw new ProtocolError('wrong-topic', 'the message was written for another conversation');

  const plain = await openAead(secret, ciphertext, headerBytes);
  const { payload, sender, signature } = decode(SignedContentSchema, plain, 'the signed content');
  if (!sender) throw new ProtocolError('malformed', 'the message does not name its sender');
  const bundle = verifyBundle(sender);
  if (signature?.union.case !== 'ecdsaCompact') throw notSigned();
  const digest = sha256(headerBytes, payload);
  return { headerBytes, createdNs: header.createdNs, payload, bundle, digest, signature: readSignature(signature) };
}

/** The second half, once the signature is checked. @throws ProtocolError bad-signature, wrong-sender */
export function admit({ topic, members, message }: ReceivedMessage, unsealed: UnsealedMessage, signed: boolean): OpenedMessage {
  const { headerBytes, createdNs, payload, bundle, digest } = unsealed;
  if (!signed) throw notSigned();
  if (!members.includes(bundle.address)) throw new ProtocolError('wrong-sender', 'the sender is no member of the conversation');
  return {
    id: messageId(message),
    sender: bundle.address,
    senderIdentityKey: bundle.identityKey,
    createdNs,
    payload,
    dedupKey: dedupKey(topic, bundle.identityKey, headerBytes.length, digest),
  };
}

const notSigned = (): ProtocolError => new ProtocolError('bad-signature', 'the message is not signed by its sender');

/** The readable part of a message, whose header must be in its one canonical encoding. @throws ProtocolError malformed, unsupported */
export function parseMessage(message: Uint8Array) {
  const { version } = decode(MessageSchema, message, 'the message');
  if (version.case === 'v1') throw new ProtocolError('unsupported', 'a legacy message');
  if (version.case !== 'v2' || !version.value.ciphertext) throw new ProtocolError('malformed', 'the message is incomplete');
  const { headerBytes, ciphertext } = version.value;
  checkCiphertext(ciphertext);
  return { headerBytes, ciphertext, header: parseHeader(headerBytes) };
}

interface Header {
  readonly createdNs: bigint;
  readonly topic: string;
}

/** Time and topic of a message; the header must be in its one canonical encoding. @throws ProtocolError malformed */
export function parseHeader(headerBytes: Uint8Array): Header {
  const usual = readUsual(headerBytes);
  if (usual) return usual;
  const header = decode(MessageHeaderV2Schema, headerBytes, 'the header of the message');
  // The signature covers header and payload without a boundary; only canonical headers keep the boundary where it is.
  if (!equalBytes(encode(MessageHeaderV2Schema, header), headerBytes)) throw new ProtocolError('malformed', 'the header is not canonical');
  return header;
}

/**
 * The header that everybody writes, in its canonical encoding: a time of nine groups of seven bits, and a topic in ASCII. It is read by hand, because it is read
 * for every message. Null for any other, which the general reader judges.
 */
function readUsual(bytes: Uint8Array): Header | null {
  const length = bytes[11];
  if (bytes[0] !== 0x08 || bytes[10] !== 0x12 || length === undefined || length === 0 || length > 127 || bytes.length !== 12 + length)
    return null;
  for (let i = 1; i < 9; i++) if ((bytes[i] as number) < 0x80) return null;
  const last = bytes[9] as number;
  if (last === 0 || last > 127) return null;
  for (let i = 12; i < bytes.length; i++) if ((bytes[i] as number) > 127) return null;
  const group = (at: number): number => (bytes[at] as number) & 127;
  const [low, high] = [1, 5].map((at) => group(at) + group(at + 1) * 2 ** 7 + group(at + 2) * 2 ** 14 + group(at + 3) * 2 ** 21) as [
    number,
    number,
  ];
  return {
    createdNs: (BigInt(high + last * 2 ** 28) << 28n) + BigInt(low),
    topic: String.fromCharCode.apply(null, bytes.subarray(12) as unknown as number[]),
  };
}

/** The key by which a push service knows the sender's own messages of a 30-day period (SPEC 8.3); 32 bytes. */
export const notificationKey = (keyMaterial: Uint8Array, sender: Address, nowMs: number): Promise<Uint8Array<ArrayBuffer>> =>
  hkdf(keyMaterial, new Uint8Array(0), utf8(`${Math.floor(nowMs / 2_592_000_000)}-${sender}`), 32);

/** `digest` stands for header and payload, and the header's length for the boundary between the two. */
function dedupKey(topic: string, identityKey: Uint8Array, headerLength: number, digest: Uint8Array): Uint8Array<ArrayBuffer> {
  let begun = begunFor.get(identityKey);
  if (begun?.topic !== topic) {
    begun = { topic, hash: beginSha256(utf8(`l3|${topic}|`), identityKey) };
    begunFor.set(identityKey, begun);
  }
  const rest = new Uint8Array(4 + digest.length);
  new DataView(rest.buffer).setUint32(0, headerLength);
  rest.set(digest, 4);
  return begun.hash(rest);
}

/** Messages come by conversation and senders are remembered: what was hashed for one message serves the next of the same sender. */
const begunFor = new WeakMap<Uint8Array, { readonly topic: string; readonly hash: (rest: Uint8Array) => Uint8Array<ArrayBuffer> }>();
