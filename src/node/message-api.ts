import { createContextKey, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { MessageApi } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Request, Response } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { Caller, MessageService } from './message-service.ts';
import { type StreamMethod, serveStream } from './streams.ts';
import { serveUnary, unaryCall } from './unary.ts';

const callerKey = createContextKey<Caller>({ authorization: undefined, network: '' });

/** The paths of the service, the same for Connect, gRPC and gRPC-web. */
export const apiPrefix = `/${MessageApi.typeName}/`;

const streams: ReadonlySet<string> = new Set<StreamMethod>(['Subscribe', 'Subscribe2', 'SubscribeAll']);

/** Serves MessageApi over Connect, gRPC and gRPC-web: streams and the usual forms of calls by our own framing, all others by connect-node. */
export function createMessageApi(
  service: MessageService,
  callerOf: (request: Request) => Caller,
): (path: string, request: Request, response: Response) => void {
  const { publish, query, batchQuery } = MessageApi.method;
  const calls = new Map([
    ['Publish', unaryCall(publish, (request, caller) => service.publish(request, caller).then(() => ({})))],
    ['Query', unaryCall(query, (request, caller) => service.query(request, caller))],
    ['BatchQuery', unaryCall(batchQuery, (request, caller) => service.batchQuery(request, caller))],
  ]);
  const caller = ({ values }: HandlerContext): Caller => values.get(callerKey);
  const other = connectNodeAdapter({
    readMaxBytes: maxRequestLength,
    contextValues: (request) => createContextValues().set(callerKey, callerOf(request as Request)),
    routes(router) {
      router.rpc(publish, async (request, context) => {
        await service.publish(request, caller(context));
        return {};
      });
      router.rpc(query, (request, context) => service.query(request, caller(context)));
      router.rpc(batchQuery, (request, context) => service.batchQuery(request, caller(context)));
    },
  });
  return (path, request, response) => {
    const method = path.slice(apiPrefix.length);
    const call = request.method === 'POST' ? calls.get(method) : undefined;
    if (call && serveUnary(call, () => callerOf(request), request, response)) return;
    if (request.method === 'POST' && streams.has(method))
      void serveStream(service, method as StreamMethod, callerOf(request), request, response);
    else other(request, response);
  };
}
