import { beforeEach, describe, expect, test } from 'vitest';
import type { SitesService } from '../../../src/background/sites/sites.ts';
import { bob, carol } from '../../support/people.ts';
import { pageOf, shop, type TestCaller, watch } from './callers.ts';
import { me, no, text, turn, World, yes } from './sites-world.ts';

let world: World;
let sites: SitesService;
let page: TestCaller;
beforeEach(() => {
  world = new World();
  ({ sites } = world);
  page = pageOf(shop);
  world.conversation(bob.address);
  world.now += 1;
  world.conversation(carol.address);
});

describe('asking for permissions', () => {
  test('is one question with all of them, and the answer is what holds', async () => {
    const asked = watch(
      sites.requestPermissions(page, [
        { kind: 'read', peers: '*' },
        { kind: 'send', peers: [bob.address.toLowerCase()], expiresIn: 60 },
      ]),
    );
    expect(await world.question()).toEqual({
      kind: 'permissions',
      permissions: [
        { kind: 'read', peers: '*' },
        { kind: 'send', peers: [bob.address], expiresIn: 60 },
      ],
      conversations: [],
      connects: true,
    });
    await world.answer({ allow: true, expiresIn: 3_600 });
    expect(asked.result).toEqual([
      { kind: 'read', peers: '*', grantedAt: world.now, expiresAt: world.now + 3_600_000 },
      { kind: 'send', peers: [bob.address], grantedAt: world.now, expiresAt: world.now + 60_000 },
    ]);
    expect(await sites.accounts(page)).toEqual([me]);
  });

  test('is not repeated for what is held already, and asks for the rest alone', async () => {
    await world.granted(page, [{ kind: 'read', peers: [bob.address], since: 'all' }]);
    expect(watch(sites.requestPermissions(page, [{ kind: 'read', peers: [bob.address] }])).done).toBe(false);
    await turn();
    expect(await world.question()).toBeUndefined();
    void sites
      .requestPermissions(page, [
        { kind: 'read', peers: [bob.address] },
        { kind: 'read', peers: [carol.address] },
      ])
      .catch(() => undefined);
    expect(await world.question()).toMatchObject({ permissions: [{ kind: 'read', peers: [carol.address] }], connects: false });
  });

  test('lets the user narrow and leave out, and never widen', async () => {
    const asked = watch(
      sites.requestPermissions(page, [
        { kind: 'read', peers: [bob.address, carol.address], since: 'all' },
        { kind: 'send', peers: [bob.address] },
      ]),
    );
    await turn();
    const wider = [{ kind: 'read', peers: '*' } as const, null];
    await expect(world.answer({ allow: true, expiresIn: null, permissions: wider })).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(world.answer({ allow: true, expiresIn: null, permissions: [null, null] })).rejects.toMatchObject({ reason: 'bad-params' });
    expect(asked.done).toBe(false);
    await world.answer({ allow: true, expiresIn: null, permissions: [{ kind: 'read', peers: [bob.address] }, null] });
    expect(asked.result).toEqual([{ kind: 'read', peers: [bob.address], grantedAt: world.now, expiresAt: null }]);
  });

  test('refuses wrong addresses, and what makes no sense', async () => {
    const wrong = bob.address.replace(/[a-f]/, (letter) => letter.toUpperCase()).replace(/[A-F]/, (letter) => letter.toLowerCase());
    await expect(sites.requestPermissions(page, [{ kind: 'read', peers: ['*', wrong] as string[] }])).rejects.toThrow(
      'params.permissions[0].peers[0]',
    );
    await expect(sites.requestPermissions(page, [{ kind: 'send', peers: '*', since: 'all' }])).rejects.toThrow(
      'params.permissions[0].since',
    );
    await expect(sites.requestPermissions(page, [{ kind: 'keystore', peers: '*' }])).rejects.toMatchObject({ reason: 'not-granted' });
    await expect(sites.requestPermissions(page, [{ kind: 'read', peers: '*', conversations: ['guessed'] }])).rejects.toMatchObject({
      reason: 'not-found',
    });
  });

  test('a no is a no', async () => {
    const asked = watch(sites.requestPermissions(page, [{ kind: 'read', peers: '*' }]));
    await world.answer(no);
    expect(asked.error).toMatchObject({ reason: 'user-rejected' });
  });
});

describe('leave to write', () => {
  test('for one kind of content, or in one conversation, goes no further', async () => {
    await world.granted(page, [{ kind: 'send', peers: [bob.address], contentTypes: ['xmtp.org/reaction:1.0'] }]);
    void sites.sendMessage(page, { peer: bob.address, ...text }).catch(() => undefined);
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address] });
  });

  test('covers contents of every type, which are shown in words before', async () => {
    const sent = sites.sendMessage(page, {
      peer: bob.address,
      contentType: 'xmtp.org/attachment:1.0',
      content: { filename: 'a.txt', data: { $bytes: 'AAAA' } },
    });
    expect(await world.question()).toMatchObject({
      said: { kind: 'file', name: 'a.txt', size: 3 },
      contentType: 'xmtp.org/attachment:1.0',
    });
    await world.answer(yes);
    expect(await sent).toMatchObject({ sender: me, status: 'sent' });
  });

  test('to several begins a group', async () => {
    const asked = sites.newConversation(page, { peers: [bob.address, carol.address], metadata: { title: 'Trip' } });
    expect(await world.question()).toMatchObject({ kind: 'send', peers: [bob.address, carol.address] });
    await world.answer(yes);
    expect((await asked).peers).toEqual([bob.address, carol.address]);
    expect(world.did).toContain(`group Trip of ${bob.address},${carol.address}`);
    await expect(sites.newConversation(page, { peers: [bob.address, carol.address], conversationId: 'x' })).rejects.toThrow(
      'params.conversationId',
    );
  });
});
