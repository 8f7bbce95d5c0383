import { LongAnswerError, NodeError, TooLargeError } from './errors.ts';
import { quietly } from './limited-fetch.ts';

/** What a blob may have, and how long it may take, ms. */
interface Limits {
  readonly bytes: number;
  readonly ms?: number;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  /** Bytes that came so far. */
  readonly progress?: (length: number) => void;
}

const patience = 120_000;

/** Where a node has the sealed bytes of this SHA-256 (hex). */
export const blobAddress = (node: string, digest: string): string => `${node.replace(/\/+$/, '')}/blob/${digest}`;

/** Puts sealed bytes to a `blobAddress`. @throws NodeError */
export async function putBlob(
  address: string,
  bytes: Uint8Array,
  token: string,
  { fetch: network = fetch, ms = patience, signal }: Omit<Limits, 'bytes' | 'progress'> = {},
): Promise<void> {
  const response = await asked(
    network(address, {
      method: 'PUT',
      body: new Blob([bytes as Uint8Array<ArrayBuffer>]),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      ...plain(ms, signal),
    }),
  );
  if (!response.ok) throw refusal(response.status);
}

/** Fetches what lies at an address, without telling it who asks or from where; null where nothing does. More bytes than allowed are not read. @throws NodeError */
export async function getBlob(
  address: string,
  { bytes, fetch: network = fetch, ms = patience, signal, progress }: Limits,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const response = await asked(network(address, plain(ms, signal)));
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok || !response.body) throw refusal(response.status);
  if (Number(response.headers.get('content-length') ?? 0) > bytes) throw new LongAnswerError();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await asked(reader.read());
    if (done) break;
    length += value.length;
    if (length > bytes) {
      await reader.cancel().catch(() => undefined);
      throw new LongAnswerError();
    }
    parts.push(value);
    progress?.(length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export const plain = (ms: number, signal?: AbortSignal): RequestInit => ({
  ...quietly,
  signal: signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms),
});

/** What a status says that is no success. */
export function refusal(status: number): NodeError {
  if (status === 401 || status === 403) return new NodeError('unauthorised', 'the node does not take the token');
  if (status === 413) return new TooLargeError();
  if (status === 429) return new NodeError('limited', 'the node takes no more for today');
  return new NodeError(status >= 500 ? 'failed' : 'refused', `the answer was ${status}`);
}

/** @throws NodeError unreachable */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof NodeError) throw cause;
    throw new NodeError('unreachable', 'there was no answer', { cause });
  }
}
