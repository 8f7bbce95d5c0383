import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type StoreQueryResponse, StoreQueryResponseSchema } from '../../gen/waku/store/v3/store_pb.ts';

/**
 * Answers of stores, whose hashes are written and read by hand: every message of every node is told of to each of its peers this way, and the library makes an object of
 * every hash and looks at it several times.
 */

/** Of the field `messages`, whose message has nothing but a hash: that field, its length, the field of the hash, and the length of that. */
const before = Uint8Array.of(0xa2, 0x01, 34, 0x0a, 32);
const entryLength = before.length + 32;

/** An answer, and after what it has itself these hashes; fields may come in any order. */
export function encodeAnswer(answer: StoreQueryResponse, hashes: readonly Uint8Array[]): Uint8Array {
  const own = toBinary(StoreQueryResponseSchema, answer);
  const bytes = new Uint8Array(own.length + hashes.length * entryLength);
  bytes.set(own);
  let at = own.length;
  for (const hash of hashes) {
    bytes.set(before, at);
    bytes.set(hash, at + before.length);
    at += entryLength;
  }
  return bytes;
}

/** An answer and the hashes that stand alone in it, in their order; all else is in its `messages`. @throws Error when these are not the bytes of one */
export function decodeAnswer(bytes: Uint8Array): { readonly answer: StoreQueryResponse; readonly hashes: readonly Uint8Array[] } {
  const hashes: Uint8Array[] = [];
  const rest: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  for (let start = 0; start < bytes.length; start = reader.pos) {
    if (startsEntry(bytes, start)) {
      hashes.push(bytes.subarray(start + before.length, start + entryLength));
      reader.pos = start + entryLength;
      continue;
    }
    const [field, type] = reader.tag();
    reader.skip(type, field);
    rest.push(bytes.subarray(start, reader.pos));
  }
  return { answer: fromBinary(StoreQueryResponseSchema, Buffer.concat(rest)), hashes };
}

function startsEntry(bytes: Uint8Array, at: number): boolean {
  if (at + entryLength > bytes.length) return false;
  for (let index = 0; index < before.length; index++) if (bytes[at + index] !== before[index]) return false;
  return true;
}
