import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../cli/processes.ts';
import { load, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { authorization, ephemeralPublish } from './requests.ts';

/** Calls per second of a publish that is not kept: what the front costs, token and checks included on our side alone. */
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
  const rate = async (port: number, bytes: Buffer): Promise<number> => {
    const found = await load(port, () => bytes, { connections: 64, seconds: 2 });
    if (found.failed > 0) throw new Error(`${found.failed} calls failed`);
    return found.rate;
  };
  for (const { port } of [node, connect]) await rate(port, plain);

  const frame = join(folder(), 'frame.bin');
  writeFileSync(frame, prefixed);
  const h2 = (port: number): Promise<number> => Promise.resolve(h2load(port, path, frame, token));
  const rows = [
    await compare({
      what: 'Connect calls over HTTP/1.1',
      unit: '/s',
      opponent: 'connect-node',
      rounds,
      bar: 5,
      ours: () => rate(node.port, plain),
      theirs: () => rate(connect.port, plain),
    }),
    await compare({
      what: 'gRPC-web calls over HTTP/1.1',
      unit: '/s',
      opponent: 'connect-node',
      rounds,
      bar: 5,
      ours: () => rate(node.port, web),
      theirs: () => rate(connect.port, web),
    }),
  ];
  if (!hasH2load()) {
    console.log('  gRPC over HTTP/2 needs h2load (on Debian: apt-get install nghttp2-client); left out');
    return rows;
  }
  return [
    ...rows,
    await compare({
      what: 'gRPC calls over HTTP/2',
      unit: '/s',
      opponent: 'connect-node',
      rounds,
      bar: 5,
      ours: () => h2(node.port),
      theirs: () => h2(connect2.port),
    }),
    await compare({
      what: 'gRPC calls over HTTP/2',
      unit: '/s',
      opponent: 'grpc-js',
      rounds,
      bar: 1.2,
      ours: () => h2(node.port),
      theirs: () => h2(grpc.port),
    }),
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

/** Calls per second over 8 connections of 8 streams. */
function h2load(port: number, path: string, file: string, token: string): number {
  const headers = ['content-type: application/grpc', 'te: trailers', `authorization: ${token}`];
  const { stdout } = spawnSync('h2load', [
    ...['-D', '2', '--warm-up-time', '1', '-c', '8', '-m', '8', '-d', file],
    ...headers.flatMap((each) => ['-H', each]),
    `http://127.0.0.1:${port}${path}`,
  ]);
  const text = stdout.toString();
  const [, rate] = /finished in [^,]+, ([\d.]+) req\/s/.exec(text) ?? [];
  const [, failed] = /(\d+) failed/.exec(text) ?? [];
  if (rate === undefined || Number(failed) > 0) throw new CommandError(`h2load: ${text.slice(-500)}`);
  return Number(rate);
}
