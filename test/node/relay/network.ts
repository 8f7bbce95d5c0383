import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RelaySettings } from '../../../src/node/relay/relay.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../../src/node/start-node.ts';

export const defaultTopic = '/waku/2/default-waku/proto';

/** Whether what the relay consists of is installed; without it the tests of the network say that they are skipped. */
export const hasRelay = ['libp2p', '@libp2p/gossipsub'].every((name) =>
  (createRequire(import.meta.url).resolve.paths(name) ?? []).some((path) => existsSync(`${path}/${name}`)),
);

/** The settings of a node that listens on the loopback address and knows nobody. Stores are compared when a peer comes, and then hardly ever. */
export const relayOptions = (more: Partial<RelaySettings> = {}): RelaySettings => ({
  listen: ['/ip4/127.0.0.1/tcp/0'],
  peers: [],
  dnsPeers: undefined,
  trust: [],
  topic: defaultTopic,
  homeRate: 1000,
  contactRate: 5,
  ignoredRate: 100,
  syncSeconds: 3600,
  ...more,
});

/** Where a node is reached. */
export const addressOf = (node: RunningNode): string => {
  const [address] = node.relay?.addresses ?? [];
  if (address === undefined) throw new Error('the node takes no part in the network');
  return address;
};

export const idOf = (node: RunningNode): string => node.relay?.identity.peerId ?? '';

const started: RunningNode[] = [];
export const startRelaying = async (options: NodeOptions, relay: Partial<RelaySettings> = {}): Promise<RunningNode> => {
  const node = await startNode({ ...options, relay: relayOptions(relay) });
  started.push(node);
  return node;
};
export const stopAll = (): Promise<unknown> => Promise.all(started.splice(0).map((node) => node.close()));

/** Resolves when a condition holds. @throws Error naming it when it never does */
export async function until(what: string, holds: () => unknown, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves when two nodes relay to each other and have compared stores as often as they do on meeting. */
export async function meeting(one: RunningNode, other: RunningNode): Promise<void> {
  const relaying = (node: RunningNode, peer: RunningNode) =>
    node.relay?.peers().some(({ peer: id, relaying }) => relaying && id === idOf(peer));
  await until('both relay', () => relaying(one, other) && relaying(other, one));
}
