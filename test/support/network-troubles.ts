import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { utf8 } from '../../src/protocol/bytes.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { Cluster, topics } from './cluster.ts';
import type { Flood } from './flooder.ts';
import type { Healed } from './network-faults.ts';

/** What trouble with a peer came to for the others. */
export interface Troubled extends Omit<Healed, 'split'> {
  /** The longest time that those took which had no trouble, ms. */
  readonly othersMs: number;
}

type Tell = (round: number, tookMs: number) => void;

const words = (text: string, length = 0): Envelope[] =>
  topics.map((contentTopic) => ({ contentTopic, timestampNs: msToNs(Date.now()), message: utf8(text.padEnd(length, ' ')) }));

const writeTo = (cluster: Cluster, indexes: readonly number[], text: string, count: number, length = 0): Promise<unknown> =>
  Promise.all(
    indexes.map(async (index) => {
      for (let n = 0; n < count; n++) await cluster.publish(index, ...words(`${text} ${index} ${n}`, length));
    }),
  );

const slowBytesPerSecond = 20_000;

/**
 * One-way cuts, while clients write on all nodes: what one node sends to another does not arrive, and nobody is told. Those two get everything by way of a third
 * at once; a node that nobody hears is heard after the mending. @throws Error when they are not equal a minute after
 */
export async function oneWayCuts(data: string, rounds: number, size = 3, tell: Tell = () => {}): Promise<Troubled> {
  const cluster = await Cluster.start(data, size);
  const all = cluster.members.map((_, index) => index);
  try {
    await writeTo(cluster, all, 'first', 1);
    await cluster.equal();
    let [othersMs, slowestMs] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const isUnheard = round % 2 === 1;
      const deaf = isUnheard ? all.slice(1) : [1];
      for (const other of deaf) cluster.hold(0, other);
      await writeTo(cluster, all, `${round} held`, 10);
      if (isUnheard) {
        await new Promise((later) => setTimeout(later, 500));
        if (await cluster.isEqual()) throw new Error('the cut does not cut');
      } else othersMs = Math.max(othersMs, await cluster.equal());
      cluster.mend();
      await writeTo(cluster, all, `${round} after`, 5);
      const tookMs = await cluster.equal();
      slowestMs = Math.max(slowestMs, tookMs);
      tell(round, tookMs);
    }
    return { rounds, published: cluster.acknowledged.size, slowestMs, othersMs, ...(await cluster.streams()) };
  } finally {
    await cluster.stop();
  }
}

/** The last node is reached slowly while clients write: the others are as quick as ever, and it has everything when it is reached well again. */
export async function slowPeer(data: string, rounds: number, size = 3, tell: Tell = () => {}): Promise<Troubled> {
  const cluster = await Cluster.start(data, size);
  const quick = cluster.members.slice(0, -1);
  try {
    let [othersMs, slowestMs] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      cluster.slow(size - 1, slowBytesPerSecond);
      await writeTo(cluster, [...quick.keys()], `${round} slow`, 10, 5000);
      othersMs = Math.max(othersMs, await cluster.equal(quick));
      cluster.mend();
      const tookMs = await cluster.equal();
      slowestMs = Math.max(slowestMs, tookMs);
      tell(round, tookMs);
    }
    return { rounds, published: cluster.acknowledged.size, slowestMs, othersMs, ...(await cluster.streams()) };
  } finally {
    await cluster.stop();
  }
}

/** What a flood did to those who stood in it. */
export interface Flooded extends Troubled {
  /** Messages that were thrown at a node. */
  readonly thrown: number;
  /** How many of them any node kept. */
  readonly kept: number;
  /** Rounds in which the flood was not sent away. */
  readonly stayed: number;
}

/**
 * A stranger, a process too, throws at one node what it may not hand on. Clients write to all nodes meanwhile; `othersMs` is the longest that one of them waited
 * for the word of a node.
 */
export async function floodOfPeer(data: string, rounds: number, size = 3, tell: Tell = () => {}): Promise<Flooded> {
  const cluster = await Cluster.start(data, size);
  try {
    let [thrown, kept, stayed, othersMs, slowestMs] = [0, 0, 0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      let flooding = true;
      const writing = (async () => {
        for (let n = 0; flooding; n++)
          for (const index of cluster.members.keys()) {
            const begun = performance.now();
            await cluster.publish(index, ...words(`${round} ${n} ${index}`));
            othersMs = Math.max(othersMs, performance.now() - begun);
          }
      })();
      try {
        const { stdout } = await run(process.execPath, [flooder, cluster.addressOf(0)], { timeout: 60_000 });
        const flood = JSON.parse(stdout) as Flood;
        thrown += flood.thrown;
        if (!flood.sentAway) stayed += 1;
      } finally {
        flooding = false;
        await writing;
      }
      const tookMs = await cluster.equal();
      slowestMs = Math.max(slowestMs, tookMs);
      kept = Math.max(kept, ...(await Promise.all(cluster.members.map((_, index) => cluster.invented(index)))));
      tell(round, tookMs);
    }
    return { rounds, published: cluster.acknowledged.size, thrown, kept, stayed, slowestMs, othersMs, ...(await cluster.streams()) };
  } finally {
    await cluster.stop();
  }
}

const run = promisify(execFile);
const flooder = fileURLToPath(new URL('flooder.mjs', import.meta.url));
