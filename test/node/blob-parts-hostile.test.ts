import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { alice, bob } from '../support/people.ts';
import {
  type Answer,
  ask,
  begin,
  cancel,
  clock,
  digestOf,
  eachWithItsFolder,
  fetched,
  files,
  finish,
  node,
  onDisk,
  part,
  start,
} from './blob-parts-node.ts';
import { bearer } from './clients.ts';

eachWithItsFolder();

describe('hostile requests about parts', () => {
  const bytes = randomBytes(4000);
  const long = randomBytes(5001);

  test.each<[string, number, () => Promise<Answer>]>([
    ['begins without a token', 401, () => begin(bytes, { headers: {} })],
    ['sends a part without a token', 401, () => part(bytes, 0, 10, { headers: {} })],
    ['finishes without a token', 401, () => finish(bytes, { headers: {} })],
    ['calls off without a token', 401, () => cancel(bytes, { headers: {} })],
    ['begins what is too large', 413, () => begin(long)],
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
