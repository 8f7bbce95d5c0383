import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runCommand } from '../../src/node/commands.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { bearer, gateway } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-operating-'));
  stops.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const start = async (options: NodeOptions): Promise<RunningNode> => {
  const node = await startNode({ compat: true, ...options });
  stops.push(() => node.close());
  return node;
};
const envelope = (topic: string, text: string, timestampNs = '1') => ({
  contentTopic: topic,
  timestampNs,
  message: Buffer.from(text).toString('base64'),
});

test('metrics tell what went on, by names and in numbers, and nothing of whom or what', async () => {
  const node = await start({ metrics: { host: '127.0.0.1', port: 0 } });
  const secret = '/xmtp/0/m-canary/proto';
  await gateway(node.url, 'publish', { envelopes: [envelope(secret, 'canary text'), envelope(secret, 'canary text')] }, bearer(alice));
  await gateway(node.url, 'publish', { envelopes: [envelope(secret, 'canary text')] });
  await gateway(node.url, 'query', { contentTopics: [secret] });
  const text = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name.replace(/[{}"+]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('parley_published_envelopes_total')).toBe(2);
  expect(value('parley_duplicate_envelopes_total')).toBe(1);
  expect(value('parley_requests_total{method="publish",code="OK"}')).toBe(1);
  expect(value('parley_requests_total{method="publish",code="Unauthenticated"}')).toBe(1);
  expect(value('parley_request_seconds_count{method="query"}')).toBe(1);
  expect(value('parley_commit_envelopes_bucket{le="2"}')).toBe(1);
  expect(value('parley_store_sequence')).toBe(1);
  expect(text).not.toMatch(/canary|0x[0-9a-f]{6}/i);
  for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.eE+-]+)$/);
  expect((await fetch(`http://127.0.0.1:${node.metricsPort}/`)).status).toBe(404);
  expect((await fetch(`${node.url}/metrics`)).status).not.toBe(200);
});

test('what is older than its kind is kept goes, and nothing else', async () => {
  const data = folder();
  let now = Date.now() - 40 * 86_400_000;
  const clock = (): number => now;
  const topics = [
    '/xmtp/0/m-a/proto',
    '/xmtp/0/m-b/proto',
    '/xmtp/0/mx-a/proto',
    `/xmtp/0/invite-${alice.address}/proto`,
    `/xmtp/0/contact-${alice.address}/proto`,
  ];
  const publish = (node: RunningNode, text: string) =>
    gateway(
      node.url,
      'publish',
      { envelopes: topics.map((topic) => envelope(topic, text, String(now * 1_000_000))) },
      bearer(alice, clock),
    );
  const old = await startNode({ compat: true, data, clock });
  for (let n = 0; n < 3; n++) await publish(old, `old ${n}`);
  await old.close();
  now = Date.now();
  const node = await start({ data, clock, retention: new Map([['m', 30]]) });
  await publish(node, 'new');
  const counts = async (): Promise<unknown[]> =>
    Promise.all(
      topics.map(async (topic) => ((await gateway(node.url, 'query', { contentTopics: [topic] })).body['envelopes'] as unknown[]).length),
    );
  await expect.poll(counts, { timeout: 30_000 }).toEqual([1, 1, 4, 4, 4]);
});

test('with a certificate it serves TLS, over HTTP/1.1 and HTTP/2, and takes a renewed one', async () => {
  const path = folder();
  const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
  const make = (name: string): void =>
    void execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    );
  make('first');
  const node = await start({ tls: { cert, key } });
  expect(node.url).toMatch(/^https:/);
  const ask = (): Promise<{ status: number | undefined; name: string }> =>
    new Promise((resolve, reject) => {
      https
        .get(`${node.url}/healthz`, { rejectUnauthorized: false, agent: false }, (response) => {
          const name = String(
            (response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN,
          );
          response.resume().on('end', () => resolve({ status: response.statusCode, name }));
        })
        .on('error', reject);
    });
  expect(await ask()).toEqual({ status: 200, name: 'first' });
  const session = http2.connect(node.url, { rejectUnauthorized: false });
  stops.push(() => session.destroy());
  const stream = session.request({ ':path': '/healthz' });
  const status = await new Promise((resolve, reject) => {
    stream.once('response', (headers) => resolve(headers[':status']));
    stream.once('error', reject);
  });
  expect([status, session.alpnProtocol]).toEqual([200, 'h2']);
  make('second');
  node.reload();
  expect(await ask()).toEqual({ status: 200, name: 'second' });
  // Who watches it from beside it need not know its name.
  const port = new URL(node.url).port;
  expect(await runCommand(['health', '--port', port, '--tls-cert', cert, '--tls-key', key], {})).toBe('Ready.');
});

test('the health command asks the node of its options, and says what is wrong', async () => {
  const node = await start({});
  const port = new URL(node.url).port;
  for (const host of ['127.0.0.1', '0.0.0.0']) expect(await runCommand(['health', '--port', port, '--host', host], {})).toBe('Ready.');
  expect(await runCommand(['health'], { PARLEY_PORT: port })).toBe('Ready.');
  await node.close();
  await expect(runCommand(['health', '--port', port], {})).rejects.toThrow(/port \d+, does not answer/);
});
