import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { type BrowserName, browserNames } from '../e2e/world.ts';

export interface Kills {
  readonly kills: number;
  readonly seed: number;
}

type AtEnd = (stop: () => unknown) => void;

/** Runs a soak that takes `--kills N --browser B --seed S` in each browser that is asked for; it answers whether all was well. */
export async function inBrowsers(
  args: readonly string[],
  soak: (name: BrowserName, options: Kills, atEnd: AtEnd) => Promise<boolean>,
): Promise<number> {
  const options = readOptions(args, { kills: 'text', browser: 'text', seed: 'text' });
  const kills = Number(options.kills ?? 100);
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(kills) || kills < 1 || kills > 10_000) throw new CommandError('--kills is a number from 1 to 10000');
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  const browsers = browserNames.filter((name) => options.browser === undefined || name === options.browser);
  if (browsers.length === 0) throw new CommandError(`--browser is ${browserNames.join(' or ')}`);
  ensureBrowsers(browsers);
  await buildIfStale();
  const started = cleanup();
  try {
    let code = 0;
    for (const name of browsers) {
      const outcome = await Promise.race([soak(name, { kills, seed }, started.add), started.interrupted]);
      if (outcome === 'interrupted') return 130;
      if (!outcome) code = 1;
    }
    return code;
  } finally {
    await started.run();
  }
}
