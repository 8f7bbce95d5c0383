import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TokenSchema } from '../../src/gen/xmtp/message_api/v1/authn_pb.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toBase64 } from '../../src/protocol/bytes.ts';
import { contactTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { alice, bob } from '../support/people.ts';
import { api, bearer } from './clients.ts';
import { type Envelope, grpcClient, jsonClient, type Page, type Place, Refused } from './two-clients.ts';

let node: RunningNode;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await node?.close();
});
const start = async (options: NodeOptions = {}): Promise<void> => {
  node = await startNode({ compat: true, ...options });
};

const at = (): Place => ({ url: node.url, atEnd: (stop) => void stops.push(stop) });
const grpc = grpcClient(at);
const json = jsonClient(at);

const topic = '/xmtp/0/m-conformance/proto';
const envelope = (n: number, contentTopic = topic): Envelope => ({
  contentTopic,
  timestampNs: BigInt(n),
  message: Buffer.from(`message ${n}`),
});
const many = (from: number, to: number, contentTopic = topic): Envelope[] =>
  Array.from({ length: to - from + 1 }, (_, index) => envelope(from + index, contentTopic));
const times = ({ envelopes }: Page): number[] => envelopes.map(({ timestampNs }) => Number(timestampNs));
const refusal = async (work: Promise<unknown>): Promise<[number, string]> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Refused) return [error.code, error.message];
    throw error;
  }
  return [0, 'taken'];
};
type Headers = Record<string, string>;
const soon = { timeout: 30_000 };

describe.each([
  ['gRPC', grpc],
  ['JSON', json],
] as const)('as existing nodes answer, over %s', (_, client) => {
  test('SubscribePublishQuery: a stream brings what is published, a query has it', async () => {
    await start();
    const stream = await client.subscribe([topic]);
    await client.publish(many(1, 10));
    await expect.poll(() => stream.received.length, soon).toBe(10);
    expect(stream.received).toEqual(
      many(1, 10)
        .map((each) => ({ ...each, message: Uint8Array.from(each.message) }))
        .map(same),
    );
    expect(times(await client.query({ contentTopics: [topic], ascending: true }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
  const same = (each: Envelope) => expect.objectContaining({ contentTopic: each.contentTopic, timestampNs: each.timestampNs });

  test.each(['/xmtp/0/mE-x/proto', '/xmtp/0/dmE-x-y/proto'])(
    'SubscribePublishToEphemeralTopic: %s is relayed and not stored',
    async (ephemeral) => {
      await start();
      const stream = await client.subscribe([ephemeral]);
      await client.publish([envelope(1, ephemeral)]);
      await expect.poll(() => stream.received.length, soon).toBe(1);
      expect((await client.query({ contentTopics: [ephemeral] })).envelopes).toEqual([]);
    },
  );

  test('MaxContentTopicLength: 300 bytes pass, one more does not', async () => {
    await start();
    const long = (length: number): string => `/xmtp/0/m-${'x'.repeat(length - 10)}`;
    await client.publish([envelope(1, long(300))]);
    expect(await refusal(client.publish([envelope(1, long(301))]))).toEqual([Code.InvalidArgument, 'topic length too big']);
  });

  test('MaxMessageSize: the exact limit passes, one byte more does not', async () => {
    await start();
    const sized = (length: number): Envelope => ({ ...envelope(1), message: new Uint8Array(length) });
    await client.publish([sized(1_048_214)]);
    expect(await refusal(client.publish([sized(1_048_215)]))).toEqual([Code.InvalidArgument, 'message too big']);
  });

  test('QueryNoTopics, QueryTooManyRows, QueryNonExistentTopic', async () => {
    await start();
    expect(await refusal(client.query({ contentTopics: [] }))).toEqual([Code.InvalidArgument, 'content topics required']);
    expect(await refusal(client.query({ contentTopics: [topic], limit: 101 }))).toEqual([
      Code.InvalidArgument,
      'cannot exceed 100 rows per query',
    ]);
    expect(await client.query({ contentTopics: ['/xmtp/0/m-none/proto'] })).toEqual({ envelopes: [], limit: 0, cursor: null });
    expect((await refusal(client.query({ contentTopics: ['/xmtp/0/userpreferences-a/proto'], limit: 500 })))[0]).toBe(0);
  });

  test('SubscribeClientClose: who has gone costs nothing, and others go on', async () => {
    await start();
    const [one, other] = [await client.subscribe([topic]), await client.subscribe([topic])];
    await client.publish([envelope(1)]);
    await expect.poll(() => one.received.length, soon).toBe(1);
    one.close();
    await client.publish([envelope(2)]);
    await expect.poll(() => other.received.length, soon).toBe(2);
    expect(one.received).toHaveLength(1);
  });

  test('SubscribeAllClientClose: everything of this network, until one goes', async () => {
    await start();
    const stream = await client.subscribe('all');
    await client.publish([envelope(1), envelope(2, '/xmtp/0/other/proto'), envelope(3, 'elsewhere')]);
    await expect.poll(() => stream.received.map(({ contentTopic }) => contentTopic), soon).toEqual([topic, '/xmtp/0/other/proto']);
    stream.close();
    expect(await stream.ended).toBe('closed');
  });

  test('SubscribeServerClose, SubscribeAllServerClose: streams end with words when the node stops', async () => {
    await start();
    const streams = [await client.subscribe([topic]), await client.subscribe('all')];
    await node.close();
    for (const stream of streams) expect(await stream.ended).toBe(Code.Unavailable);
  });

  test('MultipleSubscriptions: each gets its own', async () => {
    await start();
    const [one, two, both] = [await client.subscribe(['a']), await client.subscribe(['b']), await client.subscribe(['a', 'b'])];
    await client.publish([envelope(1, 'a'), envelope(2, 'b')]);
    await expect.poll(() => [one, two, both].map(({ received }) => received.length), soon).toEqual([1, 1, 2]);
  });

  test('QueryPaging: in pages of three, both ways, within a window', async () => {
    await start();
    await client.publish(many(1, 10));
    for (const ascending of [true, false]) {
      const found: number[] = [];
      const limits: number[] = [];
      for (let cursor: unknown; ; ) {
        const page = await client.query({ contentTopics: [topic], startTimeNs: 3n, endTimeNs: 9n, limit: 3, ascending, cursor });
        found.push(...times(page));
        limits.push(page.limit);
        cursor = page.cursor;
        if (!cursor) break;
      }
      expect(found).toEqual(ascending ? [3, 4, 5, 6, 7, 8, 9] : [9, 8, 7, 6, 5, 4, 3]);
      expect(limits).toEqual([3, 3, 0]);
    }
  });

  test('CursorTimestampTie: rows of one time are neither lost nor repeated between pages', async () => {
    await start();
    const tied = Array.from({ length: 7 }, (_, index) => ({ ...envelope(5), message: Buffer.from(`tie ${index}`) }));
    await client.publish(tied);
    const found: string[] = [];
    for (let cursor: unknown; ; ) {
      const page = await client.query({ contentTopics: [topic], limit: 2, ascending: true, cursor });
      found.push(...page.envelopes.map(({ message }) => Buffer.from(message).toString()));
      cursor = page.cursor;
      if (!cursor) break;
    }
    expect(found.toSorted()).toEqual(tied.map(({ message }) => Buffer.from(message).toString()).toSorted());
  });

  test('LastPage, PagingInfoGeneration: a full page says where to go on, also when nothing is left', async () => {
    await start();
    await client.publish(many(1, 4));
    const full = await client.query({ contentTopics: [topic], limit: 4, ascending: true });
    expect([times(full), full.limit, full.cursor !== null]).toEqual([[1, 2, 3, 4], 4, true]);
    expect(await client.query({ contentTopics: [topic], limit: 4, ascending: true, cursor: full.cursor })).toEqual({
      envelopes: [],
      limit: 0,
      cursor: null,
    });
    expect(times(await client.query({ contentTopics: [topic], limit: 1 }))).toEqual([4]);
  });

  test('StartTime, TimeWindow, TimeAndTopic, MultipleTopics: bounds are included, topics share one order', async () => {
    await start();
    await client.publish([...many(1, 5), ...many(3, 7, 'other')]);
    expect(times(await client.query({ contentTopics: [topic], startTimeNs: 4n, ascending: true }))).toEqual([4, 5]);
    expect(times(await client.query({ contentTopics: [topic], startTimeNs: 2n, endTimeNs: 3n, ascending: true }))).toEqual([2, 3]);
    expect(times(await client.query({ contentTopics: [topic, 'other'], endTimeNs: 4n, ascending: true }))).toEqual([1, 2, 3, 3, 4, 4]);
  });

  test('DirectionSingleField: the newest come first when nothing is said', async () => {
    await start();
    await client.publish(many(1, 3));
    expect(times(await client.query({ contentTopics: [topic] }))).toEqual([3, 2, 1]);
  });

  test('BatchQuery: fifty at once, each in its own direction', async () => {
    await start();
    await client.publish(many(1, 3));
    const pages = await client.batch(Array.from({ length: 50 }, (_, index) => ({ contentTopics: [topic], ascending: index % 2 === 0 })));
    expect(pages.map(times)).toEqual(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? [1, 2, 3] : [3, 2, 1])));
  });

  test('BatchQueryOverLimitError', async () => {
    await start();
    const queries = Array.from({ length: 51 }, () => ({ contentTopics: [topic] }));
    expect(await refusal(client.batch(queries))).toEqual([Code.InvalidArgument, 'cannot exceed 50 requests in single batch']);
  });

  test('LargeQueryTesting: a hundred rows of ten thousand, page by page', async () => {
    await start({ limits: { walletPublishRate: 0, networkPublishRate: 0, networkReadRate: 0 } });
    for (let n = 0; n < 20; n++) await client.publish(many(n * 100 + 1, n * 100 + 100));
    const found: number[] = [];
    for (let cursor: unknown; ; ) {
      const page = await client.query({ contentTopics: [topic], limit: 100, ascending: true, cursor });
      found.push(...times(page));
      cursor = page.cursor;
      if (!cursor) break;
    }
    expect(found).toEqual(Array.from({ length: 2000 }, (_, index) => index + 1));
  });

  test('Publish_DenyListed, and allowed once the list is another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-lists-'));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const lists = join(folder, 'lists.json');
    writeFileSync(lists, JSON.stringify({ deny: [alice.address] }));
    await start({ lists });
    expect(await refusal(client.publish([envelope(1)]))).toEqual([Code.PermissionDenied, 'wallet is deny listed']);
    await client.publish([envelope(1)], bearer(bob));
    writeFileSync(lists, '{');
    node.reload();
    expect((await refusal(client.publish([envelope(1)])))[0]).toBe(Code.PermissionDenied);
    writeFileSync(lists, JSON.stringify({ deny: [] }));
    node.reload();
    await client.publish([envelope(2)]);
  });

  test('Ratelimits_Regular, Ratelimits_Priority: who is over the rate is told of it, who is allowed more is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-lists-'));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const lists = join(folder, 'lists.json');
    writeFileSync(lists, JSON.stringify({ allow: [bob.address] }));
    let now = Date.now();
    await start({ lists, clock: () => now, limits: { walletPublishRate: 1 } });
    const as = (who: typeof alice): Headers => bearer(who, () => now);
    await client.publish(many(1, 100), as(alice));
    const [code, words] = await refusal(client.publish([envelope(101)], as(alice)));
    expect([code, words]).toEqual([Code.ResourceExhausted, expect.stringContaining('rate limit')]);
    await client.publish(many(200, 399), as(bob));
    now += 2000;
    await client.publish(many(102, 103), as(alice));
  });

  test('PublishSameEnvelopeTwice: once, and no error', async () => {
    await start();
    for (let n = 0; n < 2; n++) await client.publish([envelope(1)]);
    expect((await client.query({ contentTopics: [topic] })).envelopes).toHaveLength(1);
  });

  test('AuthnNoToken, TokenMissingIdentityKey, TokenMissingAuthData, DecodeInvalidToken, DecodeEmptyToken', async () => {
    await start();
    const without = (change: object): Headers => ({
      authorization: `Bearer ${toBase64(toBinary(TokenSchema, create(TokenSchema, change)))}`,
    });
    for (const [headers, words] of [
      [{}, 'authorization token is not provided'],
      [{ authorization: 'Bearer' }, 'malformed'],
      [{ authorization: `Basic ${createAuthToken(alice.bundle)}` }, 'unrecognized authorization scheme'],
      [{ authorization: 'Bearer AAAA' }, 'validating token'],
      [without({ authDataBytes: Uint8Array.of(1) }), 'missing identity key'],
    ] as const) {
      const [code, message] = await refusal(client.publish([envelope(1)], headers));
      expect([code, message]).toEqual([Code.Unauthenticated, expect.stringContaining(words)]);
    }
    // Reading needs none.
    await client.query({ contentTopics: [topic] });
  });

  test('ValidToken, ExpiredToken: an hour, and not longer', async () => {
    const now = Date.now();
    await start({ clock: () => now });
    await client.publish(
      [envelope(1)],
      bearer(alice, () => now - 3_590_000),
    );
    const [code, message] = await refusal(
      client.publish(
        [envelope(1)],
        bearer(alice, () => now - 3_610_000),
      ),
    );
    expect([code, message]).toEqual([Code.Unauthenticated, expect.stringContaining('token expired')]);
  });

  test('RestrictedTopicAllowed, RestrictedTopicDisallowed', async () => {
    await start();
    for (const restricted of [contactTopic, privateStoreTopic]) {
      await client.publish([envelope(1, restricted(alice.address))]);
      expect(await refusal(client.publish([envelope(1, restricted(bob.address))]))).toEqual([
        Code.PermissionDenied,
        'publishing to restricted topic',
      ]);
    }
    for (const open of [
      `/xmtp/0/invite-${bob.address}/proto`,
      `/xmtp/0/intro-${bob.address}/proto`,
      '/xmtp/0/userpreferences-x/proto',
      'anything',
    ])
      await client.publish([envelope(1, open)]);
  });

  test('Atomic: what existing nodes took by halves is taken whole or not at all', async () => {
    await start();
    await refusal(client.publish([envelope(1), envelope(1, contactTopic(bob.address))]));
    expect((await client.query({ contentTopics: [topic] })).envelopes).toEqual([]);
  });
});

describe('as existing nodes answer, over one of the two', () => {
  test('Subscribe2UpdateTopics, Subscribe2ClientClose: each request takes the place of the topics before', async () => {
    await start();
    const control = new AbortController();
    stops.push(() => control.abort());
    let next: (topics: string[] | null) => void = () => {};
    const requests = (async function* () {
      yield { contentTopics: ['a'] };
      for (;;) {
        const topics = await new Promise<string[] | null>((resolve) => {
          next = resolve;
        });
        if (!topics) return;
        yield { contentTopics: topics };
      }
    })();
    const received: string[] = [];
    let opened = false;
    const reading = (async () => {
      for await (const { contentTopic } of api(node.url).subscribe2(requests, { signal: control.signal, onHeader: () => (opened = true) }))
        received.push(contentTopic);
    })().catch(() => undefined);
    await vi.waitFor(() => expect(opened).toBe(true), soon);
    await grpc.publish([envelope(1, 'a'), envelope(1, 'b')]);
    await vi.waitFor(() => expect(received).toEqual(['a']), soon);
    next(['b']);
    await vi.waitFor(async () => {
      await grpc.publish([envelope(Date.now(), 'b'), envelope(2, 'a')]);
      expect(received.at(-1)).toBe('b');
    }, soon);
    expect(received.filter((each) => each === 'a')).toHaveLength(1);
    control.abort();
    await reading;
  });

  test('SubscribeContextTimeout, SubscribeContextCancel: a stream ends with its client’s deadline', async () => {
    await start();
    const stream = api(node.url).subscribe({ contentTopics: [topic] }, { timeoutMs: 300 });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test('HTTPNotFound, HTTPRootPath, Health', async () => {
    await start();
    const missing = await fetch(`${node.url}/no/such/path`);
    expect([missing.status, await missing.json()]).toEqual([404, { code: 5, message: 'Not Found', details: [] }]);
    expect((await fetch(`${node.url}/`)).status).toBe(200);
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
  });

  test('a network that is denied gets health and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-lists-'));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const lists = join(folder, 'lists.json');
    writeFileSync(lists, JSON.stringify({ denyNetworks: ['127.0.0.0/8'] }));
    await start({ lists });
    for (const work of [
      () => json.query({ contentTopics: [topic] }),
      () => json.batch([]),
      () => json.publish([envelope(1)]),
      () => grpc.query({ contentTopics: [topic] }),
    ])
      expect(await refusal(work())).toEqual([Code.PermissionDenied, 'network is deny listed']);
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  });
});
