import { createContextKey, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { MessageApi } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Request, Response } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { Caller, MessageService } from './message-service.ts';
import { type StreamMethod, serveStream } from './streams.ts';

const callerKey = createContextKey<Caller>({ authorization: undefined, network: '' });

/** The paths of the service, the same for Connect, gRPC and gRPC-web. */
export const apiPrefix = `/${MessageApi.typeName}/`;

const streams: ReadonlySet<string> = new Set<StreamMethod>(['Subscribe', 'Subscribe2', 'SubscribeAll']);

/** Serves MessageApi over Connect, gRPC and gRPC-web: unary calls by connect-node, streams by our own framing. */
export function createMessageApi(
  service: MessageService,
  callerOf: (request: Request) => Caller,
): (path: string, request: Request, response: Response) => void {
  const caller = ({ values }: HandlerContext): Caller => values.get(callerKey);
  const unary = connectNodeAdapter({
    readMaxBytes: maxRequestLength,
    contextValues: (request) => createContextValues().set(callerKey, callerOf(request as Request)),
    routes(router) {
      const { publish, query, batchQuery } = MessageApi.method;
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
    if (request.method === 'POST' && streams.has(method))
      void serveStream(service, method as StreamMethod, callerOf(request), request, response);
    else unary(request, response);
  };
}
