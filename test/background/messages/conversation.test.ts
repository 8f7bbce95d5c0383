import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { conversationWith, type Device, draft, newPerson, type Person, texts, until } from '../device.ts';

let node: RunningNode;
let devices: Device[];

beforeEach(async () => {
  node = await startNode();
  devices = [];
});

afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

async function person(): Promise<Person> {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  return someone;
}

describe('two people and a node', () => {
  it('find each other by address and talk both ways, with the right order, sender and time', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;

    expect(await conversations.lookUp(bob.address)).toEqual({
      address: bob.address,
      state: 'reachable',
      lookAlike: null,
      conversation: null,
      warning: null,
    });
    const { id } = await conversations.start(bob.address);
    const before = Date.now();
    for (const text of ['one', 'two', 'three']) await messages.send(id, text, text);

    const atBob = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, atBob.id)).length === 3, 'three messages at Bob');
    await bob.life.services.messages.send(atBob.id, 'four', 'a');
    await until(async () => (await texts(alice.life, id)).length === 4, 'the answer at Alice');

    expect(await texts(alice.life, id)).toEqual(['me: one', 'me: two', 'me: three', 'peer: four']);
    expect(await texts(bob.life, atBob.id)).toEqual(['peer: one', 'peer: two', 'peer: three', 'me: four']);
    const [first] = (await bob.life.services.messages.list(atBob.id, {})).messages;
    expect(first).toMatchObject({ sender: alice.address, mine: false, state: null, contentType: 'xmtp.org/text:1.0' });
    expect(first?.sentAt).toBeGreaterThanOrEqual(before);
    expect(first?.sentAt).toBeLessThanOrEqual(Date.now());
    await until(async () => (await messages.list(id, {})).messages.every(({ mine, state }) => !mine || state === 'sent'), 'all sent');
  });

  it('are answered a message as the conversation shows it, the first time and every time it is asked for again', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;
    const { id } = await conversations.start(bob.address);
    const first = await messages.send(id, 'a question', 'a');
    const answer = { kind: 'reply', reference: first.id, content: { kind: 'text', text: 'an answer' } } as const;
    const second = await messages.send(id, answer, 'b');
    expect(second).toMatchObject({ mine: true, quote: { id: first.id, text: 'a question' }, reactions: [] });
    await until(async () => (await messages.list(id, {})).messages.every(({ state }) => state === 'sent'), 'both sent');
    const shown = (await messages.list(id, {})).messages;
    expect([first, second].map((each) => ({ ...each, state: 'sent' }))).toEqual(shown);
    expect(await messages.send(id, answer, 'b')).toEqual(shown[1]);
  });

  it('count what is unread until it is read, and show it on the button', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'hello', 'a');
    await alice.life.services.messages.send(id, 'are you there?', 'b');
    const row = await until(
      async () => (await bob.life.services.conversations.list({})).rows.find(({ unread }) => unread === 2),
      'two unread messages',
    );
    expect(row.preview).toEqual({ text: 'are you there?', mine: false });
    // Nobody knows Alice yet: a request is no news.
    expect((await bob.life.services.accounts.status()).unread).toBe(0);
    await bob.life.services.requests.decide(row.id, 'allowed');
    await until(() => bob.life.badge() === '2', 'the number on the button');
    expect((await bob.life.services.accounts.status()).unread).toBe(2);

    await bob.life.services.conversations.markRead(row.id);
    expect((await bob.life.services.accounts.status()).unread).toBe(0);
    await until(() => bob.life.badge() === '', 'an empty button');
    // A repetition of the envelopes does not make them new again.
    await bob.life.resume();
    expect((await bob.life.services.conversations.get(row.id)).unread).toBe(0);
  });

  it('who both begin at once come to one conversation', async () => {
    const [alice, bob] = [await person(), await person()];
    const [a, b] = await Promise.all([
      alice.life.services.conversations.start(bob.address),
      bob.life.services.conversations.start(alice.address),
    ]);
    await alice.life.services.messages.send(a.id, 'from Alice', 'a');
    await bob.life.services.messages.send(b.id, 'from Bob', 'b');
    await until(async () => (await texts(alice.life, a.id)).length === 2, 'both messages at Alice');
    await until(async () => (await texts(bob.life, b.id)).length === 2, 'both messages at Bob');
    expect((await alice.life.services.conversations.list({})).rows).toHaveLength(1);
    expect((await bob.life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('hold conversations of different applications apart', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;
    const plain = await conversations.start(bob.address);
    const thread = await conversations.start(bob.address, { conversationId: 'example.org/dm/1', metadata: { title: 'One' } });
    expect(thread.id).not.toBe(plain.id);
    expect(await conversations.start(bob.address, { conversationId: 'example.org/dm/1' })).toMatchObject({ id: thread.id });
    await messages.send(thread.id, 'in the thread', 'a');
    const atBob = await until(
      async () => (await bob.life.services.conversations.list({})).rows.find((row) => row.thread !== null && row.preview !== null),
      'the thread at Bob',
    );
    expect(atBob).toMatchObject({
      thread: 'example.org/dm/1',
      metadata: { title: 'One' },
      preview: { text: 'in the thread', mine: false },
    });
  });

  it('the same client id never makes a second message', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    const { messages } = alice.life.services;
    const [first, second] = await Promise.all([messages.send(id, 'once', 'same'), messages.send(id, 'once', 'same')]);
    expect(second.id).toBe(first.id);
    await messages.settled(first.id, 5_000);
    expect((await messages.send(id, 'once', 'same')).id).toBe(first.id);
    expect(await texts(alice.life, id)).toEqual(['me: once']);
  });

  it('refuses itself, strangers without keys, and mistyped addresses', async () => {
    const alice = await person();
    const { conversations } = alice.life.services;
    const nobody = '0x00000000000000000000000000000000000000aa';
    expect(await conversations.lookUp(alice.address)).toMatchObject({ state: 'self' });
    expect(await conversations.lookUp(nobody)).toMatchObject({ state: 'absent' });
    await expect(conversations.start(alice.address)).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(conversations.start(nobody)).rejects.toMatchObject({ reason: 'peer-absent' });
    const other = (letter: string): string => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
    const mistyped = alice.address.replace(/(?<=0x.*)[a-fA-F]/, other);
    await expect(conversations.lookUp(mistyped)).rejects.toMatchObject({ reason: 'bad-params' });
  });

  it('warns of an address that begins and ends like that of somebody known', async () => {
    const [alice, bob] = [await person(), await person()];
    await alice.life.services.conversations.start(bob.address);
    const twin = `${bob.address.slice(0, 6)}${'0'.repeat(32)}${bob.address.slice(-4)}`.toLowerCase();
    expect(await alice.life.services.conversations.lookUp(twin)).toMatchObject({ lookAlike: bob.address });
    expect(await alice.life.services.conversations.lookUp(bob.address)).toMatchObject({ lookAlike: null });
  });

  it('knows those of the inbox, those who were given a name, and oneself; who only asks to write is nobody to be compared with', async () => {
    const [alice, bob, stranger] = [await person(), await person(), await person()];
    const { conversations, names, requests } = alice.life.services;
    const twinOf = (address: string): string => `${address.slice(0, 6)}${'0'.repeat(32)}${address.slice(-4)}`.toLowerCase();
    const alike = async (address: string) => (await conversations.lookUp(twinOf(address))).lookAlike;
    expect(await alike(alice.address)).toBe(alice.address);
    expect(await alike(bob.address)).toBeNull();
    await names.put(bob.address, 'Bob');
    expect(await alike(bob.address)).toBe(bob.address);
    const there = await stranger.life.services.conversations.start(alice.address);
    await stranger.life.services.messages.send(there.id, 'hello', '1');
    const { id } = await conversationWith(alice.life, stranger.address);
    expect(await alike(stranger.address)).toBeNull();
    await requests.decide(id, 'allowed');
    expect(await alike(stranger.address)).toBe(stranger.address);
    await requests.decide(id, 'denied');
    expect(await alike(stranger.address)).toBeNull();
  });

  it('keeps a draft until it is emptied', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations } = alice.life.services;
    const { id } = await conversations.start(bob.address);
    await draft(alice.life, id, 'half a thou');
    alice.life.kill();
    const again = await alice.device.start();
    expect((await again.services.conversations.list({})).rows[0]?.draft).toBe('half a thou');
    await draft(again, id, '');
    expect((await again.services.conversations.get(id)).draft).toBeNull();
  });

  it('forget a draft once it is a message, though its page is gone, and keep any other', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;
    const { id } = await conversations.start(bob.address);
    await draft(alice.life, id, 'a whole thought ');
    await messages.send(id, 'something else', 'a');
    expect((await conversations.get(id)).draft).toBe('a whole thought ');
    await messages.send(id, 'a whole thought', 'b');
    // Nobody who sends waits for it.
    await until(async () => (await conversations.get(id)).draft === null, 'its end');
  });

  it('pages through messages and conversations without losing or repeating any', async () => {
    const [alice, bob] = [await person(), await person()];
    const { conversations, messages } = alice.life.services;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await conversations.start(bob.address, { conversationId: `thread ${i}` })).id);
    const seen: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await conversations.list({ limit: 2, ...(before !== undefined && { before }) });
      seen.push(...page.rows.map(({ id }) => id));
      if (!page.more) break;
      before = page.rows.at(-1)?.time;
    }
    const newestFirst = [...seen];
    expect(seen.sort()).toEqual(ids.sort());

    const { requests } = alice.life.services;
    const windowOf = async (offset: number, limit: number) => {
      const { rows, ...rest } = await conversations.window('inbox', offset, limit);
      return { ...rest, ids: rows.map(({ id }) => id) };
    };
    expect(await windowOf(1, 3)).toEqual({ offset: 1, ids: newestFirst.slice(1, 4), total: 5, more: true });
    expect(await windowOf(4, 3)).toEqual({ offset: 4, ids: newestFirst.slice(4), total: 5, more: false });
    expect(await windowOf(9, 3)).toEqual({ offset: 9, ids: [], total: 5, more: false });
    const last = newestFirst[4] as string;
    await requests.arrange(last, { pinned: true });
    expect((await windowOf(0, 2)).ids).toEqual([last, newestFirst[0]]);
    await requests.arrange(last, { archived: true });
    expect(await windowOf(0, 9)).toMatchObject({ ids: newestFirst.slice(0, 4), total: 4 });
    expect((await conversations.window('archive', 0, 9)).rows.map(({ id }) => id)).toEqual([last]);

    const id = ids[0] as string;
    for (let i = 0; i < 7; i++) await messages.send(id, `message ${i}`, String(i));
    const newest = await messages.list(id, { limit: 3 });
    expect(newest.more).toBe(true);
    const older = await messages.list(id, { limit: 10, before: newest.messages[0]?.id ?? '' });
    expect(older.more).toBe(false);
    expect([...older.messages, ...newest.messages].map(({ shown }) => (shown.form === 'text' ? shown.text : ''))).toEqual(
      Array.from({ length: 7 }, (_, i) => `message ${i}`),
    );
  });
});
