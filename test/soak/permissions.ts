import { playGrants } from '../background/sites/grants-model.ts';
import { CommandError, readOptions } from '../cli/processes.ts';

/** `npm run soak -- permissions --rounds N --seed S`: random sequences of grants, revocations, expiries and deaths against a plain list. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text', seed: 'text' });
  const rounds = Number(options.rounds ?? 100_000);
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  let differed = 0;
  for (let round = 0; round < rounds; round++) {
    const told = await playGrants(seed + round);
    if (told === null) continue;
    differed++;
    if (differed <= 10) console.log(`  ${told}`);
  }
  console.log(`${rounds} sequences, ${differed} that differed from the plain list`);
  return differed === 0 ? 0 : 1;
}
