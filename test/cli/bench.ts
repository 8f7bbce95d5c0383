import { runNamed } from './named-runs.ts';

/** `npm run bench -- NAME`: figures of this machine, as tables and as JSON. */
export function run(args: readonly string[]): Promise<number> {
  return runNamed('bench', { overview: () => import('../bench/overview.ts') }, args);
}
