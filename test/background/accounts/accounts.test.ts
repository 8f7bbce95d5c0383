import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { chooseContact, decodeContact, encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { openCache } from '../../../src/storage/cache.ts';
import { person as keysOf } from '../../support/people.ts';
import { bringWallet, conversationWith, Device, makeWallet, newPerson, type Person, passphrase, texts, until, wake } from '../device.ts';

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

const keep = <T extends { device: Device }>(someone: T): T => {
  devices.push(someone.device);
  return someone;
};
const person = async (): Promise<Person> => keep(await newPerson(node.url));
const fresh = (): Device => keep({ device: new Device() }).device;

describe('a new account', () => {
  it('puts contact and key backup on the node, the contact in both forms with the signed one on top', async () => {
    const { address } = await person();
    const owner = parseAddress(address);
    const client = createNodeClient(node.url);
    const { envelopes } = await client.query({ topics: [contactTopic(owner)], direction: 'descending' });
    expect(envelopes.map(({ message }) => decodeContact(message).version)).toEqual([2, 1]);
    expect((envelopes[0]?.timestampNs ?? 0n) > (envelopes[1]?.timestampNs ?? 0n)).toBe(true);
    expect(chooseContact(envelopes, owner)?.address).toBe(owner);
    expect((await client.query({ topics: [privateStoreTopic(owner)] })).envelopes).toHaveLength(1);
  });

  it('does not publish again what is there', async () => {
    await node.close();
    node = await startNode({ compat: true }); // which would keep a repetition
    const { device, life, address } = await person();
    for (let i = 0; i < 2; i++) {
      life.kill();
      await wake(device);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    const topics = [contactTopic(parseAddress(address)), privateStoreTopic(parseAddress(address))];
    expect((await createNodeClient(node.url).query({ topics })).envelopes).toHaveLength(3);
  });

  it('needs a passphrase worth the name, and a node’s address', async () => {
    const life = await fresh().start();
    const { accounts } = life.services;
    await expect(makeWallet(life, 'short', node.url)).rejects.toMatchObject({ reason: 'weak-passphrase' });
    await expect(makeWallet(life, passphrase, 'http://example.org')).rejects.toMatchObject({ reason: 'bad-params' });
    expect(await accounts.status()).toMatchObject({ phase: 'welcome', account: null });
    await makeWallet(life, passphrase, node.url);
    expect(await accounts.status()).toMatchObject({ phase: 'ready', node: { url: node.url } });
  });

  it('cannot be made twice, and another one does not change the node', async () => {
    const life = await fresh().start();
    const { accounts } = life.services;
    const secret = `0x${'17'.repeat(32)}`;
    await bringWallet(life, secret, passphrase, node.url);
    await expect(bringWallet(life, secret, passphrase, node.url)).rejects.toMatchObject({ reason: 'account-exists' });
    const elsewhere = await startNode();
    try {
      await makeWallet(life, passphrase, elsewhere.url);
      expect(await accounts.status()).toMatchObject({ accounts: [{}, {}], node: { url: node.url } });
    } finally {
      await elsewhere.close();
    }
  });

  it('is asked to write its phrase down until it says that it has', async () => {
    const { life, device } = await person();
    expect((await life.services.accounts.status()).account).toMatchObject({ phraseSaved: false });
    expect((await life.services.accounts.revealPhrase(passphrase)).phrase?.split(' ')).toHaveLength(12);
    await life.services.accounts.phraseSaved();
    life.kill();
    expect((await (await device.start()).services.accounts.status()).account).toMatchObject({ phraseSaved: true });
  });
});

describe('locked', () => {
  it('shows no rows, asks nobody, has no stream and shows the lock', async () => {
    const calls: string[] = [];
    const watching: typeof fetch = (input, init) => {
      calls.push(String(input));
      return fetch(input, init);
    };
    const alice = keep(await newPerson(node.url, { fetch: watching }));
    const bob = await person();
    const { conversations, messages, accounts } = alice.life.services;
    const { id } = await conversations.start(bob.address);
    await messages.send(id, 'hello', 'a');
    expect(await accounts.lock()).toMatchObject({
      phase: 'locked',
      unread: 0,
      account: { address: alice.address },
      node: { state: 'idle' },
    });
    await until(() => alice.life.badge() === '🔒', 'the lock on the button');
    await new Promise((resolve) => setTimeout(resolve, 50));
    calls.length = 0;

    for (const asked of [
      () => conversations.list({}),
      () => conversations.get(id),
      () => conversations.lookUp(bob.address),
      () => conversations.start(bob.address),
      () => conversations.markRead(id),
      () => alice.life.services.drafts.save({ conversation: id, writer: 'w', seq: 1, base: 0, parts: [] }),
      () => messages.list(id, {}),
      () => messages.send(id, 'x', 'b'),
      () => messages.retry(id),
      () => messages.discard(id),
      () => accounts.revealPhrase(passphrase),
    ])
      await expect(asked()).rejects.toMatchObject({ reason: 'locked' });
    await alice.life.resume();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toEqual([]);
  });

  it('comes with the end of the browser and not with the death of the background', async () => {
    const alice = await person();
    alice.life.kill();
    expect(await (await alice.device.start()).services.accounts.status()).toMatchObject({ phase: 'ready' });
    const { services } = await alice.device.restartBrowser();
    expect(await services.accounts.status()).toMatchObject({ phase: 'locked', account: { address: alice.address } });
    await expect(services.accounts.unlock('not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect(await services.accounts.status()).toMatchObject({ phase: 'locked', failedUnlocks: 1, nextUnlockAt: null });
    expect(await services.accounts.unlock(passphrase)).toMatchObject({ phase: 'ready', failedUnlocks: 0 });
  });

  it('slows guessing down, also across deaths', async () => {
    const alice = await person();
    const locked = await alice.device.restartBrowser();
    for (let i = 0; i < 5; i++) await expect(locked.services.accounts.unlock(`wrong guess no ${i}`)).rejects.toBeDefined();
    locked.kill();
    const { accounts } = (await alice.device.start()).services;
    await expect(accounts.unlock(passphrase)).rejects.toMatchObject({ reason: 'too-soon' });
    const status = await accounts.status();
    expect(status.failedUnlocks).toBe(5);
    expect(status.nextUnlockAt).toBeGreaterThan(Date.now());
  });

  it('what came meanwhile is there after unlocking', async () => {
    const [alice, bob] = [await person(), await person()];
    await bob.life.services.accounts.lock();
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'are you there?', 'a');
    await bob.life.services.accounts.unlock(passphrase);
    const row = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
  });

  it('happens by itself: after 12 hours, after the chosen time of no use, with the screen', async () => {
    let time = Date.now();
    const alice = keep(await newPerson(node.url, { clock: () => time }));
    const { accounts, settings, conversations } = alice.life.services;
    await settings.setAutoLock(15);
    expect(alice.life.alarms.get('lock')).toEqual({ when: time + 15 * 60_000 });
    time += 10 * 60_000;
    await conversations.lookUp(alice.address); // a use
    await until(() => (alice.life.alarms.get('lock') as { when: number }).when === time + 15 * 60_000, 'the later alarm');
    time += 14 * 60_000;
    await alice.life.lock.check();
    expect((await accounts.status()).phase).toBe('ready');
    // The background that wakes too late finds its time over.
    time += 2 * 60_000;
    alice.life.kill();
    const late = await alice.device.start({ clock: () => time });
    expect((await late.services.accounts.status()).phase).toBe('locked');

    await late.services.accounts.unlock(passphrase);
    await late.services.settings.setAutoLock(null);
    time += 11 * 3_600_000;
    await late.lock.check();
    expect((await late.services.accounts.status()).phase).toBe('ready');
    time += 3_600_001;
    await late.resume();
    expect((await late.services.accounts.status()).phase).toBe('locked');
    await late.services.accounts.unlock(passphrase);
    await late.lock.screen('idle');
    expect((await late.services.accounts.status()).phase).toBe('ready');
    await late.lock.screen('locked');
    expect((await late.services.accounts.status()).phase).toBe('locked');
  });
});

describe('a wallet brought here', () => {
  it('finds its identity, conversations and messages on the node, and none of it is news', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'hello', 'a');
    const atBob = await conversationWith(bob.life, alice.address);
    await bob.life.services.messages.send(atBob.id, 'hi', 'a');
    await until(async () => (await texts(alice.life, id)).length === 2, 'the answer');
    const { phrase } = await alice.life.services.accounts.revealPhrase(passphrase);
    await alice.device.close();
    await openCache(alice.address.toLowerCase()).delete();

    const { services } = await fresh().start();
    expect(await bringWallet({ services }, phrase ?? '', 'another good passphrase', node.url)).toMatchObject({
      phase: 'ready',
      restored: true,
      account: { address: alice.address },
    });
    const row = await until(
      async () => (await services.conversations.list({})).rows.find(({ preview }) => preview?.text === 'hi'),
      'the row',
    );
    expect(row).toMatchObject({ peer: bob.address, unread: 0 });
    const { messages } = await services.messages.list(row.id, {});
    expect(messages.map(({ mine, state }) => ({ mine, state }))).toEqual([
      { mine: true, state: 'sent' },
      { mine: false, state: null },
    ]);
    await services.messages.send(row.id, 'from the new device', 'a');
    await until(async () => (await texts(bob.life, atBob.id)).includes('peer: from the new device'), 'the message at Bob');
    expect((await bob.life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('gets a new identity only where the node answered that there is none', async () => {
    const secret = `0x${'17'.repeat(32)}`;
    const { services } = await fresh().start();
    const away = await startNode();
    await away.close();
    await expect(bringWallet({ services }, secret, passphrase, away.url)).rejects.toMatchObject({ reason: 'unreachable' });
    expect((await services.accounts.status()).phase).toBe('welcome');
    await expect(bringWallet({ services }, 'twelve words that are none', passphrase, node.url)).rejects.toMatchObject({
      reason: 'bad-secret',
    });
    expect(await bringWallet({ services }, secret, passphrase, node.url)).toMatchObject({ phase: 'ready', restored: false });
    await until(async () => (await services.accounts.status()).published, 'the publication');
    expect(await services.accounts.revealPhrase(passphrase)).toEqual({ phrase: null, privateKey: secret });
  });

  it('is refused where the node knows keys of it and holds no backup of them', async () => {
    const carol = keysOf('Carol');
    const client = createNodeClient(node.url, { authToken: () => createAuthToken(carol.bundle) });
    const timestampNs = msToNs(Date.now());
    await client.publish([{ contentTopic: contactTopic(carol.address), timestampNs, message: encodeContact(carol.contact, 2) }]);
    const { services } = await fresh().start();
    const secret = `0x${toHex(carol.walletKey)}`;
    await expect(bringWallet({ services }, secret, passphrase, node.url)).rejects.toMatchObject({ reason: 'keys-elsewhere' });
    expect((await services.accounts.status()).phase).toBe('welcome');
  });
});

describe('another passphrase', () => {
  const next = 'another calm window';

  it('opens the account in the next session of the browser, with all that was sealed before', async () => {
    const { life, device, address } = await person();
    const { accounts } = life.services;
    await expect(accounts.changePassphrase('not the passphrase', next)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect(await accounts.changePassphrase(passphrase, next)).toMatchObject({ phase: 'ready', account: { address } });
    life.kill();
    // The background died; the browser did not, so it is open still.
    const woken = await device.start();
    expect(await woken.services.accounts.status()).toMatchObject({ phase: 'ready' });
    await woken.services.accounts.lock();
    await expect(woken.services.accounts.unlock(passphrase)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect(await woken.services.accounts.unlock(next)).toMatchObject({ phase: 'ready', account: { address } });
    await expect(woken.services.accounts.revealPhrase(next)).resolves.toMatchObject({ phrase: expect.any(String) });
  });

  it('is not chosen while locked', async () => {
    const { life } = await person();
    await life.services.accounts.lock();
    await expect(life.services.accounts.changePassphrase(passphrase, next)).rejects.toMatchObject({ reason: 'locked' });
    await life.services.accounts.unlock(passphrase);
  });
});

describe('wiping', () => {
  it('needs the passphrase and leaves nothing', async () => {
    const [alice, bob] = [await person(), await person()];
    const { accounts, conversations } = alice.life.services;
    await conversations.start(bob.address);
    await expect(accounts.wipe('not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect(await accounts.wipe(passphrase)).toMatchObject({ phase: 'welcome', account: null, unread: 0 });
    const cache = openCache(alice.address.toLowerCase());
    expect(await cache.conversations.all()).toEqual([]);
    await cache.close();
    alice.life.kill();
    const { services } = await alice.device.start();
    expect(await services.accounts.status()).toMatchObject({ phase: 'welcome', account: null });
    await expect(services.conversations.list({})).rejects.toMatchObject({ reason: 'no-account' });
    expect(await makeWallet({ services }, passphrase, node.url)).toMatchObject({ phase: 'ready' });
  });

  it('works while locked too', async () => {
    const alice = await person();
    await alice.life.services.accounts.lock();
    expect(await alice.life.services.accounts.wipe(passphrase)).toMatchObject({ phase: 'welcome' });
  });
});
