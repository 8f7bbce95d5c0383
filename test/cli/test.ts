import { join } from 'node:path';
import { runVectors } from '../vectors/run.ts';
import { buildIfStale } from './build.ts';
import { checks } from './check.ts';
import { ensureBrowsers } from './find-browsers.ts';
import { CommandError, root } from './processes.ts';
import { type Counts, runPatiently, runSuite } from './suites.ts';

/** `npm test`: everything. Ends with one line over all of it. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.length > 0)
    throw new CommandError('npm test takes no options; `npx vitest run --config test/vitest.config.ts FILE` runs a part.');
  const rows: { name: string; counts: Counts; seconds: number }[] = [];
  const step = async (name: string, work: () => Promise<Counts>): Promise<void> => {
    console.log(`\n== ${name}`);
    const started = Date.now();
    let counts: Counts;
    try {
      counts = await work();
    } catch (error) {
      // A step that cannot even run (no browser, a broken build) has failed, and the others still tell what they know.
      console.error(error instanceof CommandError ? error.message : error);
      counts = { passed: 0, failed: 1, skipped: 0 };
    }
    rows.push({ name, counts, seconds: (Date.now() - started) / 1000 });
  };

  for (const { name, run: check } of checks) {
    await step(name, async () => ((await check()) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }));
  }
  // The vectors have a step of their own, with a count per case.
  await step('units', async () => {
    ensureBrowsers(); // the popup is looked at in one
    return runSuite('unit', ['--exclude', 'test/vectors/**']);
  });
  await step('vectors', () => runVectors(join(root, 'test/vectors'), logVectors));
  await step('node', () => runSuite('node'));
  await step('build', async () => {
    await buildIfStale();
    return { passed: 1, failed: 0, skipped: 0 };
  });
  await step('Chromium and Firefox, end to end', async () => {
    ensureBrowsers();
    return runPatiently('e2e');
  });

  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  console.log(`\n${'step'.padEnd(34)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(9)}${'seconds'.padStart(9)}`);
  for (const { name, counts, seconds } of rows) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    const numbers = `${String(counts.passed).padStart(8)}${String(counts.failed).padStart(8)}${String(counts.skipped).padStart(9)}`;
    console.log(`${name.padEnd(34)}${numbers}${seconds.toFixed(1).padStart(9)}`);
  }
  for (const [word, kind] of [
    ['Passed at the second try only', 'unsure'],
    ['Failed', 'failures'],
  ] as const)
    for (const { title, message } of rows.flatMap(({ counts }) => counts[kind] ?? []))
      console.log(`\n${word}: ${title}\n  ${message.split('\n').slice(0, 12).join('\n  ')}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0 ? 0 : 1;
}

/** A line per kind, as a table row: the counting line is said once, at the very end. */
function logVectors(line: string): void {
  const [, kind, passed, failed, skipped] = /^(.+): (\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
  if (kind) console.log(`  ${kind.padEnd(26)}${passed?.padStart(5)} passed${failed?.padStart(5)} failed${skipped?.padStart(5)} skipped`);
  else if (!/^\d+ passed/.test(line)) console.log(line);
}
