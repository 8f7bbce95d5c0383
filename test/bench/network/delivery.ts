import { api, bearer } from '../../node/clients.ts';
import { Cluster } from '../../support/cluster.ts';
import { alice } from '../../support/people.ts';
import type { Setting } from '../network.ts';
import { type Comparison, figure, median, report } from '../report.ts';

const topics = Array.from({ length: 100 }, (_, n) => `/xmtp/0/groupInvite-d${n}/proto`);
const atOnce = 10;
const burst = 3_000;
const seconds = 8;
const way = 'Connect over h2c';

let sent = 0;
const batch = (count: number) =>
  Array.from({ length: count }, () => {
    const message = Buffer.alloc(400, 9);
    message.writeUInt32BE(sent);
    return { contentTopic: topics[sent % topics.length] as string, timestampNs: BigInt(++sent), message };
  });

/**
 * What it means to be at another node: how long a message takes from the call that publishes it at one node to a stream of the other, and beside it to its acknowledgement and to a stream of the same
 * node, at half of what the two carry; and what one, two and three nodes acknowledge per second on this one machine.
 */
export async function benchDelivery({ rounds, folder, atEnd }: Setting): Promise<Comparison[]> {
  const rates = new Map<number, number[]>();
  for (let round = 0; round < rounds; round++)
    for (const size of [1, 2, 3]) {
      const cluster = await Cluster.start(folder(), size, { direct: true });
      rates.set(size, [...(rates.get(size) ?? []), await acknowledged(cluster)]);
      await cluster.stop();
    }
  const rate = (size: number): number => median(rates.get(size) ?? []);
  const rows = [2, 3].map((size) =>
    report({
      what: `acknowledged by ${size} nodes on this machine, each of which has everything`,
      unit: '/s',
      ours: rate(size),
      theirs: rate(1),
      opponent: 'one node',
      ratio: rate(size) / rate(1),
      bar: null,
    }),
  );

  const cluster = await Cluster.start(folder(), 2, { direct: true });
  atEnd(() => cluster.stop());
  const [here, there] = cluster.members.map(({ url }) => url) as [string, string];
  const control = new AbortController();
  const begun = new Map<number, number>();
  const [acknowledgements, own, other]: [number[], number[], number[]] = [[], [], []];
  const listen = async (url: string, took: number[]): Promise<void> => {
    try {
      for await (const { message } of api(url, way).subscribe({ contentTopics: topics }, { signal: control.signal })) {
        const at = begun.get(Buffer.from(message).readUInt32BE());
        if (at !== undefined) took.push(performance.now() - at);
      }
    } catch (error) {
      if (!control.signal.aborted) throw error;
    }
  };
  const listening = [listen(here, own), listen(there, other)];
  await new Promise((later) => setTimeout(later, 500));
  const perSecond = rate(2) / 2;
  const client = api(here, way);
  const start = performance.now();
  let published = 0;
  for (let calls: Promise<unknown>[] = []; ; ) {
    const due = Math.min(((performance.now() - start) / 1000) * perSecond, seconds * perSecond);
    while (published < due) {
      const envelopes = batch(atOnce);
      const now = performance.now();
      for (const { message } of envelopes) begun.set(message.readUInt32BE(), now);
      published += atOnce;
      calls.push(
        client.publish({ envelopes }, { headers: bearer(alice) }).then(() => {
          acknowledgements.push(performance.now() - now);
        }),
      );
    }
    if (published >= seconds * perSecond) {
      await Promise.all(calls);
      break;
    }
    if (calls.length > 200) {
      await Promise.all(calls);
      calls = [];
    }
    await new Promise((later) => setTimeout(later, 2));
  }
  for (const end = Date.now() + 30_000; other.length < published && Date.now() < end; ) await new Promise((later) => setTimeout(later, 20));
  control.abort();
  await Promise.all(listening);
  const at = (took: readonly number[], share: number): number => {
    const inOrder = took.toSorted((a, b) => a - b);
    return inOrder[Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))] ?? Number.NaN;
  };
  const both = (took: readonly number[]): string => `${Math.round(at(took, 0.5))} ms, 99 of 100 within ${Math.round(at(took, 0.99))} ms`;
  return [
    ...rows,
    figure(
      'from the publish at one node to a stream of the other, median',
      at(other, 0.5),
      'ms',
      null,
      `${Math.round(perSecond)} a second, half of what two acknowledge; to the acknowledgement ${both(acknowledgements)}; to a stream of the same node ${both(own)}`,
    ),
    figure('the same, 99 of 100', at(other, 0.99), 'ms', null),
    figure('not seen at the other node', published - other.length, 'envelopes', 0),
  ];
}

/** Envelopes per second that were acknowledged. */
async function acknowledged(cluster: Cluster): Promise<number> {
  const clients = cluster.members.map(({ url }) => api(url, way));
  const headers = bearer(alice);
  const left = Array.from({ length: burst / atOnce }, (_, index) => index);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 12 }, async (_, worker) => {
      for (let next = left.pop(); next !== undefined; next = left.pop())
        await clients[worker % clients.length]?.publish({ envelopes: batch(atOnce) }, { headers });
    }),
  );
  return burst / ((performance.now() - began) / 1000);
}
