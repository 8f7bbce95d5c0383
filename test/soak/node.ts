import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { killUnderLoad, running } from '../support/node-program.ts';

/** `npm run soak -- node --kills N`: the node is killed under load again and again; what it had acknowledged is counted afterwards. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { kills: 'text', rounds: 'text' });
  const kills = Number(options.kills ?? options.rounds ?? 200);
  if (!Number.isInteger(kills) || kills < 1) throw new CommandError('--kills is a whole number from 1 on');
  await buildNodeIfStale();
  const data = mkdtempSync(join(tmpdir(), 'parley-soak-'));
  const started = cleanup();
  started.add(() => rmSync(data, { recursive: true, force: true }));
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  try {
    const done = killUnderLoad(data, kills, (life) => (life + 1) % 20 === 0 && console.log(`  ${life + 1} kills`));
    const outcome = await Promise.race([done, started.interrupted]);
    if (outcome === 'interrupted') return 130;
    const { acknowledged, lost, halves, sound } = outcome;
    console.log(
      `${kills} kills: ${acknowledged} acknowledged, ${lost.length} lost, ${halves.length} by halves, file ${sound ? 'whole' : 'DAMAGED'}`,
    );
    return lost.length === 0 && halves.length === 0 && sound ? 0 : 1;
  } finally {
    await started.run();
  }
}
