import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { NodeApi } from '../../../src/gen/parley/node/v1/node_pb.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import { NodeProgram } from '../../support/node-program.ts';
import type { Setting } from '../network.ts';
import { type Comparison, figure } from '../report.ts';

const missed = 100_000;

/** How many envelopes of 400 bytes a node fetches per second from a peer's store, of 100,000, each under a voucher. */
export async function benchResume({ folder }: Setting): Promise<Comparison[]> {
  const [full, empty] = ['full', 'empty'].map((name) => join(folder(), name)) as [string, string];
  for (const data of [full, empty]) mkdirSync(data);
  const store = openSqliteStore({ data: full });
  for (let n = 0; n < missed; n += 1000)
    await store.append(
      Array.from({ length: 1000 }, (_, index) => {
        const message = Buffer.alloc(400, 7);
        message.writeUInt32BE(n + index);
        return { topic: `/xmtp/0/groupInvite-${(n + index) % 100}/proto`, timestampNs: BigInt(n + index + 1), message };
      }),
    );
  await store.close();
  const flags = (data: string): string[] => ['--port', '0', '--data', data, '--relay', '/ip4/127.0.0.1/tcp/0', '--home-rate', '0'];
  const one = new NodeProgram(...flags(full));
  await one.url();
  const [, at] = /at=(\S+)/.exec(one.said) ?? [];
  const begun = performance.now();
  const two = new NodeProgram(...flags(empty), '--peers', at ?? '', '--trust', openIdentity(full).peerId);
  const client = createClient(NodeApi, createConnectTransport({ baseUrl: await two.url(), httpVersion: '1.1' }));
  while (Number((await client.info({})).head) < missed) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (performance.now() - begun > 240_000) throw new Error('it takes more than four minutes');
  }
  const rate = missed / ((performance.now() - begun) / 1000);
  await Promise.all([one, two].map((program) => program.signal('SIGTERM')));
  return [figure(`resume of ${missed.toLocaleString('en')} envelopes from a peer, its start included`, rate, '/s', null)];
}
