import { gunzipSync } from 'node:zlib';
import { Code } from '@connectrpc/connect';
import { refuse } from './refusal.ts';

/** The frame of gRPC, gRPC-web and Connect streams: a byte of flags, a length of four bytes, the message. */
export function frame(flags: number, payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(5 + payload.length);
  framed[0] = flags;
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, 5);
  return framed;
}

export const compressedFlag = 0x01;
export const connectEndFlag = 0x02;
export const webTrailerFlag = 0x80;

/** Cuts a stream of bytes into frames, whatever the pieces in which it comes. */
export class FrameReader {
  readonly #maxLength: number;
  #rest: Buffer[] = [];
  #length = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The frames that are complete with this piece. @throws ConnectError when a frame is too long */
  push(piece: Buffer): { readonly flags: number; readonly payload: Buffer }[] {
    this.#rest.push(piece);
    this.#length += piece.length;
    const frames: { readonly flags: number; readonly payload: Buffer }[] = [];
    while (this.#length >= 5) {
      const head = this.#join(5);
      const length = head.readUInt32BE(1);
      if (length > this.#maxLength) throw refuse(Code.ResourceExhausted, `message of ${length} bytes is larger than ${this.#maxLength}`);
      if (this.#length < 5 + length) break;
      const whole = this.#join(5 + length);
      frames.push({ flags: whole[0] as number, payload: whole.subarray(5, 5 + length) });
      this.#rest = [whole.subarray(5 + length)];
      this.#length -= 5 + length;
    }
    return frames;
  }

  /** Whether nothing of an unfinished frame is left. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The first piece, joined with as many others as it takes to hold `length` bytes. */
  #join(length: number): Buffer {
    const first = this.#rest[0] as Buffer;
    if (first.length >= length) return first;
    const joined = Buffer.concat(this.#rest);
    this.#rest = [joined];
    return joined;
  }
}

/** Undoes the compression of one message. @throws ConnectError for other encodings, damaged data, or more than `maxLength` bytes */
export function inflate(payload: Buffer, encoding: string | undefined, maxLength: number): Buffer {
  if (encoding !== 'gzip') throw refuse(Code.Unimplemented, `message encoding ${encoding ?? 'identity'} is not supported here; gzip is`);
  try {
    return gunzipSync(payload, { maxOutputLength: maxLength });
  } catch (cause) {
    throw refuse(Code.InvalidArgument, 'the compressed message does not unpack', cause);
  }
}
