import { readFileSync } from 'node:fs';
import { Code } from '@connectrpc/connect';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { api } from './clients.ts';
import { access } from './conformance/access.ts';
import { elsewhere, reference } from './conformance/elsewhere.ts';
import { publishing } from './conformance/publishing.ts';
import { queries } from './conformance/queries.ts';
import { at, envelope, here, listFile, refusal, soon, start, stopAll, topic } from './conformance/setting.ts';
import { streams } from './conformance/streams.ts';
import { conformanceTable } from './conformance/table.ts';
import { grpcClient, jsonClient } from './two-clients.ts';

afterEach(stopAll);
const grpc = grpcClient(at);
const json = jsonClient(at);
const rows = [...publishing, ...queries, ...streams, ...access];

describe.each([
  ['gRPC', grpc],
  ['JSON', json],
] as const)('as existing nodes answer, over %s', (_, client) => {
  test.each(rows.map((row) => [[row.names.join(', '), row.says].filter(Boolean).join(': '), row] as const))(
    '%s',
    async (_name, { hold }) => {
      await hold(client);
    },
  );
});

describe('the list', () => {
  test('has every test of the reference, here or elsewhere, and no other', () => {
    const names = [...rows, ...elsewhere].flatMap((row) => row.names);
    expect([...new Set(names)].toSorted()).toEqual(reference.toSorted());
  });

  test('is what docs/conformance-node.md says', () => {
    const text = readFileSync(new URL('../../docs/conformance-node.md', import.meta.url), 'utf8');
    expect(/<!-- rows -->\n([\s\S]*)\n<!-- \/rows -->/.exec(text)?.[1]).toBe(conformanceTable(rows, elsewhere));
  });
});

describe('as existing nodes answer, over one of the two', () => {
  test('Subscribe2UpdateTopics, Subscribe2ClientClose: each request takes the place of the topics before', async () => {
    await start();
    const control = new AbortController();
    here.stops.push(() => control.abort());
    let next: (topics: string[] | null) => void = () => {};
    const requests = (async function* () {
      yield { contentTopics: ['a'] };
      for (;;) {
        const topics = await new Promise<string[] | null>((resolve) => {
          next = resolve;
        });
        if (!topics) return;
        yield { contentTopics: topics };
      }
    })();
    const received: string[] = [];
    let opened = false;
    const reading = (async () => {
      for await (const { contentTopic } of api(here.node.url).subscribe2(requests, {
        signal: control.signal,
        onHeader: () => (opened = true),
      }))
        received.push(contentTopic);
    })().catch(() => undefined);
    await vi.waitFor(() => expect(opened).toBe(true), soon);
    await grpc.publish([envelope(1, 'a'), envelope(1, 'b')]);
    await vi.waitFor(() => expect(received).toEqual(['a']), soon);
    next(['b']);
    await vi.waitFor(async () => {
      await grpc.publish([envelope(Date.now(), 'b'), envelope(2, 'a')]);
      expect(received.at(-1)).toBe('b');
    }, soon);
    expect(received.filter((each) => each === 'a')).toHaveLength(1);
    control.abort();
    await reading;
  });

  test('SubscribeContextTimeout, SubscribeContextCancel: a stream ends with its client’s deadline', async () => {
    await start();
    const stream = api(here.node.url).subscribe({ contentTopics: [topic] }, { timeoutMs: 300 });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test('HTTPNotFound, HTTPRootPath, Health', async () => {
    await start();
    const missing = await fetch(`${here.node.url}/no/such/path`);
    expect([missing.status, await missing.json()]).toEqual([404, { code: 5, message: 'Not Found', details: [] }]);
    expect((await fetch(`${here.node.url}/`)).status).toBe(200);
    expect((await fetch(`${here.node.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${here.node.url}/readyz`)).status).toBe(200);
  });

  test('a network that is denied gets health and nothing else', async () => {
    await start({ lists: listFile({ denyNetworks: ['127.0.0.0/8'] }).path });
    for (const work of [
      () => json.query({ contentTopics: [topic] }),
      () => json.batch([]),
      () => json.publish([envelope(1)]),
      () => grpc.query({ contentTopics: [topic] }),
    ])
      expect(await refusal(work())).toEqual([Code.PermissionDenied, 'network is deny listed']);
    expect((await fetch(`${here.node.url}/healthz`)).status).toBe(200);
  });
});
