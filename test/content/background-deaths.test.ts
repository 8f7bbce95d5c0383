import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { goodParams } from '../support/schema.ts';
import { call, hear, load, page, read, write } from './bridge.ts';
import { arrive } from './page.ts';

const [, repeated = ''] =
  /When the background dies during a call, (.*?) are asked again by themselves/s.exec(readFileSync('docs/provider.md', 'utf8')) ?? [];
const askedAgain = new Set(repeated.match(/xmtp_\w+/g));

describe('when the background dies', () => {
  test('during a read, the read is made again', async () => {
    await load();
    const accounts = await call(read);
    page.port.break();
    await arrive(200);
    expect(page.ports).toHaveLength(2);
    page.answer('xmtp_accounts', { result: ['0x'] });
    await arrive();
    expect(accounts.outcome).toEqual({ result: ['0x'] });
  });

  test('during a write, the write is never made again, and its promise rejects within 5 seconds', async () => {
    await load();
    const sent = await call(write);
    page.port.break();
    await arrive(5000);
    expect(sent.outcome).toMatchObject({ code: 4901 });
    expect(page.ports.flatMap(({ sent: messages }) => messages)).toHaveLength(1);
  });

  test.each(Object.entries(goodParams))('during %s, what the contract says comes of it', async (method, params) => {
    await load();
    const asked = await call({ method, params });
    page.port.break();
    await arrive(5000);
    const times = page.ports.flatMap(({ sent }) => sent).filter((each) => (each as { method?: string }).method === method).length;
    if (!askedAgain.has(method)) {
      expect(times).toBe(1);
      expect(asked.outcome).toMatchObject({ code: 4901 });
      return;
    }
    expect(times).toBe(2);
    page.answer(method, { result: 'answered' });
    await arrive();
    expect(asked.outcome).toEqual({ result: 'answered' });
  });

  test('again and again, a read gives up', async () => {
    await load();
    const accounts = await call(read);
    for (let deaths = 0; deaths < 3; deaths++) {
      page.port.break();
      await arrive(200);
    }
    expect(accounts.outcome).toMatchObject({ code: 4901 });
  });

  test('what is asked meanwhile waits for it', async () => {
    await load();
    await call(read);
    page.port.break();
    const sent = await call(write);
    await arrive(200);
    page.answer('xmtp_sendMessage', { result: 'sent' });
    await arrive();
    expect(sent.outcome).toEqual({ result: 'sent' });
  });

  test('while nobody waits, that is no news, and no reason to start it again', async () => {
    await load();
    const heard = hear('connect', 'disconnect');
    await arrive();
    page.port.break();
    await arrive(5000);
    expect(heard).toEqual([['connect', {}]]);
    expect(page.ports).toHaveLength(1);
  });

  test('while somebody waits, the page hears that it will come back, and that it has', async () => {
    await load();
    const heard = hear('connect', 'disconnect');
    await call(read);
    page.port.break();
    await arrive(200);
    expect(heard).toEqual([
      ['connect', {}],
      ['disconnect', { code: 1013 }],
      ['connect', {}],
    ]);
  });
});

test('a hundred lives of the background leave one port, and nothing that waits', async () => {
  await load();
  const heard = hear('connect', 'disconnect');
  for (let life = 0; life < 100; life++) {
    const asked = await call(read);
    page.answer('xmtp_accounts', { result: [life] });
    await arrive();
    expect(asked.outcome).toEqual({ result: [life] });
    expect(page.asked).toHaveLength(1);
    page.port.break();
    await arrive(200);
  }
  expect(page.ports).toHaveLength(100);
  expect(page.ports.every(({ broken }) => broken)).toBe(true);
  // Its coming and going without a call under way was no news.
  expect(heard).toEqual([['connect', {}]]);
});
