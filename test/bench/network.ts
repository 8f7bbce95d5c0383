import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodeIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { running } from '../support/node-program.ts';
import { benchDelivery } from './network/delivery.ts';
import { benchFeed } from './network/feed.ts';
import { benchRelay } from './network/relay.ts';
import { benchResume } from './network/resume.ts';
import { type Comparison, writeReport } from './report.ts';

/** What a part of the bench is given. */
export interface Setting {
  readonly rounds: number;
  /** An empty folder that goes afterwards. */
  folder(): string;
  /** Called at the end, last first, whatever happens. */
  atEnd(stop: () => unknown): void;
}

const parts: Readonly<Record<string, (setting: Setting) => Promise<Comparison[]>>> = {
  relay: benchRelay,
  resume: benchResume,
  feed: benchFeed,
  delivery: benchDelivery,
};

/** `npm run bench -- network --only PART --rounds N --json FILE`: several nodes on this machine, beside js-waku and beside polling. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { only: 'text', rounds: 'text', json: 'text' });
  const rounds = Number(options.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (options.only !== undefined && !Object.hasOwn(parts, options.only))
    throw new CommandError(`--only is one of ${Object.keys(parts).join(', ')}`);
  await buildNodeIfStale();
  const found: Comparison[] = [];
  const started = cleanup();
  started.add(() => Promise.all([...running].map((program) => program.signal('SIGKILL'))));
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'parley-bench-'));
    started.add(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (options.only !== undefined && name !== options.only) continue;
      const outcome = await Promise.race([part({ rounds, folder, atEnd: started.add }), started.interrupted]);
      if (outcome === 'interrupted') return 130;
      found.push(...outcome);
    }
  } finally {
    await started.run();
  }
  writeReport('network', found, options.json);
  return 0;
}
