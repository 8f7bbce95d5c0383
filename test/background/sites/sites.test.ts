import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import { bob, carol } from '../../support/people.ts';
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

describe('connecting', () => {
  test('is one question, and from then on the account is seen', async () => {
    expect(await sites.accounts(page)).toEqual([]);
    const asked = watch(sites.requestAccounts(page));
    expect(await world.question()).toEqual({ kind: 'connect' });
    expect(await sites.accounts(page)).toEqual([]);
    await world.answer(yes);
    expect(asked.result).toEqual([me]);
    expect(await sites.accounts(page)).toEqual([me]);
    expect(await sites.permissions(page)).toEqual([]);
    expect(await sites.requestAccounts(page)).toEqual([me]);
    expect(world.approvals.waiting()).toBe(0);
  });

  test('that is refused leaves nothing', async () => {
    const asked = watch(sites.requestAccounts(page));
    await world.answer(no);
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
    expect(await sites.accounts(page)).toEqual([]);
    expect(world.table.rows.size).toBe(0);
  });

  test('is of its origin alone', async () => {
    await connect();
    expect(await sites.accounts(pageOf(game))).toEqual([]);
    expect(await sites.accounts(pageOf('http://shop.example'))).toEqual([]);
  });

  test('lasts as long as the user chose', async () => {
    const asked = watch(sites.requestAccounts(page));
    await world.answer({ allow: true, expiresIn: 86400 });
    expect(asked.result).toEqual([me]);
    await sites.tabsClosed(new Set());
    expect(await sites.accounts(page)).toEqual([me]);
    world.now += 86_400_000;
    expect(await sites.accounts(page)).toEqual([]);
  });

  test('is not possible without an account', async () => {
    world.account = null;
    world.phase = 'welcome';
    expect(await sites.accounts(page)).toEqual([]);
    expect(await sites.permissions(page)).toEqual([]);
    await expect(sites.requestAccounts(page)).rejects.toMatchObject({ reason: 'no-account' });
  });
});

describe('asking who can be written to', () => {
  test('needs the connection and nothing more', async () => {
    const asked = watch(sites.canMessage(page, [bob.address, carol.address.toLowerCase()]));
    expect(await world.question()).toEqual({ kind: 'connect' });
    expect(world.did).toEqual([]);
    await world.answer(yes);
    expect(asked.result).toEqual({ [bob.address]: true, [carol.address]: false });
  });

  test('is "not now" when the node is away, never "no"', async () => {
    await connect();
    world.nodeAway = true;
    await expect(sites.canMessage(page, [bob.address])).rejects.toMatchObject({ reason: 'node-unreachable' });
  });

  test('names the address whose checksum is wrong, before it asks', async () => {
    const wrong = bob.address
      .replace(/[a-f]/, (letter) => letter.toUpperCase())
      .replace(/[A-F](?=[^A-F]*$)/, (letter) => letter.toLowerCase());
    await expect(sites.canMessage(page, [bob.address, wrong])).rejects.toThrow(/^params\.peers\[1\]/);
    expect(world.approvals.waiting()).toBe(0);
  });
});

describe('sending', () => {
  test('asks for connection and permission in one question, which shows the message; nothing happens before the yes', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address.toLowerCase(), ...text }));
    expect(await world.question()).toEqual({
      kind: 'send',
      peers: [bob.address],
      said: { kind: 'text', text: 'hello' },
      contentType: 'xmtp.org/text:1.0',
      connects: true,
    });
    expect(world.did).toEqual([]);
    await world.answer(yes);
    expect(world.did).toEqual([`start with ${bob.address}`, 'send hello']);
    expect(asked.result).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      conversation: expect.any(String),
      sender: me,
      sentAt: world.now,
      contentType: 'xmtp.org/text:1.0',
      content: 'hello',
      status: 'sent',
    });
    expect(await sites.accounts(page)).toEqual([me]);
    expect(await sites.permissions(page)).toEqual([{ kind: 'send', peers: [bob.address], grantedAt: world.now, expiresAt: null }]);
  });

  test('asks only for what is lacking', async () => {
    await connect();
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', connects: false });
    await world.answer(yes);
    expect(asked.done).toBe(true);
    expect(await sites.sendMessage(page, { peer: bob.address, ...text })).toMatchObject({ status: 'sent' });
    watch(sites.sendMessage(page, { peer: carol.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [carol.address] });
  });

  test('of two messages to one peer asks once', async () => {
    const asked = ['one', 'two'].map((content) => watch(sites.sendMessage(page, { peer: bob.address, ...text, content })));
    await turn();
    expect(world.approvals.waiting()).toBe(2);
    await world.answer(yes);
    expect(world.approvals.waiting()).toBe(0);
    expect(asked.map(({ result }) => (result as { content: string }).content)).toEqual(['one', 'two']);
  });

  test('is "queued" when the node is away', async () => {
    await allow();
    world.nodeAway = true;
    expect(await sites.sendMessage(page, { peer: bob.address, ...text })).toMatchObject({ status: 'queued' });
  });

  test('twice under one client id is one message, which keeps its content', async () => {
    await allow();
    const first = await sites.sendMessage(page, { peer: bob.address, ...text, clientId: '1' });
    expect(await sites.sendMessage(page, { peer: bob.address, ...text, content: 'other', clientId: '1' })).toEqual(first);
    expect(await sites.sendMessage(page, { peer: bob.address, ...text, clientId: '2' })).not.toEqual(first);
    expect(world.sent.size).toBe(2);
    const other = pageOf(game);
    await allow(other);
    expect(await sites.sendMessage(other, { peer: bob.address, ...text, clientId: '1' })).not.toMatchObject({
      id: (first as { id: string }).id,
    });
  });

  test('to somebody who is not there says so after the question', async () => {
    const asked = watch(sites.sendMessage(page, { peer: carol.address, ...text }));
    await world.answer(yes);
    expect(asked.error).toMatchObject({ reason: 'peer-absent' });
  });

  test('to oneself is no way to find out whose account it is', async () => {
    const asked = watch(sites.sendMessage(page, { peer: me, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [me] });
    expect(asked.done).toBe(false);
    await world.answer(yes);
    expect(asked.error?.message).toMatch(/^params\.peer/);
  });

  test('does not go on when the permission was taken back meanwhile', async () => {
    await allow();
    world.meanwhile = () => sites.revokeSite(shop);
    await expect(sites.sendMessage(page, { peer: bob.address, ...text })).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.sent.size).toBe(0);
  });

  test('asks again once the permission is over', async () => {
    const asked = watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    await world.answer({ allow: true, expiresIn: 86400 });
    expect(asked.done).toBe(true);
    world.now += 86_400_000;
    watch(sites.sendMessage(page, { peer: bob.address, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', connects: true });
  });

  test('is refused quietly where the page is hidden', async () => {
    page.shown = false;
    await expect(sites.sendMessage(page, { peer: bob.address, ...text })).rejects.toMatchObject({ reason: 'not-granted' });
    expect(world.did).toEqual([]);
  });
});

describe('a conversation', () => {
  test('is shown by what the contract names, and by nothing of ours', async () => {
    const asked = sites.newConversation(page, { peers: [bob.address], conversationId: 'shop/1', metadata: { title: 'Order' } });
    expect(await world.question()).toEqual({ kind: 'send', peers: [bob.address], said: null, contentType: null, connects: true });
    await world.answer(yes);
    expect(await asked).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{22}$/),
      peers: [bob.address],
      createdAt: world.now,
      conversationId: 'shop/1',
      metadata: { title: 'Order' },
    });
  });

  test('has the same id for one origin every time, and another for every origin', async () => {
    const { id } = await allow();
    expect((await sites.newConversation(page, { peers: [bob.address] })) as { id: string }).toMatchObject({ id });
    expect((await allow(pageOf(game))).id).not.toBe(id);
  });

  test('is written to by its id', async () => {
    const { id } = await allow();
    expect(await sites.sendMessage(page, { conversation: id, ...text })).toMatchObject({ conversation: id, status: 'sent' });
    expect([...world.sent.values()].map(({ conversation }) => conversation)).toEqual([world.conversation().id]);
  });

  test('keeps its id when the permission is gone: it is asked for again', async () => {
    const { id } = await allow();
    await sites.revoke(page);
    const asked = watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address], connects: true });
    await world.answer(yes);
    expect(asked.result).toMatchObject({ conversation: id });
  });

  test.each(['internal', 'unknown', '__proto__', 'constructor'])('that is not the origin’s (%s) does not exist', async (name) => {
    const other = await allow(pageOf(game));
    const id = name === 'internal' ? world.conversation().id : name === 'unknown' ? other.id : name;
    await expect(sites.sendMessage(page, { conversation: id, ...text })).rejects.toMatchObject({ reason: 'not-found' });
    expect(world.approvals.waiting()).toBe(0);
  });

  test('is found among many, of which some share a time', async () => {
    // The list comes in pages of 200: what shares a time lies on both sides of the first page's end.
    for (let count = 0; count < 20; count++) world.conversation(bob.address, `before ${count}`);
    const { id } = await allow();
    await sites.revoke(page);
    for (let count = 0; count < 190; count++) {
      world.now += 1;
      world.conversation(bob.address, `later ${count}`);
    }
    world.now += 60_000;
    watch(sites.sendMessage(page, { conversation: id, ...text }));
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address] });
  });
});
