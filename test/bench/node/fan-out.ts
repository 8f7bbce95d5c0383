import type { Socket } from 'node:net';
import { toBinary } from '@bufbuild/protobuf';
import { SubscribeRequestSchema } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { open, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { type Served, serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { authorization, ephemeralPublish } from './requests.ts';

const readers = 1000;
const messages = 300;
const topic = '/xmtp/0/mE-fan-out/proto';
const mark = Buffer.from(topic);

/** Deliveries per second of one topic to a thousand streams. */
export async function benchFanOut({ rounds, atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', ':memory:', '--compat']);
  const connect = await serveIn('node/connect-front.ts');
  for (const { stop } of [node, connect]) atEnd(stop);
  return [
    await compare({
      what: `deliveries, one topic to ${readers} streams (Connect)`,
      unit: '/s',
      opponent: 'connect-node',
      rounds,
      bar: 10,
      ours: () => deliveries(node),
      theirs: () => deliveries(connect),
    }),
  ];
}

async function deliveries({ port }: Served): Promise<number> {
  const asked = toBinary(SubscribeRequestSchema, { $typeName: SubscribeRequestSchema.typeName, contentTopics: [topic] });
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, asked.length]), asked]);
  const subscribe = request('/xmtp.message_api.v1.MessageApi/Subscribe', { 'content-type': 'application/connect+proto' }, frame);
  const sockets: Socket[] = [];
  let received = 0;
  let all = (): void => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  for (let i = 0; i < readers; i++) {
    const socket = await open(port);
    let tail = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const text = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      let at = 0;
      for (let found = text.indexOf(mark); found >= 0; found = text.indexOf(mark, at)) {
        received++;
        at = found + mark.length;
      }
      tail = Buffer.from(text.subarray(Math.max(at, text.length - mark.length + 1)));
      if (received >= readers * messages) all();
    });
    socket.write(subscribe);
    sockets.push(socket);
  }
  // Some servers answer a stream only with its first message, so that nobody can see that it is open.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const publish = request(
    '/xmtp.message_api.v1.MessageApi/Publish',
    { 'content-type': 'application/proto', authorization: authorization() },
    Buffer.from(ephemeralPublish(topic)),
  );
  const publisher = await open(port);
  const begun = performance.now();
  let answered = 0;
  publisher.on('data', (chunk) => {
    answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
    if (answered < messages) publisher.write(publish);
  });
  publisher.write(publish);
  await done;
  const took = (performance.now() - begun) / 1000;
  for (const socket of [...sockets, publisher]) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return (readers * messages) / took;
}
