import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions, root } from '../cli/processes.ts';
import { firstRun, newDevice } from './inbox/newcomers.ts';
import { comeBack, farMs, flatness, parts } from './inbox/parts.ts';
import { buildReferencePage } from './inbox/reference-page.ts';
import { keptProfile, raise, sceneIn } from './inbox/stage.ts';
import { type Comparison, writeReport } from './report.ts';

/** On profiles that know nothing. */
const fresh = {
  'first-run': { play: firstRun, delayMs: 0 },
  'first-run-far': { play: firstRun, delayMs: farMs },
  device: { play: newDevice, delayMs: 0 },
  'device-far': { play: newDevice, delayMs: farMs },
};
const names = [...Object.keys(fresh), ...Object.keys(parts)];

/**
 * `npm run bench -- inbox --conversations LIST --messages LIST --rounds N --only PARTS --kept FOLDER --alone --json FILE`: the extension in Chromium beside the reference
 * client in a page of the same browser, with the same account at the same node; `--alone` leaves that client out, which takes minutes at 10,000 conversations. What is
 * seeded, and a profile that has all of it, are made once and copied for each part; with `--kept` also for later runs. The node runs without rate limits here.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    conversations: 'text',
    messages: 'text',
    rounds: 'text',
    only: 'text',
    kept: 'text',
    alone: 'flag',
    json: 'text',
  });
  const sizes = (options.conversations ?? '100,1000').split(',').map(Number);
  const counts = (options.messages ?? '5000').split(',').map(Number);
  const rounds = Number(options.rounds ?? 3);
  if (![...sizes, ...counts, rounds].every((each) => Number.isInteger(each) && each >= 1))
    throw new CommandError('--conversations, --messages and --rounds are whole numbers from 1 on');
  const only = options.only?.split(',') ?? names;
  if (!only.every((name) => names.includes(name))) throw new CommandError(`--only takes some of: ${names.join(', ')}`);
  ensureBrowsers();
  await buildIfStale();
  const kept =
    options.kept === undefined ? mkdtempSync(join(tmpdir(), 'parley-bench-')) : resolve(process.env['INIT_CWD'] ?? root, options.kept);
  const started = cleanup();
  if (options.kept === undefined) started.add(() => rmSync(kept, { recursive: true, force: true, maxRetries: 5 }));
  const found: Comparison[] = [];
  try {
    const script = await buildReferencePage();
    for (const [size, messages] of sizes.flatMap((size) => counts.map((count) => [size, count] as const))) {
      const work = bench({ kept, size, messages, rounds, only, alone: options.alone ?? false, script, atEnd: started.add });
      const outcome = await Promise.race([work, started.interrupted]);
      if (outcome === 'interrupted') return 130;
      found.push(...outcome);
    }
    found.push(...flatness(found, counts));
  } finally {
    await started.run();
  }
  writeReport('inbox', found, options.json);
  return 0;
}

interface Run {
  readonly kept: string;
  readonly size: number;
  readonly messages: number;
  readonly rounds: number;
  readonly only: readonly string[];
  readonly alone: boolean;
  readonly script: string;
  readonly atEnd: (stop: () => unknown) => void;
}

async function bench({ kept, size, messages, rounds, only, alone, script, atEnd }: Run): Promise<Comparison[]> {
  console.log(`\n${size} conversations, one of them with ${messages} messages`);
  const scene = await sceneIn(kept, size, messages);
  const rows: Comparison[] = [];
  /** Each on a stage of its own: what one part leaves behind is not there for the next. */
  const onStage = async (
    raised: Parameters<typeof raise>[2],
    play: (stage: Awaited<ReturnType<typeof raise>>) => Promise<Comparison[]>,
  ) => {
    const stops: (() => unknown)[] = [];
    const stop = async (): Promise<void> => {
      for (let last = stops.pop(); last; last = stops.pop()) await last();
    };
    atEnd(stop);
    rows.push(...(await play(await raise(scene, script, raised, (each) => stops.push(each)))));
    await stop();
  };
  for (const [name, { play, delayMs }] of Object.entries(fresh))
    if (only.includes(name)) await onStage({}, (stage) => play(stage, alone, delayMs));
  for (const [name, part] of Object.entries(parts)) {
    if (!only.includes(name)) continue;
    const profile = await keptProfile(scene, script, atEnd);
    await onStage(profile, async (stage) => part({ stage, mine: await comeBack(stage), rounds, alone }));
  }
  return rows;
}
