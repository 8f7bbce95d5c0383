import { describe, expect, test } from 'vitest';
import { type Race, race } from '../../src/node/blob-race.ts';

interface Other {
  readonly name: string;
  readonly find?: () => Promise<{ size: number } | null>;
  /** Resolves with what was taken. */
  readonly take: (came: (bytes: number) => void, signal: AbortSignal) => Promise<string>;
}

const elapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const stopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Never sends anything. */
const silent = (name: string): Other => ({ name, take: (_, signal) => stopped(signal) });
/** Sends a byte now and then, and never ends. */
const dripping = (name: string): Other => ({
  name,
  take: async (came, signal) => {
    const stop = stopped(signal);
    for (;;) {
      await Promise.race([elapse(5), stop]);
      came(1);
    }
  },
});
const good = (name: string, ms = 0): Other => ({
  name,
  take: async (came) => {
    came(1000);
    await elapse(ms);
    return name;
  },
});

async function run(sources: readonly Other[], more: Partial<Race<Other, { size: number }, string>> = {}) {
  const [begun, failed, outrun, discarded]: [string[], string[], string[], string[]] = [[], [], [], []];
  const end = await race<Other, { size: number }, string>({
    sources,
    isLast: () => false,
    find: async ({ find }) => (find ? find() : { size: 1000 }),
    take: ({ name, take }, _, came, signal) => {
      begun.push(name);
      return take(came, signal);
    },
    discard: (taken) => discarded.push(taken),
    onFailed: ({ name }) => failed.push(name),
    onOutrun: ({ name }) => outrun.push(name),
    limitMs: () => 2000,
    nextMs: 40,
    allMs: 2000,
    ...more,
  });
  return { end: typeof end === 'string' ? end : end.taken, begun, failed, outrun, discarded };
}

describe('of several who have something', () => {
  test('one is asked for it as long as it is quick', async () => {
    expect(await run([good('a'), good('b')])).toMatchObject({ end: 'a', begun: ['a'], outrun: [] });
  });

  test('the next one is asked, too, when the first does not come to its end', async () => {
    expect(await run([silent('a'), good('b')])).toMatchObject({ end: 'b', begun: ['a', 'b'], failed: [], outrun: ['a'] });
  });

  test('the next one is asked at once when the first sends something else', async () => {
    const wrong: Other = { name: 'a', take: () => Promise.reject(new Error('it is not what its name says')) };
    expect(await run([wrong, good('b')], { nextMs: 10_000 })).toMatchObject({ end: 'b', failed: ['a'] });
  });

  test('no more than two are at it, and who gave less makes way', async () => {
    const { end, begun, failed, outrun } = await run([dripping('a'), silent('b'), dripping('c'), good('d')]);
    expect([end, begun]).toEqual(['d', ['a', 'b', 'c', 'd']]);
    expect(new Set([...failed, ...outrun])).toEqual(new Set(['a', 'b', 'c']));
  });

  test('one who gave something else before is asked last', async () => {
    const isLast = ({ name }: Other) => name === 'a';
    const late: Other = { ...good('b'), find: () => elapse(20).then(() => ({ size: 1000 })) };
    expect(await run([good('a'), late], { isLast })).toMatchObject({ end: 'b', begun: ['b'] });
    expect(await run([good('a')], { isLast })).toMatchObject({ end: 'a' });
  });

  test('nobody waits for who does not say whether it has it', async () => {
    expect(await run([{ ...good('a'), find: () => new Promise(() => {}) }, good('b')])).toMatchObject({ end: 'b', begun: ['b'] });
  });

  test('who cannot come to the end in time is given up, and the slow one who can is not', async () => {
    expect(await run([dripping('a')], { find: async () => ({ size: 1_000_000 }), nextMs: 20, allMs: 60_000 })).toMatchObject({
      end: 'failed',
      failed: ['a'],
    });
    expect(await run([good('a', 300)], { nextMs: 20 })).toMatchObject({ end: 'a', failed: [] });
  });

  test('who is at it for longer than what it has may take is given up, and the next one gives it', async () => {
    const lying: Other = {
      name: 'a',
      find: async () => ({ size: 10 }),
      async take(came, signal) {
        came(9);
        return stopped(signal);
      },
    };
    const late: Other = { ...good('b'), find: () => elapse(500).then(() => ({ size: 1000 })) };
    const limits = { limitMs: ({ size }: { size: number }) => size * 10, nextMs: 30, allMs: 60_000 };
    expect(await run([lying, late], limits)).toMatchObject({ end: 'b', failed: ['a'] });
  });

  test('all of it ends', async () => {
    const flood: Other = {
      name: 'a',
      async take(came, signal) {
        came(1000);
        return stopped(signal);
      },
    };
    expect(await run([flood], { allMs: 100 })).toMatchObject({ end: 'failed', failed: ['a'] });
  });

  test('what comes too late is told of, to be thrown away', async () => {
    const late: Other = { name: 'a', take: () => elapse(100).then(() => 'a') };
    const ended = await run([late, good('b')]);
    expect(ended).toMatchObject({ end: 'b', discarded: [] });
    await elapse(150);
    expect(ended.discarded).toEqual(['a']);
  });
});

test('what nobody has is nowhere; when somebody did not answer, or there is nobody, that is told apart', async () => {
  const none: Other = { ...good('a'), find: async () => null };
  const away: Other = { ...good('b'), find: () => Promise.reject(new Error('away')) };
  expect((await run([none])).end).toBe('absent');
  expect((await run([])).end).toBe('absent');
  expect((await run([none, away])).end).toBe('failed');
});
