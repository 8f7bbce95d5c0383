import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Blobs } from '../../src/node/blobs.ts';
import { defaultLimits } from '../../src/node/limits.ts';
import { createLog } from '../../src/node/log.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice, bob } from '../support/people.ts';
import { bearer } from './clients.ts';

let data: string;
let node: RunningNode;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'parley-blobs-'));
});
afterEach(async () => {
  await node?.close();
  rmSync(data, { recursive: true, force: true });
});
const start = async (options: NodeOptions = {}): Promise<void> => {
  node = await startNode({ data, ...options });
};
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const at = (digest: string): string => `${node.url}/blob/${digest}`;
const put = (
  bytes: Buffer,
  {
    digest = digestOf(bytes),
    who = alice,
    headers = bearer(who),
  }: { digest?: string; who?: typeof alice; headers?: Record<string, string> } = {},
) => fetch(at(digest), { method: 'PUT', body: new Uint8Array(bytes), headers });
const files = (): string[] =>
  readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).flatMap((each) => (each.isFile() ? [each.name] : []));

describe('a sealed attachment', () => {
  test('counts against its wallet over a restart too', async () => {
    const limits = { blobDailyBytes: 1_000 };
    await start({ limits });
    expect((await put(randomBytes(900))).status).toBe(204);
    await node.close();
    await start({ limits });
    expect((await put(randomBytes(200))).status).toBe(429);
    expect((await put(randomBytes(200), { who: bob })).status).toBe(204);
  });

  test('is put by its digest and fetched by anybody, as bytes and never as a page', async () => {
    await start();
    const bytes = randomBytes(300_000);
    expect((await put(bytes)).status).toBe(204);
    const answer = await fetch(at(digestOf(bytes)));
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '300000',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment',
      'access-control-allow-origin': '*',
    });
    const head = await fetch(at(digestOf(bytes)), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '300000']);
    expect((await put(bytes, { who: bob })).status).toBe(204);
    expect(files()).toHaveLength(1);
    const preflight = await fetch(at(digestOf(bytes)), { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
  });

  test('is there after the node was started again', async () => {
    await start();
    const bytes = randomBytes(1000);
    await put(bytes);
    await node.close();
    await start();
    expect((await fetch(at(digestOf(bytes)))).status).toBe(200);
  });

  test.each([
    ['without a token', 401, () => put(randomBytes(10), { headers: {} })],
    ['under another digest', 400, () => put(randomBytes(10), { digest: 'ab'.repeat(32) })],
    ['under a name that is no digest', 400, () => put(randomBytes(10), { digest: 'AB'.repeat(32) })],
    ['that climbs out', 400, () => fetch(`${node.url}/blob/..%2f..%2fnode.db`)],
    ['that is empty', 400, () => put(Buffer.alloc(0))],
    ['that is too large', 413, () => put(randomBytes(5001))],
    ['that nobody put', 404, () => fetch(at('cd'.repeat(32)))],
    ['by another method', 501, () => fetch(at('cd'.repeat(32)), { method: 'DELETE' })],
  ])('%s is refused with words, and leaves nothing', async (_, status, ask) => {
    await start({ limits: { blobBytes: 5000 } });
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ message: expect.stringMatching(/\S/) });
    expect(files()).toEqual([]);
  });

  test('that is longer than it said, or breaks off, leaves nothing', async () => {
    await start({ limits: { blobBytes: 50_000 } });
    const send = (chunks: Buffer[], broken: boolean): Promise<number | 'broken'> =>
      new Promise((resolve) => {
        const request = http.request(
          at('ef'.repeat(32)),
          { method: 'PUT', headers: { ...bearer(alice), 'transfer-encoding': 'chunked' } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        request.on('error', () => resolve('broken'));
        for (const chunk of chunks) request.write(chunk);
        if (broken) setTimeout(() => request.destroy(), 50);
        else request.end();
      });
    expect([413, 'broken']).toContain(await send([randomBytes(40_000), randomBytes(40_000)], false));
    expect(await send([randomBytes(1000)], true)).toBe('broken');
    await expect.poll(files, { timeout: 20_000 }).toEqual([]);
  });

  test('counts against its wallet for a day, and against the whole', async () => {
    let now = Date.UTC(2026, 0, 1, 12);
    const clock = (): number => now;
    await start({ clock, limits: { blobDailyBytes: 2500, blobStoreBytes: 4000 } });
    const as = (who: typeof alice) => ({ headers: bearer(who, clock) });
    expect((await put(randomBytes(1000), as(alice))).status).toBe(204);
    expect((await put(randomBytes(1000), as(alice))).status).toBe(204);
    const refused = await put(randomBytes(1000), as(alice));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, String(12 * 3600)]);
    expect(((await refused.json()) as { message: string }).message).toContain('2500 bytes in a day');
    expect((await put(randomBytes(1000), as(bob))).status).toBe(204);
    now += 86_400_000;
    expect((await put(randomBytes(900), as(alice))).status).toBe(204);
    const full = await put(randomBytes(900), as(bob));
    expect(((await full.json()) as { message: string }).message).toContain('have reached their limit');
  });

  test('goes when it is old, unless somebody has put it again', async () => {
    let now = Date.now();
    const blobs = new Blobs(data, { ...defaultLimits, blobDays: 10 }, createLog('silent'), () => now);
    const [one, other] = [randomBytes(10), randomBytes(20)];
    const keep = (bytes: Buffer) => blobs.put(digestOf(bytes), alice.address, stream(bytes), bytes.length);
    await keep(one);
    await keep(other);
    now += 8 * 86_400_000;
    await keep(other);
    now += 4 * 86_400_000;
    expect(await blobs.sweep()).toBe(1);
    expect([await blobs.find(digestOf(one)), (await blobs.find(digestOf(other)))?.size, blobs.bytes]).toEqual([null, 20, 20]);
    blobs.close();
    async function* stream(bytes: Buffer): AsyncGenerator<Buffer> {
      yield bytes;
    }
  });

  test('has no place in a node that keeps nothing', async () => {
    await start({ data: ':memory:' });
    expect((await put(randomBytes(10))).status).toBe(501);
    await node.close();
    await start({ limits: { blobBytes: 0 } });
    expect((await put(randomBytes(10))).status).toBe(501);
  });
});
