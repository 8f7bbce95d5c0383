import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runVectors } from '../vectors/run.ts';
import { CommandError, readOptions, root } from './processes.ts';

/** `npm run vectors -- --dir DIR`: the golden vectors of any folder of the shape of test/vectors. */
export async function run(args: readonly string[]): Promise<number> {
  const { dir } = readOptions(args, { dir: 'text' });
  // npm starts scripts in the repository; a path is meant from where the user stands.
  const folder = resolve(process.env['INIT_CWD'] ?? root, dir ?? resolve(root, 'test/vectors'));
  if (!existsSync(folder)) throw new CommandError(`There is no folder ${folder}`);
  const { failed } = await runVectors(folder);
  return failed === 0 ? 0 : 1;
}
