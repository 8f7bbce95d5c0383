import { create } from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import {
  type BatchQueryRequest,
  type BatchQueryResponse,
  BatchQueryResponseSchema,
  EnvelopeSchema,
  type PagingInfo,
  PagingInfoSchema,
  type PublishRequest,
  type QueryRequest,
  type QueryResponse,
  QueryResponseSchema,
  SortDirection,
} from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Address } from '../protocol/address.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { isEphemeralTopic, parseTopic } from '../protocol/topic.ts';
import { Authenticator } from './authn.ts';
import type { Dispatcher, Sink, Subscription, Topics } from './dispatcher.ts';
import { type Limits, RateLimiter } from './limits.ts';
import type { Lists } from './lists.ts';
import { type Log, shortAddress } from './log.ts';
import type { Metrics } from './metrics.ts';
import { isOurFault, refuse, toRefusal } from './refusal.ts';
import { type NewEnvelope, type Store, type StoredEnvelope, StoreError, type StoreQuery } from './store/store.ts';
import { checkEnvelope } from './topic-rules.ts';

const maxRows = 100;
const maxPreferenceRows = 500;
const maxBatch = 50;
/** A query counts once per so many topics. */
const topicsPerToken = 50;

/** How many times the rate of others a wallet has that is allowed more. */
const allowedFactor = 25;

/** Who asks. */
export interface Caller {
  /** The header as it came. */
  readonly authorization: string | undefined;
  /** See `networkOf`. */
  readonly network: string;
}

/** Counts since the start, for the log and for measuring. */
export interface Counts {
  published: number;
  queries: number;
  refused: number;
}

/** The message API itself, whatever the protocol that carries it. Every method throws ConnectError only. */
export class MessageService {
  readonly counts: Counts = { published: 0, queries: 0, refused: 0 };
  readonly #store: Store;
  readonly #dispatcher: Dispatcher;
  readonly #authenticator: Authenticator;
  readonly #compat: boolean;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #lists: Lists;
  readonly #allowedPublishes: RateLimiter;
  readonly #clock: Clock;
  readonly #onTaken: (envelopes: readonly NewEnvelope[]) => void;
  readonly #walletPublishes: RateLimiter;
  readonly #networkPublishes: RateLimiter;
  readonly #networkReads: RateLimiter;
  readonly #streams = new Map<string, number>();

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
    /** Told of what was published and not there before, once it is durable. */
    readonly onTaken?: (envelopes: readonly NewEnvelope[]) => void;
    readonly clock?: Clock;
  }) {
    this.#onTaken = onTaken;
    this.#lists = lists;
    this.#allowedPublishes = new RateLimiter('this wallet', limits.walletPublishRate * allowedFactor, clock);
    this.#metrics = metrics;
    this.#store = store;
    this.#dispatcher = dispatcher;
    this.#authenticator = new Authenticator({ compat, clock });
    this.#compat = compat;
    this.#limits = limits;
    this.#log = log;
    this.#clock = clock;
    this.#walletPublishes = new RateLimiter('this wallet', limits.walletPublishRate, clock);
    this.#networkPublishes = new RateLimiter('publishes from this network', limits.networkPublishRate, clock);
    this.#networkReads = new RateLimiter('queries from this network', limits.networkReadRate, clock);
  }

  /** Resolves when all envelopes are durable, or throws and none is. */
  publish({ envelopes }: PublishRequest, caller: Caller): Promise<void> {
    return this.#answer('publish', async () => {
      const cost = Math.max(1, envelopes.length);
      const wallet = this.#admit(caller, cost);
      try {
        const rules = { compat: this.#compat, nowMs: this.#clock() };
        const checked = envelopes.map(({ contentTopic, timestampNs, message }) =>
          checkEnvelope({ topic: contentTopic, timestampNs, message }, wallet, rules),
        );
        const kept = checked.filter(({ topic }) => !isEphemeralTopic(topic));
        // The dispatcher hears of them from the store, in the order in which they were committed.
        const seqs = kept.length > 0 ? await this.#store.append(kept) : [];
        const passing = checked.filter(({ topic }) => isEphemeralTopic(topic));
        for (const envelope of passing) this.#dispatcher.dispatch(envelope);
        this.#onTaken([...kept.filter((_, index) => seqs[index] !== null), ...passing]);
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
      this.#mayAsk(caller);
      this.#networkReads.spend(caller.network, costOf(request));
      return this.#query(request);
    });
  }

  /** One query after the other; one that fails fails them all, as an internal error that quotes it (SPEC 13.5). */
  batchQuery({ requests }: BatchQueryRequest, caller: Caller): Promise<BatchQueryResponse> {
    return this.#answer('batch query', async () => {
      this.#mayAsk(caller);
      if (requests.length > maxBatch) throw refuse(Code.InvalidArgument, 'cannot exceed 50 requests in single batch');
      this.#networkReads.spend(
        caller.network,
        requests.reduce((cost, request) => cost + costOf(request), 0),
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
    try {
      this.#mayAsk(caller);
      this.#checkTopics(topics);
      this.#networkReads.spend(caller.network, 1);
      const open = this.#streams.get(caller.network) ?? 0;
      if (this.#limits.networkStreams > 0 && open >= this.#limits.networkStreams)
        throw refuse(Code.ResourceExhausted, `streams from this network: at most ${this.#limits.networkStreams} at once; close one first`);
      this.#streams.set(caller.network, open + 1);
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
        this.#checkTopics(next);
        this.#networkReads.spend(caller.network, 1);
        subscription.setTopics(next);
      },
      close: () => {
        if (closed) return;
        closed = true;
        subscription.close();
        const left = (this.#streams.get(caller.network) ?? 1) - 1;
        if (left > 0) this.#streams.set(caller.network, left);
        else this.#streams.delete(caller.network);
      },
    };
  }

  /** The wallet whose token comes with a request, its rate counted. @throws ConnectError unauthenticated, resource exhausted */
  walletOf(caller: Caller): Address {
    return this.#admit(caller, 1);
  }

  /** The wallet that publishes, after everything that may be against it. */
  #admit(caller: Caller, cost: number): Address {
    this.#mayAsk(caller);
    this.#networkPublishes.check(caller.network, cost);
    let wallet: Address;
    try {
      wallet = this.#authenticator.walletOf(caller.authorization);
    } catch (error) {
      // To judge a signature costs more than to refuse it: tokens that are no good are counted.
      this.#networkPublishes.spend(caller.network, 1);
      throw error;
    }
    if (this.#lists.isDenied(wallet)) throw refuse(Code.PermissionDenied, 'wallet is deny listed');
    (this.#lists.isAllowed(wallet) ? this.#allowedPublishes : this.#walletPublishes).spend(wallet, cost);
    // Last, so that a wallet beyond its own rate takes nothing from those who share its network.
    this.#networkPublishes.spend(caller.network, cost);
    return wallet;
  }

  #mayAsk({ network }: Caller): void {
    if (this.#lists.isDeniedNetwork(network)) throw refuse(Code.PermissionDenied, 'network is deny listed');
  }

  /** Counts a read of so many topics against who asks. @throws ConnectError resource exhausted */
  spendRead(caller: Caller, topics: number): void {
    this.#mayAsk(caller);
    this.#networkReads.spend(caller.network, Math.max(1, Math.ceil(topics / topicsPerToken)));
  }

  #checkTopics(topics: Topics): void {
    const { subscriptionTopics } = this.#limits;
    if (topics !== 'all' && topics.length > subscriptionTopics)
      throw refuse(Code.InvalidArgument, `cannot exceed ${subscriptionTopics} topics per subscription`);
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
      envelopes: rows.map(({ topic, timestampNs, message }) => create(EnvelopeSchema, { contentTopic: topic, timestampNs, message })),
      pagingInfo: pagingOf(rows, limit, ascending),
    });
  }

  async #answer<T>(method: 'publish' | 'query' | 'batch query', work: () => Promise<T>): Promise<T> {
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
      this.#metrics.requests.add(1, { method, code });
      this.#metrics.requestSeconds.observe((performance.now() - begun) / 1000, { method });
    }
  }

  /** What is our own fault is logged here, once for all protocols; what is a refusal already has been, and of faults of the store the store is watched for. */
  #toRefusal(what: string, error: unknown): ConnectError {
    const refusal = toRefusal(error);
    if (refusal !== error && isOurFault(refusal) && !(error instanceof StoreError)) this.#log.error(`${what} failed`, error);
    return refusal;
  }
}

const costOf = ({ contentTopics }: QueryRequest): number => Math.max(1, Math.ceil(contentTopics.length / topicsPerToken));

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
