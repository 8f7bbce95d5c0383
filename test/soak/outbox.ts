import { playOutbox } from '../background/sync/outbox-model.ts';
import { CommandError, readOptions } from '../cli/processes.ts';

/** `npm run soak -- outbox --rounds N --seed S`: random schedules of sends, retries and deaths of the background at any await, and what a node has in the end. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { rounds: 'text', seed: 'text' });
  const rounds = Number(options.rounds ?? 10_000);
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(rounds) || rounds < 1) throw new CommandError('--rounds is a whole number from 1 on');
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  let differed = 0;
  for (let round = 0; round < rounds; round++) {
    const told = await playOutbox(seed + round);
    if (told === null) continue;
    differed++;
    if (differed <= 10) console.log(`  ${told}`);
  }
  console.log(`${rounds} schedules, ${differed} that lost, repeated or mixed something`);
  return differed === 0 ? 0 : 1;
}
