import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { NodeApi } from '../../../src/gen/parley/node/v1/node_pb.ts';
import { MessageApi, SortDirection } from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import { installWaku, folder as wakuFolder } from '../../interop/waku/install.ts';
import { NodeProgram } from '../../support/node-program.ts';
import type { Setting } from '../node.ts';
import { serveNode } from '../processes.ts';
import { type Comparison, compare } from '../report.ts';
import { messageLength } from './requests.ts';

const missed = 100_000;
const topics = Array.from({ length: 20 }, (_, index) => `/xmtp/0/m-catch-up-${index}/proto`);

/**
 * What a client that comes back reads per second of 100,000 envelopes that it missed: by the store's own order; by pages of 100 as the message API has them; and by those
 * of Waku's store protocol, with js-waku as the client and our node as the store, vouchers included.
 */
export async function benchCatchUp({ rounds, folder, atEnd }: Setting): Promise<Comparison[]> {
  const data = folder();
  const store = openSqliteStore({ data });
  for (let n = 0; n < missed; n += 1000) {
    await store.append(
      Array.from({ length: 1000 }, (_, index) => {
        const message = Buffer.alloc(messageLength, 7);
        message.writeUInt32BE(n + index, 0);
        return { topic: topics[(n + index) % topics.length] as string, timestampNs: BigInt(n + index + 1), message };
      }),
    );
  }
  await store.close();
  const node = await serveNode(['--data', data, '--compat']);
  atEnd(node.stop);
  let transport = createConnectTransport({ baseUrl: node.url, httpVersion: '2' });

  const follow = async (): Promise<number> => {
    const begun = performance.now();
    let count = 0;
    for await (const { step } of createClient(NodeApi, transport).follow({ topics })) {
      if (step.case === 'envelope') count++;
      if (step.case === 'heartbeat') break;
    }
    return rate(count, begun);
  };
  const pages = async (): Promise<number> => {
    const begun = performance.now();
    let count = 0;
    let cursor = {};
    for (;;) {
      const pagingInfo = { limit: 100, direction: SortDirection.ASCENDING, ...cursor };
      const page = await createClient(MessageApi, transport).query({ contentTopics: topics, pagingInfo });
      count += page.envelopes.length;
      if (!page.pagingInfo?.cursor) return rate(count, begun);
      cursor = { cursor: page.pagingInfo.cursor };
    }
  };
  const row = { what: `catching up on ${missed.toLocaleString('en')} envelopes of ${topics.length} topics`, unit: '/s', rounds };
  const found = [await compare({ ...row, opponent: 'pages of 100', bar: 3, ours: follow, theirs: pages })];
  await node.stop();
  if (!installWaku()) return found;
  const relaying = new NodeProgram(
    '--port',
    '0',
    '--data',
    data,
    '--compat',
    '--relay',
    '/ip4/127.0.0.1/tcp/0',
    '--network-read-rate',
    '0',
  );
  atEnd(() => relaying.signal('SIGTERM'));
  transport = createConnectTransport({ baseUrl: await relaying.url(), httpVersion: '2' });
  const [, address = ''] = /at=(\S+)/.exec(relaying.said) ?? [];
  const reader = fork(`${wakuFolder}/reader.mjs`, [address], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  atEnd(() => reader.kill());
  await once(reader, 'message');
  // Once before it counts: the node indexes for the relay what it has, and signs its pages.
  await readByWaku(reader);
  await follow();
  return [
    ...found,
    await compare({ ...row, opponent: 'Waku store paging (js-waku)', bar: 3, ours: follow, theirs: () => readByWaku(reader) }),
  ];
}

async function readByWaku(reader: ChildProcess): Promise<number> {
  reader.send({ contentTopics: topics });
  const [answer] = (await once(reader, 'message')) as [{ count: number; seconds: number }];
  if (answer.count !== missed) throw new Error(`${answer.count} envelopes came by Waku's store instead of ${missed}`);
  return answer.count / answer.seconds;
}

function rate(count: number, begun: number): number {
  if (count !== missed) throw new Error(`${count} envelopes came instead of ${missed}`);
  return count / ((performance.now() - begun) / 1000);
}
