import { create } from '@bufbuild/protobuf';
import { Code, createContextKey, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  type LatestRequest,
  type LatestResponse,
  LatestResponseSchema,
  NodeApi,
  TopicEnvelopesSchema,
} from '../gen/parley/node/v1/node_pb.ts';
import { fromHex } from '../protocol/bytes.ts';
import { type Clock, msToNs } from '../protocol/time.ts';
import type { Caller } from './admission.ts';
import type { Exchange } from './exchange.ts';
import { type FollowDeps, serveFollow } from './follow.ts';
import { type Origin, originOf, type Request, type Response } from './http.ts';
import { maxRequestLength } from './limits.ts';
import { refuse } from './refusal.ts';
import { serveUnary, unaryCall } from './unary.ts';
import { version } from './version.ts';

const callerKey = createContextKey<Caller>({ authorization: undefined, network: '' });

/** The paths of the service, the same for Connect, gRPC and gRPC-web. */
export const nodeApiPrefix = `/${NodeApi.typeName}/`;

const mostLatestTopics = 1000;
const mostPerTopic = 20;
/** Bytes of messages in one answer, more or less. */
const mostLatestBytes = 4 << 20;

export interface NodeApiDeps extends FollowDeps {
  readonly clock: Clock;
  readonly callerOf: (from: Origin) => Caller;
  readonly maxTopics: number;
  /** Bytes of a blob that is taken; 0 for none. */
  readonly maxBlobLength: number;
}

/** Serves what our own clients ask beyond the message API: reading by the order of the store. */
export function createNodeApi(deps: NodeApiDeps) {
  const { service, store, dispatcher, saved, clock, callerOf, maxTopics, maxBlobLength } = deps;

  const info = async () => ({
    storeId: fromHex(store.id),
    head: BigInt(dispatcher.head),
    version,
    clockNs: msToNs(clock()),
    maxTopics,
    maxBlobBytes: BigInt(maxBlobLength),
  });
  const latest = async ({ topics, perTopic }: LatestRequest, caller: Caller): Promise<LatestResponse> => {
    if (topics.length === 0) throw refuse(Code.InvalidArgument, 'topics required');
    if (topics.length > mostLatestTopics) throw refuse(Code.InvalidArgument, `cannot exceed ${mostLatestTopics} topics`);
    if (perTopic > mostPerTopic) throw refuse(Code.InvalidArgument, `cannot exceed ${mostPerTopic} envelopes per topic`);
    service.spendRead(caller, topics.length);
    const answer = create(LatestResponseSchema);
    let bytes = 0;
    for (const [index, topic] of topics.entries()) {
      if (bytes > mostLatestBytes) {
        answer.continueAt = index;
        break;
      }
      const rows = await store.query({ topics: [topic], startNs: 0n, endNs: 0n, limit: perTopic || 1, ascending: false });
      if (rows.length === 0) continue;
      bytes += rows.reduce((sum, { message }) => sum + message.length, 0);
      const envelopes = rows.map(({ timestampNs, message }) => ({ contentTopic: topic, timestampNs, message }));
      answer.topics.push(create(TopicEnvelopesSchema, { topic, envelopes }));
    }
    return answer;
  };
  const saveTopics = async ({ topics }: { readonly topics: readonly string[] }, caller: Caller) => {
    if (topics.length === 0) throw refuse(Code.InvalidArgument, 'topics required');
    if (topics.length > maxTopics) throw refuse(Code.InvalidArgument, `cannot exceed ${maxTopics} topics`);
    service.spendRead(caller, topics.length);
    return { savedTopics: fromHex(saved.save(topics)) };
  };

  const { method } = NodeApi;
  const calls = new Map([
    [`${nodeApiPrefix}Info`, unaryCall(method.info, info)],
    [`${nodeApiPrefix}Latest`, unaryCall(method.latest, latest)],
    [`${nodeApiPrefix}SaveTopics`, unaryCall(method.saveTopics, saveTopics)],
  ]);
  const caller = ({ values }: HandlerContext): Caller => values.get(callerKey);
  const other = connectNodeAdapter({
    readMaxBytes: maxRequestLength,
    contextValues: (request) => createContextValues().set(callerKey, callerOf(originOf(request as Request))),
    routes(router) {
      router.rpc(method.info, info);
      router.rpc(method.latest, (request, context) => latest(request, caller(context)));
      router.rpc(method.saveTopics, (request, context) => saveTopics(request, caller(context)));
    },
  });
  return {
    /** Serves a call in one of its usual forms; null, with nothing read, for anything else. */
    unary(exchange: Exchange): Promise<void> | null {
      const call = exchange.method === 'POST' ? calls.get(exchange.target) : undefined;
      return call ? serveUnary(call, () => callerOf(exchange), exchange) : null;
    },
    /** Serves everything under `nodeApiPrefix`. */
    any(path: string, request: Request, response: Response): void {
      if (request.method === 'POST' && path === `${nodeApiPrefix}Follow`)
        void serveFollow(deps, callerOf(originOf(request)), request, response);
      else other(request, response);
    },
  };
}
