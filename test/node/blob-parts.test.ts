import { randomBytes } from 'node:crypto';
import http2 from 'node:http2';
import { describe, expect, test } from 'vitest';
import { BlobParts } from '../../src/node/blob-parts.ts';
import { Blobs } from '../../src/node/blobs.ts';
import { defaultLimits } from '../../src/node/limits.ts';
import { createLog } from '../../src/node/log.ts';
import { alice } from '../support/people.ts';
import {
  ask,
  begin,
  cancel,
  clock,
  data,
  digestOf,
  drip,
  eachWithItsFolder,
  fetched,
  files,
  finish,
  hourMs,
  node,
  onDisk,
  part,
  pass,
  restart,
  start,
} from './blob-parts-node.ts';
import { bearer } from './clients.ts';

eachWithItsFolder();

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
    pass(23 * hourMs);
    expect((await begin(bytes)).body.held).toBe(30_000);
    pass(25 * hourMs);
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
    pass(23 * hourMs);
    expect([await parts.sweep(), blobs.bytes]).toEqual([0, 30_000]);
    pass(2 * hourMs);
    expect([await parts.sweep(), blobs.bytes, files()]).toEqual([1, 0, []]);
    parts.close();
    blobs.close();
  });

  test('goes after a day over a restart too', async () => {
    await start();
    const bytes = randomBytes(50_000);
    await begin(bytes);
    await part(bytes, 0, 30_000);
    pass(25 * hourMs);
    await restart();
    expect(files()).toEqual([]);
  });
});
