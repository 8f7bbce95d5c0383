import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type StoreQueryRequest,
  StoreQueryRequestSchema,
  type StoreQueryResponse,
  StoreQueryResponseSchema,
  type WakuMessageKeyValueSchema,
} from '../../gen/waku/store/v3/store_pb.ts';
import { fromHex } from '../../protocol/bytes.ts';
import { envelopeDigest } from '../../protocol/envelope.ts';
import type { CommittedEnvelope, Store } from '../store/store.ts';
import { encodeAnswer } from './hash-answer.ts';
import type { Ledger } from './ledger.ts';
import type { Indexed } from './segments.ts';
import type { Shards } from './shards.ts';
import type { TimeWindow } from './time-places.ts';
import { type WakuMessage, wakuHash } from './waku-message.ts';

export const storeProtocol = '/vac/waku/store-query/3.0.0';

/** Messages of a page; hashes of a page in the order of the store; bytes of payloads in a page, more or less. */
const maxMessages = 100;
const maxHashes = 4000;
const maxBytes = 4 << 20;

export interface StoreQueryDeps {
  readonly store: Pick<Store, 'id' | 'query' | 'page' | 'rows'>;
  readonly ledger: Ledger;
  readonly shards: Shards;
  /** Counts a request. @throws ConnectError when the peer asks too often */
  admit(): void;
  /** The row up to which the ledger knows everything. */
  indexed(): Promise<number>;
  /** Envelopes of our store with the vouchers that go with them. */
  messagesOf(found: readonly Found[]): readonly WakuMessage[];
}

/** A question that cannot be answered; `status` is as in HTTP. */
export class QueryFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Answers one request of 13/WAKU2-STORE from our store. Never throws: what is wrong is in the answer. */
export async function answerStoreQuery(bytes: Uint8Array, deps: StoreQueryDeps): Promise<Uint8Array> {
  let request: StoreQueryRequest | undefined;
  let answer: StoreQueryResponse;
  let hashes: readonly Uint8Array[] = [];
  try {
    try {
      deps.admit();
    } catch {
      throw new QueryFault(429, 'too many requests; try again in a second');
    }
    request = parse(bytes);
    [answer, hashes = []] = await answerTo(request, deps);
  } catch (error) {
    const [statusCode, statusDesc] =
      error instanceof QueryFault ? [error.status, error.message] : [500, 'the store does not work at present'];
    answer = create(StoreQueryResponseSchema, { statusCode, statusDesc });
  }
  answer.requestId = request?.requestId ?? 'N/A';
  return encodeAnswer(answer, hashes);
}

function parse(bytes: Uint8Array): StoreQueryRequest {
  try {
    return fromBinary(StoreQueryRequestSchema, bytes);
  } catch {
    throw new QueryFault(400, 'the request does not parse');
  }
}

/** An answer, and the hashes that stand alone in it. */
type Answer = readonly [StoreQueryResponse, (readonly Uint8Array[])?];

async function answerTo(request: StoreQueryRequest, deps: StoreQueryDeps): Promise<Answer> {
  const byContent = request.contentTopics.length > 0 || request.timeStart !== undefined || request.timeEnd !== undefined;
  if (request.messageHashes.length > 0) {
    if (byContent) throw new QueryFault(400, 'ask by content or by hashes, not by both');
    return [await byHashes(request, deps)];
  }
  if (request.afterSequence !== undefined) return inOrder(request, request.afterSequence, deps);
  if (request.contentTopics.length > 0 && request.pubsubTopic === undefined)
    throw new QueryFault(400, 'content topics need their pubsub topic');
  return [await byTime(request, deps)];
}

/** An envelope of our store. */
export interface Found {
  readonly hash: Uint8Array;
  readonly envelope: CommittedEnvelope;
}

async function byHashes({ messageHashes, includeData }: StoreQueryRequest, deps: StoreQueryDeps): Promise<StoreQueryResponse> {
  if (messageHashes.length > maxMessages) throw new QueryFault(400, `at most ${maxMessages} hashes`);
  await deps.indexed();
  const places = deps.ledger.findAll(messageHashes);
  // What does not fit is left out, and asked for again by who needs it.
  return page(within(await rowsAt(places, deps)), includeData, deps);
}

/** The rows at these places; those that the store has deleted since are left out, from now on everywhere. */
async function rowsAt(places: readonly Indexed[], { ledger, store }: StoreQueryDeps): Promise<Found[]> {
  const rows = new Map((await store.rows(places.map(({ seq }) => seq))).map((row) => [row.seq, row]));
  await ledger.ready();
  ledger.gone(places.flatMap(({ hash, seq }) => (rows.has(seq) ? [] : [hash])));
  return places.flatMap(({ hash, seq }) => {
    const envelope = rows.get(seq);
    return envelope ? [{ hash, envelope }] : [];
  });
}

/** Our own addition: in the order of the store, so that nothing is passed over which came late or is dated back. */
async function inOrder({ includeData, paginationLimit }: StoreQueryRequest, after: bigint, deps: StoreQueryDeps): Promise<Answer> {
  const limit = limitOf(paginationLimit, includeData ? maxMessages : maxHashes);
  if (after > BigInt(Number.MAX_SAFE_INTEGER)) throw new QueryFault(400, 'no such sequence number');
  const head = await deps.indexed();
  const places = deps.ledger.after(Number(after), limit);
  const found = includeData ? await rowsAt(places, deps) : [];
  const fitting = within(found);
  // Hashes alone are known without the store.
  const answer = includeData ? page(fitting, true, deps) : answerOf([]);
  const last = fitting.length < found.length ? fitting.at(-1)?.envelope.seq : places.at(-1)?.seq;
  Object.assign(answer, { sequence: BigInt(last ?? head), head: BigInt(head), storeId: fromHex(deps.store.id) });
  return [answer, includeData ? [] : places.map(({ hash }) => hash)];
}

async function byTime(request: StoreQueryRequest, deps: StoreQueryDeps): Promise<StoreQueryResponse> {
  const { includeData, pubsubTopic, contentTopics, timeStart, timeEnd, paginationForward: ascending } = request;
  if (contentTopics.length > maxMessages) throw new QueryFault(400, `at most ${maxMessages} content topics`);
  const limit = limitOf(request.paginationLimit, maxMessages);
  await deps.indexed();
  const cursor = request.paginationCursor && deps.ledger.find(request.paginationCursor);
  if (cursor === null) throw new QueryFault(400, 'no such cursor');
  const window: TimeWindow = { startNs: timeStart, endNs: timeEnd, cursor, ascending, limit: limit + 1 };
  if (contentTopics.length === 0) await deps.ledger.timed();
  // One more than asked for tells whether there is another page.
  const found = contentTopics.length > 0 ? await ofTopics(contentTopics, window, deps) : await rowsAt(deps.ledger.window(window), deps);
  const here = found.filter(({ envelope }) => pubsubTopic === undefined || deps.shards.of(envelope.topic) === pubsubTopic);
  const fitting = includeData ? within(here.slice(0, limit)) : here.slice(0, limit);
  const answer = page(ascending ? fitting : fitting.toReversed(), includeData, deps);
  // The cursor is where the walk stands, also where the last rows of it were of another shard.
  const last = fitting.length < Math.min(here.length, limit) ? fitting.at(-1) : found.at(limit - 1);
  if (last && (found.length > limit || fitting.length < here.length)) answer.paginationCursor = new Uint8Array(last.hash);
  return answer;
}

/** The store knows the order within topics, by time and digest; the ledger has it by time and hash, and a page must not change the order in the middle. */
async function ofTopics(topics: readonly string[], window: TimeWindow, { store, ledger, shards }: StoreQueryDeps): Promise<Found[]> {
  const [cursorRow] = window.cursor ? await store.rows([(ledger.find(window.cursor.hash) as { seq: number }).seq]) : [];
  const digest = cursorRow && envelopeDigest(cursorRow.topic, cursorRow.message);
  const rows = await store.query({
    topics,
    startNs: window.startNs ?? 0n,
    endNs: window.endNs ?? 0n,
    limit: window.limit,
    ascending: window.ascending,
    ...(cursorRow && digest && { cursor: { digest, timestampNs: cursorRow.timestampNs } }),
  });
  return rows.map((row) => ({ hash: wakuHash(shards.of(row.topic), row), envelope: { ...row, seq: 0 } }));
}

const limitOf = (asked: bigint | undefined, most: number): number =>
  asked === undefined || asked === 0n ? most : Math.min(Number(asked), most);

/** As many as fit into one answer, and always the first. */
function within(found: readonly Found[]): readonly Found[] {
  let bytes = 0;
  const end = found.findIndex(({ envelope }, index) => {
    bytes += envelope.message.length;
    return index > 0 && bytes > maxBytes;
  });
  return end < 0 ? found : found.slice(0, end);
}

function page(found: readonly Found[], includeData: boolean, { shards, messagesOf }: StoreQueryDeps): StoreQueryResponse {
  const messages = includeData ? messagesOf(found) : [];
  return answerOf(
    found.map(({ hash, envelope }, index) => ({
      messageHash: new Uint8Array(hash),
      ...(includeData && { message: messages[index] as WakuMessage, pubsubTopic: shards.of(envelope.topic) }),
    })),
  );
}

const answerOf = (messages: MessageInitShape<typeof WakuMessageKeyValueSchema>[]): StoreQueryResponse =>
  create(StoreQueryResponseSchema, { statusCode: 200, statusDesc: 'OK', messages });
