import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import type { ConversationRow } from '../../../src/rpc/views/conversations.ts';
import type { Permission } from '../../../src/rpc/views/sites.ts';
import { bob, carol } from '../../support/people.ts';
import { game, pageOf, shop, type TestCaller, watch } from './callers.ts';
import { me, text, turn, World, yes } from './sites-world.ts';

let world: World;
let sites: SitesService;
let page: TestCaller;
let withBob: ConversationRow;
let withCarol: ConversationRow;
beforeEach(() => {
  world = new World();
  ({ sites } = world);
  page = pageOf(shop);
  withBob = world.conversation(bob.address);
  withCarol = world.conversation(carol.address);
});

async function granted(permissions: Parameters<SitesService['requestPermissions']>[1]): Promise<Permission> {
  const asked = sites.requestPermissions(page, permissions);
  await world.answer(yes);
  return (await asked).at(-1) as Permission;
}

const streamed = (): unknown[] => page.heard.filter(([event]) => event === 'stream').map(([, payload]) => payload);

describe('what a person makes less of', () => {
  test('does not reach the next message, nor what waits at a slow node', async () => {
    const seen = await granted([{ kind: 'send', peers: [bob.address, carol.address] }]);
    world.meanwhile = () => sites.amend(shop, seen, { peers: [carol.address], expiresAt: null });
    const sent = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    await turn();
    expect(sent.error).toMatchObject({ reason: 'not-granted' });
    world.meanwhile = async () => undefined;
    const again = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address] });
    expect(again.done).toBe(false);
    expect(world.did.filter((each) => each.startsWith('send'))).toEqual([]);
  });

  test('is told to the pages of the site', async () => {
    const seen = await granted([{ kind: 'read', peers: '*' }]);
    sites.attach(page);
    await turn();
    await sites.amend(shop, seen, { peers: [bob.address], since: 'now', expiresAt: null });
    expect(page.heard.at(-1)).toEqual([
      'state',
      { accounts: [me], permissions: [{ kind: 'read', peers: [bob.address], since: 'now', grantedAt: seen.grantedAt, expiresAt: null }] },
    ]);
    expect(world.changes).toBeGreaterThan(0);
  });

  test('ends the subscriptions that it does not cover any more, and narrows the others', async () => {
    const seen = await granted([{ kind: 'read', peers: '*' }]);
    const { conversations } = await sites.listConversations(page, {});
    const nameOf = (peer: string) => conversations.find(({ peers }) => peers[0] === peer)?.id as string;
    const ofBob = await sites.subscribe(page, { kind: 'messages', conversation: nameOf(bob.address) });
    const ofCarol = await sites.subscribe(page, { kind: 'messages', conversation: nameOf(carol.address) });
    const ofAll = await sites.subscribe(page, { kind: 'messages' });
    await sites.amend(shop, seen, { peers: [carol.address], expiresAt: null });
    await turn();
    expect(streamed().at(-1)).toEqual({ subscription: ofBob, ended: true });
    world.arrive(withBob, 'for bob');
    world.arrive(withCarol, 'for carol');
    await turn();
    const events = streamed().filter((each) => (each as { event?: string }).event === 'message');
    expect(events.map((each) => (each as { subscription: string }).subscription).sort()).toEqual([ofAll, ofCarol].sort());
    expect(JSON.stringify(events)).not.toContain('for bob');
  });

  test('holds for a page of messages that is being put together', async () => {
    const seen = await granted([{ kind: 'read', peers: '*', since: 'all' }]);
    world.arrive(withBob, 'before', { sentAt: 5 });
    world.arrive(withBob, 'after');
    const { id } = (await sites.listConversations(page, {})).conversations.find(({ peers }) => peers[0] === bob.address) ?? { id: '' };
    world.reading = () => sites.amend(shop, seen, { peers: '*', since: 'now', expiresAt: null }).catch(() => undefined);
    expect((await sites.listMessages(page, { conversation: id })).messages.map(({ content }) => content)).toEqual(['after']);
    world.reading = () => sites.revokeSite(shop);
    await expect(sites.listMessages(page, { conversation: id })).rejects.toMatchObject({ reason: 'not-granted' });
  });
});

describe('connected sites', () => {
  const listed = async (origin = shop) => (await sites.list()).find((site) => site.origin === origin);

  test('tell what they were handed and sent, and to whom', async () => {
    await granted([
      { kind: 'read', peers: '*', since: 'all' },
      { kind: 'send', peers: [bob.address] },
    ]);
    world.arrive(withBob, 'one');
    world.arrive(withBob, 'two');
    const { conversations } = await sites.listConversations(page, {});
    const id = conversations.find(({ peers }) => peers[0] === bob.address)?.id as string;
    await sites.listMessages(page, { conversation: id });
    await sites.subscribe(page, { kind: 'messages' });
    world.arrive(withCarol, 'three');
    await turn();
    for (let times = 0; times < 2; times++) await sites.sendMessage(page, { conversation: id, ...text, clientId: 'order 17' });
    await turn();
    const { ledger, grant } = (await listed()) ?? {};
    expect(grant?.permissions).toHaveLength(2);
    expect(ledger?.total).toEqual({ conversations: 2, messages: 3, calls: 0, sent: 1 });
    expect(ledger?.sends).toEqual([{ at: world.now, to: [bob.address], others: 0 }]);
  });

  test('begun conversations count as sent, those that were there do not', async () => {
    await granted([{ kind: 'send', peers: '*' }]);
    world.now += 1;
    await sites.newConversation(page, { peers: [bob.address] });
    expect((await listed())?.ledger).toBeNull();
    await sites.newConversation(page, { peers: [bob.address], conversationId: 'shop.example/orders/17' });
    await sites.newConversation(page, { peers: [bob.address, carol.address] });
    expect((await listed())?.ledger?.sends.map(({ to }) => to)).toEqual([[bob.address, carol.address], [bob.address]]);
  });

  test('are listed with nothing done, and after they have gone with what they did, until that is dropped', async () => {
    await granted([{ kind: 'read', peers: '*' }]);
    expect(await listed()).toMatchObject({ ledger: null, grant: { permissions: [{ kind: 'read' }] } });
    await sites.listConversations(page, {});
    await sites.forgetSite(shop);
    expect((await listed())?.ledger?.total.conversations).toBe(2); // not while it is connected
    // A site that takes itself off the list leaves what it did.
    await sites.revoke(page);
    expect(await listed()).toMatchObject({ grant: null, ledger: { total: { conversations: 2 } } });
    await sites.forgetSite(shop);
    expect(await sites.list()).toEqual([]);
    expect(world.notes.rows.size).toBe(0);
  });

  test('of none who did anything are none', async () => {
    expect(await sites.list()).toEqual([]);
    const asked = watch(sites.listConversations(pageOf(game), {}));
    await world.answer({ allow: false, expiresIn: null });
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
    expect(await sites.list()).toEqual([]);
  });

  test('keep what they did to themselves while Parley is locked', async () => {
    await granted([{ kind: 'read', peers: '*' }]);
    await sites.listConversations(page, {});
    await world.lock();
    expect(await sites.list()).toMatchObject([{ origin: shop, ledger: null }]);
  });
});
