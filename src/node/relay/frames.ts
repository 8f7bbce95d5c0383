import type { Stream } from './host.ts';

/** Pieces in which an answer is handed to the stream. */
const piece = 64 << 10;

/** Reads one message with its length in front. @throws Error when it is longer than `most` or the stream ends before it */
export async function readFrame(stream: Stream, most: number): Promise<Uint8Array> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = Buffer.concat([held, chunk instanceof Uint8Array ? chunk : chunk.subarray()]);
    const length = readLength(held);
    if (length === null) continue;
    if (length.value > most) throw new Error('the message is too long');
    if (held.length >= length.size + length.value) return held.subarray(length.size, length.size + length.value);
  }
  throw new Error('the stream ended before the message');
}

/** Writes one message with its length in front, as fast as the other side takes it. */
export async function writeFrame(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  await writeAll(stream, Buffer.concat([lengthOf(bytes.length), bytes]), signal);
}

/** Writes bytes as they are, as fast as the other side takes them. */
export async function writeAll(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) if (!stream.send(bytes.subarray(at, at + piece))) await stream.onDrain({ signal });
}

function lengthOf(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function readLength(bytes: Uint8Array): { readonly value: number; readonly size: number } | null {
  let value = 0;
  for (const [index, byte] of bytes.subarray(0, 5).entries()) {
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, size: index + 1 };
  }
  if (bytes.length >= 5) throw new Error('the length does not parse');
  return null;
}
