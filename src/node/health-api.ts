import { setTimeout as sleep } from 'node:timers/promises';
import { Code } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../gen/grpc/health/v1/health_pb.ts';
import { NodeApi } from '../gen/parley/node/v1/node_pb.ts';
import { MessageApi } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Caller } from './admission.ts';
import { type Origin, originOf, type Request, type Response } from './http.ts';
import { refuse } from './refusal.ts';

/** The paths of the service, the same for Connect, gRPC and gRPC-web. */
export const healthApiPrefix = `/${Health.typeName}/`;

/** How often a watcher's status is looked at. */
const watchMs = 2000;
/** All of them work or none, since all need the store. The empty name is the node as a whole. */
const services: ReadonlySet<string> = new Set(['', MessageApi.typeName, NodeApi.typeName]);

interface HealthDeps {
  /** Whether the store answers. */
  readonly ready: () => Promise<void>;
  /** Counts the stream of a watcher; what it answers is called when that is closed. @throws ConnectError */
  readonly openStream: (caller: Caller) => () => void;
  readonly callerOf: (from: Origin) => Caller;
}

/** Serves `grpc.health.v1.Health`, by which load balancers and orchestrators that speak gRPC ask; `close` tells watchers that the node stops, and ends them. */
export function createHealthApi({ ready, openStream, callerOf }: HealthDeps) {
  const stopping = new AbortController();
  const statusNow = async (): Promise<Status> => {
    if (stopping.signal.aborted) return Status.NOT_SERVING;
    try {
      await ready();
      return Status.SERVING;
    } catch {
      return Status.NOT_SERVING;
    }
  };
  const { check, watch } = Health.method;
  const serve = (caller: Caller) =>
    connectNodeAdapter({
      routes(router) {
        router.rpc(check, async ({ service }) => {
          if (!services.has(service)) throw refuse(Code.NotFound, 'unknown service');
          return { status: await statusNow() };
        });
        router.rpc(watch, async function* ({ service }, { signal }) {
          const release = openStream(caller);
          try {
            const ended = AbortSignal.any([signal, stopping.signal]);
            const look = services.has(service) ? statusNow : async (): Promise<Status> => Status.SERVICE_UNKNOWN;
            for (let told: Status | undefined; !signal.aborted; ) {
              const status = await look();
              if (status !== told) yield { status };
              told = status;
              if (stopping.signal.aborted) return;
              await sleep(watchMs, undefined, { signal: ended, ref: false }).catch(() => {}); // ended: seen above
            }
          } finally {
            release();
          }
        });
      },
    });
  return {
    any: (request: Request, response: Response): void => serve(callerOf(originOf(request)))(request, response),
    close: (): void => stopping.abort(),
  };
}
