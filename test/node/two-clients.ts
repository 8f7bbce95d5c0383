import { ConnectError } from '@connectrpc/connect';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { fromBase64, toBase64 } from '../../src/protocol/bytes.ts';
import { alice } from '../support/people.ts';
import { api, bearer, gateway } from './clients.ts';

/** Where the node is, and what to do in the end. */
export interface Place {
  readonly url: string;
  atEnd(stop: () => void): void;
}

export interface Envelope {
  readonly contentTopic: string;
  readonly timestampNs: bigint;
  readonly message: Uint8Array;
}
export interface Query {
  readonly contentTopics: string[];
  readonly startTimeNs?: bigint;
  readonly endTimeNs?: bigint;
  readonly limit?: number;
  readonly ascending?: boolean;
  readonly cursor?: unknown;
}
export interface Page {
  readonly envelopes: readonly Envelope[];
  readonly limit: number;
  /** As it goes into the next query; null on the last page. */
  readonly cursor: unknown;
}
type Headers = Record<string, string>;

/** One way to speak to the node; errors are `{ code, message }` of the gRPC status. */
export interface Client {
  publish(envelopes: readonly Envelope[], headers?: Headers): Promise<void>;
  query(query: Query): Promise<Page>;
  batch(queries: readonly Query[]): Promise<readonly Page[]>;
  /** Follows topics, or all of them; resolves when that is so. */
  subscribe(topics: readonly string[] | 'all'): Promise<Stream>;
}
export interface Stream {
  readonly received: Envelope[];
  readonly ended: Promise<number | 'closed'>;
  close(): void;
}

export class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** By gRPC over HTTP/2. */
export const grpcClient = (at: () => Place): Client => ({
  publish: (envelopes, headers = bearer(alice)) =>
    wrap(async () => void (await api(at().url).publish({ envelopes: [...envelopes] }, { headers }))),
  query: (query) => wrap(async () => fromGrpc(await api(at().url).query(toGrpc(query)))),
  batch: (queries) => wrap(async () => (await api(at().url).batchQuery({ requests: queries.map(toGrpc) })).responses.map(fromGrpc)),
  async subscribe(topics) {
    const control = new AbortController();
    const received: Envelope[] = [];
    let opened = (): void => {};
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const options = { signal: control.signal, onHeader: () => opened() };
    const stream =
      topics === 'all' ? api(at().url).subscribeAll({}, options) : api(at().url).subscribe({ contentTopics: [...topics] }, options);
    const ended = (async () => {
      try {
        for await (const { contentTopic, timestampNs, message } of stream) received.push({ contentTopic, timestampNs, message });
        return 'closed' as const;
      } catch (error) {
        return control.signal.aborted ? ('closed' as const) : Number(ConnectError.from(error).code);
      }
    })();
    await Promise.race([open, ended]);
    at().atEnd(() => control.abort());
    return { received, ended, close: () => control.abort() };
  },
});

const wrap = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    throw new Refused(code, rawMessage);
  }
};
const toGrpc = ({ contentTopics, startTimeNs = 0n, endTimeNs = 0n, limit = 0, ascending = false, cursor }: Query) => ({
  contentTopics,
  startTimeNs,
  endTimeNs,
  pagingInfo: {
    limit,
    direction: ascending ? SortDirection.ASCENDING : SortDirection.DESCENDING,
    ...(cursor ? { cursor: cursor as never } : {}),
  },
});
const fromGrpc = ({ envelopes, pagingInfo }: Awaited<ReturnType<ReturnType<typeof api>['query']>>): Page => ({
  envelopes: envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message })),
  limit: pagingInfo?.limit ?? 0,
  cursor: pagingInfo?.cursor ?? null,
});

/** By the JSON gateway. */
export const jsonClient = (at: () => Place): Client => ({
  publish: async (envelopes, headers = bearer(alice)) =>
    void (await ask(at().url, 'publish', { envelopes: envelopes.map(toJson) }, headers)),
  query: async (query) => fromJson(await ask(at().url, 'query', toJsonQuery(query))),
  batch: async (queries) =>
    ((await ask(at().url, 'batch-query', { requests: queries.map(toJsonQuery) }))['responses'] as Record<string, unknown>[]).map(fromJson),
  async subscribe(topics) {
    const control = new AbortController();
    const path = topics === 'all' ? 'subscribe-all' : 'subscribe';
    const body = JSON.stringify(topics === 'all' ? {} : { contentTopics: topics });
    const response = await fetch(`${at().url}/message/v1/${path}`, { method: 'POST', body, signal: control.signal });
    const received: Envelope[] = [];
    const ended = (async () => {
      try {
        let text = '';
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          text += Buffer.from(chunk).toString();
          for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
            const line = JSON.parse(text.slice(0, at)) as { result?: Record<string, string>; error?: { code: number } };
            text = text.slice(at + 1);
            if (line.error) return line.error.code;
            if (line.result) received.push(envelopeOf(line.result));
          }
        }
        return 'closed' as const;
      } catch {
        return 'closed' as const;
      }
    })();
    at().atEnd(() => control.abort());
    return { received, ended, close: () => control.abort() };
  },
});

async function ask(url: string, path: string, body: unknown, headers: Headers = {}): Promise<Record<string, unknown>> {
  const answer = await gateway(url, path, body, headers);
  if (answer.status !== 200) throw new Refused(Number(answer.body['code']), String(answer.body['message']));
  return answer.body;
}
const toJson = ({ contentTopic, timestampNs, message }: Envelope) => ({
  contentTopic,
  timestampNs: String(timestampNs),
  message: toBase64(message),
});
const envelopeOf = (value: Record<string, string>): Envelope => ({
  contentTopic: value['contentTopic'] ?? '',
  timestampNs: BigInt(value['timestampNs'] ?? 0),
  message: fromBase64(value['message'] ?? ''),
});
const toJsonQuery = ({ contentTopics, startTimeNs = 0n, endTimeNs = 0n, limit = 0, ascending = false, cursor }: Query) => ({
  contentTopics,
  startTimeNs: String(startTimeNs),
  endTimeNs: String(endTimeNs),
  pagingInfo: { limit, direction: `SORT_DIRECTION_${ascending ? 'ASCENDING' : 'DESCENDING'}`, cursor: cursor ?? null },
});
const fromJson = (body: Record<string, unknown>): Page => {
  const paging = body['pagingInfo'] as { limit: number; cursor: unknown };
  return { envelopes: (body['envelopes'] as Record<string, string>[]).map(envelopeOf), limit: paging.limit, cursor: paging.cursor };
};
