import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import { type StoreQueryRequest, StoreQueryRequestSchema, StoreQueryResponseSchema } from '../../../src/gen/waku/store/v3/store_pb.ts';
import { Ledger } from '../../../src/node/relay/ledger.ts';
import { parseShards, type Shards } from '../../../src/node/relay/shards.ts';
import { answerStoreQuery, type StoreQueryDeps } from '../../../src/node/relay/store-query.ts';
import { wakuHash, wakuMessageOf } from '../../../src/node/relay/waku-message.ts';
import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import type { NewEnvelope } from '../../../src/node/store/store.ts';
import { fromHex, utf8 } from '../../../src/protocol/bytes.ts';

const pubsubTopic = '/waku/2/default-waku/proto';
const shards = parseShards(pubsubTopic) as Shards;
const topics = ['/xmtp/0/m-one/proto', '/xmtp/0/m-two/proto'] as const;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

/** Twenty-five of each topic, every time twice, stored in another order than that of time. */
const envelopes: NewEnvelope[] = Array.from({ length: 50 }, (_, n) => ({
  topic: topics[n % 2] as string,
  timestampNs: BigInt(1000 + Math.floor(((n * 7) % 50) / 2)),
  message: utf8(`message ${n}`),
}));
const byTime = [...envelopes]
  .map((envelope) => ({ ...envelope, hash: hex(wakuHash(pubsubTopic, envelope)) }))
  .sort((a, b) => (a.timestampNs === b.timestampNs ? (a.hash < b.hash ? -1 : 1) : a.timestampNs < b.timestampNs ? -1 : 1));

let deps: StoreQueryDeps;
let admits = true;
beforeEach(async () => {
  admits = true;
  const store = openSqliteStore({ data: ':memory:' });
  const ledger = new Ledger(':memory:', pubsubTopic, store.id);
  for (const envelope of envelopes) await store.append([envelope]);
  deps = {
    store,
    ledger,
    shards,
    admit() {
      if (!admits) throw new Error('over');
    },
    async indexed() {
      const rows = await store.page(ledger.indexed, 1000);
      const last = rows.at(-1)?.seq;
      if (last !== undefined)
        ledger.index(
          rows.map((row) => ({ ...row, hash: wakuHash(pubsubTopic, row) })),
          last,
        );
      return ledger.indexed;
    },
    messagesOf: (found) => found.map(({ envelope }) => wakuMessageOf(envelope)),
  };
  return async () => {
    await ledger.close();
    await store.close();
  };
});

type Asked = Partial<Omit<StoreQueryRequest, '$typeName' | '$unknown'>>;
const ask = async (request: Asked) =>
  fromBinary(
    StoreQueryResponseSchema,
    await answerStoreQuery(toBinary(StoreQueryRequestSchema, create(StoreQueryRequestSchema, request)), deps),
  );
/** All pages one after the other, each page as the hashes of its messages. */
async function pages(request: Asked): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: Uint8Array | undefined;
  do {
    const answer = await ask({ ...request, ...(cursor && { paginationCursor: cursor }) });
    expect(answer.statusCode).toBe(200);
    found.push(answer.messages.map(({ messageHash }) => hex(messageHash)));
    cursor = answer.paginationCursor;
  } while (cursor && found.length < 100);
  return found;
}

describe('the store of a node, asked as Waku asks', () => {
  test('answers pages forward and backward, oldest first in each, the last without a cursor', async () => {
    const all = byTime.map(({ hash }) => hash);
    const forward = await pages({ paginationForward: true, paginationLimit: 20n });
    expect(forward.map(({ length }) => length)).toEqual([20, 20, 10]);
    expect(forward.flat()).toEqual(all);
    const backward = await pages({ paginationForward: false, paginationLimit: 25n });
    expect(backward.map(({ length }) => length)).toEqual([25, 25]);
    expect(backward.toReversed().flat()).toEqual(all);
    expect(await pages({ paginationForward: true })).toEqual([all]);
  });

  test('answers a window of time, both ends included, and of topics', async () => {
    const inside = byTime.filter(({ timestampNs }) => timestampNs >= 1005n && timestampNs <= 1010n);
    expect((await pages({ timeStart: 1005n, timeEnd: 1010n, paginationForward: true, paginationLimit: 5n })).flat()).toEqual(
      inside.map(({ hash }) => hash),
    );
    for (const forward of [true, false]) {
      const found = await pages({
        pubsubTopic,
        contentTopics: [topics[1]],
        timeStart: 1005n,
        timeEnd: 1010n,
        paginationForward: forward,
        paginationLimit: 2n,
      });
      expect(found.flat().sort()).toEqual(inside.flatMap(({ topic, hash }) => (topic === topics[1] ? [hash] : [])).sort());
    }
    expect(await pages({ pubsubTopic, contentTopics: ['/xmtp/0/m-none/proto'] })).toEqual([[]]);
    expect(await pages({ pubsubTopic: '/waku/2/other/proto', paginationForward: true })).toEqual([[]]);
  });

  test('answers by hashes, with the messages or without', async () => {
    const [one, two] = [byTime[3], byTime[7]].map((each) => fromHex(each?.hash ?? '')) as [
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
    const answer = await ask({ requestId: 'mine', messageHashes: [one, new Uint8Array(32), two], includeData: true });
    expect(answer).toMatchObject({ requestId: 'mine', statusCode: 200 });
    expect(answer.messages.map(({ message }) => Buffer.from(message?.payload ?? []).toString())).toEqual(
      [byTime[3], byTime[7]].map((each) => Buffer.from(each?.message ?? []).toString()),
    );
    expect(answer.messages[0]).toMatchObject({
      pubsubTopic,
      message: { contentTopic: byTime[3]?.topic, timestamp: byTime[3]?.timestampNs },
    });
    expect((await ask({ messageHashes: [one] })).messages[0]?.message).toBeUndefined();
  });

  test('answers in its own order too, so that what is dated back is not passed over', async () => {
    const first = await ask({ afterSequence: 0n, paginationLimit: 30n });
    expect(first).toMatchObject({ sequence: 30n, head: 50n });
    expect(hex(first.storeId)).toBe(deps.store.id);
    const rest = await ask({ afterSequence: 30n });
    expect([...first.messages, ...rest.messages].map(({ messageHash }) => hex(messageHash))).toEqual(
      envelopes.map((envelope) => hex(wakuHash(pubsubTopic, envelope))),
    );
    expect(await ask({ afterSequence: 50n })).toMatchObject({ messages: [], sequence: 50n });
  });

  test('a page ends where its bytes do, and goes on there', async () => {
    const large = Array.from(
      { length: 6 },
      (_, n): NewEnvelope => ({ topic: '/xmtp/0/m-large/proto', timestampNs: BigInt(n + 1), message: new Uint8Array(1_000_000).fill(n) }),
    );
    await (deps.store as ReturnType<typeof openSqliteStore>).append(large);
    const found = await pages({ includeData: true, pubsubTopic, contentTopics: ['/xmtp/0/m-large/proto'], paginationForward: true });
    expect(found.map(({ length }) => length)).toEqual([4, 2]);
    expect(found.flat()).toEqual(large.map((envelope) => hex(wakuHash(pubsubTopic, envelope))));
  });

  test('says what is wrong with a question', async () => {
    for (const [request, status] of [
      [{ messageHashes: [new Uint8Array(32)], contentTopics: [topics[0]], pubsubTopic }, 400],
      [{ contentTopics: [topics[0]] }, 400],
      [{ messageHashes: Array.from({ length: 101 }, () => new Uint8Array(32)) }, 400],
      [{ paginationCursor: new Uint8Array(32) }, 400],
    ] as const)
      expect((await ask(request as Asked)).statusCode).toBe(status);
    expect(fromBinary(StoreQueryResponseSchema, await answerStoreQuery(utf8('nonsense'), deps)).statusCode).toBe(400);
    admits = false;
    expect((await ask({})).statusCode).toBe(429);
  });
});
