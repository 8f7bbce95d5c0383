import { create } from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import {
  type BatchQueryRequest,
  type BatchQueryResponse,
  BatchQueryResponseSchema,
  type Envelope,
  EnvelopeSchema,
  type PagingInfo,
  PagingInfoSchema,
  type QueryRequest,
  type QueryResponse,
  QueryResponseSchema,
  SortDirection,
} from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Address } from '../protocol/address.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { isEphemeralTopic, parseTopic } from '../protocol/topic.ts';
import { Admission, type Caller } from './admission.ts';
import { Authenticator } from './authn.ts';
import type { Dispatcher, Sink, Subscription, Topics } from './dispatcher.ts';
import type { Limits } from './limits.ts';
import type { Lists } from './lists.ts';
import { type Log, shortAddress } from './log.ts';
import type { Metrics } from './metrics.ts';
import { isOurFault, refuse, toRefusal } from './refusal.ts';
import { type NewEnvelope, type Store, type StoredEnvelope, StoreError, type StoreQuery } from './store/store.ts';
import { checkEnvelope } from './topic-rules.ts';

const maxRows = 100;
const maxPreferenceRows = 500;
const maxBatch = 50;

type Method = 'publish' | 'query' | 'batch query';
/** How calls are counted. */
const timed = { publish: { method: 'publish' }, query: { method: 'query' }, 'batch query': { method: 'batch query' } };
const answered = {
  publish: { ...timed.publish, code: 'OK' },
  query: { ...timed.query, code: 'OK' },
  'batch query': { ...timed['batch query'], code: 'OK' },
};

/** Counts since the start, for the log and for measuring. */
export interface Counts {
  published: number;
  queries: number;
  refused: number;
}

/** Told of what was published and not there before, once it is durable: first what has a place in the store, with the place of each. */
export type OnTaken = (envelopes: readonly NewEnvelope[], seqs: readonly number[]) => void;

/** What a publish needs of its request. */
export interface Publish {
  readonly envelopes: readonly Pick<Envelope, 'contentTopic' | 'timestampNs' | 'message'>[];
}

/** The message API itself, whatever the protocol that carries it. Every method throws ConnectError only. */
export class MessageService {
  readonly counts: Counts = { published: 0, queries: 0, refused: 0 };
  readonly #store: Store;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #compat: boolean;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #onTaken: OnTaken;

  constructor({
    store,
    dispatcher,
    compat,
    limits,
    log,
    metrics,
    lists,
    onTaken = () => {},
    clock = systemClock,
  }: {
    readonly store: Store;
    readonly dispatcher: Dispatcher;
    readonly compat: boolean;
    readonly limits: Limits;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly lists: Lists;
    readonly onTaken?: OnTaken;
    readonly clock?: Clock;
  }) {
    this.#onTaken = onTaken;
    this.#metrics = metrics;
    this.#store = store;
    this.#dispatcher = dispatcher;
    this.#admission = new Admission({
      authenticator: new Authenticator({ compat, clock }),
      limits,
      lists,
      onRefused: (barrier) => metrics.refusals.add(1, { barrier }),
      clock,
    });
    this.#compat = compat;
    this.#log = log;
    this.#clock = clock;
  }

  /** Resolves when all envelopes are durable, or throws and none is. */
  publish({ envelopes }: Publish, caller: Caller): Promise<void> {
    return this.#answer('publish', async () => {
      const cost = Math.max(1, envelopes.length);
      const wallet = this.#admission.walletOf(caller, cost);
      try {
        const rules = { compat: this.#compat, nowMs: this.#clock() };
        const checked = envelopes.map(({ contentTopic, timestampNs, message }) =>
          checkEnvelope({ topic: contentTopic, timestampNs, message }, wallet, rules),
        );
        this.#admission.invite(wallet, checked);
        const passing = checked.filter(({ topic }) => isEphemeralTopic(topic));
        const kept = passing.length === 0 ? checked : checked.filter(({ topic }) => !isEphemeralTopic(topic));
        // The dispatcher hears of them from the store, in the order in which they were committed.
        const seqs = kept.length > 0 ? await this.#store.append(kept) : [];
        for (const envelope of passing) this.#dispatcher.dispatch(envelope);
        this.#onTaken(
          [...kept.filter((_, index) => seqs[index] !== null), ...passing],
          seqs.filter((seq) => seq !== null),
        );
        this.counts.published += envelopes.length;
        this.#metrics.envelopes.add(envelopes.length);
        this.#metrics.envelopeBytes.add(envelopes.reduce((sum, { message }) => sum + message.length, 0));
      } catch (error) {
        const refusal = this.#toRefusal('publish', error);
        if (!isOurFault(refusal))
          this.#log.info(`refused a publish of ${shortAddress(wallet)}`, { code: Code[refusal.code], why: refusal.rawMessage });
        throw refusal;
      }
    });
  }

  query(request: QueryRequest, caller: Caller): Promise<QueryResponse> {
    return this.#answer('query', async () => {
      this.#admission.read(caller, [request.contentTopics.length]);
      return this.#query(request);
    });
  }

  /** One query after the other; one that fails fails them all, as an internal error that quotes it (SPEC 13.5). */
  batchQuery({ requests }: BatchQueryRequest, caller: Caller): Promise<BatchQueryResponse> {
    return this.#answer('batch query', async () => {
      this.#admission.mayAsk(caller);
      if (requests.length > maxBatch) throw refuse(Code.InvalidArgument, 'cannot exceed 50 requests in single batch');
      this.#admission.read(
        caller,
        requests.map(({ contentTopics }) => contentTopics.length),
      );
      const responses: QueryResponse[] = [];
      for (const request of requests) {
        try {
          responses.push(await this.#query(request));
        } catch (error) {
          const { code, rawMessage } = this.#toRefusal('query of a batch', error);
          throw refuse(Code.Internal, `rpc error: code = ${Code[code]} desc = ${rawMessage}`);
        }
      }
      return create(BatchQueryResponseSchema, { responses });
    });
  }

  /** What is published from now on (SPEC 13.7). The caller closes the subscription when its reader has gone. @throws ConnectError */
  subscribe(topics: Topics, caller: Caller, sink: Sink): Subscription {
    let release: () => void;
    try {
      this.#admission.followTopics(caller, topics);
      release = this.#admission.openStream(caller);
      this.#metrics.requests.add(1, { method: 'subscribe', code: 'OK' });
    } catch (error) {
      this.counts.refused++;
      this.#metrics.requests.add(1, { method: 'subscribe', code: Code[toRefusal(error).code] });
      throw error;
    }
    const subscription = this.#dispatcher.subscribe(topics, sink);
    let closed = false;
    return {
      setTopics: (next) => {
        this.#admission.followTopics(caller, next);
        subscription.setTopics(next);
      },
      close: () => {
        if (closed) return;
        closed = true;
        subscription.close();
        release();
      },
    };
  }

  /** The wallet whose token comes with a request, its rate counted. @throws ConnectError unauthenticated, resource exhausted */
  walletOf(caller: Caller): Address {
    return this.#admission.walletOf(caller, 1);
  }

  /** Counts a stream of another kind; what it answers is called when that is closed. @throws ConnectError resource exhausted */
  openStream(caller: Caller): () => void {
    return this.#admission.openStream(caller);
  }

  /** Counts a read of so many topics against who asks. @throws ConnectError resource exhausted */
  spendRead(caller: Caller, topics: number): void {
    this.#admission.read(caller, [topics]);
  }

  async #query({ contentTopics, startTimeNs, endTimeNs, pagingInfo }: QueryRequest): Promise<QueryResponse> {
    if (contentTopics.length === 0) throw refuse(Code.InvalidArgument, 'content topics required');
    const only = contentTopics.length === 1 ? contentTopics[0] : undefined;
    const most = only !== undefined && parseTopic(only).kind === 'userpreferences' ? maxPreferenceRows : maxRows;
    const limit = pagingInfo?.limit || maxRows;
    if (limit > most) throw refuse(Code.InvalidArgument, 'cannot exceed 100 rows per query');
    const ascending = pagingInfo?.direction === SortDirection.ASCENDING;
    const rows = await this.#store.query({
      topics: contentTopics,
      startNs: startTimeNs,
      endNs: endTimeNs,
      limit,
      ascending,
      ...cursorOf(pagingInfo),
    });
    this.counts.queries++;
    return create(QueryResponseSchema, {
      // As literals: to create each costs more than to read it.
      envelopes: rows.map(({ topic, timestampNs, message }) => ({
        $typeName: EnvelopeSchema.typeName,
        contentTopic: topic,
        timestampNs,
        message,
      })),
      pagingInfo: pagingOf(rows, limit, ascending),
    });
  }

  async #answer<T>(method: Method, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    let code = 'OK';
    try {
      return await work();
    } catch (error) {
      this.counts.refused++;
      const refusal = this.#toRefusal(method, error);
      code = Code[refusal.code];
      throw refusal;
    } finally {
      this.#metrics.requests.add(1, code === 'OK' ? answered[method] : { method, code });
      this.#metrics.requestSeconds.observe((performance.now() - begun) / 1000, timed[method]);
    }
  }

  /** What is our own fault is logged here, once for all protocols; what is a refusal already has been, and of faults of the store the store is watched for. */
  #toRefusal(what: string, error: unknown): ConnectError {
    const refusal = toRefusal(error);
    if (refusal !== error && isOurFault(refusal) && !(error instanceof StoreError)) this.#log.error(`${what} failed`, error);
    return refusal;
  }
}

function cursorOf(pagingInfo: PagingInfo | undefined): Pick<StoreQuery, 'cursor'> {
  const index = pagingInfo?.cursor?.cursor.value;
  return index ? { cursor: { digest: index.digest, timestampNs: index.senderTimeNs } } : {};
}

/** A short page is the last one; a full page says where to go on (SPEC 13.5). */
function pagingOf(rows: readonly StoredEnvelope[], limit: number, ascending: boolean): PagingInfo {
  const direction = ascending ? SortDirection.ASCENDING : SortDirection.DESCENDING;
  const last = rows.at(-1);
  if (!last || rows.length < limit) return create(PagingInfoSchema, { direction });
  return create(PagingInfoSchema, {
    limit: Math.min(limit, maxRows),
    cursor: { cursor: { case: 'index', value: { digest: last.digest, senderTimeNs: last.timestampNs } } },
    direction,
  });
}
