import { buildIfStale } from './build.ts';
import { ensureBrowsers } from './find-browsers.ts';
import { runSuite } from './suites.ts';

/** `npm run e2e -- VITEST OPTIONS`: the tests in both browsers, from the built extension. */
export async function run(args: readonly string[]): Promise<number> {
  ensureBrowsers();
  await buildIfStale();
  const { failed } = await runSuite('e2e', args);
  return failed === 0 ? 0 : 1;
}
