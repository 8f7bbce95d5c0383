import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from '../cli/build.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { benchCatchUp } from './node/catch-up.ts';
import { benchFanOut } from './node/fan-out.ts';
import { benchInstall } from './node/install.ts';
import { benchPublish } from './node/publish.ts';
import { benchQueries } from './node/queries.ts';
import { benchSizes } from './node/sizes.ts';
import { benchStreams } from './node/streams.ts';
import { benchUnary } from './node/unary.ts';
import { type Comparison, writeReport } from './report.ts';

/** What a part of the bench is given. */
export interface Setting {
  readonly rounds: number;
  /** Rows of the large store. */
  readonly rows: number;
  /** An empty folder that goes afterwards. */
  folder(): string;
  /** Called at the end, last first, whatever happens. */
  atEnd(stop: () => unknown): void;
}

const parts: Readonly<Record<string, (setting: Setting) => Promise<Comparison[]>>> = {
  publish: benchPublish,
  unary: benchUnary,
  'fan-out': benchFanOut,
  queries: benchQueries,
  'catch-up': benchCatchUp,
  streams: benchStreams,
  sizes: benchSizes,
  install: benchInstall,
};

/**
 * `npm run bench -- node --only PART --rounds N --rows N --json FILE`: our node beside what else one would run, in turn, on this machine. The node runs without
 * rate limits here; everything else is as it is by default.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { only: 'text', rounds: 'text', rows: 'text', json: 'text' });
  const [rounds, rows] = [Number(options.rounds ?? 5), Number(options.rows ?? 1_000_000)];
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (!Number.isInteger(rows) || rows < 1000) throw new CommandError('--rows is a whole number from 1000 on');
  if (options.only !== undefined && !Object.hasOwn(parts, options.only))
    throw new CommandError(`--only is one of ${Object.keys(parts).join(', ')}`);
  await buildIfStale();
  const found: Comparison[] = [];
  const whole = cleanup();
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (options.only !== undefined && name !== options.only) continue;
      const own = cleanup();
      const folder = (): string => {
        const path = mkdtempSync(join(tmpdir(), 'parley-bench-'));
        own.add(() => rmSync(path, { recursive: true, force: true }));
        return path;
      };
      whole.add(own.run);
      const done = part({ rounds, rows, folder, atEnd: own.add });
      const outcome = await Promise.race([done, whole.interrupted]);
      if (outcome === 'interrupted') return 130;
      found.push(...outcome);
      await own.run();
    }
  } finally {
    await whole.run();
  }
  writeReport('node', found, options.json);
  return 0;
}
