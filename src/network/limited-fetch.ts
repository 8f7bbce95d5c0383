import { NodeError } from './errors.ts';

export type Fetch = typeof globalThis.fetch;

/** Bytes that one answer of a node may have. */
export const maxResponseLength = 8 * 1024 * 1024;

/** A fetch without cookies, redirects and referrer, that ends an answer longer than `limit` bytes. Streams are bounded per answer too, but by what one message may be. */
export const limitedFetch =
  (inner: Fetch, limit: (url: string) => number | null): Fetch =>
  async (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    const response = await inner(input, {
      ...init,
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    const most = limit(url);
    if (!response.body || most === null) return response;
    if (Number(response.headers.get('content-length') ?? 0) > most) {
      await response.body.cancel();
      throw tooLong();
    }
    let length = 0;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          length += chunk.length;
          if (length > most) controller.error(tooLong());
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, { status: response.status, statusText: response.statusText, headers: response.headers });
  };

const tooLong = (): NodeError => new NodeError('wrong', 'the node answers with more than it should');
