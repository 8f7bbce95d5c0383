import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http2, { type ClientHttp2Session, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Http2Speaker } from '../../src/node/speakers.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { gateway } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(options: NodeOptions): Promise<RunningNode> {
  const node = await startNode({ compat: true, metrics: { host: '127.0.0.1', port: 0 }, ...options });
  stops.push(() => node.close());
  return node;
}

interface Open {
  readonly socket: Socket;
  text(): string;
  readonly ended: Promise<unknown>;
}

async function open(node: RunningNode, from = '127.0.0.1'): Promise<Open> {
  const socket = connect({ port: node.port, host: '127.0.0.1', localAddress: from });
  stops.push(() => socket.destroy());
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', () => {}); // its close follows
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  return { socket, text: () => text, ended };
}

function openHttp2(node: RunningNode): ClientHttp2Session {
  const session = http2.connect(node.url);
  stops.push(() => session.destroy());
  session.on('error', () => {}); // its close follows
  return session;
}

const body = JSON.stringify({ contentTopics: ['a'] });
const query = `POST /message/v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const half = query.slice(0, 50);
const subscribe = JSON.stringify({ contentTopics: ['a'] });
const stream = `POST /message/v1/subscribe HTTP/1.1\r\nhost: x\r\ncontent-length: ${subscribe.length}\r\n\r\n${subscribe}`;

async function metric(node: RunningNode, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
  return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

describe('who does not ask', { timeout: 30_000 }, () => {
  test.each([
    ['nothing', ''],
    ['two bytes', 'PO'],
    ['half of a head', half],
    ['a head without all of its body', query.slice(0, -3)],
    ['half of a request that is for Node', 'GET /healthz HTTP/1.1\r\nhost'],
  ])('and sends %s is told so after a while, and closed', async (_what, sent) => {
    const node = await start({ limits: { silentSeconds: 1 } });
    const { socket, text, ended } = await open(node);
    if (sent !== '') socket.write(sent);
    await ended;
    expect(text()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*connection: close\r\n[\s\S]*no whole request within 1 second/i);
    expect(await metric(node, 'parley_silent_connections_total{ended="late"}')).toBe(1);
  });

  test('any more after it did, but with half of a request, is told so too', async () => {
    const node = await start({ limits: { silentSeconds: 1 } });
    const { socket, text, ended } = await open(node);
    socket.write(query);
    await expect.poll(text).toContain('200 OK');
    socket.write(half);
    await ended;
    expect(text()).toMatch(/200 OK[\s\S]*408 Request Timeout/);
  });

  test('and drips what it sends has no more time than others', async () => {
    const node = await start({ limits: { silentSeconds: 1 } });
    const { socket, ended } = await open(node);
    const dripping = setInterval(() => socket.write('x'), 100);
    socket.write('POST /a HTTP/1.1\r\nhost: ');
    await ended;
    clearInterval(dripping);
  });

  test('over HTTP/2 is told to go away', async () => {
    const node = await start({ limits: { silentSeconds: 1 } });
    const session = openHttp2(node);
    const [code] = (await once(session, 'goaway')) as [number];
    expect(code).toBe(http2.constants.NGHTTP2_NO_ERROR);
    await once(session, 'close');
    expect(await metric(node, 'parley_silent_connections_total{ended="late"}')).toBe(1);
  });

  test('before TLS is agreed on is closed', async () => {
    const path = mkdtempSync(join(tmpdir(), 'parley-connections-'));
    stops.push(() => rmSync(path, { recursive: true, force: true }));
    const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=x'].concat(
        ['-keyout', key],
        ['-out', cert],
      ),
      { stdio: 'ignore' },
    );
    const node = await start({ tls: { cert, key }, limits: { silentSeconds: 1, networkSilent: 2 } });
    const wrong = await open(node);
    wrong.socket.write('GET / HTTP/1.1\r\n\r\n');
    await wrong.ended;
    expect(await metric(node, 'parley_connections')).toBe(0);
    const late = await open(node);
    await late.ended;
    expect(await metric(node, 'parley_silent_connections_total{ended="late"}')).toBe(1);
    const first = await open(node);
    await Promise.all([open(node), open(node)]);
    await first.ended;
    expect(await metric(node, 'parley_silent_connections_total{ended="crowded"}')).toBe(1);
  });
});

test('a stream of HTTP/2 that is not asked to its end in five minutes is ended, and those beside it are not', () => {
  const stub = (headersSent: boolean) =>
    Object.assign(new EventEmitter(), { headersSent, readableEnded: false, endAfterHeaders: false, closedWith: 0 }) as unknown as {
      closedWith: number;
    } & ServerHttp2Stream;
  const speaker = new Http2Speaker({} as ServerHttp2Session, () => {});
  const streams = [stub(false), stub(true)];
  for (const stream of streams) {
    stream.close = (code) => {
      stream.closedWith = code ?? 0;
    };
    speaker.takes(stream);
  }
  const now = performance.now();
  speaker.look(now + 299_000);
  expect(streams.map(({ closedWith }) => closedWith)).toEqual([0, 0]);
  speaker.look(now + 301_000);
  expect(streams.map(({ closedWith }) => closedWith)).toEqual([http2.constants.NGHTTP2_CANCEL, 0]);
});

describe('who asks', { timeout: 30_000 }, () => {
  test('stays, also with pauses, with a stream, and with a connection of HTTP/2 that it used once', async () => {
    const node = await start({ limits: { silentSeconds: 1 } });
    const [called, streaming] = [await open(node), await open(node)];
    called.socket.write(query);
    streaming.socket.write(stream);
    const session = openHttp2(node);
    const call = session.request({ ':path': '/healthz' });
    await once(call.resume(), 'end');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect([called.socket.closed, streaming.socket.closed, session.closed]).toEqual([false, false, false]);
    called.socket.write(query);
    await expect.poll(() => called.text().split('200 OK')).toHaveLength(3);
    expect(await metric(node, 'parley_connections')).toBe(3);
    expect(await metric(node, 'parley_silent_connections')).toBe(2);
    expect(await metric(node, 'parley_silent_connections_total{ended="late"}')).toBe(0);
  });
});

describe('more connections of one network that ask nothing than may be', { timeout: 30_000 }, () => {
  test('cost the one that was silent longest, with a word; streams and calls go on', async () => {
    const node = await start({ limits: { networkSilent: 3 } });
    const streaming = await open(node);
    streaming.socket.write(stream);
    await expect.poll(streaming.text).toContain('200 OK');
    const [silent, halfway, used] = [await open(node), await open(node), await open(node)];
    halfway.socket.write(half);
    await new Promise((resolve) => setTimeout(resolve, 50));
    used.socket.write(query);
    await expect.poll(used.text).toContain('200 OK');
    const more = await open(node);
    await silent.ended;
    expect(silent.text()).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*more than 3 connections of this network ask nothing/);
    await open(node);
    await halfway.ended;
    expect([used.socket.closed, more.socket.closed, streaming.socket.closed]).toEqual([false, false, false]);
    await open(node);
    await used.ended;
    expect(used.text().split('HTTP/1.1')).toHaveLength(2); // what comes unasked after an answer could be taken for the next one
    expect(await metric(node, 'parley_silent_connections_total{ended="crowded"}')).toBe(3);
    expect(await metric(node, 'parley_refusals_total{barrier="network-silent"}')).toBe(3);
    expect((await gateway(node.url, 'query', { contentTopics: ['a'] })).status).toBe(200);
  });

  test('over HTTP/2 too, where streams that are not asked to the end count as silence', async () => {
    const node = await start({ limits: { networkSilent: 2 } });
    const session = openHttp2(node);
    const request = session.request({ ':path': '/message/v1/query', ':method': 'POST' });
    request.on('error', () => {});
    request.write('{');
    const told = new Promise((resolve) => session.once('goaway', resolve));
    await expect.poll(() => metric(node, 'parley_connections'), { timeout: 10_000 }).toBe(1);
    await Promise.all([open(node), open(node)]);
    expect(await told).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await expect.poll(() => session.destroyed).toBe(true);
  });

  test('do not count where all come through a proxy that is trusted', async () => {
    const node = await start({ limits: { networkSilent: 1 }, trustedProxies: ['127.0.0.1'] });
    const many = await Promise.all([open(node), open(node), open(node)]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(many.map(({ socket }) => socket.closed)).toEqual([false, false, false]);
  });

  test('six hundred at once leave the node as it was', async () => {
    const node = await start({ limits: { networkSilent: 100 } });
    const many = await Promise.all(Array.from({ length: 600 }, () => open(node)));
    await expect.poll(() => many.filter(({ socket }) => !socket.closed).length, { timeout: 10_000 }).toBeLessThanOrEqual(100);
    expect(await metric(node, 'parley_silent_connections')).toBeLessThanOrEqual(100);
    expect((await gateway(node.url, 'query', { contentTopics: ['a'] })).status).toBe(200);
  });
});

describe.runIf(process.platform === 'linux')(
  'more connections of all networks together that ask nothing than may be',
  { timeout: 30_000 },
  () => {
    test('cost those that were silent longest of the network that has most, whoever comes', async () => {
      const node = await start({ limits: { allSilent: 4 } });
      const streaming = await open(node, '127.0.0.2');
      streaming.socket.write(stream);
      await expect.poll(streaming.text).toContain('200 OK');
      const first = await open(node, '127.0.0.1');
      const many = [await open(node, '127.0.0.2'), await open(node, '127.0.0.2'), await open(node, '127.0.0.2')];
      await expect.poll(() => metric(node, 'parley_silent_connections')).toBe(4);
      const other = await open(node, '127.0.0.3');
      await many[0]?.ended;
      expect(many[0]?.text()).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*more than 4 connections ask nothing/);
      await open(node, '127.0.0.4');
      await many[1]?.ended;
      expect([first, many[2], other, streaming].map((each) => each?.socket.closed)).toEqual([false, false, false, false]);
      expect(await metric(node, 'parley_silent_connections_total{ended="full"}')).toBe(2);
      expect(await metric(node, 'parley_refusals_total{barrier="all-silent"}')).toBe(2);
    });

    test('go some at a time, and leave the node as it was', async () => {
      const node = await start({ limits: { allSilent: 100, networkSilent: 0 } });
      const many = await Promise.all(Array.from({ length: 400 }, (_, index) => open(node, `127.0.0.${2 + (index % 50)}`)));
      await expect.poll(() => many.filter(({ socket }) => !socket.closed).length, { timeout: 20_000 }).toBeLessThanOrEqual(100);
      expect(many.filter(({ socket }) => !socket.closed).length).toBeGreaterThan(50);
      expect((await gateway(node.url, 'query', { contentTopics: ['a'] })).status).toBe(200);
    });

    test('do not count where they come through a proxy that is trusted', async () => {
      const node = await start({ limits: { allSilent: 1 }, trustedProxies: ['127.0.0.1'] });
      const many = await Promise.all([open(node), open(node), open(node)]);
      await expect.poll(() => metric(node, 'parley_silent_connections')).toBe(3);
      expect(many.map(({ socket }) => socket.closed)).toEqual([false, false, false]);
    });
  },
);
