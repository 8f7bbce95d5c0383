import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../cli/processes.ts';
import { load, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { processorSecondsOf, type Served, serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { authorization, ephemeralPublish } from './requests.ts';

const seconds = 2;

/** Calls of a publish that is not kept: what the front costs, token and checks included on our side alone. */
export async function benchUnary({ rounds, folder, atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', ':memory:', '--compat']);
  const connect = await serveIn('node/connect-front.ts');
  const connect2 = await serveIn('node/connect-front.ts', ['http2']);
  const grpc = await serveIn('node/grpc-front.ts');
  for (const { stop } of [node, connect, connect2, grpc]) atEnd(stop);

  const body = ephemeralPublish();
  const token = authorization();
  const path = '/xmtp.message_api.v1.MessageApi/Publish';
  const plain = request(path, { 'content-type': 'application/proto', authorization: token }, Buffer.from(body));
  const prefixed = Buffer.concat([Buffer.from([0, 0, 0, body.length >> 8, body.length & 255]), body]);
  const web = request(path, { 'content-type': 'application/grpc-web+proto', authorization: token, 'x-grpc-web': '1' }, prefixed);
  const perSecond = new Map<number, number>();
  /** Calls for each second of the server's processor time: on few cores the rate itself says as much of the driver, which has to share them. */
  const cost = async ({ port, pid }: Served, drive: () => Promise<number> | number): Promise<number> => {
    const before = processorSecondsOf(pid);
    const begun = performance.now();
    const calls = await drive();
    perSecond.set(port, calls / ((performance.now() - begun) / 1000));
    return calls / (processorSecondsOf(pid) - before);
  };
  const http1 = (server: Served, bytes: Buffer): Promise<number> =>
    cost(server, async () => {
      const found = await load(server.port, () => bytes, { connections: 64, seconds });
      if (found.failed > 0) throw new Error(`${found.failed} calls failed`);
      return found.rate * seconds;
    });
  for (const server of [node, connect]) await http1(server, plain);

  const frame = join(folder(), 'frame.bin');
  writeFileSync(frame, prefixed);
  const http2 = (server: Served): Promise<number> => cost(server, () => h2load(server.port, path, frame, token));
  const against = async (what: string, opponent: string, other: Served, bar: number, drive: (server: Served) => Promise<number>) => {
    const row = await compare({
      what,
      unit: '/cpu s',
      opponent,
      rounds,
      bar,
      ours: () => drive(node),
      theirs: () => drive(other),
    });
    const rates = [node, other].map(({ port }) => Math.round(perSecond.get(port) ?? 0).toLocaleString('en'));
    return { ...row, notes: `by the clock, last round, driver on the same cores: ${rates.join(' and ')} /s` };
  };
  const rows = [
    await against('Connect calls over HTTP/1.1', 'connect-node', connect, 5, (server) => http1(server, plain)),
    await against('gRPC-web calls over HTTP/1.1', 'connect-node', connect, 5, (server) => http1(server, web)),
  ];
  if (!hasH2load()) {
    console.log('  gRPC over HTTP/2 needs h2load (on Debian: apt-get install nghttp2-client); left out');
    return rows;
  }
  return [
    ...rows,
    await against('gRPC calls over HTTP/2', 'connect-node', connect2, 5, http2),
    await against('gRPC calls over HTTP/2', 'grpc-js', grpc, 1.2, http2),
  ];
}

function hasH2load(): boolean {
  if (spawnSync('h2load', ['--version']).status === 0) return true;
  if (process.getuid?.() === 0) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['install', '-y', '-qq', 'nghttp2-client'], { stdio: 'ignore', env: environment });
  }
  return spawnSync('h2load', ['--version']).status === 0;
}

/** How many calls were answered over 8 connections of 8 streams. */
function h2load(port: number, path: string, file: string, token: string): number {
  const headers = ['content-type: application/grpc', 'te: trailers', `authorization: ${token}`];
  const { stdout } = spawnSync('h2load', [
    ...['-D', String(seconds), '-c', '8', '-m', '8', '-d', file],
    ...headers.flatMap((each) => ['-H', each]),
    `http://127.0.0.1:${port}${path}`,
  ]);
  const text = stdout.toString();
  const [, done, failed] = /requests: .*?(\d+) succeeded, (\d+) failed/.exec(text) ?? [];
  if (done === undefined || Number(done) === 0 || Number(failed) > 0) throw new CommandError(`h2load: ${text.slice(-500)}`);
  return Number(done);
}
