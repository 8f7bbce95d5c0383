import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EnvelopeSchema, SubscribeRequestSchema } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { FrameReader, frame } from '../../src/node/framing.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { api, bearer } from './clients.ts';

let node: RunningNode;
beforeEach(async () => {
  node = await startNode({ compat: true });
});
afterEach(() => node.close());

const envelope = (topic: string, text = 'x', time = 1) => ({ contentTopic: topic, timestampNs: BigInt(time), message: Buffer.from(text) });
const publish = (...envelopes: ReturnType<typeof envelope>[]) => api(node.url).publish({ envelopes }, { headers: bearer(alice) });
const path = '/xmtp.message_api.v1.MessageApi/';
const requestOf = (...contentTopics: string[]): Uint8Array =>
  toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema, { contentTopics }));

/** A stream by hand over HTTP/2: what was received is in `frames`, the trailers in `trailers`. */
async function open(method: string, headers: Record<string, string>, ...messages: Uint8Array[]) {
  const session = http2.connect(node.url);
  const stream = session.request({
    ':method': 'POST',
    ':path': path + method,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  for (const message of messages) stream.write(message);
  if (messages.length === 0) stream.end();
  const frames: { flags: number; payload: Buffer }[] = [];
  const reader = new FrameReader(1 << 22);
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('trailers', (received) => {
    trailers = received;
  });
  const ended = once(stream, 'end');
  const [received] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  stream.on('data', (piece: Buffer) => frames.push(...reader.push(piece)));
  const arrived = async (count: number): Promise<string[]> => {
    while (frames.length < count) await once(stream, 'data');
    return frames.map(({ payload }) => fromBinary(EnvelopeSchema, payload).contentTopic);
  };
  const close = () => session.destroy();
  return { stream, headers: received, frames, arrived, close, trailers: async () => ended.then(() => trailers) };
}

describe('a stream', () => {
  test('is subscribed when its headers are there', async () => {
    const stream = await open('Subscribe', {}, frame(0, requestOf('/xmtp/0/a')));
    expect(stream.headers).toMatchObject({ ':status': 200, subscribed: 'true', 'content-type': 'application/grpc' });
    await publish(envelope('/xmtp/0/a'), envelope('/xmtp/0/b'));
    expect(await stream.arrived(1)).toEqual(['/xmtp/0/a']);
    stream.close();
  });

  test('changes its topics with every message, over Subscribe2', async () => {
    const stream = await open('Subscribe2', {}, frame(0, requestOf('/xmtp/0/a')));
    await publish(envelope('/xmtp/0/a'));
    await stream.arrived(1);
    stream.stream.write(frame(0, requestOf('/xmtp/0/b')));
    // Until the change has arrived, what is published to b passes by.
    for (let time = 2; stream.frames.length < 2; time++) {
      await publish(envelope('/xmtp/0/a', 'x', time), envelope('/xmtp/0/b', 'x', time));
      if (stream.frames.length > 1) break;
    }
    const topics = await stream.arrived(2);
    await publish(envelope('/xmtp/0/a', 'x', 99), envelope('/xmtp/0/b', 'x', 99));
    const later = (await stream.arrived(topics.length + 1)).slice(topics.length);
    expect(later).toEqual(['/xmtp/0/b']);
    stream.close();
  });

  test('takes a request that is packed', async () => {
    const stream = await open('Subscribe', { 'grpc-encoding': 'gzip' }, frame(1, gzipSync(requestOf('/xmtp/0/a'))));
    await publish(envelope('/xmtp/0/a'));
    expect(await stream.arrived(1)).toEqual(['/xmtp/0/a']);
    stream.close();
  });

  test('ends at the deadline of its client', async () => {
    const stream = await open('Subscribe', { 'grpc-timeout': '50m' }, frame(0, requestOf('/xmtp/0/a')));
    expect(await stream.trailers()).toMatchObject({ 'grpc-status': String(Code.DeadlineExceeded) });
    stream.close();
  });

  test.each([
    ['no request', 'Subscribe', [], Code.InvalidArgument],
    ['two requests', 'Subscribe', [frame(0, requestOf('a')), frame(0, requestOf('b'))], Code.InvalidArgument],
    ['nonsense', 'Subscribe', [frame(0, Buffer.from([0xff, 0xff]))], Code.InvalidArgument],
    ['an unknown packing', 'Subscribe', [frame(1, requestOf('a'))], Code.Unimplemented],
    ['too many topics', 'Subscribe', [frame(0, requestOf(...Array.from({ length: 50_001 }, () => 'a')))], Code.InvalidArgument],
  ])(
    'answers %s with a status',
    async (_what, method, messages, code) => {
      const stream = await open(method, {}, ...messages);
      expect(await stream.trailers()).toMatchObject({ 'grpc-status': String(code) });
      stream.close();
    },
    20_000,
  );

  test('in a form that nobody knows is refused before it begins', async () => {
    const answer = await fetch(`${node.url}${path}Subscribe`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/grpc+thrift' },
    });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-post')).toContain('application/grpc');
  });

  test('leaves nothing behind when its reader goes', async () => {
    await node.close();
    node = await startNode({ compat: true, limits: { networkStreams: 1 } });
    for (let round = 0; round < 3; round++) {
      const stream = await open('Subscribe', {}, frame(0, requestOf('/xmtp/0/a')));
      const second = await api(node.url)
        .subscribe({ contentTopics: ['/xmtp/0/a'] })
        [Symbol.asyncIterator]()
        .next()
        .catch((error: unknown) => ConnectError.from(error));
      expect(second).toMatchObject({ code: Code.ResourceExhausted });
      stream.close();
      // The node hears of it a moment later.
      while ((await streamsOpenUp()) === false) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const streamsOpenUp = async (): Promise<boolean> => {
    const answer = await fetch(`${node.url}/message/v1/subscribe`, { method: 'POST', body: '{"contentTopics":["a"]}' });
    await answer.body?.cancel();
    return answer.status === 200;
  };
});

describe('a reader that does not read', () => {
  const topic = '/xmtp/0/mE-fast/proto'; // not stored: this is about streams
  const big = 'x'.repeat(1_000_000);
  const flood = async (): Promise<void> => {
    for (let time = 1; time <= 24; time++) await publish(envelope(topic, big, time));
  };

  test('is told so over the JSON gateway, after what it had coming, while others get everything', async () => {
    const slow = http.request(`${node.url}/message/v1/subscribe`, { method: 'POST' });
    slow.end(JSON.stringify({ contentTopics: [topic] }));
    const [response] = (await once(slow, 'response')) as [http.IncomingMessage];
    response.pause();
    const stop = new AbortController();
    let opened = (): void => {};
    const ready = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const quick = (async () => {
      let count = 0;
      for await (const _ of api(node.url).subscribe({ contentTopics: [topic] }, { signal: stop.signal, onHeader: () => opened() }))
        if (++count === 24) break;
      return count;
    })();
    await ready;
    await flood();
    expect(await quick).toBe(24);
    stop.abort();
    let text = '';
    for await (const piece of response) text += String(piece);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, { code?: number }>);
    expect(lines.at(-1)?.['error']).toMatchObject({ code: Code.ResourceExhausted });
    expect(lines.slice(0, -1).every((line) => line['result'])).toBe(true);
    expect(lines.length).toBeLessThan(25);
  });

  test('is told so over gRPC', async () => {
    const session = http2.connect(node.url);
    const stream = session.request({ ':method': 'POST', ':path': `${path}Subscribe`, 'content-type': 'application/grpc', te: 'trailers' });
    stream.end(frame(0, requestOf(topic)));
    await once(stream, 'response');
    await flood();
    const trailers = once(stream, 'trailers') as Promise<[http2.IncomingHttpHeaders]>;
    stream.resume();
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': String(Code.ResourceExhausted) });
    session.destroy();
  });
});
