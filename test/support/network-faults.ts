import { utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactEnvelope } from '../node/clients.ts';
import { Cluster, contacts, topics } from './cluster.ts';
import { alice } from './people.ts';

/** What a number of faults came to. */
export interface Healed {
  readonly rounds: number;
  readonly published: number;
  /** The longest time from the healing until all nodes held the same, ms. */
  readonly slowestMs: number;
  /** Envelopes that a stream of a client missed, or had twice, or out of order. */
  readonly missed: number;
  readonly repeated: number;
  readonly disordered: number;
  /** Rounds after which two nodes named different contacts as the latest. */
  readonly split: number;
}

type Tell = (round: number, tookMs: number) => void;

const words = (text: string): Envelope[] =>
  topics.map((contentTopic) => ({ contentTopic, timestampNs: msToNs(Date.now()), message: utf8(text) }));

/**
 * Runs nodes as processes, parts them again and again while clients write on all of them and the pre-key of one wallet is rotated on all sides, heals them, and compares:
 * one node alone, then another, then half of them, then two that do not reach each other though both reach the rest.
 * @throws Error when they are not equal a minute after a healing
 */
export async function partitionAndHeal(data: string, rounds: number, size = 3, tell: Tell = () => {}): Promise<Healed> {
  const cluster = await Cluster.start(data, size);
  const cuts: readonly ((from: number, to: number) => boolean)[] = [
    (from) => from === 0,
    (from) => from === size - 1,
    (from, to) => from < size / 2 && to >= size / 2,
    (from, to) => from === 0 && to === 1,
  ];
  try {
    await cluster.publish(0, contactEnvelope(alice, 2, Date.now() - 3_600_000));
    await cluster.equal();
    let [slowestMs, split] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const some = (count: number, when: string) =>
        Promise.all(
          cluster.members.map(async (_, index) => {
            for (let n = 0; n < count; n++) await cluster.publish(index, ...words(`${round} ${when} ${index} ${n}`));
          }),
        );
      const before = some(10, 'before');
      cluster.cut(cuts[round % cuts.length] as (from: number, to: number) => boolean);
      await before;
      await some(10, 'apart');
      // Nobody on either side knows of the other's. Where two are still connected the later may have come already.
      await Promise.all(
        cluster.members.map(async (_, index) => {
          const atMs = Date.now() - 1000 + index;
          const rotated = publicBundle(rotatePreKey(alice.bundle, () => atMs));
          const envelope = { contentTopic: contacts, timestampNs: msToNs(atMs), message: encodeContact(rotated, 2) };
          await cluster.publish(index, envelope).catch(() => {});
        }),
      );
      const after = some(10, 'after');
      cluster.mend();
      await after;
      const tookMs = await cluster.equal();
      slowestMs = Math.max(slowestMs, tookMs);
      if (!(await cluster.agree())) split += 1;
      tell(round, tookMs);
    }
    return { rounds, published: cluster.acknowledged.size, slowestMs, split, ...(await cluster.streams()) };
  } finally {
    await cluster.stop();
  }
}

/**
 * Restarts the nodes one after the other while a client writes, who turns to the next node when one does not answer: in good order, then by killing them, then
 * with the loss of their stores. @throws Error when they are not equal a minute after one
 */
export async function restartInTurn(data: string, rounds: number, size = 3, tell: Tell = () => {}): Promise<Omit<Healed, 'split'>> {
  const cluster = await Cluster.start(data, size);
  try {
    let [writing, slowestMs, written] = [false, 0, 0];
    const write = async (writer: number): Promise<void> => {
      while (writing) {
        const envelopes = words(`${writer} ${written++}`);
        for (let turn = writer; writing; turn++)
          if (
            await cluster.publish(turn % size, ...envelopes).then(
              () => true,
              () => false,
            )
          )
            break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    let writers: Promise<void>[] = [];
    const begin = (): void => {
      writing = true;
      writers = [0, 1, 2, 3].map(write);
    };
    begin();
    for (let round = 0; round < rounds; round++) {
      const kind = round % 3;
      // What a node had taken and not handed on yet goes with its disk: before that happens the others have it.
      if (kind === 2) {
        writing = false;
        await Promise.all(writers);
        await cluster.equal();
      }
      await cluster.restart(round % size, kind === 0 ? 'SIGTERM' : 'SIGKILL', kind === 2);
      if (kind === 2) {
        const tookMs = await cluster.equal();
        slowestMs = Math.max(slowestMs, tookMs);
        tell(round, tookMs);
        begin();
      }
    }
    writing = false;
    await Promise.all(writers);
    slowestMs = Math.max(slowestMs, await cluster.equal());
    return { rounds, published: cluster.acknowledged.size, slowestMs, ...(await cluster.streams()) };
  } finally {
    await cluster.stop();
  }
}
