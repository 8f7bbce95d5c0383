import { createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { type Cursor, MessageApi, SortDirection } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import { toHex } from '../protocol/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { maxTopicLength } from '../protocol/topic.ts';
import { putBlobInParts, smallestPart } from './blob-parts.ts';
import { blobAddress, putBlob } from './blobs.ts';
import { LongAnswerError, NodeError, toNodeError, toStrangerError } from './errors.ts';
import { type Fetch, limitedFetch } from './limited-fetch.ts';
import { createSequence, type Sequence } from './sequence.ts';

export interface Query {
  readonly topics: readonly string[];
  /** Inclusive; absent is open. */
  readonly startNs?: bigint;
  /** Inclusive; absent is open. */
  readonly endNs?: bigint;
  /** Rows of a page, at most 100. */
  readonly limit?: number;
  readonly direction?: 'ascending' | 'descending';
}

/** Opaque to callers: where the next page begins. */
export type PageCursor = Cursor;

export interface Page {
  readonly envelopes: readonly Envelope[];
  /** Null on the last page. */
  readonly cursor: PageCursor | null;
}

export interface Probe {
  readonly version: string | null;
  readonly roundTripMs: number;
  /** The node's clock minus ours, milliseconds; null when the node does not tell its time. */
  readonly clockSkewMs: number | null;
}

/** A node's message API, seen from a client. Every call rejects with a NodeError. */
export interface NodeClient extends Sequence {
  readonly url: string;
  /** All envelopes or none. */
  publish(envelopes: readonly Envelope[]): Promise<void>;
  /** Leaves sealed bytes under their SHA-256 (hex), and answers the address where others find them; goes on from what the node has of them already. */
  putBlob(digest: string, bytes: Uint8Array, options?: PutOptions): Promise<string>;
  query(query: Query, cursor?: PageCursor): Promise<Page>;
  /** The newest of each topic, newest first, by one request; at most fifty topics. */
  newest(topics: readonly string[], limit: number): Promise<readonly Envelope[]>;
  /** All pages, one after another. Ends with an error when a node's cursor does not advance. */
  pages(query: Query): AsyncGenerator<readonly Envelope[], void, undefined>;
  /** Follows topics from now on. `onOpen` is called when the node has begun to serve the stream. Ends when the signal aborts, else with an error. */
  subscribe(topics: readonly string[], signal: AbortSignal, onOpen?: () => void): AsyncGenerator<Envelope, void, undefined>;
  probe(): Promise<Probe>;
  /** The node's clock minus ours as the last answer told, milliseconds. */
  clockSkewMs(): number | null;
}

export interface PutOptions {
  /** Calls it off, at the node as well. */
  readonly signal?: AbortSignal;
  /** Bytes that the node has so far, where it takes parts. */
  readonly progress?: (length: number) => void;
}

export interface NodeClientOptions {
  /** The bearer token for publishing; null leaves it out. */
  readonly authToken?: () => string | null;
  /** Told when the node did not take the token, before the call is tried once more. */
  readonly onTokenRefused?: () => void;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
  /** How long a stream in the node's order may be without a heartbeat, of which there is one every 20 seconds. */
  readonly silentMs?: number;
}

const mostPages = 10_000;
const health = '/healthz';

export function createNodeClient(url: string, options: NodeClientOptions = {}): NodeClient {
  const { authToken, onTokenRefused, timeoutMs = 15_000, silentMs = 50_000 } = options;
  const baseUrl = url.replace(/\/+$/, '');
  let skew: number | null = null;

  const noteTime = (header: string | null, sentAt: number): void => {
    const nodeTime = header === null ? Number.NaN : Date.parse(header);
    // The header has whole seconds: the middle of that second against the middle of the call.
    if (Number.isFinite(nodeTime)) skew = Math.round(nodeTime + 500 - (sentAt + Date.now()) / 2);
  };
  const raw: Fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const timed: Fetch = async (input, init) => {
    const sentAt = Date.now();
    const response = await raw(input, init);
    noteTime(response.headers.get('date'), sentAt);
    return response;
  };
  const ofNodes: Fetch = async (input, init) => {
    const response = await timed(input, init);
    if (response.url.endsWith(health)) return response;
    const stranger = toStrangerError(response);
    if (!stranger) return response;
    await response.body?.cancel();
    throw stranger;
  };
  const bounded = limitedFetch(ofNodes, (target) => /\/(Subscribe|Follow)/.test(target));
  const answered = limitedFetch(timed, () => false);
  const withToken: Interceptor = (next) => (request) => {
    const token = request.method.name === 'Publish' ? authToken?.() : null;
    if (token) request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
  // Fields that we do not know are not kept: a megabyte of them would become seventy.
  const binaryOptions = { readUnknownFields: false };
  const transport = createGrpcWebTransport({ baseUrl, fetch: bounded, interceptors: [withToken], binaryOptions });
  const api = createClient(MessageApi, transport);

  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toNodeError(error);
    }
  };

  /** Once more with another token, where the node does not take this one. */
  const renewing = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NodeError) || error.reason !== 'unauthorised' || !onTokenRefused) throw error;
      onTokenRefused();
      return work();
    }
  };

  const newest: NodeClient['newest'] = (topics, limit) =>
    call(async () => {
      const pagingInfo = { limit, direction: SortDirection.DESCENDING };
      const { responses } = await api.batchQuery(
        { requests: topics.map((topic) => ({ contentTopics: [topic], pagingInfo })) },
        { timeoutMs },
      );
      return responses.flatMap(({ envelopes }, i) => envelopes.filter(({ contentTopic }) => contentTopic === topics[i]).map(plain));
    });

  const queryOnce = (asked: Query, cursor: PageCursor | undefined, limit: number): Promise<Page> =>
    call(async () => {
      const { topics, startNs = 0n, endNs = 0n, direction = 'ascending' } = asked;
      const response = await api.query(
        {
          contentTopics: [...topics],
          startTimeNs: startNs,
          endTimeNs: endNs,
          pagingInfo: {
            limit,
            direction: direction === 'ascending' ? SortDirection.ASCENDING : SortDirection.DESCENDING,
            ...(cursor && { cursor }),
          },
        },
        { timeoutMs },
      );
      const wanted = new Set(topics);
      const envelopes = response.envelopes.filter(({ contentTopic }) => wanted.has(contentTopic)).map(plain);
      return { envelopes, cursor: response.pagingInfo?.cursor?.cursor.case === 'index' ? response.pagingInfo.cursor : null };
    });

  /** A page of as many rows as fit into an answer: a few of the largest envelopes, which anybody may have put there, must not end the reading. */
  const queryFitting = async (asked: Query, cursor?: PageCursor): Promise<{ readonly page: Page; readonly limit: number }> => {
    for (let limit = asked.limit ?? 100; ; limit = Math.floor(limit / 2)) {
      try {
        return { page: await queryOnce(asked, cursor, limit), limit };
      } catch (error) {
        if (!(error instanceof LongAnswerError) || limit <= 1) throw error;
      }
    }
  };
  const query: NodeClient['query'] = async (asked, cursor) => (await queryFitting(asked, cursor)).page;

  return {
    ...createSequence({ transport, timeoutMs, silentMs, plain }),
    url: baseUrl,
    publish: (envelopes) =>
      renewing(() =>
        call(async () => {
          await api.publish({ envelopes: [...envelopes] }, { timeoutMs });
        }),
      ),
    async putBlob(digest, bytes, { signal, progress } = {}) {
      const address = blobAddress(baseUrl, digest);
      const called = signal && { signal };
      const authorised = <T>(request: (token: string) => Promise<T>): Promise<T> => renewing(() => request(authToken?.() ?? ''));
      const there =
        bytes.length > smallestPart &&
        (await putBlobInParts(address, bytes, { fetch: answered, authorised, ...called, ...(progress && { progress }) }));
      if (!there) await authorised((token) => putBlob(address, bytes, token, { fetch: answered, ...called }));
      return address;
    },
    query,
    newest,
    async *pages(asked) {
      const { direction = 'ascending' } = asked;
      let cursor: PageCursor | undefined;
      let rows = asked.limit ?? 100;
      for (let count = 0; count < mostPages; count++) {
        const { page, limit } = await queryFitting({ ...asked, limit: rows }, cursor);
        yield page.envelopes;
        if (!page.cursor) return;
        if (cursor && !advances(cursor, page.cursor, direction)) throw new NodeError('wrong', 'the node goes round in circles');
        rows = limit;
        cursor = page.cursor;
      }
      throw new NodeError('wrong', 'the node never comes to an end');
    },
    async *subscribe(topics, signal, onOpen) {
      const wanted = new Set(topics);
      try {
        const stream = api.subscribe({ contentTopics: [...topics] }, { signal, onHeader: () => onOpen?.() });
        for await (const envelope of stream) if (wanted.has(envelope.contentTopic)) yield plain(envelope);
      } catch (error) {
        if (signal.aborted) return;
        throw toNodeError(error);
      }
      if (!signal.aborted) throw new NodeError('failed', 'the node ended the stream');
    },
    probe: () =>
      call(async () => {
        const sentAt = Date.now();
        const begun = performance.now();
        let response: Response;
        try {
          response = await bounded(`${baseUrl}${health}`, { signal: AbortSignal.timeout(timeoutMs) });
        } catch (cause) {
          throw new NodeError('unreachable', 'the node did not answer', { cause });
        }
        const roundTripMs = Math.round(performance.now() - begun);
        noteTime(response.headers.get('date'), sentAt);
        const version = await versionOf(response);
        // Health is one thing; what counts is that the message API answers.
        await query({ topics: ['/xmtp/0/contact-0x0000000000000000000000000000000000000000/proto'], limit: 1 });
        return { version, roundTripMs, clockSkewMs: skew };
      }),
    clockSkewMs: () => skew,
  };
}

const plain = ({ contentTopic, timestampNs, message }: Envelope): Envelope => {
  if (contentTopic.length > maxTopicLength) throw new NodeError('wrong', 'the node sends topics that no node takes');
  return { contentTopic, timestampNs, message };
};

/** Whether a cursor lies beyond the one before. */
function advances({ cursor: a }: PageCursor, { cursor: b }: PageCursor, direction: 'ascending' | 'descending'): boolean {
  if (a.case !== 'index' || b.case !== 'index') return false;
  const [from, to] = direction === 'ascending' ? [a.value, b.value] : [b.value, a.value];
  if (from.senderTimeNs !== to.senderTimeNs) return from.senderTimeNs < to.senderTimeNs;
  return toHex(from.digest) < toHex(to.digest);
}

async function versionOf(response: Response): Promise<string | null> {
  try {
    const { version } = (await response.json()) as { version?: unknown };
    return typeof version === 'string' ? version.slice(0, 64) : null;
  } catch {
    return null;
  }
}
