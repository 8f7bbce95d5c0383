import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { type Healed, partitionAndHeal, restartInTurn } from '../support/network-faults.ts';
import { floodOfPeer, oneWayCuts, slowPeer, type Troubled } from '../support/network-troubles.ts';
import { running } from '../support/node-program.ts';

type Tell = (round: number, tookMs: number) => void;
type Outcome = Omit<Healed, 'split'> & Partial<Healed & Troubled & { thrown: number; kept: number; stayed: number }>;

const parts: Readonly<Record<string, { readonly what: string; run(data: string, rounds: number, tell: Tell): Promise<Outcome> }>> = {
  three: { what: 'three nodes parted and healed', run: (data, rounds, tell) => partitionAndHeal(data, rounds, 3, tell) },
  five: { what: 'five nodes parted and healed', run: (data, rounds, tell) => partitionAndHeal(data, rounds, 5, tell) },
  turn: {
    what: 'three nodes stopped, killed or without their disk, in turn under load',
    run: (data, rounds, tell) => restartInTurn(data, Math.ceil(rounds / 3) * 3, 3, tell),
  },
  'one-way': { what: 'three nodes, one of which is not heard', run: (data, rounds, tell) => oneWayCuts(data, rounds, 3, tell) },
  slow: { what: 'three nodes, one of which is reached slowly', run: (data, rounds, tell) => slowPeer(data, rounds, 3, tell) },
  flood: { what: 'three nodes in the flood of a peer', run: (data, rounds, tell) => floodOfPeer(data, rounds, 3, tell) },
};

/** `npm run soak -- network --rounds N --only PART`: nodes are parted and healed, stopped and killed, not heard, slow or flooded, again and again while clients write. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text', only: 'text' });
  const rounds = Number(options.rounds ?? 50);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (options.only !== undefined && !Object.hasOwn(parts, options.only))
    throw new CommandError(`--only is one of ${Object.keys(parts).join(', ')}`);
  await buildNodeIfStale();
  const data = mkdtempSync(join(tmpdir(), 'parley-soak-'));
  const started = cleanup();
  started.add(() => rmSync(data, { recursive: true, force: true }));
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  const tell: Tell = (round, tookMs) => {
    if ((round + 1) % 10 === 0) console.log(`  ${round + 1} rounds, the last equal after ${tookMs} ms`);
  };
  const all = async (): Promise<boolean> => {
    let isGood = true;
    for (const [name, { what, run: play }] of Object.entries(parts)) {
      if (options.only !== undefined && name !== options.only) continue;
      const outcome = await play(join(data, name), rounds, tell);
      console.log(`${what}, ${outcome.rounds} times: ${wordsOf(outcome)}`);
      const { missed, repeated, disordered, split = 0, kept = 0, stayed = 0 } = outcome;
      isGood &&= missed + repeated + disordered + split + kept + stayed === 0;
    }
    return isGood;
  };
  try {
    const outcome = await Promise.race([all(), started.interrupted]);
    if (outcome === 'interrupted') return 130;
    return outcome ? 0 : 1;
  } finally {
    await started.run();
  }
}

function wordsOf({ published, slowestMs, missed, repeated, disordered, split, othersMs, thrown, kept, stayed }: Outcome): string {
  const said = [
    `${published} envelopes, equal at the latest after ${slowestMs} ms; of streams ${missed} missed, ${repeated} repeated, ${disordered} out of order`,
  ];
  if (split !== undefined) said.push(`contacts that nodes disagreed on: ${split}`);
  if (thrown === undefined && othersMs !== undefined) said.push(`the others equal meanwhile after ${Math.round(othersMs)} ms`);
  if (thrown !== undefined)
    said.push(`${thrown} thrown, ${kept} kept, not sent away ${stayed} times; a client waited ${Math.round(othersMs ?? 0)} ms at most`);
  return said.join('; ');
}
