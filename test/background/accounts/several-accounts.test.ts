import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Background } from '../../../src/background/platform.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { person } from '../../support/people.ts';
import { conversationWith, draft, newPerson, type Person, passphrase, texts, until } from '../device.ts';
import { pageOf, type TestCaller } from '../sites/callers.ts';

let node: RunningNode;
let me: Person;
let friend: Person;
let first: string;
let second: string;
let names = 0;

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());

/** Takes up an account more, as the welcome tab does. */
async function add(
  { services }: Background,
  key = `0x${Buffer.from(person(`another ${names++}`).walletKey).toString('hex')}`,
): Promise<string> {
  await services.foundings.begin({ way: 'key', key });
  await services.foundings.look(null);
  const { account } = await services.foundings.finish(passphrase);
  await until(async () => (await services.accounts.status()).published, 'the publication');
  return account?.address ?? '';
}

const status = ({ services }: Background) => services.accounts.status();
const unread = async (life: Background) => (await status(life)).accounts.map((account) => account.unread);

async function write(from: Background, to: string, text: string): Promise<string> {
  const { id } = await from.services.conversations.start(to);
  const { id: message } = await from.services.messages.send(id, text, text);
  await from.services.messages.settled(message, 30_000);
  return id;
}

beforeEach(async () => {
  [me, friend] = await Promise.all([newPerson(node.url), newPerson(node.url)]);
  first = me.address;
  second = await add(me.life);
  return async () => {
    await me.device.close();
    await friend.device.close();
  };
});

describe('several accounts', () => {
  it('come to the front as they are added, and by choice, also over a death', async () => {
    expect(await status(me.life)).toMatchObject({ account: { address: second }, accounts: [{ address: first }, { address: second }] });
    expect((await me.life.services.accounts.switchTo(first)).account?.address).toBe(first);
    me.life.kill();
    const next = await me.device.start();
    expect((await status(next)).account?.address).toBe(first);
    await expect(next.services.accounts.switchTo(friend.address)).rejects.toMatchObject({ reason: 'no-account' });
  });

  it('all hear what comes for them, and count it; the badge shows the sum', async () => {
    await me.life.services.accounts.switchTo(first);
    for (const to of [first, second]) await write(friend.life, to, `to ${to}`);
    // Who writes is unknown to both until they accept.
    for (const address of [first, second]) {
      await me.life.services.accounts.switchTo(address);
      const { id } = await conversationWith(me.life, friend.address);
      await me.life.services.requests.decide(id, 'allowed');
    }
    await until(async () => (await unread(me.life)).join() === '1,1', 'the counts');
    await until(() => me.life.badge() === '2', 'the badge');
    expect((await status(me.life)).unread).toBe(1);
  });

  it('keep their conversations, drafts and outboxes apart', async () => {
    await me.life.services.accounts.switchTo(first);
    const mine = await write(me.life, friend.address, 'by the first');
    await draft(me.life, mine, 'a draft');
    await me.life.services.keptFiles.keep(mine, 'f', { filename: 'a.txt', mimeType: 'text/plain', data: 'YQ==' });
    await me.life.services.accounts.switchTo(second);
    expect((await me.life.services.conversations.list({})).rows).toEqual([]);
    await expect(me.life.services.conversations.get(mine)).rejects.toMatchObject({ reason: 'not-found' });
    await expect(me.life.services.messages.send(mine, 'x', 'x')).rejects.toMatchObject({ reason: 'not-found' });
    const other = await write(me.life, friend.address, 'by the second');
    expect(other).not.toBe(mine);
    expect(await texts(me.life, other)).toEqual(['me: by the second']);
    expect((await me.life.services.conversations.get(other)).draft).toBeNull();
    expect([await me.life.services.keptFiles.list(mine), await me.life.services.keptFiles.list(other)]).toEqual([[], []]);
    expect(await me.life.services.keptFiles.get(mine, 'f')).toBeNull();
    await me.life.services.accounts.switchTo(first);
    expect(await texts(me.life, mine)).toEqual(['me: by the first']);
    expect((await me.life.services.conversations.get(mine)).draft).toBe('a draft');
    expect(await me.life.services.keptFiles.list(mine)).toEqual([
      { id: 'f', filename: 'a.txt', mimeType: 'text/plain', size: 1, leaving: null },
    ]);
    // The friend sees two people.
    await until(async () => (await friend.life.services.conversations.list({})).rows.length === 2, 'both');
  });

  it('send what waited in each, whichever is in front when the node is back', async () => {
    let away = false;
    me.life.kill();
    const life = await me.device.start({ fetch: (...given) => (away ? Promise.reject(new TypeError('away')) : fetch(...given)) });
    for (const account of [first, second]) {
      await life.services.accounts.switchTo(account);
      await write(life, friend.address, 'hello');
    }
    away = true;
    for (const account of [first, second]) {
      await life.services.accounts.switchTo(account);
      const { id } = await conversationWith(life, friend.address);
      await life.services.messages.send(id, `waited, from ${account}`, 'w');
    }
    life.kill();
    const back = await me.device.start();
    await back.resume();
    for (const account of [first, second]) {
      const { id } = await until(async () => (await friend.life.services.conversations.list({})).rows.find(({ peer }) => peer === account));
      await until(async () => (await texts(friend.life, id)).includes(`peer: waited, from ${account}`), 'what waited');
    }
  });

  it('have names and colours, which a lock hides', async () => {
    await me.life.services.accounts.describe(second, { name: 'Work', color: 3 });
    expect((await status(me.life)).accounts[1]).toMatchObject({ name: 'Work', color: 3 });
    await me.life.services.accounts.lock();
    expect(await status(me.life)).toMatchObject({
      account: { address: second },
      accounts: [{ name: '' }, { name: '', color: null, unread: 0 }],
    });
    await me.life.services.accounts.unlock(passphrase);
    expect((await status(me.life)).accounts[1]).toMatchObject({ name: 'Work' });
  });

  it('need the passphrase of Parley for one more, and say so when it is wrong', async () => {
    const { foundings } = me.life.services;
    await foundings.begin({ way: 'key', key: `0x${'11'.repeat(32)}` });
    await foundings.look(null);
    await expect(foundings.finish('another passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect((await status(me.life)).accounts).toHaveLength(2);
    expect((await status(me.life)).failedUnlocks).toBe(1);
  });
});

describe('an account that is removed', () => {
  it('leaves nothing here, and the other goes on', async () => {
    await me.life.services.accounts.switchTo(first);
    const kept = await write(me.life, friend.address, 'stays');
    await me.life.services.accounts.switchTo(second);
    await write(me.life, friend.address, 'goes');
    await me.life.services.accounts.remove(second, passphrase);
    expect(await status(me.life)).toMatchObject({ account: { address: first }, accounts: [{ address: first }] });
    expect(await texts(me.life, kept)).toEqual(['me: stays']);
    const left = (await indexedDB.databases()).map(({ name = '' }) => name);
    expect(left.filter((name) => name.toLowerCase().includes(second.toLowerCase()))).toEqual([]);
    await expect(me.life.services.accounts.remove(first, passphrase)).rejects.toMatchObject({ reason: 'last-account' });
  });

  it('may be the one that was first', async () => {
    await me.life.services.accounts.switchTo(first);
    await write(me.life, friend.address, 'goes');
    await me.life.services.accounts.switchTo(second);
    const kept = await write(me.life, friend.address, 'stays');
    await me.life.services.accounts.remove(first, passphrase);
    const life = await me.device.restartBrowser();
    await life.services.accounts.unlock(passphrase);
    expect(await status(life)).toMatchObject({ account: { address: second }, accounts: [{ address: second }] });
    expect(await texts(life, kept)).toEqual(['me: stays']);
    // And comes back by its key, with what the network has.
    const again = await add(life);
    expect((await status(life)).accounts.map(({ address }) => address)).toEqual([second, again]);
  });

  it('is not removed by whoever does not know the passphrase', async () => {
    await expect(me.life.services.accounts.remove(second, 'another passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect((await status(me.life)).accounts).toHaveLength(2);
  });
});

describe('a site', () => {
  const shop = 'https://shop.example';
  const seen = ({ heard }: TestCaller) => heard.map(([, state]) => (state as { readonly accounts: readonly string[] }).accounts);

  it('sees an account only where it was allowed to as that account, and hears of a change only then', async () => {
    const [page, stranger] = [pageOf(shop), pageOf('https://game.example')];
    const { sites, accounts } = me.life.services;
    await accounts.switchTo(first);
    sites.attach(page);
    sites.attach(stranger);
    const asking = sites.requestAccounts(page);
    const prompt = await until(async () => (await sites.prompts())[0], 'the question');
    await sites.answer(prompt.id, { allow: true, expiresIn: null });
    expect(await asking).toEqual([first]);
    await accounts.switchTo(second);
    expect(await sites.accounts(page)).toEqual([]);
    await until(() => seen(page).at(-1)?.length === 0, 'the news');
    await accounts.switchTo(first);
    expect(await sites.accounts(page)).toEqual([first]);
    await until(() => seen(page).at(-1)?.[0] === first, 'the news');
    expect(seen(stranger).every((accounts) => accounts.length === 0)).toBe(true);
    expect((await sites.list()).map(({ origin }) => origin)).toEqual([shop]);
    await accounts.switchTo(second);
    expect(await sites.list()).toEqual([]);
    await accounts.remove(first, passphrase);
    expect(await sites.accounts(page)).toEqual([]);
  });
});

it('a browser that is wiped keeps nothing of any of them', async () => {
  await me.life.services.accounts.wipe(passphrase);
  expect(await status(me.life)).toMatchObject({ phase: 'welcome', accounts: [] });
  const left = (await indexedDB.databases()).map(({ name = '' }) => name.toLowerCase());
  for (const address of [first, second]) expect(left.filter((name) => name.includes(address.toLowerCase()))).toEqual([]);
});
