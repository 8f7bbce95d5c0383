import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { StoreQueryRequestSchema, StoreQueryResponseSchema } from '../../../src/gen/waku/store/v3/store_pb.ts';
import type { Judgement } from '../../../src/node/relay/guard.ts';
import { Ledger } from '../../../src/node/relay/ledger.ts';
import { parseShards, type Shards } from '../../../src/node/relay/shards.ts';
import { answerStoreQuery, type StoreQueryDeps } from '../../../src/node/relay/store-query.ts';
import { type SyncDeps, syncWith } from '../../../src/node/relay/sync.ts';
import { wakuHash, wakuMessageOf } from '../../../src/node/relay/waku-message.ts';
import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import { msToNs } from '../../../src/protocol/time.ts';

const topic = '/waku/2/default-waku/proto';
const now = Date.now();

/** A peer with a store of so many messages, `ageMs` apart; `foreign` is one that knows only what Waku says. */
async function peerWith(count: number, { foreign = false, ageMs = 1 } = {}) {
  const store = openSqliteStore({ data: ':memory:' });
  const ledger = new Ledger(':memory:', topic, store.id);
  const shards = parseShards(topic) as Shards;
  const put = (n: number) =>
    store.append([{ topic: '/xmtp/0/m-x/proto', timestampNs: msToNs(now - n * ageMs), message: utf8(`message ${n}`) }]);
  for (let n = 0; n < count; n++) await put(n);
  let asked = 0;
  const deps: StoreQueryDeps = {
    store,
    ledger,
    shards,
    admit() {
      if (asked++ === 1) throw new Error('once, too often');
    },
    async indexed() {
      const rows = await store.page(ledger.indexed, 10_000);
      const hashed = rows.map((row) => ({ ...row, hash: wakuHash(topic, row) }));
      if (rows.length > 0) ledger.index(hashed, rows.at(-1)?.seq ?? 0);
      return ledger.indexed;
    },
    messagesOf: (found) => found.map(({ envelope }) => wakuMessageOf(envelope)),
  };
  const ask = (bytes: Uint8Array): Promise<Uint8Array> => {
    const { afterSequence, ...request } = fromBinary(StoreQueryRequestSchema, bytes);
    return answerStoreQuery(foreign ? toBinary(StoreQueryRequestSchema, create(StoreQueryRequestSchema, request)) : bytes, deps);
  };
  return { ask, put };
}

/** Whoever takes what comes, and how often limits make it wait. */
function taker(ask: SyncDeps['ask'], limited = 0) {
  const taken = new Set<string>();
  const asked: Uint8Array[] = [];
  let over = limited;
  const deps: SyncDeps = {
    ledger: new Ledger(':memory:', topic, 'here'),
    settings: 'one',
    ask(request) {
      asked.push(request);
      return ask(request);
    },
    missing: (hashes) => hashes.filter((hash) => !taken.has(Buffer.from(hash).toString('hex'))),
    take: async (messages) =>
      messages.map(({ message }): Judgement => {
        if (over-- > 0) return { verdict: 'ignore', reason: 'over limit', retryMs: 1 };
        const envelope = { topic: message.contentTopic, timestampNs: message.timestamp ?? 0n, message: message.payload };
        const hash = wakuHash(topic, envelope);
        taken.add(hash.toString('hex'));
        return { verdict: 'accept', envelope, hash, voucher: undefined };
      }),
    clock: () => now,
    stopped: () => false,
  };
  return { deps, taken, asked };
}

test('a node is read from where it was left, limits are waited for, and other settings begin from the start', {
  timeout: 30_000,
}, async () => {
  const { ask, put } = await peerWith(250, { ageMs: 86_400_000 });
  const { deps, taken, asked } = taker(ask, 3);
  expect(await syncWith('peer', deps)).toEqual({ compared: 250, missing: 250, repaired: 250, lag: 0 });
  expect(taken.size).toBe(250);
  expect(await syncWith('peer', deps)).toEqual({ compared: 0, missing: 0, repaired: 0, lag: 0 });
  await put(999);
  asked.splice(0);
  expect(await syncWith('peer', deps)).toEqual({ compared: 1, missing: 1, repaired: 1, lag: 0 });
  expect(asked.length).toBeLessThan(4);
  expect(await syncWith('peer', { ...deps, settings: 'two' })).toEqual({ compared: 251, missing: 0, repaired: 0, lag: 0 });
});

test('any other Waku store is compared over a day, then from the last time on', { timeout: 30_000 }, async () => {
  const { ask, put } = await peerWith(150, { foreign: true, ageMs: 3_600_000 / 4 });
  const { deps, taken, asked } = taker(ask);
  // Every quarter of an hour one: a day has 97 of them, both ends included.
  expect(await syncWith('foreign', deps)).toMatchObject({ compared: 97, missing: 97, repaired: 97 });
  await put(0.001);
  asked.splice(0);
  expect(await syncWith('foreign', deps)).toMatchObject({ compared: 2, missing: 1, repaired: 1 });
  expect(taken.size).toBe(98);
});

test('a peer that answers nonsense is an error, and leaves the place as it was', async () => {
  const { ask } = await peerWith(3);
  const { deps } = taker(async () => utf8('nonsense'));
  await expect(syncWith('peer', deps)).rejects.toThrow();
  const refusing = async () => toBinary(StoreQueryResponseSchema, create(StoreQueryResponseSchema, { statusCode: 500, statusDesc: 'no' }));
  await expect(syncWith('peer', { ...deps, ask: refusing })).rejects.toThrow('500');
  expect(await syncWith('peer', { ...deps, ask })).toMatchObject({ repaired: 3 });
});
