import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { sealerFor } from '../../src/rpc/typed.ts';
import {
  bringWallet,
  conversationWith,
  Device,
  draft,
  type Life,
  makeWallet,
  newPerson,
  type Person,
  passphrase,
  texts,
  until,
} from './device.ts';

let node: RunningNode;
let friend: Person;
let device: Device;

beforeEach(async () => {
  node = await startNode();
  friend = await newPerson(node.url);
  device = new Device({ apart: true });
});
afterEach(async () => {
  await device.close();
  await friend.device.close();
  await node.close();
});

/** Me in a new browser, and the conversation with the friend. */
async function begun(): Promise<{ readonly me: Life; readonly id: string; readonly address: string }> {
  const me = await device.start();
  const { account } = await makeWallet(me, passphrase, node.url);
  await until(async () => (await me.services.accounts.status()).published, 'the publication');
  const { id } = await me.services.conversations.start(friend.address);
  return { me, id, address: account?.address ?? '' };
}
const sent = async ({ services: { messages } }: Life, id: string, text: string, request = text): Promise<void> =>
  void (await messages.settled((await messages.send(id, text, request)).id, 30_000));
/** What was written is counted a moment later. */
const counted = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));
const draftOf = async ({ services }: Life, id: string): Promise<string | null> => (await services.conversations.get(id)).draft;

/** The browser ends, and starts with another state of its database. */
async function comeBackWith(older: () => Promise<void>, word = passphrase): Promise<Life> {
  await device.close();
  await older();
  const life = await device.restartBrowser();
  await life.services.accounts.unlock(word);
  return life;
}

it('a browser that has lost its databases opens with the passphrase, at the same node, and says what is gone until that was read', async () => {
  const before = await device.start();
  await makeWallet(before, passphrase, node.url);
  await until(async () => (await before.services.accounts.status()).published, 'the publication');
  const { id } = await before.services.conversations.start(friend.address);
  await before.services.messages.settled((await before.services.messages.send(id, 'hello', '1')).id, 30_000);
  await before.services.names.put(friend.address, 'Zoë');
  expect((await before.services.accounts.status()).loss).toBeNull();
  await device.close();
  await device.loseDatabases();

  const after = await device.restartBrowser();
  expect(await after.services.accounts.status()).toMatchObject({ phase: 'locked', loss: null });
  await after.services.accounts.unlock(passphrase);
  expect(await after.services.accounts.status()).toMatchObject({ loss: { at: expect.any(Number), from: null }, node: { url: node.url } });
  const row = await conversationWith(after, friend.address);
  await until(async () => (await texts(after, row.id)).join() === 'me: hello', 'the message');
  expect(await after.services.names.all()).toEqual({});

  const again = await device.restartBrowser();
  await again.services.accounts.unlock(passphrase);
  expect((await again.services.accounts.status()).loss).not.toBeNull();
  await again.services.settings.lossSeen();
  expect((await again.services.accounts.status()).loss).toBeNull();
});

it('a new browser, and one where everything was removed, have lost nothing and know of no node', async () => {
  const life = await device.start();
  await makeWallet(life, passphrase, node.url);
  expect((await life.services.accounts.status()).loss).toBeNull();
  await life.services.accounts.wipe(passphrase);
  const next = await device.restartBrowser();
  expect(await next.services.accounts.status()).toMatchObject({ phase: 'welcome', node: { url: 'http://127.0.0.1:5555' } });
});

describe('a browser that has gone back to an older state', () => {
  it('says so, and of when that state is, until somebody has read it', async () => {
    const { me, id } = await begun();
    await sent(me, id, 'hello');
    await counted();
    const before = Date.now();
    const older = await device.copyRecords();
    await me.services.names.put(friend.address, 'Zoë');
    await counted();
    const life = await comeBackWith(older);
    const { loss } = await life.services.accounts.status();
    expect(loss?.from).toBeLessThanOrEqual(before);
    expect(loss?.from).toBeGreaterThan(before - 60_000);
    expect(await life.services.names.all()).toEqual({});
    await life.services.settings.lossSeen();
    const again = await device.restartBrowser();
    await again.services.accounts.unlock(passphrase);
    expect((await again.services.accounts.status()).loss).toBeNull();
  });

  it('is not taken for one where nothing was put back, whatever was written', async () => {
    const { me, id } = await begun();
    for (const text of ['one', 'two']) await sent(me, id, text);
    await counted();
    await sent(me, id, 'three');
    const life = await comeBackWith(async () => undefined);
    expect((await life.services.accounts.status()).loss).toBeNull();
  });

  it('sends nothing twice, and offers nothing as a draft that was sent', async () => {
    const { me, id, address } = await begun();
    await draft(me, id, 'half a word');
    me.kill();
    // Written down, and not at the node yet.
    const away = await device.start({
      fetch: (input, init) =>
        String(input instanceof Request ? input.url : input).includes('Publish') ? new Promise(() => undefined) : fetch(input, init),
    });
    await away.services.messages.send(id, 'waiting', 'waiting');
    await counted();
    const older = await device.copyRecords();
    away.kill();
    const now = await device.start();
    await now.resume();
    await until(async () => (await now.services.messages.list(id, {})).messages.every(({ state }) => state === 'sent'), 'all sent');
    await sent(now, id, 'half a word', 'another name than it was typed under');
    expect(await draftOf(now, id)).toBeNull();
    await counted();

    const life = await comeBackWith(older);
    await until(async () => (await life.services.messages.list(id, {})).messages.every(({ state }) => state === 'sent'), 'all sent again');
    await until(async () => (await draftOf(life, id)) === null, 'the end of the draft');
    await sent(life, id, 'after');
    const there = await conversationWith(friend.life, address);
    await until(async () => (await texts(friend.life, there.id)).includes('peer: after'), 'the last one');
    expect(await texts(friend.life, there.id)).toEqual(['peer: waiting', 'peer: half a word', 'peer: after']);
  });

  it('offers no draft that was sent after more was written, or after it was mended', async () => {
    const { me, id } = await begun();
    const typing = (seq: number, words: string) =>
      me.services.drafts.save({ conversation: id, writer: 'composer', seq, base: 0, parts: [{ id: 'request', words }] });
    await typing(1, 'helo ');
    await counted();
    const older = await device.copyRecords();
    await typing(2, 'hello there');
    await sent(me, id, 'hello there', 'request');
    await counted();
    const life = await comeBackWith(older);
    await until(async () => (await texts(life, id)).length === 1, 'the message');
    await until(async () => (await draftOf(life, id)) === null, 'the end of the draft');
  });

  it('keeps a draft that was not sent, though the same was said before', async () => {
    const { me, id } = await begun();
    await sent(me, id, 'yes');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await draft(me, id, 'yes');
    await counted();
    const older = await device.copyRecords();
    await me.services.names.put(friend.address, 'Zoë');
    await counted();
    const life = await comeBackWith(older);
    await until(async () => (await texts(life, id)).length === 1, 'the message');
    expect(await draftOf(life, id)).toBe('yes');
  });

  it('asks before it sends a file that may have been sent', async () => {
    const { me, id } = await begun();
    const file = { filename: 'a.txt', mimeType: 'text/plain', data: 'YWJj' };
    const leaving = { replyTo: null, failure: null, after: null };
    await me.services.keptFiles.keep(id, 'f', file, leaving);
    await counted();
    const older = await device.copyRecords();
    await me.services.attachments.send(
      id,
      { filename: 'a.txt', mimeType: 'text/plain', data: new Uint8Array([97, 98, 99]), replyTo: null },
      'f',
    );
    expect(await me.services.keptFiles.list(id)).toEqual([]);
    await counted();
    const life = await comeBackWith(older);
    const failureOf = async () => JSON.parse((await life.services.keptFiles.list(id))[0]?.leaving?.failure ?? 'null');
    expect(await failureOf()).toMatchObject({ data: { reason: 'maybe-sent' } });
    await life.services.keptFiles.mark(id, 'f', leaving);
    expect(await failureOf()).toBeNull();
  });

  it('publishes no choice that had given way to a later one', async () => {
    const { me, id } = await begun();
    me.kill();
    const away = await device.start({
      fetch: (input, init) =>
        String(input instanceof Request ? input.url : input).includes('Publish') ? new Promise(() => undefined) : fetch(input, init),
    });
    await away.services.requests.decide(id, 'allowed');
    await counted();
    const older = await device.copyRecords();
    away.kill();
    const now = await device.start();
    await now.services.requests.decide(id, 'denied');
    const shelf = async ({ services }: Life) => (await services.conversations.get(id)).shelf;
    await counted();
    const life = await comeBackWith(older);
    await until(async () => (await shelf(life)) === 'blocked', 'the later choice');
    await counted();
    await life.resume();
    await counted();
    expect(await shelf(life)).toBe('blocked');
  });

  it('does not go back to an older vault, and has sites ask anew', async () => {
    const { me } = await begun();
    await me.services.settings.setSiteKeystore(true);
    const older = await device.copyRecords();
    await me.services.accounts.changePassphrase(passphrase, 'another calm window');
    await me.services.settings.setSiteKeystore(false);
    await counted();
    await device.close();
    await older();
    const life = await device.restartBrowser();
    await expect(life.services.accounts.unlock(passphrase)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await life.services.accounts.unlock('another calm window');
    expect((await life.services.settings.read()).siteKeystore).toBe(false);
  });
});

it('words that were sent are no draft, and those that were typed again are, though what was noted of their sending is lost and a page had left a copy', async () => {
  const { me, id, address } = await begun();
  const seal = await sealerFor(await me.services.drafts.key());
  const opened = Date.now();
  await sent(me, id, 'sent', 'request');
  await new Promise((resolve) => setTimeout(resolve, 5));
  const row = await seal({
    conversation: id,
    writer: 'p',
    seq: 1,
    base: 0,
    parts: [
      { id: 'request', words: 'sen', since: opened },
      { id: 'again', words: 'sent', since: Date.now() },
      { id: 'next', words: 'and not', since: Date.now() },
    ],
  });
  await device.close();
  await device.loseDatabases(/^(?!.*typed)/);
  await device.typed.put([opened, 'p'], row);
  const life = await device.restartBrowser();
  await life.services.accounts.unlock(passphrase);
  const { id: there } = await conversationWith(life, friend.address);
  await until(async () => (await texts(life, there)).length === 1, 'the message');
  await until(async () => (await draftOf(life, there)) === 'sent\nand not', 'what was not sent');
  await sent(life, there, 'after');
  const atFriend = await conversationWith(friend.life, address);
  await until(async () => (await texts(friend.life, atFriend.id)).includes('peer: after'), 'the last one');
  expect(await texts(friend.life, atFriend.id)).toEqual(['peer: sent', 'peer: after']);
});

describe('a browser that has lost both copies of its keys', () => {
  it('says whose account was here, and takes it up again by its phrase, with its messages', async () => {
    const { me, id, address } = await begun();
    await sent(me, id, 'hello');
    await draft(me, id, 'half a word');
    const { phrase } = await me.services.accounts.revealPhrase(passphrase);
    await device.close();
    await device.loseKeys();
    const life = await device.restartBrowser();
    expect(await life.services.accounts.status()).toMatchObject({ phase: 'welcome', lostAccounts: [address], keysDamaged: false });
    await bringWallet(life, phrase ?? '', 'another calm window', node.url);
    expect(await life.services.accounts.status()).toMatchObject({ phase: 'ready', lostAccounts: null });
    const { id: there } = await conversationWith(life, friend.address);
    await until(async () => (await texts(life, there)).join() === 'me: hello', 'the message');
    await sent(life, there, 'after');
    const atFriend = await conversationWith(friend.life, address);
    await until(async () => (await texts(friend.life, atFriend.id)).length === 2, 'the message after');
    expect((await (await device.restartBrowser()).services.accounts.status()).lostAccounts).toBeNull();
  });

  it('says so where they are there and damaged, and takes the account up again by its phrase', async () => {
    const { me, id, address } = await begun();
    await sent(me, id, 'hello');
    const { phrase } = await me.services.accounts.revealPhrase(passphrase);
    await device.close();
    await device.damageKeys();
    // As long as nobody does anything about it, it stays as it is.
    for (let time = 0; time < 2; time++)
      expect(await (await device.restartBrowser()).services.accounts.status()).toMatchObject({
        phase: 'welcome',
        lostAccounts: [address],
        keysDamaged: true,
      });
    const life = await device.restartBrowser();
    await bringWallet(life, phrase ?? '', 'another calm window', node.url);
    expect(await life.services.accounts.status()).toMatchObject({ phase: 'ready', lostAccounts: null, keysDamaged: false });
    const { id: there } = await conversationWith(life, friend.address);
    await until(async () => (await texts(life, there)).join() === 'me: hello', 'the message');
    const again = await device.restartBrowser();
    await again.services.accounts.unlock('another calm window');
    expect((await again.services.accounts.status()).account?.address).toBe(address);
  });

  it('says so where nothing else is left of them than that something was counted', async () => {
    const { me, id } = await begun();
    await sent(me, id, 'hello');
    await counted();
    await device.close();
    await device.loseKeys();
    await device.loseDatabases();
    expect(await (await device.restartBrowser()).services.accounts.status()).toMatchObject({ phase: 'welcome', lostAccounts: [] });
  });

  it('is none where somebody has removed everything, also where that was broken off', async () => {
    const { me } = await begun();
    await counted();
    await me.services.accounts.wipe(passphrase);
    expect((await (await device.restartBrowser()).services.accounts.status()).lostAccounts).toBeNull();
    device = new Device({ apart: true });
    const { me: again } = await begun();
    await counted();
    again.kill();
    const doomed = await device.start({ dieAt: 'wipe:keys' });
    doomed.services.accounts.wipe(passphrase).catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await device.restartBrowser();
    expect(await life.services.accounts.status()).toMatchObject({ phase: 'welcome', lostAccounts: null, loss: null });
  });
});
