import { randomBytes } from 'node:crypto';
import { encodeWakuMessage, wakuMessageOf } from '../../src/node/relay/waku-message.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { topics } from './cluster.ts';
import { alice } from './people.ts';
import { startStranger } from './stranger.ts';

const topicOfNetwork = '/waku/2/default-waku/proto';
const believedMs = 1000;
const patienceMs = 10_000;

// Before anything else: what loads its packages is gone once this file is loaded.
const { host, dial, send } = await startStranger(topicOfNetwork);

/** What was thrown at a node, and whether it sent the thrower away. */
export interface Flood {
  readonly thrown: number;
  readonly sentAway: boolean;
}

/** Throws at a node what it may not hand on: first what is merely not believed, for a second, then what no honest peer sends, until it is sent away. */
export async function flood(address: string): Promise<Flood> {
  let thrown = 0;
  const throwAt = (topic: string): Promise<unknown> => {
    thrown += 1;
    return send(encodeWakuMessage(wakuMessageOf({ topic, timestampNs: BigInt(Date.now()) * 1_000_000n, message: randomBytes(400) })));
  };
  await dial(address);
  await during(20_000, 20, () => host.services.pubsub.getSubscribers(topicOfNetwork).length > 0);
  await during(believedMs, 1, async () => {
    for (let n = 0; n < 20; n++) await throwAt(topics[0]);
    return false;
  });
  const sentAway = await during(patienceMs, 20, async () => {
    await throwAt(contactTopic(alice.address)).catch(() => {});
    return host.getPeers().length === 0;
  });
  return { thrown, sentAway };
}

/** Does something again and again until it says that it is enough, or the time is over. */
async function during(forMs: number, pauseMs: number, work: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + forMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, pauseMs)))
    if (await work()) return true;
  return false;
}
