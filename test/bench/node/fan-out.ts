import { type ClientHttp2Session, connect } from 'node:http2';
import type { Socket } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type Envelope,
  EnvelopeSchema,
  PublishRequestSchema,
  SubscribeRequestSchema,
} from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { open, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { processorSecondsOf, type Served, serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { ChunkedBody, type CountedBody, Http2Body, http2Request } from './bodies.ts';
import { authorization, ephemeralPublish } from './requests.ts';

const readers = 1000;
const messages = 300;
const topic = '/xmtp/0/mE-fan-out/proto';

/** How readers and the publisher speak. */
interface Way {
  readonly name: string;
  /** Asks for the stream by a connection of its own. */
  subscribe(socket: Socket, asked: Buffer): CountedBody;
  /** Publishes the same so many times, one after the other. */
  publish(port: number, body: Buffer): Promise<void>;
}

const subscribePath = '/xmtp.message_api.v1.MessageApi/Subscribe';
const publishPath = '/xmtp.message_api.v1.MessageApi/Publish';

const http1: Way = {
  name: 'Connect, HTTP/1.1',
  subscribe(socket, asked) {
    socket.write(request(subscribePath, { 'content-type': 'application/connect+proto' }, asked));
    return new ChunkedBody();
  },
  async publish(port, body) {
    const publish = request(publishPath, { 'content-type': 'application/proto', authorization: authorization() }, body);
    const publisher = await open(port);
    await new Promise<void>((resolve, reject) => {
      let answered = 0;
      publisher.on('data', (chunk) => {
        answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
        if (answered < messages) publisher.write(publish);
        else resolve();
      });
      publisher.on('error', reject);
      publisher.write(publish);
    });
    publisher.destroy();
  },
};

const http2: Way = {
  name: 'gRPC, HTTP/2',
  subscribe(socket, asked) {
    socket.write(http2Request(subscribePath, { 'content-type': 'application/grpc', te: 'trailers' }, asked));
    return new Http2Body((frame) => socket.write(frame));
  },
  async publish(port, body) {
    const session = connect(`http://127.0.0.1:${port}`);
    const token = authorization(); // as above one for all: our node checks each that it does not know, the other none
    try {
      for (let n = 0; n < messages; n++) await publishOnce(session, token, body);
    } finally {
      session.destroy();
    }
  },
};

const publishOnce = (session: ClientHttp2Session, authorization: string, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/proto', authorization };
    const stream = session.request({ ':method': 'POST', ':path': publishPath, ...headers });
    stream.on('response', ({ ':status': status }) => {
      if (status !== 200) reject(new Error(`a publish was answered with ${status}`));
    });
    stream.on('error', reject).on('end', resolve).resume();
    stream.end(body);
  });

/** Deliveries per second of one topic to a thousand streams, by each version of HTTP. */
export async function benchFanOut({ rounds, atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', ':memory:', '--compat']);
  const fronts = [await serveIn('node/connect-front.ts'), await serveIn('node/connect-front.ts', ['http2'])] as const;
  for (const { stop } of [node, ...fronts]) atEnd(stop);
  return [await compareBy(http1, node, fronts[0], rounds), await compareBy(http2, node, fronts[1], rounds)];
}

async function compareBy(way: Way, node: Served, front: Served, rounds: number): Promise<Comparison> {
  const last = new Map<Served, Round>();
  const all: string[] = [];
  const rate = async (server: Served): Promise<number> => {
    const round = await deliver(way, server);
    last.set(server, round);
    if (server === node) all.push(`${Math.round(round.rate).toLocaleString('en')} at ${round.perChunk.toFixed(1)}`);
    return round.rate;
  };
  const row = await compare({
    what: `deliveries, one topic to ${readers} streams (${way.name})`,
    unit: '/s',
    opponent: 'connect-node',
    rounds,
    bar: 10,
    ours: () => rate(node),
    theirs: () => rate(front),
  });
  const costs = [node, front].map((server) => Math.round(last.get(server)?.perCpu ?? 0).toLocaleString('en'));
  const notes = `ours by round: ${all.join(', ')} messages a write; for each second of the server's processor time, last round: ${costs.join(' and ')}`;
  return { ...row, notes };
}

/** One round: deliveries per second, and per second of the server's own processor time. */
interface Round {
  readonly rate: number;
  readonly perCpu: number;
  /** Messages that left together: the more of them, the fewer writes a delivery costs, and that depends on how busy the machine is. */
  readonly perChunk: number;
}

async function deliver(way: Way, { port, pid }: Served): Promise<Round> {
  const asked = toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema, { contentTopics: [topic] }));
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, asked.length]), asked]);
  const published = Buffer.from(ephemeralPublish(topic));
  const [envelope] = fromBinary(PublishRequestSchema, published).envelopes;
  const length = 5 + toBinary(EnvelopeSchema, envelope as Envelope).length;
  const sockets: Socket[] = [];
  let received = 0;
  const bodies: CountedBody[] = [];
  let all = (): void => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  for (let i = 0; i < readers; i++) {
    const socket = await open(port);
    const body = way.subscribe(socket, frame);
    bodies.push(body);
    socket.on('data', (piece) => {
      received += body.push(piece);
      if (received >= readers * messages * length) all();
    });
    sockets.push(socket);
  }
  // Some servers answer a stream only with its first message, so that nobody can see that it is open.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = processorSecondsOf(pid);
  const begun = performance.now();
  await Promise.all([way.publish(port, published), done]);
  const took = (performance.now() - begun) / 1000;
  const used = processorSecondsOf(pid) - before;
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (received !== readers * messages * length) throw new Error(`${received} bytes came instead of ${readers * messages * length}`);
  return {
    rate: (readers * messages) / took,
    perCpu: (readers * messages) / used,
    perChunk: (readers * messages) / bodies.reduce((sum, { chunks }) => sum + chunks, 0),
  };
}
