import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { longestMs } from '../fuzz/attempt.ts';
import type { Find, Outcome } from '../fuzz/loop.ts';
import { targets } from '../fuzz/targets.ts';
import { CommandError, readOptions, root } from './processes.ts';

/** Heap of the thread that tries, MB. */
const heapMb = 256;
const longestInput = 1 << 20;

/**
 * `npm run fuzz -- --target T --seconds N --seed S`: bytes that were made of good ones, for everything that reads foreign bytes; `all` shares the time out.
 * What throws an error that is none of ours, hangs or eats the heap is made small and kept in test/fuzz/regressions, which `npm test` reads again.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { target: 'text', seconds: 'text', seed: 'text' });
  const names = Object.keys(targets);
  if (options.target === undefined) {
    console.log(`npm run fuzz -- --target T --seconds N, with T one of:\n  ${names.join('\n  ')}\nor all.`);
    return 0;
  }
  if (options.target !== 'all' && !names.includes(options.target)) throw new CommandError(`--target is all or one of ${names.join(', ')}`);
  const seconds = Number(options.seconds ?? 60);
  if (!(seconds > 0)) throw new CommandError('--seconds is a number above 0');
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  const chosen = options.target === 'all' ? names : [options.target];
  let found = 0;
  console.log(
    `${'target'.padEnd(24)}${'inputs'.padStart(10)}${'/s'.padStart(9)}${'corpus'.padStart(8)}${'blocks'.padStart(8)}${'finds'.padStart(7)}`,
  );
  for (const name of chosen) {
    const each = seconds / chosen.length;
    const { inputs, corpus, blocks, finds } = await inThread(name, each, seed);
    const numbers = [inputs, Math.round(inputs / each), corpus, blocks, finds.length].map(String);
    console.log(name.padEnd(24) + [10, 9, 8, 8, 7].map((width, index) => numbers[index]?.padStart(width)).join(''));
    for (const find of finds) console.log(`  ${find.why}\n  ${save(name, find)}`);
    found += finds.length;
  }
  return found === 0 ? 0 : 1;
}

/** Runs the loop in a thread, and ends it when it does not come back or has no memory left; what it tried last is the find then. */
function inThread(name: string, seconds: number, seed: number): Promise<Outcome> {
  const [state, bytes] = [new SharedArrayBuffer(8), new SharedArrayBuffer(longestInput)];
  const view = new Int32Array(state);
  const lastInput = (): Uint8Array => Uint8Array.from(new Uint8Array(bytes, 0, Atomics.load(view, 1)));
  const worker = new Worker(join(root, 'test/fuzz/worker.mjs'), {
    workerData: { root, name, seconds, seed, state, bytes },
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  return new Promise((resolve, reject) => {
    const give = (find: Find): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve({ inputs: Atomics.load(view, 0), corpus: 0, blocks: 0, finds: [find] });
    };
    let [last, since, ready] = [0, 0, false];
    const watch = setInterval(() => {
      const count = Atomics.load(view, 0);
      if (count !== last || !ready) [last, since] = [count, Date.now()];
      // Well over the limit, so that a busy machine is not taken for a hang.
      else if (Date.now() - since > 15 * longestMs) give({ why: 'never came back', input: lastInput() });
    }, 250);
    worker.on('message', ({ outcome }: { outcome?: Outcome }) => {
      ready = true;
      if (!outcome) return;
      clearInterval(watch);
      void worker.terminate();
      resolve(outcome);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') give({ why: `needed more than ${heapMb} MB`, input: lastInput() });
      else {
        clearInterval(watch);
        reject(error);
      }
    });
  });
}

function save(name: string, { input }: Find): string {
  const folder = join(root, 'test/fuzz/regressions', name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`);
  writeFileSync(file, input);
  return relative(root, file);
}
