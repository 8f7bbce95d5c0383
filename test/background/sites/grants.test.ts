import { beforeEach, describe, expect, test } from 'vitest';
import { createGrants, type Grants } from '../../../src/background/sites/grants.ts';
import type { Permission } from '../../../src/rpc/views/sites.ts';
import { alice, bob, carol } from '../../support/people.ts';
import { game, memoryTable, shop } from './callers.ts';

const me = alice.address;
const day = 86_400_000;

let now: number;
let table: ReturnType<typeof memoryTable<unknown>>;
let grants: Grants;

beforeEach(() => {
  now = 1_000_000;
  table = memoryTable();
  grants = start();
});

/** The grants as a background finds them when it starts. */
const start = (): Grants => createGrants(table, () => now);

describe('a grant', () => {
  test('is of its origin and of its account alone', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    expect(await grants.connected(shop, me)).toBe(true);
    for (const other of [game, 'https://shop.example:8443', 'http://shop.example', 'https://www.shop.example']) {
      expect(await grants.connected(other, me)).toBe(false);
      expect(await grants.missingPeers(other, me, [bob.address])).toEqual([bob.address]);
    }
    expect(await grants.connected(shop, carol.address)).toBe(false);
    expect(await grants.permissions(shop, carol.address)).toEqual([]);
  });

  test('covers the peers that it names and no others', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([]);
    expect(await grants.missingPeers(shop, me, [bob.address, carol.address, carol.address])).toEqual([carol.address]);
  });

  test('to connect allows nothing else', async () => {
    await grants.connect(shop, me, null);
    expect(await grants.permissions(shop, me)).toEqual([]);
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([bob.address]);
  });

  test('with an empty list of peers allows nobody', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [] }], null);
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([bob.address]);
  });

  test('that was written before there were several accounts stays its account’s, whatever is taken from another', async () => {
    const other = carol.address;
    const written = { account: me, connectedAt: now, term: { tabs: true, until: 0 }, permissions: [], conversations: {} };
    await table.put(shop, written);
    grants = start();
    expect([await grants.connected(shop, me), await grants.connected(shop, other)]).toEqual([true, false]);
    await grants.connect(shop, other, null);
    await grants.revoke(shop, other);
    expect(await start().connected(shop, me)).toBe(true);
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    expect([...table.rows.keys()]).toEqual([`${shop} ${me}`]);
    expect(await start().missingPeers(shop, me, [bob.address])).toEqual([]);
    await grants.revoke(shop, me);
    expect(table.rows.size).toBe(0);
    expect(await start().connected(shop, me)).toBe(false);
  });

  test('outlives the background', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], now + day);
    expect(await start().permissions(shop, me)).toEqual([{ kind: 'send', peers: [bob.address], grantedAt: now, expiresAt: now + day }]);
  });

  test('is over to the millisecond', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], now + day);
    now += day - 1;
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([]);
    now += 1;
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([bob.address]);
    expect(await grants.connected(shop, me)).toBe(false);
    expect(await grants.sites(me)).toEqual([]);
  });

  test('grows by peers of the same term, and stands beside those of another', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    await grants.allow(shop, me, [{ kind: 'send', peers: [carol.address] }], null);
    await grants.allow(shop, me, [{ kind: 'send', peers: ['0x0000000000000000000000000000000000000001'] }], now + day);
    expect((await grants.permissions(shop, me)).map(({ peers, expiresAt }) => [peers.length, expiresAt])).toEqual([
      [2, null],
      [1, now + day],
    ]);
  });

  test('that could not be written does not count', async () => {
    table.fail = true;
    await expect(grants.connect(shop, me, null)).rejects.toThrow();
    expect(await grants.connected(shop, me)).toBe(false);
  });

  test('is not lost to another that is written at the same time', async () => {
    await Promise.all([
      grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null),
      grants.allow(shop, me, [{ kind: 'send', peers: [carol.address] }], null),
      grants.knowConversation(shop, me, 'name', { id: 'id', peers: [bob.address] }),
    ]);
    expect(await grants.missingPeers(shop, me, [bob.address, carol.address])).toEqual([]);
    expect(await grants.conversation(shop, me, 'name')).toEqual({ id: 'id', peers: [bob.address] });
  });
});

describe('the last tab of an origin', () => {
  test('ends what was to last until then, and nothing of an origin that has another', async () => {
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    await grants.connect(game, me, null);
    expect(await grants.tabsClosed(new Set([game]))).toEqual([shop]);
    expect(await grants.connected(shop, me)).toBe(false);
    expect(await grants.connected(game, me)).toBe(true);
    expect(await start().origins()).toEqual([game]);
  });

  test('leaves what was given for a time', async () => {
    await grants.connect(shop, me, now + day);
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null);
    await grants.allow(shop, me, [{ kind: 'send', peers: [carol.address] }], now + day);
    expect(await grants.tabsClosed(new Set())).toEqual([shop]);
    expect(await grants.connected(shop, me)).toBe(true);
    expect(await grants.missingPeers(shop, me, [bob.address, carol.address])).toEqual([bob.address]);
    expect(await grants.tabsClosed(new Set())).toEqual([]);
  });

  test('keeps a connection alive that was also given for a time which is over', async () => {
    await grants.connect(shop, me, null);
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], now + day);
    now += day;
    expect(await grants.connected(shop, me)).toBe(true);
    expect(await grants.permissions(shop, me)).toEqual([]);
    expect(await grants.tabsClosed(new Set([shop]))).toEqual([shop]);
  });

  test('has nothing to end where the time has', async () => {
    await grants.connect(shop, me, now + day);
    now += day;
    expect(await grants.tabsClosed(new Set([shop]))).toEqual([shop]);
    expect(table.rows.size).toBe(0);
  });
});

describe('taking back', () => {
  beforeEach(() => grants.allow(shop, me, [{ kind: 'send', peers: [bob.address] }], null));

  test('one kind leaves the connection', async () => {
    expect(await grants.revoke(shop, me, 'read')).toBe(false);
    expect(await grants.revoke(shop, me, 'send')).toBe(true);
    expect(await grants.connected(shop, me)).toBe(true);
    expect(await grants.missingPeers(shop, me, [bob.address])).toEqual([bob.address]);
    expect(await start().permissions(shop, me)).toEqual([]);
  });

  test('everything leaves nothing, also on the disk', async () => {
    expect(await grants.revoke(shop, me)).toBe(true);
    expect(await grants.revoke(shop, me)).toBe(false);
    expect(await grants.connected(shop, me)).toBe(false);
    expect(table.rows.size).toBe(0);
  });

  test('holds at once, even where the disk does not take it', async () => {
    table.fail = true;
    const revoked = grants.revoke(shop, me).catch(() => 'failed');
    expect(await grants.connected(shop, me)).toBe(false);
    expect(await revoked).toBe('failed');
    expect(await grants.connected(shop, me)).toBe(false);
  });

  test('is not undone by a change that was under way, however far it had come', async () => {
    for (let turns = 0; turns < 12; turns++) {
      await grants.connect(shop, me, null);
      const known = grants.knowConversation(shop, me, `name ${turns}`, { id: 'id', peers: [bob.address] });
      for (let turn = 0; turn < turns; turn++) await null;
      await Promise.all([known, grants.revoke(shop, me)]);
      expect(await grants.connected(shop, me)).toBe(false);
      expect(table.rows.size).toBe(0);
    }
  });

  test('does not reach what is granted afterwards', async () => {
    const revoked = grants.revoke(shop, me);
    await Promise.all([revoked, grants.connect(shop, me, null)]);
    expect(await grants.connected(shop, me)).toBe(true);
  });

  test('of everything of everybody follows the loss of the account', async () => {
    await grants.forget();
    expect(await grants.origins()).toEqual([]);
    expect(table.rows.size).toBe(0);
  });
});

describe('making less of a permission', () => {
  const only = async (): Promise<Permission> => (await grants.permissions(shop, me))[0] as Permission;
  beforeEach(() => grants.allow(shop, me, [{ kind: 'send', peers: [bob.address, carol.address] }], now + day));

  test('leaves what is left, at once and on the disk, with the time at which it was given', async () => {
    const seen = await only();
    now += 5;
    const amended = grants.amend(shop, me, seen, { peers: [bob.address], expiresAt: seen.expiresAt });
    await Promise.resolve();
    expect(await grants.missingPeers(shop, me, [bob.address, carol.address])).toEqual([carol.address]);
    await amended;
    expect(await only()).toEqual({ ...seen, peers: [bob.address] });
    expect(await start().permissions(shop, me)).toEqual([{ ...seen, peers: [bob.address] }]);
  });

  test('can end it sooner, or now; the connection stays', async () => {
    const seen = await only();
    await grants.amend(shop, me, seen, { peers: seen.peers, expiresAt: now + 10 });
    now += 10;
    expect(await grants.permissions(shop, me)).toEqual([]);
    await grants.allow(shop, me, [{ kind: 'read', peers: '*' }], null);
    await grants.amend(shop, me, await only(), null);
    expect(await grants.permissions(shop, me)).toEqual([]);
    expect(await grants.connected(shop, me)).toBe(true);
  });

  test.each<[string, Partial<Permission>, Partial<Permission>]>([
    ['other peers', { peers: [bob.address] }, { peers: [carol.address] }],
    ['everybody', { peers: [bob.address] }, { peers: '*' }],
    ['any conversation', { kind: 'read', peers: '*', conversations: ['a'] }, { peers: '*' }],
    ['another conversation', { kind: 'read', peers: '*', conversations: ['a'] }, { peers: '*', conversations: ['b'] }],
    ['any type', { kind: 'send', peers: '*', contentTypes: ['a'] }, { peers: '*' }],
    ['what was before', { kind: 'read', peers: '*', since: 'now' }, { peers: '*', since: 'all' }],
    ['longer', { peers: [bob.address] }, { expiresAt: 1_000_000 + day + 1 }],
    ['for as long as there is a tab', { peers: [bob.address] }, { expiresAt: null }],
    ['a part of the whole account', { kind: 'keystore', peers: '*' }, { peers: [bob.address] }],
  ])('is refused where it would be %s', async (_, given, more) => {
    await grants.revoke(shop, me, 'send');
    await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address], ...given }], now + day);
    const seen = await only();
    await expect(grants.amend(shop, me, seen, { peers: seen.peers, expiresAt: seen.expiresAt, ...more })).rejects.toMatchObject({
      reason: 'bad-params',
    });
    expect(await only()).toEqual(seen);
  });

  test('is refused where it stands otherwise by now, and never reaches that of another', async () => {
    const seen = await only();
    await grants.allow(shop, me, [{ kind: 'send', peers: ['0x0000000000000000000000000000000000000001'] }], now + day);
    await expect(grants.amend(shop, me, seen, null)).rejects.toMatchObject({ reason: 'bad-params' });
    await grants.allow(game, me, [{ kind: 'send', peers: [bob.address] }], now + day);
    await expect(grants.amend(game, me, await only(), null)).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(grants.amend(shop, carol.address, await only(), null)).rejects.toMatchObject({ reason: 'bad-params' });
  });

  test('is not undone by a change that was under way, however far it had come', async () => {
    for (let turns = 0; turns < 16; turns++) {
      await grants.revoke(shop, me);
      await grants.allow(shop, me, [{ kind: 'send', peers: [bob.address, carol.address] }], null);
      const seen = await only();
      const another = '0x0000000000000000000000000000000000000001';
      const allowed = grants.allow(shop, me, [{ kind: 'send', peers: [another] }], null);
      for (let turn = 0; turn < turns; turn++) await null;
      const amended = grants.amend(shop, me, seen, { peers: [bob.address], expiresAt: null }).then(
        () => [bob.address, another],
        () => [bob.address, carol.address, another], // it had been written, and was another by then
      );
      await allowed;
      const held = await amended;
      for (const each of [grants, start()])
        expect([...(await each.permissions(shop, me)).flatMap(({ peers }) => peers)].sort()).toEqual(held.sort());
    }
  });

  test('holds where the disk does not take it', async () => {
    table.fail = true;
    const seen = await only();
    await expect(grants.amend(shop, me, seen, { ...seen, peers: [bob.address] })).rejects.toThrow();
    expect(await grants.missingPeers(shop, me, [carol.address])).toEqual([carol.address]);
  });

  test('is not undone by tabs that are closed at the same time', async () => {
    for (let turns = 0; turns < 16; turns++) {
      await grants.revoke(shop, me);
      await grants.connect(game, me, null);
      await grants.allow(shop, me, [{ kind: 'send', peers: '*' }], now + day);
      await grants.allow(shop, me, [{ kind: 'read', peers: '*' }], null);
      const seen = await only();
      const closed = grants.tabsClosed(new Set());
      for (let turn = 0; turn < turns; turn++) await null;
      await Promise.all([closed, grants.amend(shop, me, seen, null)]);
      for (const each of [grants, start()]) expect(await each.permissions(shop, me)).toEqual([]);
    }
  });
});

test('a conversation is known to the origin that was told of it', async () => {
  await grants.connect(shop, me, null);
  await grants.connect(game, me, null);
  await grants.knowConversation(shop, me, 'name', { id: 'id', peers: [bob.address] });
  expect(await grants.conversation(shop, me, 'name')).toEqual({ id: 'id', peers: [bob.address] });
  expect(await grants.conversation(game, me, 'name')).toBeNull();
  expect(await grants.conversation(shop, me, 'constructor')).toBeNull();
});

test('the list of sites has those that may do something, newest first', async () => {
  await grants.connect(shop, me, null);
  now += 1;
  await grants.allow(game, me, [{ kind: 'read', peers: '*', conversations: ['a', 'b'] }], now + day);
  for (const name of ['b', 'c']) await grants.knowConversation(game, me, name, { id: name, peers: [bob.address] });
  expect(await grants.sites(me)).toEqual([
    {
      origin: game,
      grant: {
        connectedAt: now,
        expiresAt: now + day,
        permissions: [{ kind: 'read', peers: '*', conversations: ['a', 'b'], grantedAt: now, expiresAt: now + day }],
        conversations: [{ name: 'b', peers: [bob.address], title: null }],
      },
    },
    { origin: shop, grant: { connectedAt: now - 1, expiresAt: null, permissions: [], conversations: [] } },
  ]);
});
