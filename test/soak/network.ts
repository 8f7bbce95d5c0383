import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { partitionAndHeal } from '../support/network-faults.ts';
import { running } from '../support/node-program.ts';

/** `npm run soak -- network --rounds N`: three nodes are parted and healed again and again while clients write on all of them. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text' });
  const rounds = Number(options.rounds ?? 50);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  await buildNodeIfStale();
  const data = mkdtempSync(join(tmpdir(), 'parley-soak-'));
  const started = cleanup();
  started.add(() => rmSync(data, { recursive: true, force: true }));
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  try {
    const done = partitionAndHeal(
      data,
      rounds,
      (round, tookMs) => (round + 1) % 5 === 0 && console.log(`  ${round + 1} rounds, the last equal after ${tookMs} ms`),
    );
    const outcome = await Promise.race([done, started.interrupted]);
    if (outcome === 'interrupted') return 130;
    const { published, slowestMs, missed, repeated, disordered, split } = outcome;
    console.log(
      `${rounds} partitions: ${published} envelopes on three nodes, equal at the latest ${slowestMs} ms after the healing; of streams ${missed} missed, ${repeated} repeated, ${disordered} out of order; ${split} times two contacts`,
    );
    return missed + repeated + disordered + split === 0 ? 0 : 1;
  } finally {
    await started.run();
  }
}
