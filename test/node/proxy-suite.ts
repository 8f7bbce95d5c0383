import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { api, bearer, gateway, jsonEnvelope, openByHand, transports } from './clients.ts';

/** A program between clients and a node, set up by the sample of docs/operating. */
export interface Proxy {
  /** What it is called, and the command that starts it. */
  readonly name: string;
  /** How it says its version. */
  readonly version: readonly string[];
  /** Starts it in the foreground, with TLS on this port; its files, `cert.pem` and `key.pem` among them, are in the folder. */
  start(folder: string, port: number, node: string): ChildProcess;
  /** What it told of its errors. */
  errors(folder: string): string;
  /** Whether it holds the headers of a stream of HTTP/2 back until something follows them. */
  readonly holdsHeaders: boolean;
}

let folder: string;
let node: RunningNode;
let running: ChildProcess | undefined;
let url: string;

/** The sample of docs/operating. */
export const sample = (name: string): string => readFileSync(new URL(`../../docs/operating/${name}`, import.meta.url), 'utf8');

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const topic = '/xmtp/0/m-proxy/proto';
let count = 0;
const envelope = (bytes = 10) => ({ contentTopic: topic, timestampNs: BigInt(++count), message: new Uint8Array(bytes).fill(count) });
/** What a stream brings, as it comes, and how it ended, if it has. */
function collected<T>(stream: AsyncIterable<T>): { readonly received: T[]; readonly ended: Promise<unknown>; readonly end: () => unknown } {
  const received: T[] = [];
  let end: unknown = 'not yet';
  const ended = (async () => {
    for await (const each of stream) received.push(each);
  })().then(
    () => (end = 'by itself'),
    (error: unknown) => (end = error),
  );
  return { received, ended, end: () => end };
}
const soon = { timeout: 20_000 };

/** Everything that clients do, through this proxy. */
export function testBehind(proxy: Proxy): void {
  const missing = spawnSync(proxy.name, proxy.version).status === 0 ? null : `${proxy.name} is not installed`;
  describe.skipIf(missing !== null)(`behind ${proxy.name} as the sample has it${missing === null ? '' : ` (${missing})`}`, () => {
    beforeAll(() => start(proxy), 60_000);
    afterAll(stop);

    // Without TLS there is no HTTP/2 for browsers.
    const ways = Object.keys(transports) as (keyof typeof transports)[];
    test.each(ways)('publishes, queries and streams by %s', async (way) => {
      const control = new AbortController();
      const stream = collected(api(url, way).subscribe({ contentTopics: [topic] }, { signal: control.signal }));
      // Where the headers are held back nobody can tell when it began.
      const sent = envelope();
      await expect
        .poll(async () => {
          await api(url, way).publish({ envelopes: [envelope(), sent] }, { headers: bearer(alice) });
          expect(stream.end()).toBe('not yet');
          return stream.received.length;
        }, soon)
        .toBeGreaterThan(0);
      const { envelopes } = await api(url, way).query({
        contentTopics: [topic],
        startTimeNs: sent.timestampNs,
        endTimeNs: sent.timestampNs,
      });
      expect(envelopes.map(({ message }) => message)).toEqual([sent.message]);
      control.abort();
      await stream.ended;
    });

    test.skipIf(proxy.holdsHeaders)('tells a client of gRPC at once that it is subscribed', async () => {
      const headers = { 'content-type': 'application/grpc', te: 'trailers' };
      const stream = await openByHand(url, '/xmtp.message_api.v1.MessageApi/SubscribeAll', headers, new Uint8Array(5));
      expect(stream.headers).toMatchObject({ ':status': 200, subscribed: 'true' });
      stream.close();
    });

    test('changes the topics of a stream in both directions by gRPC', async () => {
      const control = new AbortController();
      let next = (_: string): void => {};
      const asked = (async function* () {
        yield { contentTopics: ['a'] };
        yield { contentTopics: [await new Promise<string>((resolve) => (next = resolve))] };
        await new Promise(() => {});
      })();
      const stream = collected(api(url).subscribe2(asked, { signal: control.signal }));
      const publish = (contentTopic: string) =>
        api(url).publish({ envelopes: [{ ...envelope(), contentTopic }] }, { headers: bearer(alice) });
      await expect
        .poll(async () => {
          await publish('a');
          return stream.received.at(-1)?.contentTopic;
        }, soon)
        .toBe('a');
      next('b');
      await expect
        .poll(async () => {
          await publish('b');
          return stream.received.at(-1)?.contentTopic;
        }, soon)
        .toBe('b');
      control.abort();
    });

    test('lets a stream of the JSON gateway begin soon, and its heartbeats through', { timeout: 60_000 }, async () => {
      const control = new AbortController();
      const body = JSON.stringify({ contentTopics: ['silent'] });
      const response = await fetch(`${url}/message/v1/subscribe`, { method: 'POST', body, signal: control.signal });
      expect(response.status).toBe(200);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (let beats = 0; beats < 2; beats++) expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(' ');
      control.abort();
    });

    test('takes the largest message, a blob of some megabytes, and refusals with their words', async () => {
      await api(url).publish({ envelopes: [envelope(1_048_214)] }, { headers: bearer(alice) });
      const large = jsonEnvelope(envelope(1_048_215));
      expect(await gateway(url, 'publish', { envelopes: [large] }, bearer(alice))).toMatchObject({
        status: 400,
        body: { message: 'message too big' },
      });
      await expect(api(url).publish({ envelopes: [] })).rejects.toMatchObject({ rawMessage: expect.stringContaining('not provided') });
      const bytes = new Uint8Array(5_000_000).fill(7);
      const place = `${url}/blob/${createHash('sha256').update(bytes).digest('hex')}`;
      expect((await fetch(place, { method: 'PUT', body: bytes, headers: bearer(alice) })).status).toBe(204);
      expect((await (await fetch(place)).arrayBuffer()).byteLength).toBe(bytes.length);
    });

    test('believes nobody who names another address than his own', async () => {
      const answer = await gateway(url, 'query', { contentTopics: [topic] }, { 'x-forwarded-for': '203.0.113.9' });
      expect(answer.status).toBe(200);
      const path = '/xmtp.message_api.v1.MessageApi/Query';
      const headers = { 'content-type': 'application/grpc', te: 'trailers', 'x-forwarded-for': '203.0.113.9' };
      const { headers: got, close } = await openByHand(url, path, headers, Buffer.from([0, 0, 0, 0, 3, 10, 1, 97]));
      expect(got[':status']).toBe(200);
      close();
      // To the node itself, as a trusted proxy would say it, it is refused.
      expect((await gateway(node.url, 'query', { contentTopics: [topic] }, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(403);
    });
  });
}

async function start(proxy: Proxy): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), `parley-${proxy.name}-`));
  const at = (name: string): string => join(folder, name);
  const subject = ['-subj', '/CN=node.example', '-keyout', at('key.pem'), '-out', at('cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject], { stdio: 'ignore' });
  writeFileSync(at('lists.json'), JSON.stringify({ denyNetworks: ['203.0.113.9'] }));
  node = await startNode({ compat: true, data: at('data'), trustedProxies: ['127.0.0.1'], lists: at('lists.json') });
  const port = await freePort();
  url = `https://127.0.0.1:${port}`;
  running = proxy.start(folder, port, `127.0.0.1:${node.port}`);
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  for (let tries = 0; tries < 200; tries++) {
    const answered = await fetch(`${url}/healthz`).catch(() => null);
    if (answered?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${proxy.name} does not serve: ${proxy.errors(folder)}`);
}

async function stop(): Promise<void> {
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  if (running) {
    running.kill('SIGTERM');
    await once(running, 'exit');
  }
  await node?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
}
