import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { chooseContact } from '../../../src/protocol/contact-bundle.ts';
import { contactTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { bringWallet, conversationWith, Device, newPerson, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

const keep = <T extends { device: Device }>(someone: T): T => {
  devices.push(someone.device);
  return someone;
};
const contactOf = async (address: string) => {
  const { envelopes } = await createNodeClient(node.url).query({ topics: [contactTopic(parseAddress(address))], direction: 'descending' });
  return chooseContact(envelopes, parseAddress(address));
};
const backupsOf = async (address: string): Promise<number> =>
  (await createNodeClient(node.url).query({ topics: [privateStoreTopic(parseAddress(address))] })).envelopes.length;

describe('a renewed pre-key', () => {
  it('reaches the node as contact and backup, and leaves everything readable', async () => {
    const [alice, bob] = [keep(await newPerson(node.url)), keep(await newPerson(node.url))];
    const { services } = alice.life;
    const row = await services.conversations.start(bob.address);
    await services.messages.send(row.id, 'before', '1');
    const atBob = await conversationWith(bob.life, alice.address);
    const before = await contactOf(alice.address);

    await services.accounts.rotatePreKey();
    await until(async () => (await services.accounts.status()).published, 'the publication');
    const after = await contactOf(alice.address);
    expect(after?.identityKey).toEqual(before?.identityKey);
    expect(after?.preKey).not.toEqual(before?.preKey);
    expect(await backupsOf(alice.address)).toBe(2);
    expect((await services.settings.read()).preKey).toMatchObject({ count: 2 });

    await services.messages.send(row.id, 'after', '2');
    await bob.life.services.messages.send(atBob.id, 'seen', '3');
    const all = ['me: before', 'me: after', 'peer: seen'];
    await until(async () => (await texts(alice.life, row.id)).length === 3, 'the answer');
    expect((await texts(alice.life, row.id)).toSorted()).toEqual(all.toSorted());
    // The invitation and the messages of the first pre-key open on a device that knows them from the backup alone.
    const { privateKey } = await services.accounts.revealPhrase(passphrase);
    const other = keep({ device: new Device({ apart: true }) }).device;
    const life = await other.start();
    await bringWallet(life, privateKey, passphrase, node.url);
    const there = await conversationWith(life, bob.address);
    await until(async () => (await texts(life, there.id)).length === 3, 'the history');
  });

  it('of one device is taken up by another, which then opens what was sealed to it', async () => {
    const alice = keep(await newPerson(node.url));
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    const second = keep({ device: new Device({ apart: true }) }).device;
    let life = await second.start();
    await bringWallet(life, privateKey, passphrase, node.url);
    await until(async () => (await life.services.accounts.status()).published, 'the second device');

    await alice.life.services.accounts.rotatePreKey();
    await until(async () => (await alice.life.services.accounts.status()).published, 'the publication');
    const bob = keep(await newPerson(node.url));
    const row = await bob.life.services.conversations.start(alice.address);
    await bob.life.services.messages.send(row.id, 'to the new key', '1');
    await conversationWith(alice.life, bob.address);
    // The second device cannot open the invitation yet: it waits in quarantine until the pre-key is there.
    life.kill();
    life = await wake(second);
    const there = await conversationWith(life, bob.address);
    await until(async () => (await texts(life, there.id)).join() === 'peer: to the new key', 'the message');
    expect((await life.services.settings.read()).preKey).toMatchObject({ count: 2 });
    // It did not put the old contact back.
    expect((await contactOf(alice.address))?.preKeyCreatedMs).toBe((await alice.life.services.settings.read()).preKey?.madeAt);
  });

  it.each(['publication:rotated', 'publication:published', 'publication:noted'])('survives a death at %s', async (dieAt) => {
    const alice = keep(await newPerson(node.url));
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    const rotation = doomed.services.accounts.rotatePreKey();
    await Promise.race([doomed.died, rotation]);
    await doomed.died;
    doomed.kill();
    const life = await wake(alice.device);
    await until(async () => (await life.services.accounts.status()).published, 'the publication');
    const { preKey } = await life.services.settings.read();
    expect(preKey?.count).toBe(2);
    expect((await contactOf(alice.address))?.preKeyCreatedMs).toBe(preKey?.madeAt);
    expect(await backupsOf(alice.address)).toBe(2);
  });

  it('comes by itself when it is older than it may become, and not before', async () => {
    let now = Date.now();
    const clock = (): number => now;
    const alice = keep(await newPerson(node.url, { clock }));
    await alice.life.services.settings.setRotateDays(30);
    now += 29 * 86_400_000;
    alice.life.kill();
    let life = await alice.device.start({ clock });
    await life.services.accounts.unlock(passphrase).catch(() => undefined);
    await life.resume();
    expect((await life.services.settings.read()).preKey).toMatchObject({ count: 1 });
    now += 2 * 86_400_000;
    life.kill();
    life = await alice.device.start({ clock });
    await life.services.accounts.unlock(passphrase);
    await until(async () => (await life.services.settings.read()).preKey?.count === 2, 'the renewal');
  });

  it('waits for the unlock', async () => {
    const alice = keep(await newPerson(node.url));
    await alice.life.services.accounts.lock();
    await expect(alice.life.services.accounts.rotatePreKey()).rejects.toMatchObject({ reason: 'locked' });
  });
});

describe('a node that lost what it had', () => {
  it('gets contact and backup again, at the next start and in a life that goes on', async () => {
    let now = Date.now();
    const clock = (): number => now;
    const { port } = node;
    const alice = keep(await newPerson(node.url, { clock }));
    const lose = async (): Promise<void> => {
      await node.close();
      node = await startNode({ port, clock });
      // A connection to the node of before may be used once more, and fails.
      const answer = () =>
        contactOf(alice.address).then(
          (contact) => ({ contact }),
          () => null,
        );
      expect(await until(answer, 'an answer of the new node')).toEqual({ contact: null });
    };
    await lose();
    alice.life.kill();
    const life = await wake(alice.device, { clock });
    await until(async () => await contactOf(alice.address), 'the contact at a start');
    await until(async () => (await backupsOf(alice.address)) === 1, 'the backup at a start');
    await lose();
    now += 7 * 3_600_000;
    await life.resume();
    await until(async () => await contactOf(alice.address), 'the contact after a while');
    await until(async () => (await backupsOf(alice.address)) === 1, 'the backup after a while');
  });
});
