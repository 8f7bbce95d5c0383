import { CommandError } from './processes.ts';

/** What a file of test/bench or test/soak exports: does its work and answers the exit code. */
export interface NamedRun {
  run(args: readonly string[]): Promise<number>;
}

/** Runs the one that `args` names, or all of them one after another; options go to whoever runs. */
export async function runNamed(what: string, runs: Readonly<Record<string, NamedRun>>, args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  const named = !first.startsWith('-') && first !== '';
  if (named && !Object.hasOwn(runs, first)) throw new CommandError(`npm run ${what} -- NAME, with one of: ${Object.keys(runs).join(', ')}`);
  let code = 0;
  for (const [name, each] of Object.entries(runs)) {
    if (named && name !== first) continue;
    console.log(`\n== ${what} ${name}`);
    code = Math.max(code, await each.run(named ? rest : args));
  }
  return code;
}
