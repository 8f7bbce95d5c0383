import { once } from 'node:events';
import http2 from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FollowRequestSchema, type FollowResponse, FollowResponseSchema, NodeApi } from '../../src/gen/parley/node/v1/node_pb.ts';
import { FrameReader, frame } from '../../src/node/framing.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { api, bearer, transports } from './clients.ts';

let node: RunningNode;
const stops: (() => unknown)[] = [];
beforeEach(async () => {
  node = await startNode({ compat: true, limits: { networkReadRate: 0, walletPublishRate: 0, networkPublishRate: 0 } });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await node.close();
});

const topicOf = (n: number): string => `/xmtp/0/m-follow-${n}/proto`;
const envelope = (topic: string, text: string, time = 1) => ({
  contentTopic: topic,
  timestampNs: BigInt(time),
  message: Buffer.from(text),
});
const publish = (...envelopes: ReturnType<typeof envelope>[]) => api(node.url).publish({ envelopes }, { headers: bearer(alice) });
const client = (transport: keyof typeof transports = 'Connect over h2c') => createClient(NodeApi, transports[transport](node.url));

interface Place {
  readonly since?: bigint;
  readonly storeId?: Uint8Array;
  readonly savedTopics?: Uint8Array;
}

/** Follows until it is told to stop; what came is in `steps`. */
function follow(topics: string[], place: Place = {}, transport?: keyof typeof transports) {
  const control = new AbortController();
  const steps: FollowResponse['step'][] = [];
  let failed: unknown;
  const running = (async () => {
    try {
      for await (const { step } of client(transport).follow({ topics, ...place }, { signal: control.signal })) steps.push(step);
    } catch (error) {
      if (!control.signal.aborted) failed = error;
    }
  })();
  const stop = async (): Promise<void> => {
    control.abort();
    await running;
  };
  stops.push(stop);
  const envelopes = () => steps.flatMap((step) => (step.case === 'envelope' && step.value.envelope ? [step.value] : []));
  const texts = (): string[] => envelopes().map(({ envelope: each }) => Buffer.from(each?.message ?? []).toString());
  const caughtUp = () => vi.waitFor(() => expect(steps.some(({ case: kind }) => kind === 'heartbeat')).toBe(true), 30_000);
  const opened = () => {
    const [first] = steps;
    if (first?.case !== 'opened') throw new Error('not open');
    return first.value;
  };
  return { steps, envelopes, texts, caughtUp, opened, stop, running, failure: () => failed };
}

describe('following', () => {
  test.each(Object.keys(transports) as (keyof typeof transports)[])(
    'brings what was stored and then what comes, each once, by %s',
    async (transport) => {
      await publish(envelope(topicOf(1), 'a'), envelope(topicOf(2), 'not this'), envelope(topicOf(1), 'b', 2));
      const one = follow([topicOf(1)], {}, transport);
      await one.caughtUp();
      expect(one.texts()).toEqual(['a', 'b']);
      await publish(envelope(topicOf(1), 'c', 3), envelope(topicOf(2), 'nor this', 3));
      await vi.waitFor(() => expect(one.texts()).toEqual(['a', 'b', 'c']), 30_000);
      const numbers = one.envelopes().map(({ sequence }) => sequence);
      expect(numbers).toEqual(numbers.toSorted((x, y) => Number(x - y)));
    },
  );

  test('goes on after a number, and tells in heartbeats where to go on the next time', async () => {
    await publish(envelope(topicOf(1), 'a'));
    const first = follow([topicOf(1)]);
    await first.caughtUp();
    const { storeId } = first.opened();
    const beat = first.steps.findLast(({ case: kind }) => kind === 'heartbeat');
    const since = beat?.case === 'heartbeat' ? beat.value.head : 0n;
    await first.stop();
    await publish(envelope(topicOf(1), 'b', 2));
    const second = follow([topicOf(1)], { since, storeId });
    await second.caughtUp();
    expect(second.texts()).toEqual(['b']);
  });

  test('refuses a number of another store, or one that this store has not reached, so that nothing is skipped', async () => {
    const { storeId } = await client().info({});
    for (const place of [{ since: 1n }, { since: 1n, storeId: new Uint8Array(16) }, { since: 1n, storeId }]) {
      const one = follow([topicOf(1)], place);
      await one.running;
      expect(one.failure()).toMatchObject({ code: Code.FailedPrecondition });
    }
  });

  test('needs topics, and names them', async () => {
    for (const topics of [[], ['*']]) {
      const one = follow(topics);
      await one.running;
      expect(one.failure()).toMatchObject({ code: Code.InvalidArgument });
    }
  });

  test('sends what is relayed only to those who are there, without a number', async () => {
    const one = follow(['/xmtp/0/mE-x/proto']);
    await one.caughtUp();
    await publish(envelope('/xmtp/0/mE-x/proto', 'passing'));
    await vi.waitFor(() => expect(one.texts()).toEqual(['passing']), 30_000);
    expect(one.envelopes()[0]?.sequence).toBe(0n);
  });

  test('misses nothing and repeats nothing while writers write and followers come and go', async () => {
    const topics = [1, 2, 3].map(topicOf);
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < 150; n++) {
        await publish(...topics.map((topic) => envelope(topic, `${writer} ${n}`, 1 + writer * 1000 + n)));
        written += topics.length;
      }
    });
    const followers = Array.from({ length: 5 }, async (_, index) => {
      const seen: bigint[] = [];
      let since = 0n;
      let storeId: Uint8Array = new Uint8Array(0);
      for (let round = 0; writing || round < 2; round++) {
        const one = follow(topics, { since, storeId });
        await vi.waitFor(() => expect(one.steps.length).toBeGreaterThan(0), 30_000);
        await new Promise((resolve) => setTimeout(resolve, 5 + ((index * 37 + round * 11) % 90)));
        if (!writing && round > 0) await one.caughtUp();
        await one.stop();
        const numbers = one.envelopes().map(({ sequence }) => sequence);
        seen.push(...numbers);
        since = numbers.at(-1) ?? since;
        storeId = one.opened().storeId;
      }
      const last = follow(topics, { since, storeId });
      await last.caughtUp();
      seen.push(...last.envelopes().map(({ sequence }) => sequence));
      return seen;
    });
    await Promise.all(writers);
    writing = false;
    const { head } = await client().info({});
    expect(head).toBe(BigInt(written));
    for (const seen of await Promise.all(followers)) {
      expect(seen).toHaveLength(written);
      expect(seen.every((sequence, index) => index === 0 || sequence > (seen[index - 1] as bigint))).toBe(true);
    }
  });

  test('pages through more than fits into memory at once', async () => {
    for (let n = 0; n < 30; n++)
      await publish(
        ...Array.from({ length: 50 }, (_, index) => envelope(topicOf(1), `${n} ${index}`.padEnd(2000, '.'), n * 50 + index + 1)),
      );
    const one = follow([topicOf(1)]);
    await one.caughtUp();
    expect(one.texts()).toHaveLength(1500);
  });

  test('ends a reader that does not read once it is there, with words, and the others do not feel it', async () => {
    const asked = toBinary(FollowRequestSchema, create(FollowRequestSchema, { topics: [topicOf(1)] }));
    const session = http2.connect(node.url);
    stops.push(() => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/parley.node.v1.NodeApi/Follow',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(frame(0, asked));
    const reader = new FrameReader(1 << 24);
    const steps: (string | undefined)[] = [];
    const read = (piece: Buffer): void => {
      for (const { payload } of reader.push(piece)) steps.push(fromBinary(FollowResponseSchema, payload).step.case);
    };
    stream.on('data', read);
    await vi.waitFor(() => expect(steps).toContain('heartbeat'), 30_000);
    stream.pause();
    const other = follow([topicOf(1)]);
    await other.caughtUp();
    for (let n = 0; n < 12; n++) await publish(envelope(topicOf(1), 'x'.repeat(1_000_000), n + 2));
    await vi.waitFor(() => expect(other.texts()).toHaveLength(12), 30_000);
    const trailers = once(stream, 'trailers');
    stream.resume();
    const [received] = (await trailers) as [http2.IncomingHttpHeaders];
    expect(received['grpc-status']).toBe(String(Code.ResourceExhausted));
    expect(decodeURIComponent(String(received['grpc-message']))).toContain('too slow');
  });
});

describe('beside it', () => {
  test.each(Object.keys(transports) as (keyof typeof transports)[])('the node tells what it is, by %s', async (transport) => {
    const info = await client(transport).info({});
    expect(info.storeId).toHaveLength(16);
    expect(Number(info.clockNs / 1_000_000n)).toBeGreaterThan(Date.now() - 600_000);
    expect(info.maxTopics).toBeGreaterThanOrEqual(50_000);
  });

  test('the newest of many topics come in one call', async () => {
    await publish(envelope(topicOf(1), 'old', 1), envelope(topicOf(1), 'new', 5), envelope(topicOf(2), 'only', 2));
    const { topics, continueAt } = await client().latest({ topics: [topicOf(2), topicOf(9), topicOf(1)], perTopic: 2 });
    expect(topics.map(({ topic, envelopes }) => [topic, envelopes.map(({ message }) => Buffer.from(message).toString())])).toEqual([
      [topicOf(2), ['only']],
      [topicOf(1), ['new', 'old']],
    ]);
    expect(continueAt).toBe(0);
    await expect(client().latest({ topics: [] })).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(client().latest({ topics: Array.from({ length: 1001 }, (_, n) => topicOf(n)) })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    await expect(client().latest({ topics: [topicOf(1)], perTopic: 21 })).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  test('an answer that grows too large says where to go on', async () => {
    for (const n of [1, 2, 3, 4, 5, 6]) await publish(envelope(topicOf(n), 'x'.repeat(1_000_000)));
    const asked = [1, 2, 3, 4, 5, 6].map(topicOf);
    const found: string[] = [];
    for (let at = 0; at < asked.length; ) {
      const { topics, continueAt } = await client().latest({ topics: asked.slice(at) });
      found.push(...topics.map(({ topic }) => topic));
      at = continueAt === 0 ? asked.length : at + continueAt;
    }
    expect(found).toEqual(asked);
  });

  test('a list of topics that was left there can be followed by its name', async () => {
    const { savedTopics } = await client().saveTopics({ topics: [topicOf(2), topicOf(1), topicOf(2)] });
    expect((await client().saveTopics({ topics: [topicOf(1), topicOf(2)] })).savedTopics).toEqual(savedTopics);
    await publish(envelope(topicOf(2), 'saved'), envelope(topicOf(3), 'named', 2));
    const one = follow([topicOf(3)], { savedTopics });
    await one.caughtUp();
    expect(one.texts()).toEqual(['saved', 'named']);
    const unknown = follow([], { savedTopics: new Uint8Array(32) });
    await unknown.running;
    expect(unknown.failure()).toMatchObject({ code: Code.NotFound });
  });
});
