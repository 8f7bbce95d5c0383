import { NodeError } from '../../network/errors.ts';
import type { NodeClient } from '../../network/node-client.ts';
import { NoSequenceError, OtherStoreError } from '../../network/sequence.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { NodeStatus, NodeTrouble } from './node-state.ts';

/** The node of the open account. What its calls come to is told to the status. */
export type NodeAccess = Omit<NodeClient, 'clockSkewMs'>;

/** A call that takes longer than this is a sign of trouble, ms; it goes on all the same. */
const slowMs = 4_000;

/** The same of a file, of which nobody knows how long it takes. */
const slowFileMs = 120_000;

/** Passes calls on to a client and keeps the status in step with their outcome, until `signal` aborts. `troubled` hears of what goes wrong, and of what is slow. */
export function watchNode(
  client: NodeClient,
  status: NodeStatus,
  signal: AbortSignal,
  troubled: (trouble: NodeTrouble | 'slow') => void = () => undefined,
): NodeAccess {
  const succeeded = (): void => {
    if (signal.aborted) return;
    status.skew(client.clockSkewMs());
    status.ok();
  };
  const failed = (error: unknown): never => {
    if (signal.aborted) throw error;
    status.skew(client.clockSkewMs());
    if (error instanceof NodeError) {
      status.failed(error.reason);
      troubled(error.reason);
    }
    throw error;
  };
  const watch = async <T>(call: Promise<T>, ms = slowMs): Promise<T> => {
    const timer = setTimeout(() => signal.aborted || troubled('slow'), ms);
    const result = await call.catch(failed).finally(() => clearTimeout(timer));
    succeeded();
    return result;
  };
  async function* watchAll<T>(parts: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      for await (const part of parts) {
        succeeded();
        yield part;
      }
    } catch (error) {
      // There are other ways to read this node.
      if (error instanceof NoSequenceError || error instanceof OtherStoreError) throw error;
      failed(error);
    }
  }
  const noting = (heard?: () => void) => (): void => {
    succeeded();
    heard?.();
  };
  return {
    url: client.url,
    publish: (envelopes) => watch(client.publish(envelopes)),
    // That it was called off says nothing of the node.
    putBlob: (digest, bytes, options) =>
      watch(
        client.putBlob(digest, bytes, options).catch((error: unknown) => {
          if (options?.signal?.aborted) throw new RefusalError('cancelled', 'This was called off.', {}, { cause: error });
          throw error;
        }),
        slowFileMs,
      ),
    query: (query, cursor) => watch(client.query(query, cursor)),
    newest: (topics, limit) => watch(client.newest(topics, limit)),
    probe: () => watch(client.probe()),
    pages: (query) => watchAll(client.pages(query)),
    place: () => watch(client.place()),
    since: (topics, place, ended) => watchAll(client.since(topics, place, ended)),
    live: (topics, place, ended, heard) => watchAll(client.live(topics, place, ended, noting(heard))),
    subscribe: (topics, ended, onOpen) => watchAll(client.subscribe(topics, ended, noting(onOpen))),
  };
}
