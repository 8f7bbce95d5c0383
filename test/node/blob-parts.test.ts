import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobParts } from '../../src/node/blob-parts.ts';
import { Blobs } from '../../src/node/blobs.ts';
import { defaultLimits } from '../../src/node/limits.ts';
import { createLog } from '../../src/node/log.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice, bob, type Person, person } from '../support/people.ts';
import { bearer } from './clients.ts';

let data: string;
let node: RunningNode;
let now: number;
const clock = (): number => now;
const hourMs = 3_600_000;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'parley-blob-parts-'));
  now = Date.UTC(2026, 0, 1, 12);
});
afterEach(async () => {
  await node?.close();
  rmSync(data, { recursive: true, force: true });
});
const start = async (options: NodeOptions = {}): Promise<void> => {
  node = await startNode({ data, clock, ...options });
};
const restart = async (options: NodeOptions = {}): Promise<void> => {
  await node.close();
  await start(options);
};
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const files = (): string[] =>
  readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).flatMap((each) => (each.isFile() ? [each.name] : []));

/** Bytes of all that is not whole yet. */
const onDisk = (): number => {
  const folder = join(data, 'blobs', 'parts');
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
};

interface Answer {
  readonly status: number;
  readonly body: { readonly held?: number; readonly part?: number; readonly message?: string };
  readonly headers: Headers;
}

/** One request about the parts of a blob. */
async function ask(method: string, digest: string, query = '', { who = alice, body, headers }: Ask = {}): Promise<Answer> {
  const response = await fetch(`${node.url}/blob/${digest}/parts${query}`, {
    method,
    headers: headers ?? bearer(who, clock),
    ...(body && { body: new Uint8Array(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}
interface Ask {
  readonly who?: Person;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
}
const begin = (bytes: Uint8Array, options?: Ask) => ask('POST', digestOf(bytes), `?size=${bytes.length}`, options);
const part = (bytes: Uint8Array, from: number, to: number, options?: Ask) =>
  ask('PATCH', digestOf(bytes), `?at=${from}`, { ...options, body: bytes.subarray(from, to) });
const finish = (bytes: Uint8Array, options?: Ask) => ask('PUT', digestOf(bytes), '', options);
const cancel = (bytes: Uint8Array, options?: Ask) => ask('DELETE', digestOf(bytes), '', options);
const fetched = async (bytes: Uint8Array): Promise<Buffer | number> => {
  const response = await fetch(`${node.url}/blob/${digestOf(bytes)}`);
  return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : response.status;
};

/** Sends the beginning of a part and leaves the connection open. */
function drip(
  bytes: Uint8Array,
  from: number,
  sent: number,
  to: number,
): { readonly request: http.ClientRequest; readonly ended: Promise<number> } {
  const request = http.request(`${node.url}/blob/${digestOf(bytes)}/parts?at=${from}`, {
    method: 'PATCH',
    headers: { ...bearer(alice, clock), 'content-length': to - from },
  });
  const ended = new Promise<number>((resolve) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', () => resolve(0));
  });
  request.write(bytes.subarray(from, sent));
  return { request, ended };
}

describe('an attachment in parts', () => {
  test('is put one part after the other, and there when all of it has come and is what its name says', async () => {
    await start();
    const bytes = randomBytes(2_500_000);
    const begun = await begin(bytes);
    expect(begun).toMatchObject({ status: 200, body: { held: 0, part: expect.any(Number) } });
    const most = begun.body.part ?? 0;
    expect(most).toBeGreaterThanOrEqual(262_144);
    for (let at = 0; at < bytes.length; at += most) {
      const to = Math.min(at + most, bytes.length);
      expect(await part(bytes, at, to)).toMatchObject({ status: 200, body: { held: to } });
    }
    expect(await fetched(bytes)).toBe(404);
    expect((await finish(bytes)).status).toBe(204);
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
    expect(files().filter((name) => name !== digestOf(bytes))).toEqual([]);
    // A client that did not hear the answer asks again.
    expect((await finish(bytes)).status).toBe(204);
    expect((await begin(bytes)).status).toBe(204);
  });

  test('goes on after a connection was lost from what has come, byte by byte', async () => {
    await start();
    const bytes = randomBytes(200_000);
    await begin(bytes);
    await part(bytes, 0, 50_000);
    const lost = drip(bytes, 50_000, 90_000, 150_000);
    await expect.poll(onDisk, { timeout: 20_000 }).toBe(90_000);
    lost.request.destroy();
    expect((await begin(bytes)).body.held).toBe(90_000);
    expect((await part(bytes, 90_000, bytes.length)).body.held).toBe(bytes.length);
    expect((await finish(bytes)).status).toBe(204);
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
  });

  test('is not held up by a connection that died without a word: the next request takes over', async () => {
    await start();
    const bytes = randomBytes(100_000);
    await begin(bytes);
    const silent = drip(bytes, 0, 10_000, 100_000);
    await expect.poll(onDisk, { timeout: 20_000 }).toBe(10_000);
    expect((await part(bytes, 10_000, bytes.length)).body.held).toBe(bytes.length);
    expect([0, 409]).toContain(await silent.ended);
    expect((await finish(bytes)).status).toBe(204);
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
  });

  test('goes on after the node was started again', async () => {
    await start();
    const bytes = randomBytes(100_000);
    await begin(bytes);
    await part(bytes, 0, 60_000);
    await restart();
    expect(await begin(bytes)).toMatchObject({ status: 200, body: { held: 60_000 } });
    await part(bytes, 60_000, bytes.length);
    expect((await finish(bytes)).status).toBe(204);
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
  });

  test('is taken by HTTP/2 as well', async () => {
    await start();
    const bytes = randomBytes(100_000);
    const session = http2.connect(node.url);
    const send = (method: string, query: string, body?: Uint8Array): Promise<number> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': method, ':path': `/blob/${digestOf(bytes)}/parts${query}`, ...bearer(alice, clock) });
        stream.once('response', (headers) => resolve(Number(headers[':status'])));
        stream.once('error', reject);
        stream.resume();
        stream.end(body);
      });
    expect(await send('POST', '?size=100000')).toBe(200);
    expect(await send('PATCH', '?at=0', bytes.subarray(0, 70_000))).toBe(200);
    expect(await send('PATCH', '?at=70000', bytes.subarray(70_000))).toBe(200);
    expect(await send('PUT', '')).toBe(204);
    session.close();
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
  });

  test('may be sent from any page, by the methods that it takes', async () => {
    await start();
    const preflight = await ask('OPTIONS', 'ab'.repeat(32), '', { headers: { 'access-control-request-method': 'PATCH' } });
    const methods = preflight.headers.get('access-control-allow-methods');
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) expect(methods).toContain(method);
  });
});

describe('what came of an attachment that was called off', () => {
  test('is gone at once, and a second word of it changes nothing', async () => {
    await start();
    const bytes = randomBytes(50_000);
    await begin(bytes);
    await part(bytes, 0, 30_000);
    expect((await cancel(bytes)).status).toBe(204);
    expect((await cancel(bytes)).status).toBe(204);
    expect(files()).toEqual([]);
    expect((await part(bytes, 30_000, 40_000)).status).toBe(404);
    expect((await begin(bytes)).body.held).toBe(0);
  });

  test('is gone also while a part of it is coming', async () => {
    await start();
    const bytes = randomBytes(50_000);
    await begin(bytes);
    const coming = drip(bytes, 0, 20_000, 50_000);
    await expect.poll(onDisk, { timeout: 20_000 }).toBe(20_000);
    expect((await cancel(bytes)).status).toBe(204);
    expect([0, 409]).toContain(await coming.ended);
    await expect.poll(files).toEqual([]);
  });

  test('has counted once, and what never came has not', async () => {
    await start({ limits: { blobDailyBytes: 100_000 } });
    const [one, other] = [randomBytes(80_000), randomBytes(60_000)];
    await begin(one);
    expect((await begin(other)).status).toBe(429);
    await part(one, 0, 30_000);
    await cancel(one);
    expect((await begin(other)).status).toBe(200);
    const more = await begin(randomBytes(20_000));
    expect([more.status, more.headers.get('retry-after')]).toEqual([429, String(12 * 3600)]);
  });
});

describe('an attachment that nobody goes on with', () => {
  test('goes after a day, as what never was', async () => {
    await start();
    const bytes = randomBytes(50_000);
    await begin(bytes);
    await part(bytes, 0, 30_000);
    now += 23 * hourMs;
    expect((await begin(bytes)).body.held).toBe(30_000);
    now += 25 * hourMs;
    expect((await begin(bytes)).body.held).toBe(0);
  });

  test('is looked for without being asked for, and what it took is free again', async () => {
    const blobs = new Blobs(data, defaultLimits, createLog('silent'), clock);
    const parts = new BlobParts(data, blobs, createLog('silent'), clock);
    const bytes = randomBytes(50_000);
    const upload = { digest: digestOf(bytes), wallet: alice.address };
    const stream = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 30_000);
    };
    await parts.begin(upload, 'a network', bytes.length);
    await parts.append(upload, 0, stream(), undefined);
    now += 23 * hourMs;
    expect([await parts.sweep(), blobs.bytes]).toEqual([0, 30_000]);
    now += 2 * hourMs;
    expect([await parts.sweep(), blobs.bytes, files()]).toEqual([1, 0, []]);
    parts.close();
    blobs.close();
  });

  test('goes after a day over a restart too', async () => {
    await start();
    const bytes = randomBytes(50_000);
    await begin(bytes);
    await part(bytes, 0, 30_000);
    now += 25 * hourMs;
    await restart();
    expect(files()).toEqual([]);
  });
});

describe('limits of attachments in parts', () => {
  test('count an attachment once, however often it is begun, over a restart too', async () => {
    const limits = { blobDailyBytes: 100_000 };
    await start({ limits });
    const bytes = randomBytes(60_000);
    for (let index = 0; index < 3; index++) expect((await begin(bytes)).status).toBe(200);
    await part(bytes, 0, 60_000);
    await finish(bytes);
    expect((await begin(randomBytes(40_000))).status).toBe(200);
    await restart({ limits });
    expect((await begin(randomBytes(1000))).status).toBe(429);
    expect((await begin(randomBytes(1000), { who: bob })).status).toBe(200);
  });

  test('count what has come against the whole, and give it back when it goes', async () => {
    await start({ limits: { blobStoreBytes: 100_000 } });
    const [one, other] = [randomBytes(80_000), randomBytes(60_000)];
    await begin(one);
    await begin(other);
    await part(one, 0, 80_000);
    const full = await part(other, 0, 60_000);
    expect([full.status, full.body.message]).toEqual([429, expect.stringContaining('have reached their limit')]);
    await cancel(one);
    const { held = 0 } = (await begin(other)).body;
    expect((await part(other, held, 60_000)).status).toBe(200);
    expect((await finish(other)).status).toBe(204);
  });

  test('let a wallet begin a few at once, the one that rested longest making way', async () => {
    await start({ metrics: { host: '127.0.0.1', port: 0 } });
    const many = Array.from({ length: 8 }, () => randomBytes(1000));
    for (const bytes of many) {
      now += 1000;
      expect((await begin(bytes)).status).toBe(200);
    }
    const first = many[0] as Buffer;
    await part(first, 0, 500);
    const more = randomBytes(1000);
    const refused = await begin(more);
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    const metrics = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
    expect(metrics).toContain('parley_refusals_total{barrier="blob-uploads"} 1\n');
    expect((await begin(more, { who: bob })).status).toBe(200);
    now += 120_000;
    await part(first, 500, 600);
    expect((await begin(more)).status).toBe(200);
    expect((await begin(first)).body.held).toBe(600);
    expect((await part(many[1] as Buffer, 0, 10)).status).toBe(404);
  });

  test('let one network begin no more than it has use for, by whatever wallets', async () => {
    await start();
    for (let index = 0; index < 64; index++) {
      const who = person(`one of many ${index % 8}`);
      expect((await begin(randomBytes(10), { who })).status).toBe(200);
    }
    expect((await begin(randomBytes(10), { who: person('one too many') })).status).toBe(429);
    expect(files().length).toBeLessThan(70);
  });
});

describe('hostile requests about parts', () => {
  const bytes = randomBytes(4000);
  const long = randomBytes(5001);

  test.each<[string, number, () => Promise<Answer>]>([
    ['begins without a token', 401, () => begin(bytes, { headers: {} })],
    ['sends a part without a token', 401, () => part(bytes, 0, 10, { headers: {} })],
    ['finishes without a token', 401, () => finish(bytes, { headers: {} })],
    ['calls off without a token', 401, () => cancel(bytes, { headers: {} })],
    ['begins what is too large', 429, () => begin(long)],
    ['begins what is empty', 400, () => ask('POST', digestOf(bytes), '?size=0')],
    ['begins without a size', 400, () => ask('POST', digestOf(bytes))],
    ['names a size that is no number', 400, () => ask('POST', digestOf(bytes), '?size=1e3')],
    ['names a size beyond all numbers', 400, () => ask('POST', digestOf(bytes), `?size=${'9'.repeat(30)}`)],
    ['names a negative place', 400, () => ask('PATCH', digestOf(bytes), '?at=-1')],
    ['names no digest', 400, () => ask('POST', 'AB'.repeat(32), '?size=10')],
    ['climbs out', 400, () => ask('POST', '..%2f..%2fx', '?size=10')],
    ['sends a part of what was not begun', 404, () => part(bytes, 0, 10)],
    ['finishes what was not begun', 404, () => finish(bytes)],
    ['asks by another method', 501, () => ask('GET', digestOf(bytes))],
  ])('one that %s is refused with words, and leaves nothing', async (_, status, asked) => {
    await start({ limits: { blobBytes: 5000 } });
    const answer = await asked();
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(/\S/)]);
    expect(files()).toEqual([]);
  });

  test('a part at another place than where the last one ended is refused, and the place stays', async () => {
    await start();
    await begin(bytes);
    await part(bytes, 0, 1000);
    for (const at of [0, 999, 1001, 3000]) expect((await part(bytes, at, at + 10)).status).toBe(409);
    expect((await begin(bytes)).body.held).toBe(1000);
  });

  test('more than was said, or than a part may have, is not taken', async () => {
    await start();
    await begin(bytes);
    const over = await ask('PATCH', digestOf(bytes), '?at=0', { body: randomBytes(4001) });
    expect(over.status).toBe(400);
    expect((await begin(bytes)).body.held).toBe(0);
    const large = randomBytes(6_000_000);
    const { part: most = 0 } = (await begin(large)).body;
    expect((await part(large, 0, most + 1)).status).toBe(400);
    expect((await begin(large)).body.held).toBe(0);
    // One that does not say how long it is ends where it may.
    const held = await new Promise<number>((resolve) => {
      const request = http.request(`${node.url}/blob/${digestOf(bytes)}/parts?at=0`, {
        method: 'PATCH',
        headers: { ...bearer(alice, clock), 'transfer-encoding': 'chunked' },
      });
      const after = async (): Promise<void> => resolve((await begin(bytes)).body.held ?? -1);
      request.on('response', (response) => response.resume().on('end', after));
      request.on('error', after);
      request.write(randomBytes(3000));
      request.end(randomBytes(3000));
    });
    expect(held).toBeLessThanOrEqual(4000);
  });

  test('an attachment that is not what its name says is dropped when it is finished', async () => {
    await start();
    await begin(bytes);
    await ask('PATCH', digestOf(bytes), '?at=0', { body: randomBytes(4000) });
    expect((await finish(bytes)).status).toBe(400);
    expect(files()).toEqual([]);
    expect(await fetched(bytes)).toBe(404);
    expect((await begin(bytes)).body.held).toBe(0);
  });

  test('an attachment of which something is missing is not finished, and stays', async () => {
    await start();
    await begin(bytes);
    await part(bytes, 0, 3999);
    expect((await finish(bytes)).status).toBe(409);
    await part(bytes, 3999, 4000);
    expect((await finish(bytes)).status).toBe(204);
  });

  test('of two parts for one place only one is kept', async () => {
    await start();
    const large = randomBytes(400_000);
    await begin(large);
    const answers = await Promise.all([0, 1, 2, 3].map(() => part(large, 0, 400_000)));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const { held = 0 } = (await begin(large)).body;
    expect(onDisk()).toBe(held);
    if (held < 400_000) await part(large, held, 400_000);
    expect((await finish(large)).status).toBe(204);
    expect((await fetched(large)) as Buffer).toEqual(large);
  });

  test('one that says another size begins anew', async () => {
    await start();
    await begin(bytes);
    await part(bytes, 0, 3000);
    expect((await ask('POST', digestOf(bytes), '?size=3500')).body.held).toBe(0);
    expect((await begin(bytes)).body.held).toBe(0);
  });

  test('what another wallet has begun is nobody else’s: not seen, not gone on with, not finished, not called off', async () => {
    await start();
    await begin(bytes);
    await part(bytes, 0, 4000);
    expect((await part(bytes, 4000, 4000, { who: bob })).status).toBe(404);
    expect((await finish(bytes, { who: bob })).status).toBe(404);
    expect((await cancel(bytes, { who: bob })).status).toBe(204);
    expect((await begin(bytes, { who: bob })).body.held).toBe(0);
    expect((await begin(bytes)).body.held).toBe(4000);
    expect((await finish(bytes)).status).toBe(204);
    // Bob’s is not needed any more; it counts once.
    expect((await begin(bytes, { who: bob })).status).toBe(204);
  });

  test('two that finish at once, and one that puts it whole meanwhile, leave one', async () => {
    await start();
    await begin(bytes);
    await part(bytes, 0, 4000);
    const whole = fetch(`${node.url}/blob/${digestOf(bytes)}`, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: bearer(alice, clock),
    });
    const answers = await Promise.all([finish(bytes), finish(bytes), whole]);
    for (const { status } of answers) expect(status).toBe(204);
    expect(files().filter((name) => name !== digestOf(bytes))).toEqual([]);
    expect((await fetched(bytes)) as Buffer).toEqual(bytes);
  });

  test('has no place in a node that keeps nothing', async () => {
    await start({ data: ':memory:' });
    expect((await begin(bytes)).status).toBe(501);
    await node.close();
    await start({ limits: { blobBytes: 0 } });
    expect((await begin(bytes)).status).toBe(501);
  });
});
