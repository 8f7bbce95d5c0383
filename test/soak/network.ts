import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { type Healed, partitionAndHeal, restartInTurn } from '../support/network-faults.ts';
import { running } from '../support/node-program.ts';

/** `npm run soak -- network --rounds N`: nodes are parted and healed, stopped and killed, again and again while clients write. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text' });
  const rounds = Number(options.rounds ?? 50);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  await buildNodeIfStale();
  const data = mkdtempSync(join(tmpdir(), 'parley-soak-'));
  const started = cleanup();
  started.add(() => rmSync(data, { recursive: true, force: true }));
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  const folder = (name: string): string => join(data, name);
  const tell = (round: number, tookMs: number): void => {
    if ((round + 1) % 6 === 0) console.log(`  ${round + 1} rounds, the last equal after ${tookMs} ms`);
  };
  const all = async (): Promise<boolean> => {
    const report = (what: string, { rounds: times, published, slowestMs, missed, repeated, disordered }: Omit<Healed, 'split'>): void =>
      console.log(
        `${what}, ${times} times: ${published} envelopes, equal at the latest after ${slowestMs} ms; of streams ${missed} missed, ${repeated} repeated, ${disordered} out of order`,
      );
    const three = await partitionAndHeal(folder('three'), rounds, 3, tell);
    report('three nodes parted and healed', three);
    const five = await partitionAndHeal(folder('five'), Math.ceil(rounds / 5), 5, tell);
    report('five nodes parted and healed', five);
    const turn = await restartInTurn(folder('turn'), Math.ceil(rounds / 5) * 3, 3, tell);
    report('three nodes stopped, killed or without their disk, in turn under load', turn);
    console.log(`Contacts that nodes disagreed on: ${three.split + five.split}`);
    return (
      [three, five, turn].every(({ missed, repeated, disordered }) => missed + repeated + disordered === 0) &&
      three.split + five.split === 0
    );
  };
  try {
    const outcome = await Promise.race([all(), started.interrupted]);
    if (outcome === 'interrupted') return 130;
    return outcome ? 0 : 1;
  } finally {
    await started.run();
  }
}
