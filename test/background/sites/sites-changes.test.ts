import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import { bob } from '../../support/people.ts';
import { game, pageOf, shop, type TestCaller, watch } from './callers.ts';

import { me, no, text, turn, World, yes } from './sites-world.ts';

let world: World;
let sites: SitesService;
let page: TestCaller;

beforeEach(() => {
  world = new World();
  ({ sites } = world);
  page = pageOf(shop);
});

async function connect(caller = page): Promise<void> {
  const asked = sites.requestAccounts(caller);
  await world.answer(yes);
  await asked;
}

async function allow(caller = page): Promise<{ id: string }> {
  const asked = sites.newConversation(caller, { peers: [bob.address] });
  await world.answer(yes);
  return (await asked) as { id: string };
}

describe('while Parley is locked', () => {
  beforeEach(async () => {
    await allow();
    await world.lock();
  });

  test('no account is seen, permissions are, and neither asks', async () => {
    expect(await sites.accounts(page)).toEqual([]);
    expect(await sites.permissions(page)).toHaveLength(1);
    expect(world.approvals.waiting()).toBe(0);
  });

  test('a call that lacks nothing else waits for the unlocking, and goes on by itself', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toEqual({ kind: 'unlock' });
    await world.unlock();
    expect(asked.result).toMatchObject({ status: 'sent' });
    expect(world.approvals.waiting()).toBe(0);
  });

  test('a call that lacks more asks for that, after the passphrase', async () => {
    const other = pageOf(game);
    const asked = watch(sites.requestAccounts(other));
    expect(await world.question()).toEqual({ kind: 'connect' });
    await world.unlock();
    expect(asked.done).toBe(false);
    await world.answer(yes);
    expect(asked.result).toEqual([me]);
  });

  test('nobody says yes without the passphrase', async () => {
    const asked = watch(sites.requestAccounts(pageOf(game)));
    await expect(world.answer(yes)).rejects.toMatchObject({ reason: 'locked' });
    expect(asked.done).toBe(false);
    await world.answer(no);
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
  });

  test('a conversation of which nothing is remembered shows after unlocking whose it is', async () => {
    await world.unlock();
    const { id } = (await sites.newConversation(page, { peers: [bob.address] })) as { id: string };
    await sites.revoke(page);
    await world.lock();
    const asked = watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toEqual({ kind: 'unlock' });
    await world.unlock();
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address], connects: true });
    await world.answer(yes);
    expect(asked.result).toMatchObject({ conversation: id });
  });

  test('permissions can be given back', async () => {
    await sites.revoke(page);
    expect(await sites.permissions(page)).toEqual([]);
  });
});

describe('what pages are told', () => {
  const state = (accounts: readonly string[], permissions: number) => [
    'state',
    { accounts, permissions: permissions === 0 ? [] : [expect.objectContaining({ kind: 'send' })] },
  ];

  test('is the state at first, and again at every change', async () => {
    sites.attach(page);
    await turn();
    await allow();
    await world.lock();
    await world.unlock();
    await sites.revoke(page, 'send');
    await sites.revokeSite(shop);
    await turn();
    expect(page.heard).toEqual([state([], 0), state([me], 1), state([], 1), state([me], 1), state([me], 0), state([], 0)]);
  });

  test('is of their own origin', async () => {
    const other = pageOf(game);
    sites.attach(other);
    sites.attach(page);
    await allow();
    await turn();
    expect(other.heard).toEqual([state([], 0)]);
  });

  test('reaches every page of the origin, and those whose ports have gone', async () => {
    const second = pageOf(shop);
    sites.attach(page);
    sites.attach(second);
    await connect();
    expect(second.heard.at(-1)).toEqual(state([me], 0));
    expect(world.woken).toContain(shop);
  });

  test('stops when they leave', async () => {
    sites.attach(page);
    await turn();
    page.leave();
    await connect(pageOf(shop));
    expect(page.heard).toHaveLength(1);
  });

  test('includes the end of what the last tab or the time ends', async () => {
    await connect();
    sites.attach(page);
    await turn();
    await sites.tabsClosed(new Set());
    await turn();
    expect(page.heard).toEqual([state([me], 0), state([], 0)]);
  });

  test('is that nothing is left, when the account goes', async () => {
    await allow();
    sites.attach(page);
    await turn();
    const asked = watch(sites.requestAccounts(pageOf(game)));
    await turn();
    world.account = null;
    world.phase = 'welcome';
    await sites.accountChanged();
    await turn();
    expect(page.heard.at(-1)).toEqual(state([], 0));
    expect(asked.error).toMatchObject({ reason: 'no-account' });
    expect(world.table.rows.size).toBe(0);
  });
});
