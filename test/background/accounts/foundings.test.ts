import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Foundings } from '../../../src/background/services.ts';
import { pathKinds, walletOfEntropy } from '../../../src/keystore/wallet.ts';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { toBase64, toHex } from '../../../src/protocol/bytes.ts';
import { chooseContact, encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { readKeyBackup, sealKeyBackup } from '../../../src/protocol/key-backup.ts';
import { encodePrivateBundle, publicBundle } from '../../../src/protocol/private-keys.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../../src/protocol/wallet-signature.ts';
import type { Founding } from '../../../src/rpc/views/founding.ts';
import { alice, type Person, person } from '../../support/people.ts';
import { type FakeWallet, honest } from '../../support/wallets.ts';
import { conversationWith, Device, type Life, newPerson, passphrase, texts, until } from '../device.ts';

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

const fresh = (): Device => {
  const device = new Device({ apart: true });
  devices.push(device);
  return device;
};

async function sign({ foundings }: { foundings: Foundings }, wallet: FakeWallet): Promise<Founding> {
  const { nonce, text } = await foundings.ask(null);
  const { founding, fault } = await foundings.answer({ nonce, origin: null, signature: wallet(text) });
  expect(fault).toBeNull();
  return founding;
}

/** What a node holds of somebody. */
async function held({ address }: Pick<Person, 'address'>) {
  const client = createNodeClient(node.url);
  const backups = (await client.query({ topics: [privateStoreTopic(address)], direction: 'descending' })).envelopes.map(
    ({ message }) => message,
  );
  const contact = chooseContact((await client.query({ topics: [contactTopic(address)], direction: 'descending' })).envelopes, address);
  return { backups, contact };
}

/** Somebody whose keys another program has put on the node. */
async function publishFor(someone: Person, { backup }: { readonly backup: boolean }): Promise<void> {
  const client = createNodeClient(node.url, { authToken: () => createAuthToken(someone.bundle) });
  const now = msToNs(Date.now());
  await client.publish([{ contentTopic: contactTopic(someone.address), timestampNs: now, message: encodeContact(someone.contact, 2) }]);
  if (!backup) return;
  const pre = new Uint8Array(32).fill(3);
  const message = await sealKeyBackup(someone.bundle, pre, signText(enableIdentityText(pre), someone.walletKey));
  await client.publish([{ contentTopic: privateStoreTopic(someone.address), timestampNs: now, message }]);
}

const published = (life: Life): Promise<unknown> => until(async () => (await life.services.accounts.status()).published, 'the publication');

describe('a wallet outside', () => {
  it('becomes an account that others reach, with the backup that it sealed; the background may die after each step', async () => {
    const device = fresh();
    let life = await device.start();
    const next = async (): Promise<Foundings> => {
      life.kill();
      life = await device.start();
      return life.services.foundings;
    };
    await life.services.foundings.begin({ way: 'external', address: alice.address.toLowerCase() });
    expect((await (await next()).look(node.url)).stage).toMatchObject({ step: 'sign', purpose: 'create' });
    const wallet = honest(alice.walletKey);
    await sign({ foundings: await next() }, wallet);
    await (await next()).decide('backup');
    await sign({ foundings: await next() }, wallet);
    await sign({ foundings: await next() }, wallet);
    expect(await held(alice)).toEqual({ backups: [], contact: null });
    const foundings = await next();
    expect(await foundings.finish(passphrase)).toMatchObject({ phase: 'ready', account: { address: alice.address, phraseSaved: true } });
    expect(await foundings.state()).toBeNull();
    await published(life);
    const { backups, contact } = await held(alice);
    expect(contact?.address).toBe(alice.address);
    const backup = readKeyBackup(backups[0] as Uint8Array);
    const opened = await backup.open(signText(enableIdentityText(backup.walletPreKey), alice.walletKey), alice.address);
    expect(opened.identity.point).toEqual(contact?.identityKey);

    const other = await newPerson(node.url);
    devices.push(other.device);
    const { id } = await other.life.services.conversations.start(alice.address);
    await other.life.services.messages.send(id, 'are you reachable?', 'a');
    const row = await conversationWith(life, other.address);
    await until(async () => (await texts(life, row.id)).join() === 'peer: are you reachable?', 'the message');
    await life.resume();
    expect((await held(alice)).backups).toHaveLength(1);
  });

  it('has its backup kept in step with a renewed pre-key, and so finds it again, without being asked for another signature', async () => {
    const life = await fresh().start();
    const { foundings, accounts, settings } = life.services;
    await foundings.begin({ way: 'external', address: alice.address });
    await foundings.look(node.url);
    const wallet = honest(alice.walletKey);
    await sign({ foundings }, wallet);
    await foundings.decide('backup');
    await sign({ foundings }, wallet);
    await sign({ foundings }, wallet);
    await foundings.finish(passphrase);
    await published(life);
    expect((await settings.read()).wallet).toEqual({ held: 'none', sealsBackups: true });
    await accounts.rotatePreKey();
    await published(life);
    const { backups, contact } = await held(alice);
    expect(backups).toHaveLength(2);

    const second = await fresh().start();
    await second.services.foundings.begin({ way: 'external', address: alice.address });
    await second.services.foundings.look(node.url);
    expect((await sign(second.services, wallet)).stage).toMatchObject({ step: 'ready', restored: true });
    await second.services.foundings.finish(passphrase);
    await published(second);
    expect((await second.services.settings.read()).preKey).toMatchObject({ count: 2 });
    expect((await held(alice)).contact?.preKey).toEqual(contact?.preKey);
    // From then on either of the two does it.
    await second.services.accounts.rotatePreKey();
    await published(second);
    expect((await held(alice)).backups).toHaveLength(3);
  });

  it('goes without a backup where its owner wants none', async () => {
    const life = await fresh().start();
    const { foundings } = life.services;
    await foundings.begin({ way: 'external', address: alice.address });
    await foundings.look(node.url);
    await sign({ foundings }, honest(alice.walletKey));
    await foundings.decide('no-backup');
    await foundings.finish(passphrase);
    await published(life);
    expect(await held(alice)).toMatchObject({ backups: [], contact: { address: alice.address } });
    expect((await life.services.settings.read()).wallet).toEqual({ held: 'none', sealsBackups: false });
    await life.services.accounts.rotatePreKey();
    await published(life);
    expect(await held(alice)).toMatchObject({ backups: [] });
  });

  it('finds the keys that it had, by one signature, and publishes nothing anew', async () => {
    await publishFor(alice, { backup: true });
    const life = await fresh().start();
    const { foundings } = life.services;
    await foundings.begin({ way: 'external', address: alice.address });
    expect((await foundings.look(node.url)).stage).toMatchObject({ step: 'sign', purpose: 'open' });
    expect((await sign({ foundings }, honest(alice.walletKey))).stage).toMatchObject({ step: 'ready', restored: true });
    await foundings.finish(passphrase);
    await published(life);
    const { backups, contact } = await held(alice);
    expect([backups.length, contact?.identityKey]).toEqual([1, alice.bundle.identity.point]);
  });

  it('replaces keys only when somebody chose to, once, and not again', async () => {
    await publishFor(alice, { backup: false });
    const life = await fresh().start();
    const { foundings } = life.services;
    await foundings.begin({ way: 'external', address: alice.address });
    expect((await foundings.look(node.url)).stage).toMatchObject({ step: 'stuck', why: 'keys-elsewhere' });
    await expect(foundings.finish(passphrase)).rejects.toMatchObject({ reason: 'not-asked' });
    await foundings.decide('new-identity');
    await sign({ foundings }, honest(alice.walletKey));
    await foundings.decide('no-backup');
    await foundings.finish(passphrase);
    await until(async () => (await held(alice)).contact?.identityKey.join() !== alice.bundle.identity.point.join(), 'the new contact');
    // Another program makes keys anew: they stay.
    const later = person('Alice', Date.now() + 1);
    await publishFor(later, { backup: false });
    await life.resume();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await held(alice)).contact?.identityKey).toEqual(publicBundle(later.bundle).identityKey);
  });

  it('is asked for by an address whose capitals fit', async () => {
    const { foundings } = (await fresh().start()).services;
    const wrong = alice.address.replace(/[a-f]/, (letter) => letter.toUpperCase());
    await expect(foundings.begin({ way: 'external', address: wrong })).rejects.toMatchObject({ reason: 'bad-params' });
  });
});

describe('a phrase', () => {
  const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

  it('shows of each account what the node knows', async () => {
    const [first, second] = [0, 1].map((index) => walletOfEntropy(new Uint8Array(16).fill(0x7f), pathKinds.standard(index)));
    // The second one was used here, and somebody wrote to it.
    const used = await fresh().start();
    await used.services.foundings.begin({ way: 'key', key: toHex(second?.key as Uint8Array) });
    await used.services.foundings.look(node.url);
    await used.services.foundings.finish(passphrase);
    await published(used);
    const { foundings } = (await fresh().start()).services;
    await foundings.begin({ way: 'phrase', phrase, extraWord: '', node: node.url });
    await expect(foundings.look(node.url)).rejects.toMatchObject({ reason: 'no-founding' });
    const known = async () => (await foundings.accounts({ kind: 'standard', from: 0 })).map(({ known }) => known);
    expect(await known()).toEqual(['nothing', 'keys', 'nothing', 'nothing', 'nothing']);
    const other = await newPerson(node.url);
    devices.push(other.device);
    const { id } = await other.life.services.conversations.start(second?.address as string);
    await other.life.services.messages.send(id, 'hello', 'a');
    await until(async () => (await known())[1] === 'conversations', 'the invitation');
    expect(await foundings.accounts({ path: "m/44'/60'/0'/0/0" })).toMatchObject([{ address: first?.address }]);
    await expect(foundings.accounts({ path: 'm/x' })).rejects.toMatchObject({ reason: 'bad-path' });
    await node.close();
    expect(await known()).toEqual([null, null, null, null, null]);
    node = await startNode();
  });

  it('keeps path and words in the vault', async () => {
    const device = fresh();
    const life = await device.start();
    const { foundings } = life.services;
    await foundings.begin({ way: 'phrase', phrase, extraWord: 'extra', node: null });
    const path = pathKinds['ledger-old'](3);
    const { address } = await foundings.choose(path);
    await foundings.look(node.url);
    expect(await foundings.finish(passphrase)).toMatchObject({ account: { address, phraseSaved: true } });
    life.kill();
    const again = await device.start();
    expect((await again.services.accounts.status()).account?.address).toBe(address);
    expect((await again.services.accounts.revealPhrase(passphrase)).phrase).toBe(phrase);
  });
});

describe('a key bundle', () => {
  it('becomes an account that reads and writes with its keys', async () => {
    const life = await fresh().start();
    const { foundings } = life.services;
    const bytes = encodePrivateBundle(alice.bundle);
    await foundings.begin({ way: 'bundle', keys: toBase64(bytes) });
    expect((await foundings.look(node.url)).stage).toMatchObject({ step: 'ready', backup: false });
    await foundings.finish(passphrase);
    await published(life);
    expect((await held(alice)).contact?.identityKey).toEqual(alice.bundle.identity.point);
    await expect(foundings.begin({ way: 'bundle', keys: 'no base64!' })).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(foundings.begin({ way: 'bundle', keys: toBase64(bytes.slice(0, 40)) })).rejects.toMatchObject({ reason: 'bad-bundle' });
  });
});

it('an account that is here already is not made again, and keeps what it has', async () => {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  const { foundings, accounts } = someone.life.services;
  const { privateKey } = await accounts.revealPhrase(passphrase);
  const before = (await held({ address: someone.address as `0x${string}` })).contact?.identityKey;
  await foundings.begin({ way: 'key', key: privateKey });
  await foundings.look(null);
  await expect(foundings.finish(passphrase)).rejects.toMatchObject({ reason: 'account-exists' });
  await someone.life.resume();
  expect((await held({ address: someone.address as `0x${string}` })).contact?.identityKey).toEqual(before);
});

it('a draft does not survive the lock', async () => {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  const { foundings, accounts } = someone.life.services;
  await foundings.begin({ way: 'external', address: alice.address });
  await accounts.lock();
  await until(async () => (await foundings.state()) === null, 'the end of the draft');
});
