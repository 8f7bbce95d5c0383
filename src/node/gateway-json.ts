import {
  type BatchQueryRequest,
  BatchQueryRequestSchema,
  type BatchQueryResponse,
  PagingInfoSchema,
  type QueryRequest,
  QueryRequestSchema,
  type QueryResponse,
  SortDirection,
} from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { LiveEnvelope } from './dispatcher.ts';
import type { Publish } from './message-service.ts';

/**
 * The JSON of the gateway as existing nodes print it (SPEC 15.2): 64-bit integers as strings, bytes in standard base64, enums by name,
 * unset messages as null, zeros and empty lists present.
 */
export const envelopeJson = ({ topic, timestampNs, message }: LiveEnvelope): string =>
  `{"contentTopic":${JSON.stringify(topic)},"timestampNs":"${timestampNs}","message":"${base64(message)}"}`;

export function queryResponseJson({ envelopes, pagingInfo }: QueryResponse): string {
  const rows = envelopes.map(({ contentTopic, timestampNs, message }) => envelopeJson({ topic: contentTopic, timestampNs, message }));
  const index = pagingInfo?.cursor?.cursor.value;
  const cursor = index ? `{"index":{"digest":"${base64(index.digest)}","senderTimeNs":"${index.senderTimeNs}"}}` : 'null';
  const paging = pagingInfo
    ? `{"limit":${pagingInfo.limit},"cursor":${cursor},"direction":"${pagingInfo.direction === SortDirection.ASCENDING ? 'SORT_DIRECTION_ASCENDING' : 'SORT_DIRECTION_DESCENDING'}"}`
    : 'null';
  return `{"envelopes":[${rows.join(',')}],"pagingInfo":${paging}}`;
}

export const batchQueryResponseJson = ({ responses }: BatchQueryResponse): string =>
  `{"responses":[${responses.map(queryResponseJson).join(',')}]}`;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** Parses a request body; an empty one is an empty message. @throws SyntaxError */
export function parseBody(text: string): unknown {
  if (text.trim() === '') return {};
  // Some clients write times as numbers; those would lose their last digits on the way through JSON.parse.
  if (!holdsNumbers(text)) return JSON.parse(text);
  return JSON.parse(text.replace(/"(\w*[tT]ime\w*)"(\s*):(\s*)(\d{16,20})(?=\s*[,}])/g, '"$1"$2:$3"$4"'));
}

/** Whether a number may be a value somewhere: most bodies have none, and to look for times among them costs as much as parsing them. */
function holdsNumbers(text: string): boolean {
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let at = colon + 1;
    while (/\s/.test(text.charAt(at))) at += 1;
    if (/\d/.test(text.charAt(at))) return true;
  }
  return false;
}

/** A publish in the form that clients write it in; null for every other form that JSON may have, which the general reader takes. It costs a tenth of that. */
export function readPublish(body: unknown): Publish | null {
  if (typeof body !== 'object' || body === null) return null;
  const { envelopes, ...more } = body as { readonly envelopes?: unknown };
  if (!Array.isArray(envelopes) || hasAny(more)) return null;
  const read: Publish['envelopes'][number][] = [];
  for (const each of envelopes as unknown[]) {
    if (typeof each !== 'object' || each === null) return null;
    const { contentTopic, timestampNs, message, ...rest } = each as Readonly<Record<string, unknown>>;
    if (typeof contentTopic !== 'string' || typeof timestampNs !== 'string' || typeof message !== 'string' || hasAny(rest)) return null;
    const envelope = readEnvelope(contentTopic, timestampNs, message);
    if (!envelope) return null;
    read.push(envelope);
  }
  return { envelopes: read };
}

function readEnvelope(contentTopic: string, timestampNs: string, message: string): Publish['envelopes'][number] | null {
  if (!/^[\x20-\x7e]*$/.test(contentTopic) || !/^\d{1,19}$/.test(timestampNs) || message.length % 4 !== 0) return null;
  const bytes = Buffer.from(message, 'base64');
  // What is no base64 is passed over by that, and shows in the length.
  if (bytes.length !== (message.length / 4) * 3 - padding(message)) return null;
  return { contentTopic, timestampNs: BigInt(timestampNs), message: bytes };
}

/** What stands before, between and after the values of a publish as `JSON.stringify` writes those of xmtp-js. */
const [opening, toTime, toMessage, closing] = ['{"envelopes":[{"contentTopic":"', '","timestampNs":"', '","message":"', '"}]}'];

/** A publish of one envelope in just this form, without parsing it as JSON; null for all others. Nearly every publish is one, and to parse it costs more than to check it. */
export function readPlainPublish(body: Buffer): Publish | null {
  const text = body.toString('latin1');
  if (!text.startsWith(opening) || !text.endsWith(closing)) return null;
  const topicEnd = text.indexOf('"', opening.length);
  const timeAt = topicEnd + toTime.length;
  const timeEnd = text.indexOf('"', timeAt);
  const messageAt = timeEnd + toMessage.length;
  if (!text.startsWith(toTime, topicEnd) || !text.startsWith(toMessage, timeEnd)) return null;
  const messageEnd = text.length - closing.length;
  if (text.indexOf('"', messageAt) !== messageEnd) return null;
  const topic = text.slice(opening.length, topicEnd);
  if (topic.includes('\\')) return null; // it means something else then
  const envelope = readEnvelope(topic, text.slice(timeAt, timeEnd), text.slice(messageAt, messageEnd));
  return envelope && { envelopes: [envelope] };
}

const padding = (base64: string): number => (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);

const directions: ReadonlyMap<unknown, SortDirection> = new Map<unknown, SortDirection>([
  [undefined, SortDirection.UNSPECIFIED],
  ['SORT_DIRECTION_ASCENDING', SortDirection.ASCENDING],
  ['SORT_DIRECTION_DESCENDING', SortDirection.DESCENDING],
]);

/** A query for a first page in the form that clients write it in; null for every other form, which the general reader takes. */
export function readQuery(body: unknown): QueryRequest | null {
  if (typeof body !== 'object' || body === null) return null;
  const { contentTopics, startTimeNs = '0', endTimeNs = '0', pagingInfo = {}, ...more } = body as Readonly<Record<string, unknown>>;
  if (!Array.isArray(contentTopics) || !isTime(startTimeNs) || !isTime(endTimeNs) || hasAny(more)) return null;
  if (!contentTopics.every((topic) => typeof topic === 'string' && /^[\x20-\x7e]*$/.test(topic))) return null;
  if (typeof pagingInfo !== 'object' || pagingInfo === null) return null;
  const { limit = 0, direction, ...rest } = pagingInfo as Readonly<Record<string, unknown>>;
  const sorted = directions.get(direction);
  if (sorted === undefined || typeof limit !== 'number' || limit !== limit >>> 0 || hasAny(rest)) return null;
  return {
    $typeName: QueryRequestSchema.typeName,
    contentTopics: contentTopics as string[],
    startTimeNs: BigInt(startTimeNs),
    endTimeNs: BigInt(endTimeNs),
    pagingInfo: { $typeName: PagingInfoSchema.typeName, limit, direction: sorted },
  };
}

/** The same for queries that come together. */
export function readBatchQuery(body: unknown): BatchQueryRequest | null {
  if (typeof body !== 'object' || body === null) return null;
  const { requests, ...more } = body as Readonly<Record<string, unknown>>;
  if (!Array.isArray(requests) || hasAny(more)) return null;
  const read: QueryRequest[] = [];
  for (const each of requests as unknown[]) {
    const query = readQuery(each);
    if (!query) return null;
    read.push(query);
  }
  return { $typeName: BatchQueryRequestSchema.typeName, requests: read };
}

const isTime = (value: unknown): value is string => typeof value === 'string' && /^\d{1,18}$/.test(value);

function hasAny(fields: object): boolean {
  for (const _ in fields) return true;
  return false;
}
