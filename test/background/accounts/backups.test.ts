import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergePins } from '../../../src/background/accounts/backup-pins.ts';
import type { Pin } from '../../../src/background/messages/pins.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';

import { publicBundle, rotatePreKey } from '../../../src/protocol/private-keys.ts';
import { bob as bobKeys, person } from '../../support/people.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, passphrase, texts, until, wake } from '../device.ts';
import { giveFile, takeFile } from './parcels.ts';

const filePassphrase = 'a passphrase for the file';
const newPassphrase = 'another one for this browser';
let node: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

const someone = async () => {
  const made = await newPerson(node.url);
  devices.push(made.device);
  return made;
};
const machine = (): Device => {
  const device = new Device({ apart: true });
  devices.push(device);
  return device;
};

const backUp = async (life: Life, messages = true): Promise<Uint8Array> =>
  takeFile(life, await life.services.backups.make(passphrase, filePassphrase, messages));

/** Alice and Bob have talked, and Alice has compared the safety number. */
async function talk() {
  const [alice, bob] = [await someone(), await someone()];
  const row = await alice.life.services.conversations.start(bob.address);
  await alice.life.services.messages.send(row.id, 'hello', '1');
  const there = await conversationWith(bob.life, alice.address);
  await bob.life.services.messages.send(there.id, 'hello yourself', '1');
  await until(async () => (await texts(alice.life, row.id)).length === 2, 'the answer');
  await until(
    async () => (await alice.life.services.messages.list(row.id, {})).messages.every(({ state }) => state !== 'queued'),
    'the sending',
  );
  const { number } = await alice.life.services.safety.read(row.id, true);
  await alice.life.services.safety.verify(row.id, number ?? '', true);
  return { alice, bob, row, number };
}

describe('a backup file', () => {
  it('brings back account, peers, marks, settings and messages on a new machine, without any node', async () => {
    const { alice, bob, number } = await talk();
    await alice.life.services.settings.addNode('https://node.example');
    await alice.life.services.settings.setTheme('dark');
    await alice.life.services.settings.setLanguage('de');
    expect((await alice.life.services.accounts.status()).backedUp).toBe(false);
    const file = await backUp(alice.life);
    expect((await alice.life.services.accounts.status()).backedUp).toBe(true);
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    await node.close();

    const life = await machine().start();
    const { services } = life;
    const id = await giveFile(life, file);
    expect(await services.backups.open(id, filePassphrase)).toMatchObject({
      accounts: [{ address: alice.address, here: 'new', peers: 1, conversations: 1, messages: 2 }],
    });
    expect(await services.backups.restore(id, newPassphrase)).toEqual({
      address: alice.address,
      preKeys: false,
      peers: 1,
      messages: 2,
      left: [],
    });
    expect((await services.accounts.status()).account?.address).toBe(alice.address);
    expect((await services.accounts.revealPhrase(newPassphrase)).privateKey).toBe(privateKey);
    const row = await conversationWith(life, bob.address);
    expect((await texts(life, row.id)).toSorted()).toEqual(['me: hello', 'peer: hello yourself']);
    expect(row.unread).toBe(0);
    expect(await services.safety.read(row.id, true)).toMatchObject({ number, verifiedAt: expect.any(Number) });
    expect(await services.settings.read()).toMatchObject({ nodeUrl: node.url, nodes: [node.url, 'https://node.example'], theme: 'dark' });
  });

  it('and the network agree: what both bring is there once, and the conversation goes on', async () => {
    const { alice, bob } = await talk();
    const file = await backUp(alice.life);
    alice.life.kill();
    const life = await machine().start();
    const id = await giveFile(life, file);
    await life.services.backups.open(id, filePassphrase);
    await life.services.backups.restore(id, newPassphrase);
    const row = await conversationWith(life, bob.address);
    await bob.life.services.messages.send((await conversationWith(bob.life, alice.address)).id, 'are you there?', '2');
    await until(async () => (await texts(life, row.id)).length >= 3, 'the message');
    await life.resume();
    await life.services.messages.send(row.id, 'here again', '2');
    await until(
      async () => (await texts(bob.life, (await conversationWith(bob.life, alice.address)).id)).includes('peer: here again'),
      'the answer',
    );
    expect(await texts(life, row.id)).toHaveLength(4);
    expect((await life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('is checked without anything being changed', async () => {
    const { alice } = await talk();
    const file = await backUp(alice.life, false);
    const life = await machine().start();
    const id = await giveFile(life, file);
    expect(await life.services.backups.open(id, filePassphrase)).toMatchObject({
      accounts: [{ here: 'new', messages: 0, conversations: 0 }],
    });
    await life.services.parcels.close(id);
    expect((await life.services.accounts.status()).phase).toBe('welcome');
    await expect(life.services.backups.restore(id, newPassphrase)).rejects.toMatchObject({ reason: 'file-lost' });
  });

  it('adds to the same account what it lacks, and takes nothing from it', async () => {
    const { alice, bob } = await talk();
    const file = await backUp(alice.life);
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    // A second machine that has the account from the network, a pre-key more, and settings of its own.
    const device = machine();
    const first = await device.start();
    await bringWallet(first, privateKey, newPassphrase, node.url);
    await conversationWith(first, bob.address);
    await first.services.settings.setTheme('light');
    await first.services.accounts.rotatePreKey();
    const id = await giveFile(first, file);
    expect(await first.services.backups.open(id, filePassphrase)).toMatchObject({ accounts: [{ here: 'same' }] });
    await expect(first.services.backups.restore(id, 'not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    const restored = await first.services.backups.restore(id, newPassphrase);
    expect(restored).toMatchObject({ preKeys: false, peers: 1 });
    first.kill();
    const life = await wake(device);
    expect((await life.services.settings.read()).preKey).toMatchObject({ count: 2 });
    expect((await life.services.settings.read()).theme).toBe('light');
    const row = await conversationWith(life, bob.address);
    await until(async () => (await texts(life, row.id)).length === 2, 'the messages');
    expect((await life.services.safety.read(row.id, false)).verifiedAt).not.toBeNull();
  });

  it('of somebody else is taken up beside the account that is here', async () => {
    const [alice, bob] = [await someone(), await someone()];
    const before = await backUp(alice.life, false);
    const id = await giveFile(bob.life, before);
    expect(await bob.life.services.backups.open(id, filePassphrase)).toMatchObject({ accounts: [{ here: 'new' }] });
    await expect(bob.life.services.backups.restore(id, 'another passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    expect(await bob.life.services.backups.restore(id, passphrase)).toMatchObject({ address: alice.address, preKeys: false });
    const status = await bob.life.services.accounts.status();
    expect(status.account?.address).toBe(alice.address);
    expect(status.accounts.map(({ address }) => address)).toEqual([bob.address, alice.address]);
  });

  it('brings pre-keys that another machine made and no node has', async () => {
    const alice = await someone();
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    const other = await machine().start();
    await bringWallet(other, privateKey, newPassphrase, node.url);
    await until(async () => (await other.services.accounts.status()).published, 'the publication');
    await node.close();
    await alice.life.services.accounts.rotatePreKey();
    const id = await giveFile(other, await backUp(alice.life, false));
    await other.services.backups.open(id, filePassphrase);
    expect(await other.services.backups.restore(id, newPassphrase)).toMatchObject({ preKeys: true });
    expect((await other.services.settings.read()).preKey).toMatchObject({ count: 2 });
  });

  it('is forgotten with the lock, keys and all', async () => {
    const alice = await someone();
    const { backups, accounts } = alice.life.services;
    const id = await giveFile(alice.life, await backUp(alice.life, false));
    await backups.open(id, filePassphrase);
    await accounts.lock();
    await accounts.unlock(passphrase);
    await expect(backups.restore(id, passphrase)).rejects.toMatchObject({ reason: 'not-a-backup' });
  });

  it('is refused with a reason that says what is wrong', async () => {
    const alice = await someone();
    const file = await backUp(alice.life, false);
    const life = await machine().start();
    const open = async (bytes: Uint8Array, word = filePassphrase) => life.services.backups.open(await giveFile(life, bytes), word);
    await expect(open(file, 'not the passphrase')).rejects.toMatchObject({ reason: 'wrong-file-passphrase' });
    await expect(open(file.subarray(0, 500))).rejects.toMatchObject({ reason: 'backup-damaged' });
    await expect(open(new Uint8Array(1000))).rejects.toMatchObject({ reason: 'not-a-backup' });
    const { id } = await life.services.parcels.receive(file.length);
    await expect(life.services.backups.open(id, filePassphrase)).rejects.toMatchObject({ reason: 'backup-damaged' });
    await expect(life.services.parcels.put(id, 5, 'AAAA')).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(alice.life.services.backups.make('not the passphrase', filePassphrase, false)).rejects.toMatchObject({
      reason: 'wrong-passphrase',
    });
    await expect(alice.life.services.backups.make(passphrase, 'short', false)).rejects.toMatchObject({ reason: 'weak-passphrase' });
  });
});

describe('what two know of the keys of a peer', () => {
  const pin = (change: Partial<Pin> = {}): Pin => ({
    bundle: bobKeys.contact,
    firstSeenAt: 100,
    checkedAt: 0,
    older: false,
    other: null,
    former: [],
    verified: null,
    events: [],
    ...change,
  });

  it('comes together: the earlier sight, the newer pre-key, each event once', () => {
    const newer = publicBundle(rotatePreKey(bobKeys.bundle, () => Date.UTC(2025, 0, 1)));
    const events = [{ at: 1, kind: 'verified' }] as const;
    const merged = mergePins(
      pin({ events, verified: { at: 1, own: 'x' } }),
      pin({ bundle: newer, firstSeenAt: 50, events: [...events, { at: 2, kind: 'older' }] }),
      1000,
    );
    expect(merged).toMatchObject({ bundle: newer, firstSeenAt: 50, verified: { at: 1 }, events: [{ at: 1 }, { at: 2 }] });
    const mine = pin();
    expect(mergePins(mine, pin({ firstSeenAt: 200 }), 1000)).toBe(mine);
  });

  it('stays as it is here where the file has another identity, and that is told; not of one that was given up', () => {
    const other = person('Bob', Date.UTC(2025, 0, 1)).contact;
    const merged = mergePins(pin(), pin({ bundle: other, verified: { at: 1, own: 'x' } }), 1000);
    expect(merged).toMatchObject({ bundle: bobKeys.contact, other, verified: null, events: [{ at: 1000, kind: 'changed' }] });
    const mine = pin({ bundle: other, former: [Buffer.from(bobKeys.contact.identityKey).toString('hex')] });
    expect(mergePins(mine, pin(), 1000)).toBe(mine);
  });
});
