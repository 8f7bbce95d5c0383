import { api } from '../../node/clients.ts';
import { Cluster } from '../../support/cluster.ts';
import { sendAll, sendSteadily } from '../load.ts';
import type { Setting } from '../network.ts';
import { type Comparison, figure, median, report } from '../report.ts';
import { publishes, topicsOf } from './publishes.ts';

const atOnce = 10;
const topics = topicsOf(atOnce);
const burst = 12_000;
const seconds = 8;
/** How streams are read. */
const way = 'Connect over h2c';

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
  const [own, other]: [number[], number[]] = [[], []];
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
  const requests = Math.ceil((seconds * perSecond) / atOnce);
  const published = requests * atOnce;
  const publish = publishes(atOnce);
  const start = performance.now();
  const acknowledgements = await sendSteadily(
    portOf(here),
    (request) => {
      // From when it is due: what keeps it from leaving counts.
      const due = start + ((request * atOnce) / perSecond) * 1000;
      for (let n = 0; n < atOnce; n++) begun.set(request * atOnce + n, due);
      return publish();
    },
    { requests, perSecond: perSecond / atOnce },
  );
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

/** Envelopes per second that were acknowledged by all nodes together. */
async function acknowledged(cluster: Cluster): Promise<number> {
  const publish = publishes(atOnce);
  const { members } = cluster;
  const began = performance.now();
  await Promise.all(
    members.map(({ url }) =>
      sendAll(portOf(url), publish, { requests: burst / atOnce / members.length, connections: 12 / members.length }),
    ),
  );
  return burst / ((performance.now() - began) / 1000);
}

const portOf = (url: string): number => Number(new URL(url).port);
