import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { startNode } from '../../src/node/start-node.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { buildNodeIfStale } from '../cli/build.ts';
import { NodeProcess } from '../cli/node-process.ts';
import { alice, bob } from '../support/people.ts';
import { api, bearer, messageEnvelope } from './clients.ts';

let data: string;
let port: number;
beforeAll(async () => {
  await buildNodeIfStale();
  data = await mkdtemp(join(tmpdir(), 'parley-node-'));
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
}, 120_000);
afterAll(() => rm(data, { recursive: true, force: true }));

test('what was acknowledged is there after the process was killed, again and again', { timeout: 120_000 }, async () => {
  const node = new NodeProcess({ port, data, log: join(data, 'node.log') });
  const acknowledged = new Set<string>();
  let time = Date.now() - 3_600_000;
  let topic = '';
  for (let life = 0; life < 5; life++) {
    await node.start();
    const client = api(node.url, 'Connect over HTTP/1.1');
    let alive = true;
    const writers = Array.from({ length: 8 }, async () => {
      while (alive) {
        const envelope = await messageEnvelope(alice, bob, time++);
        topic = envelope.contentTopic;
        try {
          await client.publish({ envelopes: [envelope] }, { headers: bearer(alice), timeoutMs: 5000 });
          acknowledged.add(toHex(envelope.message));
        } catch {
          return; // the node died under it: not acknowledged
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300 + 150 * life));
    await node.kill();
    alive = false;
    await Promise.all(writers);
  }
  await node.start();
  const found = new Set<string>();
  let cursor = {};
  for (;;) {
    const { envelopes, pagingInfo } = await api(node.url, 'Connect over HTTP/1.1').query({
      contentTopics: [topic],
      pagingInfo: { limit: 100, direction: SortDirection.ASCENDING, ...cursor },
    });
    for (const { message } of envelopes) found.add(toHex(message));
    if (!pagingInfo?.cursor) break;
    cursor = { cursor: pagingInfo.cursor };
  }
  await node.stop();
  expect(acknowledged.size).toBeGreaterThan(20);
  expect([...acknowledged].filter((message) => !found.has(message))).toEqual([]);
});

test('what was published is there after an orderly stop', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-node-'));
  const first = await startNode({ data: folder });
  const envelope = await messageEnvelope(alice, bob, Date.now());
  await api(first.url).publish({ envelopes: [envelope] }, { headers: bearer(alice) });
  await first.close();
  const second = await startNode({ data: folder });
  expect((await api(second.url).query({ contentTopics: [envelope.contentTopic] })).envelopes).toHaveLength(1);
  await second.close();
  await rm(folder, { recursive: true, force: true });
});

test('a port that is taken is named, with what to do', async () => {
  const node = await startNode();
  const second = new NodeProcess({ port: node.port, data, log: join(data, 'second.log') });
  await expect(startNode({ port: node.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await second.kill();
  await node.close();
});
