import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { killUnderLoad, running } from '../support/node-program.ts';
import { missingForRecording, recordRun } from '../support/power-cut.ts';
import { cutPower } from '../support/power-cuts.ts';

/**
 * `npm run soak -- node --kills N --cuts N --seed S`: the node is killed under load again and again, and its files are left as power cuts may leave them; what it had
 * acknowledged is counted afterwards.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { kills: 'text', rounds: 'text', cuts: 'text', seed: 'text' });
  const kills = Number(options.kills ?? options.rounds ?? 200);
  const cuts = Number(options.cuts ?? 20_000);
  const seed = Number(options.seed ?? 1);
  for (const [name, value] of Object.entries({ kills, cuts, seed }))
    if (!Number.isInteger(value) || value < 0) throw new CommandError(`--${name} is a whole number`);
  await buildNodeIfStale();
  const started = cleanup();
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'parley-soak-'));
    started.add(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  const soak = async (): Promise<boolean> => {
    const survived = kills === 0 || (await kill(folder(), kills));
    return (cuts === 0 || (await cut(folder(), cuts, seed))) && survived;
  };
  try {
    const outcome = await Promise.race([soak(), started.interrupted]);
    if (outcome === 'interrupted') return 130;
    return outcome ? 0 : 1;
  } finally {
    await started.run();
  }
}

async function kill(data: string, kills: number): Promise<boolean> {
  const tell = (life: number): unknown => (life + 1) % 20 === 0 && console.log(`  ${life + 1} kills`);
  const { acknowledged, lost, halves, sound } = await killUnderLoad(data, kills, tell);
  console.log(
    `${kills} kills: ${acknowledged} acknowledged, ${lost.length} lost, ${halves.length} by halves, file ${sound ? 'whole' : 'DAMAGED'}`,
  );
  return lost.length === 0 && halves.length === 0 && sound;
}

async function cut(folder: string, states: number, seed: number): Promise<boolean> {
  const missing = missingForRecording();
  if (missing !== null) {
    console.log(`Power cuts skipped: ${missing}.`);
    return true;
  }
  const steps = recordRun(folder, 4, 24);
  const tell = (state: number, faults: number): void => {
    if ((state + 1) % 1000 === 0) console.log(`  ${state + 1} states, ${faults} faults`);
  };
  const { faults, rows } = await cutPower(folder, steps, states, seed, tell);
  const acknowledged = steps.filter(({ what }) => what === 'acknowledged').length;
  console.log(
    `${states} states of a run of ${steps.length} steps and ${acknowledged} publishes: ${rows} rows found, ${faults.length} faults`,
  );
  for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`);
  return faults.length === 0;
}
