import { describe, expect, test } from 'vitest';
import { Indexer } from '../../../src/node/relay/indexer.ts';
import type { CommittedEnvelope } from '../../../src/node/store/store.ts';

/** A store with so many rows that answers at once, and a ledger that notes what it is told. */
function setting(size: number) {
  const rows = Array.from(
    { length: size },
    (_, index): CommittedEnvelope => ({ topic: '/xmtp/0/m-a/proto', timestampNs: 1n, message: Buffer.from(String(index)), seq: index + 1 }),
  );
  const told: number[] = [];
  const pages: number[] = [];
  let indexed = 0;
  let whole = 0;
  const ledger = {
    get indexed() {
      return indexed;
    },
    index(some: readonly { readonly seq: number }[], upTo: number) {
      told.push(...some.map(({ seq }) => seq));
      indexed = upTo;
    },
    ready: async () => {},
    caughtUp: () => {
      whole += 1;
    },
  };
  const store = {
    head: () => rows.length,
    page: async (after: number, limit: number) => {
      pages.push(after);
      return rows.slice(after, after + limit);
    },
  };
  return { indexer: new Indexer({ store, ledger, shards: { of: () => 'topic' } }), told, whole: () => whole, rows, pages };
}

describe('indexing', () => {
  test('knows every row once, whoever asks how often', async () => {
    const { indexer, told, whole } = setting(2600);
    expect(await Promise.all([indexer.run(), indexer.run()])).toEqual([2600, 2600]);
    expect(told).toEqual(Array.from({ length: 2600 }, (_, index) => index + 1));
    expect(whole()).toBe(1);
    expect(await indexer.run()).toBe(2600);
    expect(told).toHaveLength(2600);
  });

  test('lets others have their turn in the middle, however much there is', async () => {
    const { indexer, told } = setting(10_000);
    const seen: number[] = [];
    let running = true;
    const others = (): void => {
      seen.push(told.length);
      if (running) setImmediate(others);
    };
    setImmediate(others);
    await indexer.run();
    running = false;
    expect(Math.max(...seen.map((count, at) => count - (seen[at - 1] ?? 0)))).toBeLessThanOrEqual(500);
    expect(seen.length).toBeGreaterThan(15);
  });

  test('comes to an end where something is stored in every turn', async () => {
    const { indexer, rows } = setting(1000);
    const [row] = rows as [CommittedEnvelope];
    let isOver = false;
    const store = (): void => {
      for (let count = 0; count < 3; count++) rows.push({ ...row, seq: rows.length + 1 });
      if (!isOver && rows.length < 20_000) setImmediate(store);
    };
    setImmediate(store);
    expect(await indexer.run()).toBeLessThan(1500);
    isOver = true;
  });

  test('does not read what it was told of when it was stored, and reads what is between', async () => {
    const { indexer, told, rows, pages } = setting(900);
    const note = (from: number, to: number): void => {
      for (const { seq, timestampNs } of rows.slice(from - 1, to)) indexer.note({ seq, timestampNs, hash: Buffer.alloc(32, seq) });
    };
    note(1, 300);
    note(302, 600);
    expect(await indexer.run()).toBe(900);
    expect(told).toEqual(rows.map(({ seq }) => seq));
    // Row 301 with those after it, and what comes last.
    expect(pages).toEqual([300, 600, 850]);
  });

  test('is done without being asked for when much was told of', async () => {
    const { indexer, told, rows, pages } = setting(5000);
    for (const { seq, timestampNs } of rows) indexer.note({ seq, timestampNs, hash: Buffer.alloc(32, seq) });
    while (told.length < 5000) await new Promise((resolve) => setImmediate(resolve));
    expect(pages).toEqual([]);
  });

  test('stops in the middle when the node does, and does not say that it is through', async () => {
    const { indexer, told, whole } = setting(10_000);
    const running = indexer.run();
    await new Promise((resolve) => setImmediate(resolve));
    await indexer.stop();
    expect(await running).toBe(told.at(-1));
    expect(told.length).toBeLessThan(10_000);
    expect(whole()).toBe(0);
  });
});
