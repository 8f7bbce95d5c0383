import { beforeEach, describe, expect, test } from 'vitest';
import { createLedger, type Ledger, mostDays, mostSends, mostSites } from '../../../src/background/sites/ledger.ts';
import { bob, carol } from '../../support/people.ts';
import { sealing } from '../../support/sealing.ts';
import { game, memoryTable, shop } from './callers.ts';

const day = 86_400_000;
let now: number;
let table: ReturnType<typeof memoryTable<Uint8Array>>;
let keystore: ReturnType<typeof sealing>;
let ledger: Ledger;

/** The ledger as a background finds it when it starts. */
const start = (): Ledger => createLedger({ keystore, records: { notes: table }, clock: () => now });

beforeEach(() => {
  now = new Date(2026, 10, 25, 12).getTime();
  table = memoryTable();
  keystore = sealing();
  ledger = start();
});

const pageOf = async (origin: string, of = ledger) => (await of.all()).get(origin);

describe('the ledger', () => {
  test('counts what a site was handed, in all and by the day, and outlives the background', async () => {
    await ledger.note(shop, { messages: 3 });
    await ledger.note(shop, { messages: 2, conversations: 1 });
    now += day;
    await ledger.note(shop, { calls: 4 });
    const page = {
      lastAt: now,
      total: { messages: 5, conversations: 1, calls: 4, sent: 0 },
      days: [
        { date: '2026-11-26', messages: 0, conversations: 0, calls: 4, sent: 0 },
        { date: '2026-11-25', messages: 5, conversations: 1, calls: 0, sent: 0 },
      ],
      sends: [],
    };
    expect(await pageOf(shop)).toEqual(page);
    expect(await pageOf(shop, start())).toEqual(page);
    expect(await pageOf(game)).toBeUndefined();
  });

  test('tells to whom a site sent, and when; the same asked for again is no other', async () => {
    await ledger.note(shop, { sent: { name: 'one', to: [bob.address] } });
    now += 5;
    await ledger.note(shop, { sent: { name: 'two', to: [carol.address] } });
    await ledger.note(shop, { sent: { name: 'one', to: [bob.address] } });
    const { sends, total } = (await pageOf(shop, start())) ?? {};
    expect(sends).toEqual([
      { at: now, to: [carol.address], others: 0 },
      { at: now - 5, to: [bob.address], others: 0 },
    ]);
    expect(total?.sent).toBe(2);
  });

  test('has no page for who was handed nothing', async () => {
    await ledger.note(shop, { messages: 0 });
    expect((await ledger.all()).size).toBe(0);
    expect(table.rows.size).toBe(0);
  });

  test('shows nothing on the disk', async () => {
    await ledger.note(shop, { sent: { name: 'one', to: [bob.address] }, messages: 1 });
    const disk = [...table.rows].map(([key, bytes]) => key + String.fromCharCode(...bytes)).join();
    for (const word of ['shop', bob.address, bob.address.slice(2).toLowerCase(), 'messages']) expect(disk).not.toContain(word);
    await expect(createLedger({ keystore: sealing(), records: { notes: table }, clock: () => now }).all()).resolves.toEqual(new Map());
  });

  test('is of a bounded size, whatever a site does', async () => {
    const group = Array.from({ length: 250 }, (_, n) => `0x${String(n).padStart(40, '0')}` as const);
    for (let n = 0; n < 2 * mostSends; n++) {
      now += day;
      await ledger.note(shop, { messages: 100, sent: { name: `message ${n}`, to: group } });
    }
    const page = await pageOf(shop);
    expect([page?.days.length, page?.sends.length, page?.total.sent]).toEqual([mostDays, mostSends, 2 * mostSends]);
    expect(page?.sends[0]).toEqual({ at: now, to: group.slice(0, 5), others: 245 });
    expect([...table.rows.values()].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(40_000);
  });

  test('forgets the site that did nothing for longest, when there are too many', async () => {
    for (let n = 0; n < mostSites; n++) {
      now += 1;
      await ledger.note(`https://${n}.example`, { messages: 1 });
    }
    await ledger.note('https://0.example', { messages: 1 });
    await ledger.note(shop, { messages: 1 });
    for (const each of [ledger, start()]) {
      const all = await each.all();
      expect(all.size).toBe(mostSites);
      expect([all.has('https://0.example'), all.has('https://1.example'), all.has(shop)]).toEqual([true, false, true]);
    }
    expect(table.rows.size).toBe(mostSites);
  });

  test('loses nothing of what is noted at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => ledger.note(n % 2 === 0 ? shop : game, { messages: 1 })));
    expect((await pageOf(shop, start()))?.total.messages).toBe(10);
    expect((await pageOf(game, start()))?.total.messages).toBe(10);
  });

  test('forgets a site for good, also while something of it is being written', async () => {
    const noted = ledger.note(shop, { messages: 1 });
    await ledger.forget(shop);
    await noted.catch(() => undefined);
    await ledger.forget(shop);
    expect(table.rows.size).toBe(0);
    expect((await start().all()).size).toBe(0);
  });

  test('of another account on the same disk is another', async () => {
    await ledger.note(shop, { messages: 1 });
    const other = createLedger({ keystore: sealing(), records: { notes: table }, clock: () => now });
    await other.note(shop, { calls: 1 });
    expect((await pageOf(shop))?.total.calls).toBe(0);
    expect((await pageOf(shop, other))?.total.messages).toBe(0);
  });

  test('says so when it could not be written', async () => {
    table.fail = true;
    await expect(ledger.note(shop, { messages: 1 })).rejects.toThrow('full');
  });
});
