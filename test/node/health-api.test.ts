import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { afterEach, expect, test } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../src/gen/grpc/health/v1/health_pb.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { smallDisk } from '../support/small-disk.ts';
import { transports } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const start = async (options: NodeOptions = {}): Promise<RunningNode> => {
  const node = await startNode({ compat: true, ...options });
  stops.push(() => node.close());
  return node;
};
const client = ({ url }: RunningNode, transport: keyof typeof transports = 'gRPC over h2c') =>
  createClient(Health, transports[transport](url));

test.each(Object.keys(transports) as (keyof typeof transports)[])('answers for the node and its services by %s', async (transport) => {
  const health = client(await start(), transport);
  for (const service of ['', 'xmtp.message_api.v1.MessageApi', 'parley.node.v1.NodeApi'])
    expect((await health.check({ service })).status).toBe(Status.SERVING);
  const unknown = await health.check({ service: 'other.Service' }).catch((error: unknown) => ConnectError.from(error));
  expect(unknown).toMatchObject({ code: Code.NotFound });
});

test('tells who watches of each change, and that the node stops', async ({ skip }) => {
  const disk = smallDisk(4);
  if ('missing' in disk) return skip(disk.missing);
  stops.push(() => disk.remove());
  const node = await start({ data: disk.path });
  const told: Status[] = [];
  const watching = (async () => {
    for await (const { status } of client(node).watch({ service: '' })) told.push(status);
  })();
  await expect.poll(() => told, { timeout: 10_000 }).toEqual([Status.SERVING]);
  disk.fill();
  await expect.poll(() => told, { timeout: 20_000 }).toEqual([Status.SERVING, Status.NOT_SERVING]);
  disk.free();
  await expect.poll(() => told, { timeout: 20_000 }).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING]);
  await node.close();
  await watching;
  expect(told).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
});

test('a watch of a service that is not there says so and stays, and counts as a stream', async () => {
  const node = await start({ limits: { networkStreams: 1 } });
  const control = new AbortController();
  const stream = client(node).watch({ service: 'other.Service' }, { signal: control.signal })[Symbol.asyncIterator]();
  expect((await stream.next()).value).toMatchObject({ status: Status.SERVICE_UNKNOWN });
  const second = client(node).watch({ service: '' })[Symbol.asyncIterator]();
  await expect(second.next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
  control.abort();
  await expect(stream.next()).rejects.toMatchObject({ code: Code.Canceled });
  // It has gone from the count.
  await expect
    .poll(
      async () =>
        (
          await client(node)
            .watch({ service: '' })
            [Symbol.asyncIterator]()
            .next()
            .catch(() => ({ value: undefined }))
        ).value?.status,
      {
        timeout: 10_000,
      },
    )
    .toBe(Status.SERVING);
});
