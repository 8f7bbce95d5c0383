import { LongAnswerError } from './errors.ts';

export type Fetch = typeof globalThis.fetch;

/** Bytes that one answer of a node may have. */
export const maxResponseLength = 8 * 1024 * 1024;

/** Bytes that one frame of a stream may have: an envelope of the largest size and its surroundings. */
export const maxFrameLength = 2 * 1024 * 1024;

/** What every request to a node or for a file leaves out: nothing is told to whoever answers, and another address than the one that was judged is none. */
export const quietly = {
  credentials: 'omit',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
  cache: 'no-store',
} as const satisfies RequestInit;

/** A fetch that tells nothing, and that ends an answer longer than `maxResponseLength`, or a stream with a frame longer than `maxFrameLength`. */
export const limitedFetch =
  (inner: Fetch, isStream: (url: string) => boolean): Fetch =>
  async (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    const response = await inner(input, { ...init, ...quietly });
    // Browsers give a stream for 204 as well, with which nobody may make another answer.
    if (!response.body || response.status === 204) return response;
    const stream = isStream(url);
    if (!stream && Number(response.headers.get('content-length') ?? 0) > maxResponseLength) {
      await response.body.cancel();
      throw new LongAnswerError();
    }
    const counted = response.body.pipeThrough(watching(stream ? frameCheck() : lengthCheck()));
    return new Response(counted, { status: response.status, statusText: response.statusText, headers: response.headers });
  };

/** Lets chunks through as long as `fits` takes them. */
const watching = (fits: (chunk: Uint8Array) => boolean): TransformStream<Uint8Array, Uint8Array> =>
  new TransformStream({
    transform(chunk, controller) {
      if (fits(chunk)) controller.enqueue(chunk);
      else controller.error(new LongAnswerError());
    },
  });

function lengthCheck(): (chunk: Uint8Array) => boolean {
  let length = 0;
  return (chunk) => {
    length += chunk.length;
    return length <= maxResponseLength;
  };
}

/** Reads the head of each gRPC-web frame: a byte of flags and the length in four bytes, before the transport gathers a frame in memory. */
function frameCheck(): (chunk: Uint8Array) => boolean {
  let head: number[] = [];
  let rest = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(rest, chunk.length - at);
      at += skipped;
      rest -= skipped;
      while (rest === 0 && head.length < headLength && at < chunk.length) head.push(chunk[at++] ?? 0);
      if (head.length < headLength) continue;
      rest = head.slice(1).reduce((length, byte) => length * 256 + byte, 0);
      head = [];
      if (rest > maxFrameLength) return false;
    }
    return true;
  };
}

const headLength = 5;
