import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bob, person } from '../support/people.ts';
import { begin, cancel, eachWithItsFolder, files, finish, node, part, pass, restart, start } from './blob-parts-node.ts';

eachWithItsFolder();

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
      pass(1000);
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
    pass(120_000);
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
