import { type Run, runConformance } from '../conformance/run.ts';
import { tableOf, writeTable } from '../conformance/table.ts';
import { browserNames } from '../e2e/world.ts';
import { buildIfStale } from './build.ts';
import { ensureBrowsers } from './find-browsers.ts';
import { CommandError, cleanup, readOptions } from './processes.ts';

/** `npm run conformance -- --browser chromium|firefox`: what `window.xmtp` does, check by check; `--write` puts the table of both into the docs. */
export async function run(args: readonly string[]): Promise<number> {
  const { browser, write } = readOptions(args, { browser: 'text', write: 'flag' });
  const names = browserNames.filter((name) => browser === undefined || name === browser);
  if (names.length === 0) throw new CommandError(`--browser takes ${browserNames.join(' or ')}`);
  if (write && names.length < browserNames.length) throw new CommandError('--write wants a run in both browsers');
  ensureBrowsers(names);
  await buildIfStale();
  const started = cleanup();
  const runs: Run[] = [];
  try {
    const work = (async () => {
      for (const name of names) runs.push(await runConformance(name, started.add));
    })();
    if ((await Promise.race([work, started.interrupted])) === 'interrupted') return 130;
  } finally {
    await started.run();
  }
  console.log(tableOf(runs));
  if (write) writeTable(runs);
  return runs.every(({ rows }) => rows.every(({ outcome }) => outcome === 'passed')) ? 0 : 1;
}
