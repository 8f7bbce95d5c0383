import { type ChildProcess, fork } from 'node:child_process';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { NodeApi } from '../../../src/gen/parley/node/v1/node_pb.ts';
import { installWaku, folder as wakuFolder } from '../../interop/waku/install.ts';
import { Cluster } from '../../support/cluster.ts';
import { sendAll } from '../load.ts';
import type { Setting } from '../network.ts';
import { processorSecondsOf } from '../processes.ts';
import { type Comparison, compare, figure, median } from '../report.ts';
import { publishes } from './publishes.ts';

const messages = 20_000;
const atOnce = 50;
/** So far js-waku may be ahead of those that it publishes to. */
const mostAhead = 3000;

/** Envelopes of 400 bytes per second from one process to two others: through the API, voucher, checks and store of our nodes, and through js-waku's relay alone. */
export async function benchRelay({ rounds, folder, atEnd }: Setting): Promise<Comparison[]> {
  // Each reaches the others directly, as each of js-waku's does.
  const cluster = await Cluster.start(folder(), 3, { direct: true });
  atEnd(() => cluster.stop());
  if (!installWaku()) return [];
  let waku = await WakuRelay.three();
  atEnd(() => {
    for (const relay of waku) relay.stop();
  });

  // Of the rates it is told how busy the machine was besides; of this less so.
  const costs = { ours: new Costs(), theirs: new Costs() };
  const publish = publishes(atOnce);
  const heads = () => Promise.all(cluster.members.map(async ({ url }) => Number((await infoOf(url)).head)));
  const ours = async (): Promise<number> => {
    const before = await heads();
    const done = costs.ours.begin(cluster.members.map(({ program }) => program.pid));
    const begun = performance.now();
    await sendAll(Number(new URL((cluster.members[0] as { url: string }).url).port), publish, { requests: messages / atOnce });
    await until(async () => (await heads()).every((head, index) => head - (before[index] as number) >= messages));
    const seconds = (performance.now() - begun) / 1000;
    done(messages);
    return messages / seconds;
  };
  let lost = 0;
  let wakuSent = 0;
  /** On a busy machine it may part from its peers, and does not come back to them: what it does then is nothing to compare with. */
  const theirs = async (): Promise<number> => {
    for (let attempt = 1; ; attempt++) {
      const rate = await theirsOnce();
      if (rate !== null) return rate;
      if (attempt === 5) throw new Error('js-waku loses something every time');
      for (const relay of waku) relay.stop();
      waku = await WakuRelay.three();
    }
  };
  const theirsOnce = async (): Promise<number | null> => {
    const before = await Promise.all(waku.slice(1).map((relay) => relay.ask('came')));
    const came = async () =>
      (await Promise.all(waku.slice(1).map((relay) => relay.ask('came')))).map((count, at) => count - (before[at] as number));
    const done = costs.theirs.begin(waku.map((relay) => relay.pid));
    const begun = performance.now();
    let [last, total] = [begun, 0];
    /** Whether something has come within the last five seconds. */
    const goesOn = async (): Promise<boolean> => {
      const sum = (await came()).reduce((all, count) => all + count, 0);
      if (sum !== total) [last, total] = [performance.now(), sum];
      return performance.now() - last < 5000;
    };
    for (let sent = 0; sent < messages; sent += atOnce * 10) {
      // Nothing tells it that others lag behind, and what is too much for them it loses together with their connection.
      while (2 * sent - total > 2 * mostAhead && (await goesOn())) await new Promise((resolve) => setTimeout(resolve, 10));
      await waku[0]?.ask('publish', { count: atOnce * 10, from: wakuSent });
      wakuSent += atOnce * 10;
      await goesOn();
    }
    while ((await goesOn()) && total < 2 * messages) await new Promise((resolve) => setTimeout(resolve, 20));
    lost += 2 * messages - total;
    if (total < 2 * messages) return null;
    done(messages);
    return messages / ((last - begun) / 1000);
  };
  const row = await compare({
    what: 'relay of 400 bytes across 3 processes, to the last of them',
    unit: '/s',
    opponent: 'js-waku relay (no store, no checks)',
    rounds,
    bar: 2,
    ours,
    theirs,
  });
  const repaired = (await Promise.all(cluster.members.map(({ program }) => program.said))).join('').match(/repaired=(\d+)/g)?.length ?? 0;
  const [home, ...others] = costs.ours.each();
  const [theirHome, ...theirOthers] = costs.theirs.each();
  const words = (rest: readonly number[]): string => rest.map((each) => Math.round(each)).join(' and ');
  return [
    row,
    figure(
      'processor time for an envelope at the node that takes it',
      home ?? Number.NaN,
      'us',
      null,
      `at the others ${words(others)}; at js-waku's, which store and check nothing, ${words([theirHome ?? Number.NaN])}, ${words(theirOthers)}`,
    ),
    figure(
      'lost on the relay, after the stores were compared',
      0,
      'envelopes',
      0,
      `js-waku lost ${lost}; comparisons brought something ${repaired} times`,
    ),
  ];
}

/** Processor time of some processes, by what they did in it; the median over the rounds. */
class Costs {
  readonly #rounds: number[][] = [];

  /** Answers what is called with the number of envelopes when they are there. */
  begin(pids: readonly number[]): (envelopes: number) => void {
    const before = pids.map(processorSecondsOf);
    return (envelopes) => this.#rounds.push(pids.map((pid, at) => ((processorSecondsOf(pid) - (before[at] as number)) / envelopes) * 1e6));
  }

  /** Microseconds for an envelope at each of the processes. */
  each(): number[] {
    return (this.#rounds[0] ?? []).map((_, at) => median(this.#rounds.map((round) => round[at] as number)));
  }
}

const infoOf = (url: string) => createClient(NodeApi, createConnectTransport({ baseUrl: url, httpVersion: '1.1' })).info({});

/** js-waku's relay in a process of its own. */
class WakuRelay {
  readonly #child: ChildProcess;
  readonly address: string;
  readonly #waiting = new Map<number, (value: number) => void>();
  #asked = 0;

  /** Three of them, each connected to each other. */
  static async three(): Promise<WakuRelay[]> {
    const waku = await Promise.all([0, 1, 2].map(() => WakuRelay.start()));
    for (const [index, relay] of waku.entries())
      for (const other of waku.slice(0, index)) await relay.ask('dial', { address: other.address });
    await until(async () => (await Promise.all(waku.map((relay) => relay.ask('peers')))).every((count) => count === 2));
    return waku;
  }

  static async start(): Promise<WakuRelay> {
    const child = fork(`${wakuFolder}/relay.mjs`, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const { address } = await new Promise<{ address: string }>((resolve) =>
      child.once('message', (message) => resolve(message as { address: string })),
    );
    return new WakuRelay(child, address);
  }

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
    child.on('message', (message) => {
      const { id, value } = message as { id: number; value: number };
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  ask(command: string, more: object = {}): Promise<number> {
    const id = this.#asked++;
    this.#child.send({ id, command, ...more });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  stop(): void {
    this.#child.kill();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 50)))
    if (Date.now() > deadline) throw new Error('it takes more than a minute');
}
