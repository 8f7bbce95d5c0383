import { Session } from 'node:inspector/promises';
import { generator } from '../support/random.ts';
import { attempt } from './attempt.ts';
import { minimise, mutate } from './mutate.ts';
import { targets } from './targets.ts';

/** Where the loop writes what it is about to try, so that somebody else knows when it never comes back: a counter, a length, the bytes. */
export interface Shared {
  readonly state: Int32Array;
  readonly bytes: Uint8Array;
}

export interface Find {
  readonly why: string;
  readonly input: Uint8Array;
}

export interface Outcome {
  readonly inputs: number;
  readonly corpus: number;
  /** Functions and blocks of src that were reached. */
  readonly blocks: number;
  readonly finds: readonly Find[];
}

const batch = 64;
const mostFinds = 20;

/** Tries inputs for so many seconds. Inputs that reach code which none has reached before are kept and changed further. */
export async function fuzz(name: string, seconds: number, seed: number, shared: Shared): Promise<Outcome> {
  const target = targets[name];
  if (!target) throw new Error(`no target ${name}`);
  const random = generator(seed);
  const corpus: Uint8Array[] = [new Uint8Array(0), ...target.seeds];
  const finds = new Map<string, Uint8Array>();
  const coverage = await Coverage.start();
  let inputs = 0;
  let blocks = 0;
  const tryOne = async (bytes: Uint8Array): Promise<void> => {
    shared.bytes.set(bytes.subarray(0, shared.bytes.length));
    Atomics.store(shared.state, 1, Math.min(bytes.length, shared.bytes.length));
    Atomics.add(shared.state, 0, 1);
    inputs += 1;
    const why = await attempt(target, bytes);
    const kind = why?.replace(/\d+/g, 'N');
    if (why && kind && !finds.has(kind) && finds.size < mostFinds) {
      const same = async (shorter: Uint8Array): Promise<boolean> => (await attempt(target, shorter))?.replace(/\d+/g, 'N') === kind;
      finds.set(kind, await minimise(bytes, same));
    }
  };
  for (const bytes of corpus) await tryOne(bytes);
  blocks += await coverage.fresh();
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const tried: Uint8Array[] = [];
    for (let n = 0; n < batch; n++) {
      // New ones are more promising than old ones.
      const pick = (): Uint8Array => corpus[Math.floor((1 - random() ** 2) * corpus.length)] ?? new Uint8Array(0);
      const bytes = mutate(pick(), pick(), random);
      tried.push(bytes);
      await tryOne(bytes);
    }
    const fresh = await coverage.fresh();
    if (fresh === 0) continue;
    blocks += fresh;
    // Which of the batch it was costs more to find out than it is worth: a few of them are kept.
    for (let n = 0; n < 4; n++) corpus.push(tried[Math.floor(random() * tried.length)] as Uint8Array);
  }
  await coverage.stop();
  return { inputs, corpus: corpus.length, blocks, finds: [...finds].map(([why, input]) => ({ why, input })) };
}

/**
 * What V8 has run of src for the first time since it was asked last. It tells of each function that ran and of the blocks in it that did not: a block that was
 * told of so once and is not any more has been run.
 */
class Coverage {
  readonly #session = new Session();
  readonly #blocks = new Map<string, Set<string>>();
  readonly #run = new Set<string>();

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    coverage.#session.connect();
    await coverage.#session.post('Profiler.enable');
    await coverage.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return coverage;
  }

  async fresh(): Promise<number> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const before = this.#run.size;
    for (const { url, scriptId, functions } of result) {
      if (!url.includes('/src/')) continue;
      for (const { ranges } of functions) {
        const [whole, ...inner] = ranges;
        if (!whole || whole.count === 0) continue;
        const name = `${scriptId} ${whole.startOffset} ${whole.endOffset}`;
        const blocks = this.#blocks.get(name) ?? new Set<string>();
        this.#blocks.set(name, blocks);
        const left = new Set(inner.filter(({ count }) => count === 0).map(({ startOffset, endOffset }) => `${startOffset} ${endOffset}`));
        for (const block of left) blocks.add(block);
        this.#run.add(name);
        for (const block of blocks) if (!left.has(block)) this.#run.add(`${name} ${block}`);
      }
    }
    return this.#run.size - before;
  }

  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
