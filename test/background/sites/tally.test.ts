import { beforeEach, describe, expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../../src/background/sites/ledger.ts';
import { createTally, type Tally } from '../../../src/background/sites/tally.ts';
import { RefusalError } from '../../../src/rpc/errors.ts';
import { sessionArea } from '../../support/memory.ts';
import { alice, bob } from '../../support/people.ts';
import { sealing } from '../../support/sealing.ts';
import { memoryTable, pageOf, shop } from './callers.ts';
import { me, turn, World, yes } from './sites-world.ts';

/** A disk that can be full, or slow. */
function disk() {
  const table = memoryTable<Uint8Array>();
  const state = { full: false, slow: Promise.resolve() };
  const records = {
    notes: {
      ...table,
      put: async (key: string, value: Uint8Array) => {
        await state.slow;
        if (state.full) throw new Error('the disk is full');
        await table.put(key, value);
      },
    },
  };
  return { state, records };
}

describe('what sites were handed', () => {
  let area: ReturnType<typeof sessionArea>;
  let there: ReturnType<typeof disk>;
  const keystore = sealing();
  let ledger: Ledger;
  let now = 1_000_000;
  /** As a background finds it when it starts. */
  const start = (): Tally => {
    ledger = createLedger({ keystore, records: there.records, clock: () => now });
    return createTally({ clock: () => now, area, ledger: () => ledger });
  };
  const total = async () => (await ledger.all()).get(shop)?.total;

  beforeEach(() => {
    area = sessionArea();
    there = disk();
  });

  test('is in the memory of the browser by the time that it is counted, and in the ledger a little later', async () => {
    const tally = start();
    await tally.add(me, shop, { messages: 3 });
    expect(await area.get('handed')).toEqual([{ account: me, origin: shop, use: { messages: 3 }, at: now }]);
    await tally.settle();
    expect(await area.get('handed')).toEqual([]);
    expect(await total()).toMatchObject({ messages: 3 });
  });

  test('is counted by the next life of the background when this one dies before the disk has it', async () => {
    const tally = start();
    there.state.slow = new Promise(() => undefined); // this life comes no further
    await tally.add(me, shop, { messages: 3 });
    await tally.add(me, shop, { sent: { name: 'one', to: [bob.address] } });
    await turn();
    there.state.slow = Promise.resolve();
    const next = start();
    await next.add(me, shop, { messages: 1 });
    await next.settle();
    expect(await total()).toMatchObject({ messages: 4, sent: 1 });
    expect(await area.get('handed')).toEqual([]);
  });

  test('keeps what the life before has left when the first thing that happens is an event of a subscription', async () => {
    await area.set('handed', [{ account: me, origin: shop, use: { messages: 3 }, at: now }]);
    const tally = start();
    there.state.full = true;
    await Promise.all([tally.add(me, shop, { messages: 1 }), tally.add(me, shop, { messages: 1 })]);
    await tally.settle();
    expect(await area.get('handed')).toHaveLength(3);
    there.state.full = false;
    await tally.settle();
    expect(await total()).toMatchObject({ messages: 5 });
  });

  test('is written down for the time when it happened', async () => {
    const tally = start();
    there.state.full = true;
    now = 1_000_000;
    await tally.add(me, shop, { sent: { name: 'one', to: [bob.address] } });
    await tally.settle();
    now += 3 * 86_400_000;
    there.state.full = false;
    await tally.add(me, shop, { sent: { name: 'two', to: [bob.address] } });
    await tally.settle();
    const page = (await ledger.all()).get(shop);
    expect(page?.sends.map(({ at }) => at)).toEqual([now, 1_000_000]);
    expect(page?.days).toHaveLength(2);
    expect(page?.lastAt).toBe(now);
  });

  test('is counted once when the disk was full for a while, in this life or in the next', async () => {
    const tally = start();
    there.state.full = true;
    for (let times = 0; times < 3; times++) {
      await tally.add(me, shop, { messages: 1 });
      await tally.settle();
    }
    expect(await total()).toBeUndefined();
    there.state.full = false;
    await tally.settle();
    expect(await total()).toMatchObject({ messages: 3 });
    there.state.full = true;
    await tally.add(me, shop, { conversations: 2 });
    await tally.settle();
    there.state.full = false;
    await start().settle();
    expect(await total()).toMatchObject({ messages: 3, conversations: 2 });
  });

  test('waits while Parley is locked, and goes with its account or its site', async () => {
    let reason: 'locked' | 'no-account' = 'locked';
    const tally = createTally({
      clock: () => now,
      area,
      ledger: () => {
        throw new RefusalError(reason, 'not now');
      },
    });
    await tally.add(alice.address, shop, { calls: 1 });
    await tally.settle();
    expect(await area.get('handed')).toHaveLength(1);
    reason = 'no-account';
    await tally.settle();
    expect(await area.get('handed')).toEqual([]);
    reason = 'locked';
    await tally.add(alice.address, shop, { calls: 1 });
    tally.forget(shop);
    expect(await area.get('handed')).toEqual([]);
  });
});

describe('a read of a site', () => {
  let world: World;
  const page = pageOf(shop);

  beforeEach(async () => {
    world = new World();
    const asked = world.sites.requestPermissions(page, [{ kind: 'read', peers: '*', since: 'all' }]);
    await world.answer(yes);
    await asked;
    world.arrive(world.conversation(), 'one');
  });

  const read = async () => {
    const { conversations } = await world.sites.listConversations(page, {});
    return world.sites.listMessages(page, { conversation: conversations[0]?.id ?? '' });
  };

  test('does not wait for the ledger', async () => {
    const { ledger } = world;
    world.ledger = { ...ledger, note: () => new Promise(() => undefined) };
    expect((await read()).messages).toHaveLength(1);
    expect(await world.area.get('handed')).toHaveLength(2);
  });

  test('does not fail with it, and is counted when it works again', async () => {
    const { ledger } = world;
    world.ledger = { ...ledger, note: () => Promise.reject(new Error('the disk is full')) };
    expect((await read()).messages).toHaveLength(1);
    world.ledger = ledger;
    const [site] = await world.sites.list();
    expect(site?.ledger?.total).toMatchObject({ conversations: 1, messages: 1 });
  });
});
