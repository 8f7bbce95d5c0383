import { asked, plain, refusal } from './blobs.ts';
import { NodeError, retryAfter, TooLargeError } from './errors.ts';
import type { Fetch } from './limited-fetch.ts';

interface Options {
  readonly fetch: Fetch;
  /** Does one request with a token that the node takes. */
  readonly authorised: <T>(request: (token: string) => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal;
  /** Bytes that the node has so far. */
  readonly progress?: (length: number) => void;
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What is no larger is as well put at once. */
export const smallestPart = 128 * 1024;
const largestPart = 4 * 1024 * 1024;
/** A part that came sooner is followed by a larger one, one that came later by a smaller one, ms. */
const soonMs = 700;
const lateMs = 4_000;
const partMs = 120_000;
const callMs = 30_000;
const callOffMs = 5_000;
/** How often in a row something may go wrong, and how often in all. */
const mostInARow = 6;
const mostTroubles = 100;
/** A node that asks for more patience is not waited for. */
const mostPatienceMs = 30_000;

/**
 * Puts sealed bytes to a `blobAddress` part by part, from where the node has them, over lost connections too; a node that has no parts is told by `false`, and has
 * got nothing then. Where it is called off, the node forgets what it has. @throws NodeError
 */
export async function putBlobInParts(
  address: string,
  bytes: Uint8Array,
  { fetch, authorised, signal, progress = () => undefined, wait = pause }: Options,
): Promise<boolean> {
  const request = (method: string, query: string, ms: number, called?: AbortSignal, body?: Uint8Array): Promise<Response> =>
    authorised(async (token) => {
      const response = await asked(
        fetch(`${address}/parts${query}`, {
          method,
          ...(body && { body: new Blob([body as Uint8Array<ArrayBuffer>]) }),
          headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/octet-stream' }) },
          ...plain(ms, called),
        }),
      );
      if (response.status === 401) throw refusal(response.status);
      return response;
    });

  /** Null where the node has everything, 'no parts' where it has none at all. */
  const begin = async (): Promise<Begun | null | 'no parts'> => {
    const response = await request('POST', `?size=${bytes.length}`, callMs, signal);
    if (response.status === 204) return null;
    if (foreign.includes(response.status)) return 'no parts';
    return heldOf(response, bytes.length);
  };

  const send = async (): Promise<boolean> => {
    let begun: Begun | null = null;
    let size = smallestPart;
    let largest = largestPart;
    for (let [inARow, troubles] = [0, 0]; ; ) {
      try {
        if (!begun) {
          const found = await begin();
          if (found === 'no parts') return false;
          if (found === null) return true;
          begun = found;
          progress(begun.held);
        }
        const { held, part }: Begun = begun;
        if (held === bytes.length) {
          const response = await request('PUT', '', partMs, signal);
          if (!response.ok) throw troubleOf(response);
          return true;
        }
        const end = Math.min(held + Math.min(size, part), bytes.length);
        const startedAt = performance.now();
        const after = await heldOf(await request('PATCH', `?at=${held}`, partMs, signal, bytes.subarray(held, end)), bytes.length);
        if (after.held !== end) throw new NodeError('wrong', 'the node has something else than it was sent');
        const took = performance.now() - startedAt;
        if (took < soonMs) size = Math.min(size * 2, largest);
        else if (took > lateMs) size = Math.max(size / 2, smallestPart);
        begun = { held: end, part };
        inARow = 0;
        progress(end);
      } catch (error) {
        if (begun && error instanceof TooLargeError && size > smallestPart) {
          // A proxy takes no bodies of this size: nothing of it came.
          largest = Math.max(size / 2, smallestPart);
          size = largest;
          continue;
        }
        if (signal?.aborted || ++inARow > mostInARow || ++troubles > mostTroubles || !passes(error)) throw error;
        // It knows best what it has.
        begun = null;
        size = smallestPart;
        if (!(error instanceof OutOfStep)) await wait(Math.max(500 * 2 ** (inARow - 1), error.retryAfterMs ?? 0), signal);
      }
    }
  };

  try {
    return await send();
  } catch (error) {
    if (signal?.aborted) await request('DELETE', '', callOffMs).catch(() => undefined); // it is swept there, later
    throw error;
  }
}

interface Begun {
  readonly held: number;
  readonly part: number;
}

/** What nodes answer that know no parts: an older one takes the address for no digest. */
const foreign: readonly number[] = [400, 404, 405, 501];

/** The node is at another place than we thought, or has forgotten what it had. */
class OutOfStep extends NodeError {
  constructor() {
    super('failed', 'the node is at another place');
    this.name = 'OutOfStep';
  }
}

/** @throws NodeError */
async function heldOf(response: Response, length: number): Promise<Begun> {
  if (!response.ok) throw troubleOf(response);
  const { held, part } = answerOf(await asked(response.text()));
  if (isCount(held) && held <= length && isCount(part) && part > 0) return { held, part };
  throw new NodeError('wrong', 'the answer is none that a node gives');
}

function answerOf(text: string): { readonly held?: unknown; readonly part?: unknown } {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return {};
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function troubleOf({ status, headers }: Response): NodeError {
  if (status === 404 || status === 409) return new OutOfStep();
  const trouble = refusal(status);
  if (trouble instanceof TooLargeError) return trouble;
  const { reason, message } = trouble;
  return new NodeError(reason, message, { retryAfterMs: retryAfter(headers) });
}

/** Whether another try may help. */
const passes = (error: unknown): error is NodeError =>
  error instanceof NodeError &&
  (error.reason === 'unreachable' ||
    error.reason === 'failed' ||
    (error.reason === 'limited' && error.retryAfterMs !== null && error.retryAfterMs <= mostPatienceMs));

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
