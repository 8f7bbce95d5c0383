import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepRetention } from '../../src/node/retention.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import type { ForgetWindow, Store } from '../../src/node/store/store.ts';
import { utf8 } from '../../src/protocol/bytes.ts';

const day = 86_400_000;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

test('a sweep goes on where the last one ended, also after a restart', async () => {
  const data = mkdtempSync(join(tmpdir(), 'parley-retention-'));
  let now = day;
  const add = (store: Store, from: number) =>
    store.append(
      Array.from({ length: 1200 }, (_, n) => ({
        topic: `/xmtp/0/${n % 2 ? 'm' : 'invite'}-a/proto`,
        timestampNs: BigInt(from + n),
        message: utf8('x'),
      })),
    );
  /** Lets one sweep run and answers where its windows began. */
  const sweep = async (store: Store): Promise<number[]> => {
    const begun: number[] = [];
    let ended = false;
    const watched = Object.create(store, {
      forget: {
        value: async (window: ForgetWindow) => {
          begun.push(window.after);
          const forgotten = await store.forget(window);
          ended = forgotten.next === null;
          return forgotten;
        },
      },
      sweptTo: { value: (prefix: string) => store.sweptTo(prefix) },
      noteSwept: { value: (prefix: string, seq: number) => store.noteSwept(prefix, seq) },
    }) as Store;
    const stop = keepRetention(new Map([['m', 30]]), watched, quiet, () => now);
    await expect.poll(() => ended, { timeout: 10_000 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100)); // for the note that follows
    stop();
    return begun;
  };

  const first = openSqliteStore({ data, clock: () => now });
  await add(first, 0);
  now = 40 * day;
  expect(await sweep(first)).toEqual([0, 500, 1000]);
  await first.close();

  const second = openSqliteStore({ data, clock: () => now });
  await add(second, 10_000);
  expect(await sweep(second)).toEqual([1000, 1600]);
  now = 80 * day;
  expect(await sweep(second)).toEqual([1000, 1600, 2100]);
  const left = (topic: string) =>
    second.query({ topics: [`/xmtp/0/${topic}-a/proto`], startNs: 0n, endNs: 0n, limit: 5000, ascending: true });
  expect([(await left('m')).length, (await left('invite')).length]).toEqual([0, 1200]);
  await second.close();
  rmSync(data, { recursive: true, force: true });
});
