import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import type { ConversationRow } from '../../../src/rpc/views/conversations.ts';
import { alice, bob, carol } from '../../support/people.ts';
import { game, pageOf, shop, type TestCaller } from './callers.ts';
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
  world.now += 1;
  withCarol = world.conversation(carol.address);
});

const contents = (messages: readonly { readonly content: unknown }[]): unknown[] => messages.map(({ content }) => content);

describe('listing conversations', () => {
  test('asks for leave to read, and shows those that it reaches, newest first', async () => {
    const listed = sites.listConversations(page, {});
    expect(await world.question()).toMatchObject({ kind: 'permissions', permissions: [{ kind: 'read', peers: '*' }] });
    await world.answer({ allow: true, expiresIn: null, permissions: [{ kind: 'read', peers: [carol.address] }] });
    expect((await listed).conversations).toEqual([{ id: expect.any(String), peers: [carol.address], createdAt: withCarol.createdAt }]);
    expect(JSON.stringify(await listed)).not.toContain(withCarol.id);
  });

  test('goes on page by page, also where several share a time', async () => {
    for (const thread of ['a', 'b', 'c', 'd']) world.conversation(bob.address, thread);
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { conversations, cursor: next } = await sites.listConversations(page, { limit: 2, ...(cursor && { cursor }) });
      seen.push(...conversations.map(({ id }) => id));
      if (!next) break;
      cursor = next;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    await expect(sites.listConversations(page, { cursor: 'bm8' })).rejects.toThrow('params.cursor');
  });

  test('another origin has other names, and none of these permissions', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    const [first] = (await sites.listConversations(page, {})).conversations;
    const other = pageOf(game);
    await world.granted(other, [{ kind: 'read', peers: '*' }]);
    expect((await sites.listConversations(other, {})).conversations[0]?.id).not.toBe(first?.id);
    await expect(sites.listMessages(other, { conversation: first?.id ?? '' })).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('listing messages', () => {
  async function named(row: ConversationRow, caller = page): Promise<string> {
    const { conversations } = await sites.listConversations(caller, {});
    return conversations.find(({ peers }) => peers[0] === row.peer)?.id ?? '';
  }

  test('shows what came from the grant on, unless all was granted', async () => {
    world.arrive(withBob, 'before');
    world.now += 10;
    await world.granted(page, [{ kind: 'read', peers: [bob.address] }]);
    const id = await named(withBob);
    const after = world.arrive(withBob, 'after', { sentAt: world.now + 1 });
    expect(await sites.listMessages(page, { conversation: id })).toEqual({
      messages: [
        { id: after.id, conversation: id, sender: bob.address, sentAt: after.sentAt, contentType: text.contentType, content: 'after' },
      ],
    });
    await world.granted(page, [{ kind: 'read', peers: [bob.address], since: 'all' }]);
    expect(contents((await sites.listMessages(page, { conversation: id })).messages)).toEqual(['after', 'before']);
  });

  test('upward and downward, between times, page by page', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*', since: 'all' }]);
    const id = await named(withBob);
    for (let index = 0; index < 7; index++) world.arrive(withBob, index, { sentAt: 100 + Math.floor(index / 2) });
    const all = async (query: object): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for (let cursor: string | undefined; ; ) {
        const { messages, cursor: next } = await sites.listMessages(page, {
          conversation: id,
          limit: 2,
          ...query,
          ...(cursor && { cursor }),
        });
        seen.push(...contents(messages));
        if (!next) return seen;
        cursor = next;
      }
    };
    const down = await all({});
    expect(down).toHaveLength(7);
    expect(await all({ order: 'asc' })).toEqual([...down].reverse());
    expect((await all({ after: 100, before: 103 })).sort()).toEqual([2, 3, 4, 5]);
    expect((await all({ order: 'asc', after: 100, before: 103 })).sort()).toEqual([2, 3, 4, 5]);
  });

  test('of the types that were granted, also where there are many others', async () => {
    const poll = { contentType: 'x.org/poll:1.0' };
    await world.granted(page, [{ kind: 'read', peers: '*', since: 'all', contentTypes: [poll.contentType] }]);
    const id = await named(withBob);
    world.arrive(withBob, 'the poll', { ...poll, sentAt: 1 });
    for (let index = 0; index < 450; index++) world.arrive(withBob, 'talk', { sentAt: 2 });
    expect(contents((await sites.listMessages(page, { conversation: id })).messages)).toEqual(['the poll']);
  });

  test('asks for exactly this conversation, and what that gives reaches no other', async () => {
    const asked = sites.newConversation(page, { peers: [bob.address] });
    await world.answer(yes);
    const { id } = await asked;
    const listed = sites.listMessages(page, { conversation: id });
    expect(await world.question()).toEqual({
      kind: 'permissions',
      permissions: [{ kind: 'read', peers: [bob.address], conversations: [id] }],
      conversations: [{ name: id, peers: [bob.address], title: null }],
      connects: false,
    });
    await world.answer(yes);
    expect((await listed).messages).toEqual([]);
    world.conversation(bob.address, 'a thread');
    expect((await sites.listConversations(page, {})).conversations.map((each) => each.id)).toEqual([id]);
  });

  test('a group is read by who may read everybody in it', async () => {
    const group = {
      ...withBob,
      id: 'a group',
      group: { title: '', members: [me, bob.address, carol.address], creator: me, left: [], mine: true, open: true },
    };
    world.rows.set(group.id, group);
    await world.granted(page, [{ kind: 'read', peers: [bob.address] }]);
    expect((await sites.listConversations(page, {})).conversations.map(({ peers }) => peers)).toEqual([[bob.address]]);
    await world.granted(page, [{ kind: 'read', peers: [bob.address, carol.address] }]);
    expect((await sites.listConversations(page, {})).conversations.map(({ peers }) => peers)).toContainEqual([bob.address, carol.address]);
  });

  test('what a permission does not reach is not there', async () => {
    await world.granted(page, [{ kind: 'read', peers: [bob.address] }]);
    await expect(sites.listMessages(page, { conversation: 'guessed' })).rejects.toMatchObject({ reason: 'not-found' });
  });

  test('while it is locked it is a question to the user', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*', since: 'all' }]);
    const id = await named(withBob);
    await world.lock();
    const listed = sites.listMessages(page, { conversation: id });
    expect(await world.question()).toEqual({ kind: 'unlock' });
    await world.unlock();
    expect((await listed).messages).toEqual([]);
  });
});

describe('a subscription', () => {
  type Told = {
    subscription: string;
    cursor: number;
    event?: string;
    payload?: { message?: { content: unknown }; conversation?: unknown };
    ended?: true;
  };
  const told = (caller = page): Told[] => caller.heard.filter(([event]) => event === 'stream').map(([, payload]) => payload as Told);
  const heard = (caller = page): unknown[] => told(caller).flatMap(({ payload }) => (payload?.message ? [payload.message.content] : []));
  async function settled(): Promise<void> {
    for (let round = 0; round < 5; round++) await turn();
  }

  test('begins now, and tells what comes', async () => {
    world.arrive(withBob, 'before', { sentAt: world.now + 5 });
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    const subscription = await sites.subscribe(page, { kind: 'messages' });
    world.arrive(withBob, 'one');
    world.arrive(withCarol, 'two');
    await settled();
    expect(heard()).toEqual(['one', 'two']);
    expect(told().every((each) => each.subscription === subscription)).toBe(true);
    expect(told()[0]).toEqual({ subscription, cursor: 1, kind: 'messages', conversation: null });
  });

  test('hears only what the permission reaches', async () => {
    await world.granted(page, [{ kind: 'read', peers: [bob.address] }]);
    await sites.subscribe(page, { kind: 'messages' });
    world.arrive(withCarol, 'not for you');
    world.arrive(withBob, 'old', { sentAt: world.now - 1 });
    world.arrive(withBob, 'for you');
    await settled();
    expect(heard()).toEqual(['for you']);
  });

  test('is asked for like reading is, and for one conversation hears that one', async () => {
    const opened = sites.newConversation(page, { peers: [bob.address] });
    await world.answer(yes);
    const { id } = await opened;
    const subscribed = sites.subscribe(page, { kind: 'messages', conversation: id });
    expect(await world.question()).toMatchObject({ permissions: [{ kind: 'read', conversations: [id] }] });
    await world.answer(yes);
    await subscribed;
    const thread = world.conversation(bob.address, 'a thread');
    world.arrive(thread, 'elsewhere');
    world.arrive(withBob, 'here');
    await settled();
    expect(heard()).toEqual(['here']);
  });

  test('ends with the permission, before the next message', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    const subscription = await sites.subscribe(page, { kind: 'messages' });
    await sites.revoke(page, 'read');
    world.arrive(withBob, 'too late');
    await settled();
    expect(heard()).toEqual([]);
    expect(told().at(-1)).toEqual({ subscription, ended: true });
    expect(await sites.unsubscribe(page, subscription)).toBe(false);
  });

  test('pauses while locked, and goes on behind the last event', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    await sites.subscribe(page, { kind: 'messages' });
    await world.lock();
    world.arrive(withBob, 'meanwhile');
    await settled();
    expect(heard()).toEqual([]);
    await world.unlock();
    await settled();
    expect(heard()).toEqual(['meanwhile']);
  });

  test('goes on in another life of the background, nothing twice and nothing missed', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    const subscription = await sites.subscribe(page, { kind: 'messages' });
    world.arrive(withBob, 'one');
    await settled();
    page.leave(); // its port has died with the background
    world.arrive(withBob, 'two');
    const cursor = told().at(-1)?.cursor ?? 0;
    const again = pageOf(shop, page.documentId);
    await sites.resume(again, [{ subscription, cursor, kind: 'messages', conversation: null }]);
    world.arrive(withBob, 'three');
    await settled();
    expect(heard(again)).toEqual(['two', 'three']);
    expect(await sites.unsubscribe(again, subscription)).toBe(true);
    world.arrive(withBob, 'four');
    await settled();
    expect(heard(again)).toEqual(['two', 'three']);
  });

  test('of somebody else cannot be ended, and resuming gives no more than the grant', async () => {
    await world.granted(page, [{ kind: 'read', peers: [bob.address] }]);
    const subscription = await sites.subscribe(page, { kind: 'messages' });
    const other = pageOf(game);
    expect(await sites.unsubscribe(other, subscription)).toBe(false);
    world.arrive(withCarol, 'hidden');
    await sites.resume(other, [{ subscription: 'mine', cursor: 0, kind: 'messages', conversation: null }]);
    await settled();
    expect(heard(other)).toEqual([]);
    expect(told(other)).toEqual([{ subscription: 'mine', ended: true }]);
  });

  test('to conversations tells of new ones', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    await sites.subscribe(page, { kind: 'conversations' });
    const row = world.conversation(alice.address, 'new');
    world.arrivals.push({ seq: world.arrivals.length + 1, conversation: row.id, message: null });
    sites.arrived();
    await settled();
    expect(told().at(-1)).toMatchObject({
      event: 'conversation',
      payload: { conversation: { peers: [alice.address], conversationId: 'new' } },
    });
  });

  test('there are at most 64 of one page', async () => {
    await world.granted(page, [{ kind: 'read', peers: '*' }]);
    for (let count = 0; count < 64; count++) await sites.subscribe(page, { kind: 'messages' });
    await expect(sites.subscribe(page, { kind: 'messages' })).rejects.toMatchObject({ reason: 'too-many' });
  });
});
