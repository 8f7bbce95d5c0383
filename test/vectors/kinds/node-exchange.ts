import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import type { Clock } from '../../../src/protocol/time.ts';
import { bearer, gateway } from '../../node/clients.ts';
import { alice } from '../../support/people.ts';
import { Fields } from '../vector.ts';

/** Runs the work against a fresh node that takes what existing nodes take, with these envelopes (the wire's JSON) already published. */
export const withNode = async <T>(stored: readonly unknown[], work: (node: RunningNode) => Promise<T>, clock?: Clock): Promise<T> => {
  const node = await startNode({ compat: true, ...(clock && { clock }) });
  try {
    if (stored.length > 0) await exchange(node, 'publish', { envelopes: stored }, bearer(alice, clock));
    return await work(node);
  } finally {
    await node.close();
  }
};

/** One call of the JSON gateway; answers what it said, be it an error or not. */
export const exchange = async (node: RunningNode, path: string, body: unknown, headers?: Record<string, string>): Promise<Fields> =>
  new Fields((await gateway(node.url, path, body, headers)).body);

/** The envelopes that an answer of a node has, as the wire writes them. */
export const envelopesOf = (response: Fields): readonly unknown[] => (response.given('envelopes') ? response.list('envelopes') : []);
