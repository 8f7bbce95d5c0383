import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { WakuMessage } from '../../gen/waku/message/v1/message_pb.ts';
import { readText } from '../read-text.ts';
import type { TreeWord } from './voucher.ts';

/**
 * What is relayed as bytes, by hand: every envelope is written here once and read once by every other node, and the library's way over descriptors takes several times as
 * long. The same bytes as that writes, and the same messages as it reads, but for fields that nobody knows: those are passed over.
 */

const typeName = 'waku.message.v1.WakuMessage';

export function encodeMessage(message: WakuMessage): Uint8Array {
  const parts = partsOf(message);
  const bytes = Buffer.allocUnsafe(parts.size);
  writeParts(bytes, 0, message, parts);
  return plain(bytes);
}

/** Null when these are not the bytes of a message. */
export function decodeMessage(bytes: Uint8Array): WakuMessage | null {
  try {
    return readMessage(new BinaryReader(bytes), bytes.length);
  } catch {
    return null;
  }
}

/** A word and the messages that it is about: `Bundle` of bundle.proto. */
export interface BundleParts {
  readonly word: TreeWord;
  readonly messages: readonly WakuMessage[];
}

export function encodeBundle({ word: { home, issuedMs, signature }, messages }: BundleParts): Uint8Array {
  const all = messages.map(partsOf);
  let size = 1 + varintSize(home.length) + home.length + 1 + bigVarintSize(issuedMs) + 1 + varintSize(signature.length) + signature.length;
  for (const parts of all) size += 1 + varintSize(parts.size) + parts.size;
  const bytes = Buffer.allocUnsafe(size);
  let at = writeBytes(bytes, 0, 0x0a, home);
  bytes[at++] = 0x10;
  at = writeBigVarint(bytes, at, issuedMs);
  at = writeBytes(bytes, at, 0x1a, signature);
  for (const [index, message] of messages.entries()) {
    const parts = all[index] as Parts;
    bytes[at++] = 0x22;
    at = writeVarint(bytes, at, parts.size);
    at = writeParts(bytes, at, message, parts);
  }
  return plain(bytes);
}

/** Null when these are not the bytes of one. */
export function decodeBundle(bytes: Uint8Array): BundleParts | null {
  let [home, issuedMs, signature]: [Uint8Array, bigint, Uint8Array] = [empty, 0n, empty];
  const messages: WakuMessage[] = [];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < bytes.length) {
      const [field, type] = reader.tag();
      if (field === 1) home = reader.bytes();
      else if (field === 2) issuedMs = BigInt(reader.uint64());
      else if (field === 3) signature = reader.bytes();
      else if (field === 4) {
        const length = reader.uint32();
        messages.push(readMessage(reader, reader.pos + length));
      } else reader.skip(type, field);
    }
    if (reader.pos !== bytes.length) return null;
  } catch {
    return null;
  }
  return { word: { home, issuedMs, signature }, messages };
}

function readMessage(reader: BinaryReader, end: number): WakuMessage {
  if (end > reader.len) throw new RangeError('it ends within a message');
  const message: WakuMessage = { $typeName: typeName, payload: empty, contentTopic: '' };
  while (reader.pos < end) {
    const start = reader.pos;
    // The usual fields in their usual form, without an object for each head.
    const head = reader.uint32();
    if (head === 0x0a) message.payload = reader.bytes();
    else if (head === 0x12) message.contentTopic = readText(reader);
    else if (head === 0x50) message.timestamp = BigInt(reader.sint64());
    else {
      reader.pos = start;
      readField(reader, message);
    }
  }
  if (reader.pos !== end) throw new RangeError('a field goes beyond its message');
  return message;
}

function readField(reader: BinaryReader, message: WakuMessage): void {
  const [field, type] = reader.tag();
  if (field === 1) message.payload = reader.bytes();
  else if (field === 2) message.contentTopic = reader.string(true);
  else if (field === 3) message.version = reader.uint32();
  else if (field === 10) message.timestamp = BigInt(reader.sint64());
  else if (field === 11) message.meta = reader.bytes();
  else if (field === 21) message.rateLimitProof = reader.bytes();
  else if (field === 31) message.ephemeral = reader.bool();
  else if (field === 1001) message.voucher = reader.bytes();
  else reader.skip(type, field);
}

/** What is known before a message is written. */
interface Parts {
  readonly size: number;
  readonly topicLength: number;
  /** By zigzag. */
  readonly time: bigint | undefined;
}

function partsOf({ payload, contentTopic, version, timestamp, meta, rateLimitProof, ephemeral, voucher }: WakuMessage): Parts {
  const topicLength = Buffer.byteLength(contentTopic);
  const time = timestamp === undefined ? undefined : (timestamp << 1n) ^ (timestamp >> 63n);
  let size = 0;
  if (payload.length > 0) size += 1 + varintSize(payload.length) + payload.length;
  if (topicLength > 0) size += 1 + varintSize(topicLength) + topicLength;
  if (version !== undefined) size += 1 + varintSize(version);
  if (time !== undefined) size += 1 + bigVarintSize(time);
  if (meta) size += 1 + varintSize(meta.length) + meta.length;
  if (rateLimitProof) size += 2 + varintSize(rateLimitProof.length) + rateLimitProof.length;
  if (ephemeral !== undefined) size += 3;
  if (voucher) size += 2 + varintSize(voucher.length) + voucher.length;
  return { size, topicLength, time };
}

function writeParts(bytes: Buffer, start: number, message: WakuMessage, { topicLength, time }: Parts): number {
  const { payload, contentTopic, version, meta, rateLimitProof, ephemeral, voucher } = message;
  let at = start;
  if (payload.length > 0) at = writeBytes(bytes, at, 0x0a, payload);
  if (topicLength > 0) {
    bytes[at++] = 0x12;
    at = writeVarint(bytes, at, topicLength);
    at += bytes.write(contentTopic, at);
  }
  if (version !== undefined) {
    bytes[at++] = 0x18;
    at = writeVarint(bytes, at, version);
  }
  if (time !== undefined) {
    bytes[at++] = 0x50;
    at = writeBigVarint(bytes, at, time);
  }
  if (meta) at = writeBytes(bytes, at, 0x5a, meta);
  if (rateLimitProof) at = writeBytes(bytes, at, (21 << 3) | 2, rateLimitProof);
  if (ephemeral !== undefined) {
    at = writeVarint(bytes, at, 0xf8);
    bytes[at++] = ephemeral ? 1 : 0;
  }
  if (voucher) at = writeBytes(bytes, at, (1001 << 3) | 2, voucher);
  return at;
}

function writeBytes(bytes: Buffer, start: number, tag: number, value: Uint8Array): number {
  const at = writeVarint(bytes, writeVarint(bytes, start, tag), value.length);
  bytes.set(value, at);
  return at + value.length;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let [at, rest] = [start, value];
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  return at;
}

function writeBigVarint(bytes: Buffer, start: number, value: bigint): number {
  let [at, rest] = [start, value];
  // In halves that are plain numbers: arithmetic on large ones costs an object for each step.
  for (; rest > 0xfffffffn; rest >>= 28n) {
    let low = Number(rest & 0xfffffffn);
    for (let n = 0; n < 4; n++, low >>>= 7) bytes[at++] = (low & 127) | 128;
  }
  return writeVarint(bytes, at, Number(rest));
}

const varintSize = (value: number): number => (value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5);

function bigVarintSize(value: bigint): number {
  let [size, rest] = [0, value];
  for (; rest > 0xfffffffn; rest >>= 28n) size += 4;
  return size + varintSize(Number(rest));
}

/** Views of these are of the same kind. */
const plain = ({ buffer, byteOffset, length }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, length);

const empty = new Uint8Array();
