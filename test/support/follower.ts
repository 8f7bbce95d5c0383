import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { NodeApi } from '../../src/gen/parley/node/v1/node_pb.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { plain } from '../node/clients.ts';

export interface Follower {
  /** Everything that has come, in its order. */
  readonly seen: Envelope[];
  /** Of those that have one, their numbers. */
  readonly numbers: bigint[];
  readonly opened: Promise<void>;
  close(): void;
}

const clientOf = (url: string) => createClient(NodeApi, createConnectTransport({ baseUrl: url, httpVersion: '2' }));

/** The store that a node's numbers are of. */
export const storeIdOf = async (url: string): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array((await clientOf(url).info({})).storeId);

/** Follows topics on a node from the beginning or from a place, until it is closed. */
export function follower(
  url: string,
  topics: readonly string[],
  place: { readonly since?: bigint; readonly storeId?: Uint8Array<ArrayBuffer> } = {},
): Follower {
  const client = clientOf(url);
  const ended = new AbortController();
  const seen: Envelope[] = [];
  const numbers: bigint[] = [];
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  void (async () => {
    try {
      for await (const { step } of client.follow({ topics: [...topics], ...place }, { signal: ended.signal })) {
        if (step.case === 'heartbeat') open();
        if (step.case !== 'envelope' || !step.value.envelope) continue;
        seen.push(plain(step.value.envelope));
        if (step.value.sequence > 0n) numbers.push(step.value.sequence);
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    }
  })();
  return { seen, numbers, opened, close: () => ended.abort() };
}
