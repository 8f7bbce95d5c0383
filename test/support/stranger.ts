import { createHost, type Host } from '../../src/node/relay/host.ts';
import { openIdentity, type RelayIdentity } from '../../src/node/relay/identity.ts';

/** A peer that hands on whatever it is told to. */
export interface Stranger {
  readonly host: Host;
  readonly identity: RelayIdentity;
  dial(address: string): Promise<unknown>;
  send(data: Uint8Array): Promise<{ readonly recipients: readonly unknown[] }>;
}

export async function startStranger(topic: string): Promise<Stranger> {
  const identity = openIdentity(':memory:');
  const { host, multiaddr } = await createHost({ listen: [], identity, topics: [topic], isBanned: () => false });
  await host.start();
  host.services.pubsub.subscribe(topic);
  return {
    host,
    identity,
    dial: (address) => host.dial(multiaddr(address)),
    send: (data) => host.services.pubsub.publish(topic, data),
  };
}
