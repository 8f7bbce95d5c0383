import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createSync, type Sync } from '../../../src/background/sync/sync.ts';
import { NodeError } from '../../../src/network/errors.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { alice } from '../../support/people.ts';

const hourMs = 3_600_000;
const node = 'http://node.test';
const nothing = async (): Promise<void> => undefined;

let now: number;
let filled: Record<string, number>;
let sync: Sync;
const readings = vi.fn(nothing);
const append = vi.fn(async () => 1);

/** A node that is read in its order and has nothing new. */
beforeEach(() => {
  [now, filled] = [hourMs * 1_000_000, { [node]: 0 }];
  readings.mockReset().mockImplementation(nothing);
  append.mockReset().mockResolvedValue(1);
  const cursors = new Map<string, bigint>();
  const parts = {
    address: alice.address,
    cache: { cursors: { get: async () => BigInt(now), put: async (name: string, value: bigint) => void cursors.set(name, value) } },
    rows: { load: nothing, count: () => 1, all: () => [{ id: 'one', topic: '/xmtp/0/m-one/proto', filled }].values(), changeAll: nothing },
    inbox: { append, unread: async () => [] },
    reader: { run: nothing, read: nothing },
    consent: { load: nothing, topic: () => '', read: nothing, readAll: nothing, take: nothing },
    publication: { take: nothing, lookAgain: nothing },
    node: { url: node, pages: async function* () {} },
    order: {
      known: async () => true,
      told: () => true,
      async read(_: unknown, take: (pages: AsyncIterable<unknown>) => Promise<void>) {
        await readings();
        await take(
          (async function* () {
            yield { envelopes: [], cursor: { name: 'order', value: 1n } };
          })(),
        );
        return 'read';
      },
    },
    clock: () => now,
    clockSkew: () => 0,
    signal: new AbortController().signal,
    failpoint: nothing,
    unlocked: false,
    looked: nothing,
    working: nothing,
  };
  sync = createSync(parts as unknown as Parameters<typeof createSync>[0]);
});

describe('whether there is something to ask for', () => {
  it('is not known before the first answer, and there is nothing after it', async () => {
    expect([sync.reached(), sync.quiet()]).toEqual([false, false]);
    await sync.catchUp();
    expect([sync.reached(), sync.quiet()]).toEqual([true, true]);
  });

  it('there is where a stream brought something, until that is behind the cursor', async () => {
    await sync.catchUp();
    await sync.take([]);
    expect(sync.quiet()).toBe(false);
    await sync.catchUp();
    expect(sync.quiet()).toBe(true);
  });

  it.each([
    ['the disk did not take', () => append.mockRejectedValueOnce(new StorageError('full', 'no room'))],
    ['the node did not answer', () => readings.mockRejectedValueOnce(new NodeError('unreachable', 'gone'))],
  ])('there is what %s', async (_, fail) => {
    await sync.catchUp();
    fail();
    await expect(sync.catchUp()).rejects.toThrow();
    expect(sync.quiet()).toBe(false);
    await sync.catchUp();
    expect(sync.quiet()).toBe(true);
  });

  it('there is where a history is missing, and after an hour', async () => {
    await sync.catchUp();
    filled = {};
    expect(sync.quiet()).toBe(false);
    filled = { [node]: 0 };
    expect(sync.quiet()).toBe(true);
    now += hourMs;
    expect(sync.quiet()).toBe(false);
  });

  it('new topics have their history read, and what came is not asked for', async () => {
    await sync.catchUp();
    await sync.fillUp();
    expect(readings).toHaveBeenCalledTimes(1);
  });

  it('who waits for what came joins those who asked', async () => {
    await Promise.all([sync.reach(), sync.reach(), sync.catchUp()]);
    expect(readings).toHaveBeenCalledTimes(1);
  });
});
