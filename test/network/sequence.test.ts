import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FollowResponseSchema } from '../../src/gen/parley/node/v1/node_pb.ts';
import { NodeError } from '../../src/network/errors.ts';
import { createNodeClient, type NodeClient } from '../../src/network/node-client.ts';
import { NoSequenceError, OtherStoreError, type Place, type Stored } from '../../src/network/sequence.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { alice } from '../support/people.ts';

const gather = async (pages: AsyncIterable<Stored>): Promise<Stored[]> => {
  const all: Stored[] = [];
  for await (const page of pages) all.push(page);
  return all;
};
const envelopesOf = (pages: readonly Stored[]): Envelope[] => pages.flatMap(({ envelopes }) => envelopes);
const texts = (pages: readonly Stored[]): string[] => envelopesOf(pages).map(({ message }) => Buffer.from(message).toString());
/** What was thrown. */
const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: unknown) => error,
  );
const note = (topic: string, text: string, timestampNs: bigint): Envelope => ({
  contentTopic: topic,
  timestampNs,
  message: Buffer.from(text),
});
const topic = '/xmtp/0/m-one/proto';
const token = createAuthToken(alice.bundle);

describe('in the order of a real node', () => {
  let node: RunningNode;
  let client: NodeClient;
  const paths: string[] = [];
  beforeEach(async () => {
    node = await startNode({ compat: true });
    client = createNodeClient(node.url, {
      authToken: () => token,
      fetch: (input, init) => {
        paths.push(String(input).split('/').at(-1) ?? '');
        return fetch(input, init);
      },
    });
  });
  afterEach(() => node.close());

  const placeNow = async (): Promise<Place> => {
    const place = await client.place();
    if (!place) throw new Error('no place');
    return place;
  };

  test('everything after a place comes once, in the order in which it was taken, whatever its times; the last place has nothing behind it', async () => {
    const before = await placeNow();
    expect(before).toEqual({ store: expect.stringMatching(/^[0-9a-f]{32}$/), sequence: 0n });
    const sent = Array.from({ length: 250 }, (_, n) => note(topic, `${n}`, BigInt(1000 - n)));
    for (const envelope of sent) await client.publish([envelope]);
    await client.publish([note('/xmtp/0/m-two/proto', 'of others', 1n)]);
    const pages = await gather(client.since([topic], before));
    expect(pages.map(({ envelopes }) => envelopes.length)).toEqual([100, 100, 50]);
    expect(envelopesOf(pages)).toEqual(sent.map((each) => ({ ...each, message: new Uint8Array(each.message) })));
    // From the place of a page, exactly what follows it.
    expect(texts(await gather(client.since([topic], pages[0]?.place as Place)))).toEqual(texts(pages.slice(1)));
    const last = pages.at(-1)?.place as Place;
    expect(last).toEqual(await placeNow());
    expect(envelopesOf(await gather(client.since([topic], last)))).toEqual([]);
  });

  test('a long list of topics is left with the node once, and named from then on', async () => {
    const topics = Array.from({ length: 201 }, (_, n) => `/xmtp/0/m-${n}/proto`);
    const before = await placeNow();
    await client.publish([note(topics[200] as string, 'here', 1n)]);
    paths.length = 0;
    for (const _ of [1, 2]) expect(texts(await gather(client.since(topics, before)))).toEqual(['here']);
    expect(paths).toEqual(['Follow', 'SaveTopics', 'Follow', 'Follow']);
    // What is added is named beside it; what is taken away makes another list.
    const added = '/xmtp/0/m-added/proto';
    await client.publish([note(added, 'added', 1n)]);
    paths.length = 0;
    expect(texts(await gather(client.since([...topics, added], before)))).toEqual(['here', 'added']);
    expect(paths).toEqual(['Follow']);
    expect(texts(await gather(client.since([...topics.slice(0, 200), added], before)))).toEqual(['added']);
    expect(paths).toEqual(['Follow', 'Follow', 'SaveTopics', 'Follow']);
  });

  test('a place of another store, or beyond the end of this one, is told apart from trouble', async () => {
    const place = await placeNow();
    const other: Place = { store: '00'.repeat(16), sequence: place.sequence };
    // Also where the number would do.
    expect(await thrown(gather(client.since([topic], other)))).toBeInstanceOf(OtherStoreError);
    expect(await thrown(gather(client.since([topic], { ...other, sequence: 1n })))).toBeInstanceOf(OtherStoreError);
    expect(await thrown(gather(client.since([topic], { ...place, sequence: 99n })))).toBeInstanceOf(OtherStoreError);
    await node.close();
    expect(await thrown(gather(client.since([topic], place)))).toMatchObject({ name: 'NodeError', reason: 'unreachable' });
    expect(await thrown(client.place())).toMatchObject({ name: 'NodeError', reason: 'unreachable' });
  });

  test('an abort ends it quietly', async () => {
    const place = await placeNow();
    await client.publish(Array.from({ length: 150 }, (_, n) => note(topic, `${n}`, 1n)));
    const stop = new AbortController();
    const pages: Stored[] = [];
    for await (const page of client.since([topic], place, stop.signal)) {
      pages.push(page);
      stop.abort();
    }
    expect(pages).toHaveLength(1);
    expect(await gather(client.since([topic], place, stop.signal))).toEqual([]);
  });
});

describe('what comes, from a real node', () => {
  test('comes once each from a place on, until the signal aborts; a node that ends it is trouble', async () => {
    const node = await startNode({ compat: true });
    const client = createNodeClient(node.url, { authToken: () => token });
    const before = (await client.place()) as Place;
    await client.publish([note(topic, 'before', 5n), note('/xmtp/0/m-two/proto', 'of others', 1n)]);
    const stop = new AbortController();
    const got: string[] = [];
    const opened = () => void client.publish([note(topic, 'after', 4n)]);
    for await (const { message } of client.live([topic], before, stop.signal, opened)) {
      got.push(Buffer.from(message).toString());
      if (got.length === 2) stop.abort();
    }
    expect(got).toEqual(['before', 'after']);
    const ended = (async () => {
      for await (const _ of client.live([topic], before, new AbortController().signal, () => void node.close()));
    })();
    expect(await thrown(ended)).toMatchObject({ name: 'NodeError', reason: expect.stringMatching(/failed|unreachable/) });
  });
});

describe('in the order of a hostile or broken node', () => {
  const servers: Server[] = [];
  afterEach(() =>
    Promise.all(
      servers.splice(0).map((server) => {
        server.closeAllConnections();
        return new Promise((done) => server.close(done));
      }),
    ),
  );
  const serve = async (listener: RequestListener): Promise<NodeClient> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return createNodeClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { timeoutMs: 300, silentMs: 300 });
  };
  const frame = (flags: number, body: Uint8Array): Buffer => {
    const lead = Buffer.alloc(5);
    lead[0] = flags;
    lead.writeUInt32BE(body.length, 1);
    return Buffer.concat([lead, body]);
  };
  type Step = NonNullable<MessageInitShape<typeof FollowResponseSchema>['step']>;
  const store = Buffer.alloc(16, 7);
  const place: Place = { store: toHex(store), sequence: 10n };
  const opened: Step = { case: 'opened', value: { storeId: store, head: 20n } };
  const envelope = (sequence: bigint, contentTopic = topic): Step => ({
    case: 'envelope',
    value: { sequence, envelope: { contentTopic, timestampNs: 1n, message: Buffer.of(Number(sequence)) } },
  });
  const end: Step = { case: 'heartbeat', value: { head: 20n } };
  /** A node that answers with these steps and leaves the stream open. */
  const telling = (...steps: readonly Step[]): Promise<NodeClient> =>
    serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc-web+proto' });
      for (const step of steps) response.write(frame(0, toBinary(FollowResponseSchema, create(FollowResponseSchema, { step }))));
    });
  const outcome = async (client: NodeClient): Promise<unknown> => thrown(gather(client.since([topic], place)));

  test('what nobody asked for is left out', async () => {
    const client = await telling(opened, envelope(11n, '/xmtp/0/m-other/proto'), envelope(12n), end);
    expect(await gather(client.since([topic], place))).toEqual([
      { envelopes: [expect.objectContaining({ message: Uint8Array.of(12) })], place: { ...place, sequence: 20n } },
    ]);
  });

  test.each([
    ['goes round in circles', [opened, envelope(12n), envelope(12n), end]],
    ['goes back', [opened, envelope(12n), envelope(11n), end]],
    ['sends what was asked not to be sent again', [opened, envelope(10n), end]],
    ['ends below what it sent', [opened, envelope(30n), end]],
    ['does not say whose order it is', [envelope(12n), end]],
    ['has steps that are none', [opened, { case: undefined }, end]],
  ] as const)('one that %s is wrong', async (_, steps) => {
    const error = await outcome(await telling(...(steps as readonly Step[])));
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ name: 'NodeError', reason: 'wrong' });
  });

  test('one that tells of another store is known by it', async () => {
    const other: Step = { case: 'opened', value: { storeId: Buffer.alloc(16, 8), head: 20n } };
    expect(await outcome(await telling(other, envelope(12n), end))).toBeInstanceOf(OtherStoreError);
  });

  test.each([
    ['at all', []],
    ['after the opening', [opened]],
    ['in the middle', [opened, envelope(12n)]],
  ] as const)('one that says nothing %s is not waited for', async (_, steps) => {
    expect(await outcome(await telling(...steps))).toBeInstanceOf(NoSequenceError);
  });

  test('a stream in which no heartbeat comes any more is over; one whose opening does not come tells no order', async () => {
    const got: number[] = [];
    const listen = async (client: NodeClient): Promise<void> => {
      for await (const { message } of client.live([topic], place, new AbortController().signal)) got.push(message[0] as number);
    };
    const fallen = await thrown(listen(await telling(opened, envelope(12n))));
    expect(fallen).toMatchObject({ name: 'NodeError', reason: 'unreachable', message: 'the node fell silent' });
    expect(got).toEqual([12]);
    expect(await thrown(listen(await telling()))).toBeInstanceOf(NoSequenceError);
  });

  test('a stream that ends before its end is trouble', async () => {
    const client = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc-web+proto' });
      response.write(frame(0, toBinary(FollowResponseSchema, create(FollowResponseSchema, { step: opened }))));
      response.end(frame(0x80, Buffer.from('grpc-status: 0\r\n')));
    });
    expect(await outcome(client)).toMatchObject({ name: 'NodeError', reason: 'failed' });
  });

  test.each([
    ['has no such method', { 'content-type': 'application/grpc-web+proto', 'grpc-status': '12' }, 200],
    ['is another program', { 'content-type': 'text/html' }, 404],
  ] as const)('one that %s keeps no order', async (_, headers, status) => {
    const client = await serve((_request, response) => response.writeHead(status, headers).end());
    expect(await client.place()).toBeNull();
    expect(await outcome(client)).toBeInstanceOf(NoSequenceError);
  });
});
