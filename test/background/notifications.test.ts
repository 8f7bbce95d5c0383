import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNotifications, noticeName, openNotice, readNoticeName } from '../../src/background/notifications.ts';
import type { Session } from '../../src/background/session.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol } from '../support/people.ts';
import { conversationWith, makeWallet, newPerson, type Person, passphrase, until } from './device.ts';

let node: RunningNode;
beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());

describe('a notification', () => {
  let me: Person;
  let friend: Person;
  let id: string;

  const say = async (text: string): Promise<void> => {
    const { conversations, messages } = friend.life.services;
    const { id: theirs } = await conversations.start(me.address);
    const { id: message } = await messages.send(theirs, text, text);
    await messages.settled(message, 30_000);
  };
  const hanging = () => [...me.device.notices.values()].map(({ title, message }) => `${title}: ${message}`);
  const short = () => `${friend.address.slice(0, 8)}…${friend.address.slice(-6)}`;
  const unread = async (count: number) => until(async () => (await me.life.services.accounts.status()).unread === count, `${count} unread`);

  beforeEach(async () => {
    [me, friend] = await Promise.all([newPerson(node.url), newPerson(node.url)]);
    await say('may I?');
    id = (await conversationWith(me.life, friend.address)).id;
  });
  afterEach(async () => {
    await me.device.close();
    await friend.device.close();
  });
  const accept = async (): Promise<void> => {
    await me.life.services.requests.decide(id, 'allowed');
    await until(() => hanging().length === 1, 'what was accepted');
    await me.life.services.conversations.markRead(id);
    await until(() => hanging().length === 0, 'what was read');
  };

  it('tells of messages of the inbox by name, and goes when they are read', async () => {
    await accept();
    await say('hello');
    await until(() => hanging().length === 1, 'the news');
    expect(hanging()).toEqual([`${short()}: A new message`]);
    expect([...me.device.notices.keys()]).toEqual([noticeName(me.address as `0x${string}`, id)]);
    await me.life.services.conversations.markRead(id);
    await until(() => hanging().length === 0, 'its end');
  });

  it('says as much as was chosen', async () => {
    await accept();
    for (const [level, words] of [
      ['text', `${short()}: hello text`],
      ['nothing', 'Parley: A new message'],
    ] as const) {
      await me.life.services.settings.setNotifications(level);
      await say(`hello ${level}`);
      await until(() => hanging().includes(words), words);
      await me.life.services.conversations.markRead(id);
      await until(() => hanging().length === 0, 'its end');
    }
    await me.life.services.settings.setNotifications('off');
    await say('hello off');
    await unread(1);
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hanging()).toEqual([]);
  });

  it('is not of requests, nor of who is muted', async () => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hanging()).toEqual([]);
    await accept();
    await me.life.services.requests.arrange(id, { muted: true });
    await say('psst');
    await unread(1);
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hanging()).toEqual([]);
  });

  it('leads to its conversation, as the account that it is of, and goes', async () => {
    await accept();
    const { services } = me.life;
    await makeWallet(me.life, passphrase, node.url);
    expect((await services.accounts.status()).account?.address).not.toBe(me.address);
    await say('hello');
    await until(() => hanging().length === 1, 'the news');
    const shown: [route: string, account: string | undefined][] = [];
    const deps = {
      show: async (route: string) => void shown.push([route, (await services.accounts.status()).account?.address]),
      clear: async (name: string) => void me.device.notices.delete(name),
    };
    const [name = ''] = [...me.device.notices.keys()];
    await openNotice(name, me.life, deps);
    expect(shown).toEqual([[`/conversation/${encodeURIComponent(id)}`, me.address]]);
    expect(hanging()).toEqual([]);
    // While locked it is shown all the same: the page asks for the passphrase. What is of several conversations leads to the list.
    await services.accounts.lock();
    await openNotice(name, me.life, deps);
    await openNotice('together', me.life, deps);
    expect(shown.slice(1).map(([route]) => route)).toEqual([`/conversation/${encodeURIComponent(id)}`, '/']);
  });

  it('does not outlast the lock, and does not tell again of what was there before', async () => {
    await accept();
    await say('hello');
    await until(() => hanging().length === 1, 'the news');
    await me.life.services.accounts.lock();
    await until(() => hanging().length === 0, 'the lock');
    await me.life.services.accounts.unlock(passphrase);
    await unread(1);
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hanging()).toEqual([]);
  });
});

describe('what hangs there', () => {
  const sessionOf = (address: string, rows: readonly { readonly id: string; unread: number }[], muted = new Set<string>()) =>
    ({
      address,
      rows: { load: async () => undefined, all: () => rows },
      consent: { load: async () => undefined, of: () => 'allowed' },
      marks: { load: async () => undefined, of: ({ id }: { id: string }) => ({ muted: muted.has(id) }) },
      names: { load: async () => undefined, of: () => null },
    }) as unknown as Session;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 2));

  it('goes with its account', async () => {
    const rows = [{ id: 'c', peer: bob.address, unread: 0, last: null, begun: true }];
    let sessions = [sessionOf(alice.address, rows), sessionOf(carol.address, rows)];
    const hangs = new Set<string>();
    const notifications = createNotifications({
      sessions: { all: () => sessions },
      level: async () => 'name',
      notices: { show: async (name) => hangs.add(name), clear: async (name) => hangs.delete(name) },
      patience: 0,
    });
    notifications.changed();
    await settle();
    for (const row of rows) row.unread = 1;
    notifications.changed();
    await settle();
    expect([...hangs].toSorted()).toEqual([noticeName(alice.address, 'c'), noticeName(carol.address, 'c')].toSorted());
    sessions = sessions.slice(0, 1);
    notifications.changed();
    await settle();
    expect([...hangs]).toEqual([noticeName(alice.address, 'c')]);
  });

  it('is what is unread and of the inbox, whatever comes, is read or is muted in between', async () => {
    const peers = [alice, bob, carol].map(({ address }) => address);
    const deed = fc.record({ peer: fc.nat(2), what: fc.constantFrom('comes', 'read', 'mute', 'unmute') });
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 30 }), async (deeds) => {
        const rows = peers.map((peer, index) => ({ id: `c${index}`, peer, unread: 0, last: null, begun: true as const }));
        const muted = new Set<string>();
        const session = sessionOf(alice.address, rows, muted);
        const hangs = new Set<string>();
        const notifications = createNotifications({
          sessions: { all: () => [session] },
          level: async () => 'name',
          notices: { show: async (name) => hangs.add(name), clear: async (name) => hangs.delete(name) },
          patience: 0,
        });
        notifications.changed();
        await settle();
        // The oracle: a conversation hangs from a message that came while it was not muted until it is read or muted.
        const expected = new Set<string>();
        for (const { peer, what } of deeds) {
          const row = rows[peer] as (typeof rows)[0];
          const name = noticeName(alice.address, row.id);
          if (what === 'comes') row.unread += 1;
          if (what === 'read') row.unread = 0;
          if (what === 'mute') muted.add(row.id);
          if (what === 'unmute') muted.delete(row.id);
          if (row.unread === 0 || muted.has(row.id)) expected.delete(name);
          else if (what === 'comes' || what === 'unmute') expected.add(name);
          notifications.changed();
          await settle();
          expect([...hangs].toSorted()).toEqual([...expected].toSorted());
        }
        notifications.clear();
        await settle();
        expect(hangs.size).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('is named so that a later background knows what it is of', () => {
    expect(readNoticeName(noticeName(alice.address, 'abc'))).toEqual({ account: alice.address, conversation: 'abc' });
    expect(readNoticeName('together')).toBeNull();
  });
});
