import { join } from 'node:path';
import { buildNodeIfStale } from './build.ts';
import { root, runProgram } from './processes.ts';

/** `npm run node -- OPTIONS`: the node alone; its own options, `--help` for a list. */
export async function run(args: readonly string[]): Promise<number> {
  await buildNodeIfStale();
  // The terminal's Ctrl-C reaches the node itself; we wait for its orderly end.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  return runProgram(process.execPath, [join(root, 'dist/node/main.js'), ...args]);
}
