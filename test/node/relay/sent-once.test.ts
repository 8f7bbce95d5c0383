import { afterEach, expect, test } from 'vitest';
import { createHost, type Host } from '../../../src/node/relay/host.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { hasRelay, until } from './network.ts';

const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const topic = '/parley/1/bundle/waku/2/default-waku/proto';
const count = 20;

test.skipIf(!hasRelay)('what is large goes to each of three nodes hardly more than once, though two have it to hand on', async () => {
  let came = 0;
  let again = 0;
  for (let n = 0; n < 3; n++) {
    const { host, multiaddr } = await createHost({
      listen: ['/ip4/127.0.0.1/tcp/0'],
      identity: openIdentity(':memory:'),
      topics: [topic],
      isBanned: () => false,
    });
    // As long as the disk may take.
    host.services.pubsub.topicValidators.set(topic, async () => {
      came += 1;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return 'accept';
    });
    const score = host.services.pubsub.score as unknown as { duplicateMessage(...of: unknown[]): void };
    const before = score.duplicateMessage.bind(score);
    score.duplicateMessage = (...of) => {
      again += 1;
      before(...of);
    };
    await host.start();
    host.services.pubsub.subscribe(topic);
    for (const other of hosts) await host.dial(multiaddr(String(other.getMultiaddrs()[0])));
    hosts.push(host);
  }
  await until('all know of each other', () => hosts.every((host) => host.services.pubsub.getSubscribers(topic).length === 2));
  await new Promise((resolve) => setTimeout(resolve, 2500)); // at the next beats of their hearts they are in each other's mesh
  for (let n = 0; n < count; n++) await (hosts[0] as Host).services.pubsub.publish(topic, Buffer.alloc(20_000, n));
  await until('all came', () => came === 2 * count);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(again).toBeLessThan(count / 2);
});
