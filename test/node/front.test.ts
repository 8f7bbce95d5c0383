import { once } from 'node:events';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice, bob } from '../support/people.ts';
import { bearer, gateway } from './clients.ts';

let node: RunningNode;
const start = async (options: NodeOptions): Promise<void> => {
  node = await startNode({ compat: true, ...options });
};
afterEach(() => node.close());

/** What a connection answers to these bytes until it is closed or `enough` is in it. */
async function talk(pieces: readonly string[], enough: string): Promise<string> {
  const socket = connect(node.port, '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20)); // so that they arrive one by one
  }
  while (!text.includes(enough) && !socket.closed) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.destroy();
  return text;
}

describe('a connection', () => {
  test('is recognised also if its first bytes come one by one', async () => {
    await start({});
    expect(await talk(['G', 'E', 'T /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'], '"ok"')).toContain('200 OK');
    expect(await talk(['P', 'O', 'ST /message/v1/query HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}'], 'required')).toContain('400');
  });

  test('that speaks something else is closed and harms nobody', async () => {
    await start({});
    expect(await talk(['\x16\x03\x01\x02\x00\x01'], '400')).toContain('400');
    expect(await talk(['PRI * HTTP/1.1\r\n\r\n'], 'never')).not.toContain('200');
    const half = connect(node.port, '127.0.0.1');
    half.end('GE');
    await once(half.resume(), 'close');
    expect((await fetch(`${node.url}/healthz`)).ok).toBe(true);
  });
});

describe('limits', () => {
  test('answer 429, with when to try again', async () => {
    await start({ limits: { networkReadRate: 0.01 } });
    const query = () => gateway(node.url, 'query', { contentTopics: ['a'] });
    expect((await query()).status).toBe(200);
    const refused = await query();
    expect(refused).toMatchObject({ status: 429, body: { code: 8, details: [] } });
    expect(refused.body['message']).toMatch(/^1 exceeds rate limit of queries from this network: .*; try again in \d+ s$/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('hold for the address that a trusted proxy names, and for the peer of anybody else', async () => {
    await start({ limits: { networkReadRate: 0.01 }, trustedProxies: ['127.0.0.0/8'] });
    const from = async (chain: string) => (await gateway(node.url, 'query', { contentTopics: ['a'] }, { 'x-forwarded-for': chain })).status;
    expect(await from('9.9.9.9, 10.0.0.1')).toBe(200);
    expect(await from('8.8.8.8, 10.0.0.1')).toBe(429); // what the client wrote itself does not count
    expect(await from('10.0.0.2')).toBe(200);
    await node.close();
    await start({ limits: { networkReadRate: 0.01 } });
    expect(await from('10.0.0.1')).toBe(200);
    expect(await from('10.0.0.2')).toBe(429);
  });

  test('count the envelopes of a wallet wherever it is', async () => {
    await start({ limits: { walletPublishRate: 0.02 } });
    const publish = (count: number) =>
      gateway(
        node.url,
        'publish',
        { envelopes: Array.from({ length: count }, (_, index) => ({ contentTopic: 'a', timestampNs: String(index) })) },
        bearer(alice),
      );
    expect((await publish(2)).status).toBe(200);
    expect((await publish(1)).body['message']).toContain('rate limit of this wallet');
  });

  test('of a wallet take nothing from those who share its network, and tokens that are no good do', async () => {
    await start({ limits: { walletPublishRate: 0.02, networkPublishRate: 0.1 } });
    const publish = async (headers: Record<string, string>, count = 1): Promise<number> =>
      (
        await gateway(
          node.url,
          'publish',
          { envelopes: Array.from({ length: count }, (_, index) => ({ contentTopic: 'a', timestampNs: String(index) })) },
          headers,
        )
      ).status;
    expect(await publish(bearer(alice), 2)).toBe(200);
    for (let tries = 0; tries < 30; tries++) expect(await publish(bearer(alice))).toBe(429);
    expect(await publish(bearer(bob), 2)).toBe(200);
    for (let tries = 0; tries < 6; tries++) expect(await publish({ authorization: 'Bearer nonsense' })).toBe(401);
    expect(await publish({ authorization: 'Bearer nonsense' })).toBe(429);
  });
});

describe('the JSON gateway', () => {
  test('packs long answers for who asks, and publishes never', async () => {
    await start({});
    const message = Buffer.alloc(3000).toString('base64');
    await gateway(node.url, 'publish', { envelopes: [{ contentTopic: 'a', timestampNs: '1', message }] }, bearer(alice));
    const ask = 'POST /message/v1/query HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 23\r\n';
    const body = '\r\n{"contentTopics":["a"]}';
    const packed = await talk([`${ask}accept-encoding: gzip\r\n${body}`], 'never');
    expect(packed).toContain('content-encoding: gzip');
    const bodyAt = packed.indexOf('\r\n\r\n') + 4;
    expect(gunzipSync(Buffer.from(packed.slice(bodyAt), 'latin1')).toString()).toContain(message);
    expect(await talk([`${ask}${body}`], 'never')).toContain(message);
    expect(await talk([`${ask}accept-encoding: gzip;q=0\r\n${body}`], 'never')).toContain(message);
  });

  test('says what is wrong with a request', async () => {
    await start({});
    const post = async (path: string, body: string, method = 'POST') => {
      const answer = await fetch(`${node.url}/message/v1/${path}`, { method, ...(method === 'POST' && { body }) });
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    expect(await post('query', '{')).toEqual({ status: 400, code: 3, message: 'the body is not JSON', details: [] });
    expect(await post('query', '{"contentTopics": 7}')).toMatchObject({ status: 400, code: 3 });
    expect(await post('query', '', 'GET')).toMatchObject({ status: 405 });
    expect(await post('query', '')).toMatchObject({ status: 400, message: 'content topics required' });
    expect(await post('query', '{"contentTopics":["a"],"unknownField":1,"startTimeNs":1669852800112000001}')).toMatchObject({
      status: 200,
    });
    expect(await post('constructor', '{}')).toMatchObject({ status: 404, code: 5 });
  });
});
