import { createContextKey, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { MessageApi } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Caller } from './admission.ts';
import type { Exchange } from './exchange.ts';
import { type Origin, originOf, type Request, type Response } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { MessageService } from './message-service.ts';
import { readPublishRequest } from './publish-request.ts';
import { type StreamMethod, serveStream } from './streams.ts';
import { serveUnary, unaryCall, unaryCallBy } from './unary.ts';

const callerKey = createContextKey<Caller>({ authorization: undefined, network: '' });

/** The paths of the service, the same for Connect, gRPC and gRPC-web. */
export const apiPrefix = `/${MessageApi.typeName}/`;

const streams: ReadonlySet<string> = new Set<StreamMethod>(['Subscribe', 'Subscribe2', 'SubscribeAll']);

export interface MessageApiServer {
  /** Serves a call in one of its usual forms; null, with nothing read, for anything else. */
  unary(exchange: Exchange): Promise<void> | null;
  /** Serves everything under `apiPrefix`. */
  any(path: string, request: Request, response: Response): void;
}

/** Serves MessageApi over Connect, gRPC and gRPC-web: streams and the usual forms of calls by our own framing, all others by connect-node. */
export function createMessageApi(service: MessageService, callerOf: (from: Origin) => Caller): MessageApiServer {
  const { publish, query, batchQuery } = MessageApi.method;
  const calls = new Map([
    [
      `${apiPrefix}Publish`,
      unaryCallBy(publish, readPublishRequest, (request, caller) => service.publish(request, caller).then(() => ({}))),
    ],
    [`${apiPrefix}Query`, unaryCall(query, (request, caller) => service.query(request, caller))],
    [`${apiPrefix}BatchQuery`, unaryCall(batchQuery, (request, caller) => service.batchQuery(request, caller))],
  ]);
  const caller = ({ values }: HandlerContext): Caller => values.get(callerKey);
  const other = connectNodeAdapter({
    readMaxBytes: maxRequestLength,
    contextValues: (request) => createContextValues().set(callerKey, callerOf(originOf(request as Request))),
    routes(router) {
      router.rpc(publish, async (request, context) => {
        await service.publish(request, caller(context));
        return {};
      });
      router.rpc(query, (request, context) => service.query(request, caller(context)));
      router.rpc(batchQuery, (request, context) => service.batchQuery(request, caller(context)));
    },
  });
  return {
    unary(exchange) {
      const call = exchange.method === 'POST' ? calls.get(exchange.target) : undefined;
      return call ? serveUnary(call, () => callerOf(exchange), exchange) : null;
    },
    any(path, request, response) {
      const method = path.slice(apiPrefix.length);
      if (request.method === 'POST' && streams.has(method))
        void serveStream(service, method as StreamMethod, callerOf(originOf(request)), request, response);
      else other(request, response);
    },
  };
}
