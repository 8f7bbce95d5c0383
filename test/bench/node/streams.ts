import type { Socket } from 'node:net';
import { open, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { memoryOf, serveNode } from '../processes.ts';
import { type Comparison, figure } from '../report.ts';

const streams = 10_000;
const topicsEach = 20;

/** What an open stream costs in memory that nothing comes by. */
export async function benchStreams({ atEnd }: Setting): Promise<Comparison[]> {
  const node = await serveNode(['--data', ':memory:']);
  atEnd(node.stop);
  const before = await settled(node.pid);
  const sockets: Socket[] = [];
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  const headers = { 'content-type': 'application/json' };
  for (let i = 0; i < streams; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const contentTopics = Array.from({ length: topicsEach }, (_, t) => `/xmtp/0/m-${i + n}-${t}/proto`);
        const socket = await open(node.port);
        sockets.push(socket);
        socket.write(request('/message/v1/subscribe', headers, Buffer.from(JSON.stringify({ contentTopics }))));
        await new Promise((resolve) => socket.once('data', resolve)); // its headers
        socket.on('data', () => {});
      }),
    );
  }
  const after = await settled(node.pid);
  return [figure(`memory of one idle stream of ${topicsEach} topics (${streams} of them)`, (after - before) / streams / 1000, 'kB', 20)];
}

/** Memory after it has stopped to change. */
async function settled(pid: number): Promise<number> {
  let last = memoryOf(pid);
  for (let tries = 0; tries < 30; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = memoryOf(pid);
    if (Math.abs(now - last) < 200_000) return now;
    last = now;
  }
  return last;
}
