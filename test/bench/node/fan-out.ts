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
import { authorization, ephemeralPublish } from './requests.ts';

const readers = 1000;
const messages = 300;
const topic = '/xmtp/0/mE-fan-out/proto';

/** Deliveries per second of one topic to a thousand streams. */
export async function benchFanOut({ rounds, atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', ':memory:', '--compat']);
  const connect = await serveIn('node/connect-front.ts');
  for (const { stop } of [node, connect]) atEnd(stop);
  const last = new Map<Served, Round>();
  const all: string[] = [];
  const rate = async (server: Served): Promise<number> => {
    const round = await deliver(server);
    last.set(server, round);
    if (server === node) all.push(`${Math.round(round.rate).toLocaleString('en')} at ${round.perChunk.toFixed(1)}`);
    return round.rate;
  };
  const row = await compare({
    what: `deliveries, one topic to ${readers} streams (Connect)`,
    unit: '/s',
    opponent: 'connect-node',
    rounds,
    bar: 10,
    ours: () => rate(node),
    theirs: () => rate(connect),
  });
  const costs = [node, connect].map((server) => Math.round(last.get(server)?.perCpu ?? 0).toLocaleString('en'));
  const notes = `ours by round: ${all.join(', ')} messages a write; for each second of the server's processor time, last round: ${costs.join(' and ')}`;
  return [{ ...row, notes }];
}

/** One round: deliveries per second, and per second of the server's own processor time. */
interface Round {
  readonly rate: number;
  readonly perCpu: number;
  /** Messages that left together: the more of them, the fewer writes a delivery costs, and that depends on how busy the machine is. */
  readonly perChunk: number;
}

async function deliver({ port, pid }: Served): Promise<Round> {
  const asked = toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema, { contentTopics: [topic] }));
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, asked.length]), asked]);
  const subscribe = request('/xmtp.message_api.v1.MessageApi/Subscribe', { 'content-type': 'application/connect+proto' }, frame);
  const published = ephemeralPublish(topic);
  const [envelope] = fromBinary(PublishRequestSchema, published).envelopes;
  const length = 5 + toBinary(EnvelopeSchema, envelope as Envelope).length;
  const sockets: Socket[] = [];
  let received = 0;
  const bodies: ChunkedBody[] = [];
  let all = (): void => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  for (let i = 0; i < readers; i++) {
    const socket = await open(port);
    const body = new ChunkedBody();
    bodies.push(body);
    socket.on('data', (piece) => {
      received += body.push(piece);
      if (received >= readers * messages * length) all();
    });
    socket.write(subscribe);
    sockets.push(socket);
  }
  // Some servers answer a stream only with its first message, so that nobody can see that it is open.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const publish = request(
    '/xmtp.message_api.v1.MessageApi/Publish',
    { 'content-type': 'application/proto', authorization: authorization() },
    Buffer.from(published),
  );
  const publisher = await open(port);
  const before = processorSecondsOf(pid);
  const begun = performance.now();
  let answered = 0;
  publisher.on('data', (chunk) => {
    answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
    if (answered < messages) publisher.write(publish);
  });
  publisher.write(publish);
  await done;
  const took = (performance.now() - begun) / 1000;
  const used = processorSecondsOf(pid) - before;
  for (const socket of [...sockets, publisher]) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (received !== readers * messages * length) throw new Error(`${received} bytes came instead of ${readers * messages * length}`);
  return {
    rate: (readers * messages) / took,
    perCpu: (readers * messages) / used,
    perChunk: (readers * messages) / bodies.reduce((sum, { chunks }) => sum + chunks, 0),
  };
}

/**
 * Counts the bytes of a body that comes in chunks. It jumps from head to head: a reader that looked at every byte would take longer than the server, and then the
 * bench would compare the reader with itself.
 */
class ChunkedBody {
  /** How many have begun. */
  chunks = 0;
  /** What is read of the head of the answer, or of a chunk. */
  #head: string | null = '';
  #answered = false;
  /** Bytes of the chunk that are still to come, with the end of its line. */
  #left = 0;

  /** How many bytes of the body are in this piece. */
  push(piece: Buffer): number {
    let [at, count] = [0, 0];
    while (at < piece.length) {
      if (this.#head === null) {
        const here = Math.min(this.#left, piece.length - at);
        count += Math.max(0, Math.min(here, this.#left - 2));
        this.#left -= here;
        at += here;
        if (this.#left === 0) this.#head = '';
        continue;
      }
      this.#head += String.fromCharCode(piece[at++] as number);
      if (!this.#head.endsWith(this.#answered ? '\r\n' : '\r\n\r\n')) continue;
      if (this.#answered) {
        this.#left = Number.parseInt(this.#head, 16) + 2;
        this.#head = null;
        this.chunks += 1;
      } else [this.#answered, this.#head] = [true, ''];
    }
    return count;
  }
}
