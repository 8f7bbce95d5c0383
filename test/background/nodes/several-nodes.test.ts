import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { contactTopic, inviteTopic } from '../../../src/protocol/topic.ts';
import { api, bearer } from '../../node/clients.ts';
import { carol } from '../../support/people.ts';
import { conversationWith, Device, type Life, makeWallet, type Person, passphrase, texts, until } from '../device.ts';

let folder: string;
let first: RunningNode;
let second: RunningNode;
let people: Person[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-nodes-'));
  first = await startNode({ data: join(folder, 'a') });
  second = await startNode({ data: join(folder, 'b') });
  people = [];
});
afterEach(async () => {
  for (const { device } of people) await device.close();
  await Promise.all([first.close(), second.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Somebody who uses the first node, lets the second step in, and publishes to both, so that nothing depends on what the two tell each other. */
async function person(options: Parameters<Device['start']>[0] = {}): Promise<Person> {
  const device = new Device({ apart: true });
  const life = await device.start(options);
  const { settings, accounts } = life.services;
  await settings.addNode(second.url);
  await settings.setStandby(second.url, true, null);
  await settings.setPublishToTwo(true);
  await makeWallet(life, passphrase, first.url);
  await until(async () => (await accounts.status()).published, 'the publication');
  const { account } = await accounts.status();
  const someone = { device, life, address: account?.address ?? '' };
  people.push(someone);
  await until(async () => (await contactsAt(second, someone.address)) > 0, 'the second copy', 10_000);
  return someone;
}
const contactsAt = async ({ url }: RunningNode, address: string): Promise<number> =>
  (await createNodeClient(url).query({ topics: [contactTopic(parseAddress(address))] })).envelopes.length;
const nodeOf = async ({ services }: Life) => (await services.accounts.status()).node;
const inUse = (life: Life, url: string) => until(async () => (await nodeOf(life)).url === url, `the node ${url}`, 10_000);

describe('a node that may step in', () => {
  it('does so within seconds, with nothing lost or twice; the chosen one is gone back to when it answers', async () => {
    let late = 0;
    const clock = () => Date.now() + late;
    const [alice, bob] = [await person({ clock }), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'before', 'a');
    const { id: theirs } = await conversationWith(bob.life, alice.address);
    await until(async () => (await texts(bob.life, theirs)).length === 1, 'the first');

    await first.close();
    const { id: message } = await alice.life.services.messages.send(id, 'meanwhile', 'b');
    await Promise.all([inUse(alice.life, second.url), inUse(bob.life, second.url)]);
    expect(await nodeOf(alice.life)).toMatchObject({ standsInFor: first.url });
    expect((await alice.life.services.messages.settled(message, 10_000)).state).toBe('sent');
    await until(async () => (await texts(bob.life, theirs)).length === 2, 'the second');
    expect(await texts(bob.life, theirs)).toEqual(['peer: before', 'peer: meanwhile']);

    // A death keeps it: the chosen one is not waited for anew.
    alice.life.kill();
    const next = await alice.device.start({ clock });
    expect((await nodeOf(next)).url).toBe(second.url);

    first = await startNode({ data: join(folder, 'a'), port: first.port });
    late = 10 * 60_000;
    await next.resume();
    await inUse(next, first.url);
    expect(await nodeOf(next)).toMatchObject({ standsInFor: null });
    await until(async () => (await texts(next, id)).length === 2, 'both still there');
  });

  it('is chosen with the passphrase, and never one that was only kept', async () => {
    const { life } = await person();
    const { settings } = life.services;
    await settings.setStandby(second.url, false, null);
    await expect(settings.setStandby(second.url, true, null)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(settings.setStandby(second.url, true, 'not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(settings.setStandby('https://elsewhere.example', true, passphrase)).rejects.toMatchObject({ reason: 'bad-params' });
    expect((await settings.read()).standby).toEqual([]);
    await first.close();
    await life.resume();
    await until(async () => (await nodeOf(life)).state === 'offline', 'the trouble');
    expect((await nodeOf(life)).url).toBe(first.url);
  });

  it('gives way when it is no longer wanted', async () => {
    const { life } = await person();
    await first.close();
    await life.resume();
    await inUse(life, second.url);
    expect(await life.services.settings.setStandby(second.url, false, null)).toMatchObject({ standby: [] });
    expect((await nodeOf(life)).url).toBe(first.url);
  });
});

it('messages that are sent while the node is changed are sent', async () => {
  const [alice, bob] = [await person(), await person()];
  const { conversations, messages, settings } = alice.life.services;
  const { id } = await conversations.start(bob.address);
  const { id: theirs } = await conversationWith(bob.life, alice.address);
  // Both may stand in for the other, so that all of it comes to both.
  await settings.setStandby(first.url, true, passphrase);
  await messages.send(id, '0', '0');
  const expected = ['0'];
  for (let n = 1; n <= 12; n++) {
    const changing = settings.setNode(n % 2 === 0 ? first.url : second.url, passphrase);
    for (const part of ['a', 'b', 'c']) {
      // Each falls into another moment of the change.
      await new Promise((resolve) => setTimeout(resolve, n));
      expected.push(`${n}${part}`);
      await messages.send(id, `${n}${part}`, `${n}${part}`);
    }
    await changing;
  }
  await until(async () => (await texts(alice.life, id)).length === expected.length, 'all of them here');
  await until(async () => (await texts(bob.life, theirs)).length === expected.length, 'all of them there', 10_000);
  expect((await texts(bob.life, theirs)).sort()).toEqual(expected.map((text) => `peer: ${text}`).sort());
});

describe('nodes beside each other', () => {
  it('tell which one keeps messages back; what only another has is taken in', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    const { id: theirs } = await conversationWith(bob.life, alice.address);
    // What Alice writes now reaches the second node alone.
    await alice.life.services.settings.setPublishToTwo(false);
    await alice.life.services.settings.setNode(second.url, passphrase);
    const { id: message } = await alice.life.services.messages.send(id, 'kept back', 'a');
    expect((await alice.life.services.messages.settled(message, 10_000)).state).toBe('sent');
    const ago = people[1] as Person;
    ago.life.kill();
    const later = await ago.device.start({ clock: () => Date.now() + 5 * 60_000 });
    const { nodes } = await later.services.settings.compareNodes();
    expect(nodes).toMatchObject([
      { url: first.url, answered: true, missing: 1, foreign: 0, olderKeys: [] },
      { url: second.url, answered: true, missing: 0, foreign: 0 },
    ]);
    expect(await texts(later, theirs)).toEqual(['peer: kept back']);
    expect((await later.services.accounts.status()).nodeDoubt).toBe(true);
    expect((await later.services.settings.read()).comparison?.nodes).toEqual(nodes);
  });

  it('tell at which one somebody put what opens for nobody, and hold it against none', async () => {
    const [alice, bob] = [await person(), await person()];
    await alice.life.services.conversations.start(bob.address);
    const topic = inviteTopic(parseAddress(bob.address));
    const invitations = () => createNodeClient(second.url).query({ topics: [topic] });
    await until(async () => (await invitations()).envelopes.length === 1, 'the invitation at the second', 10_000);
    const [real] = (await invitations()).envelopes;
    const spoilt = Buffer.from(real?.message ?? []);
    spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1; // the seal is the last of it
    const envelopes = [{ contentTopic: topic, timestampNs: real?.timestampNs ?? 0n, message: spoilt }];
    // A node that keeps the rules takes no such thing.
    const { port } = second;
    await second.close();
    second = await startNode({ data: join(folder, 'b'), port, compat: true });
    await api(second.url).publish({ envelopes }, { headers: bearer(carol) });
    bob.life.kill();
    const later = await bob.device.start({ clock: () => Date.now() + 5 * 60_000 });
    const { nodes } = await later.services.settings.compareNodes();
    expect(nodes).toMatchObject([
      { url: first.url, missing: 0, foreign: 0 },
      { url: second.url, missing: 0, foreign: 1 },
    ]);
    expect((await later.services.accounts.status()).nodeDoubt).toBe(false);
  });

  it('tell whose keys one of them does not have in their newest form, and which one is away', async () => {
    const [alice, bob] = [await person(), await person()];
    await alice.life.services.conversations.start(bob.address);
    await bob.life.services.settings.setPublishToTwo(false);
    const before = await contactsAt(first, bob.address);
    await bob.life.services.accounts.rotatePreKey();
    await until(async () => (await contactsAt(first, bob.address)) > before, 'the new key');
    const { nodes } = await alice.life.services.settings.compareNodes();
    expect(nodes).toMatchObject([{ olderKeys: [] }, { url: second.url, olderKeys: [bob.address] }]);
    await second.close();
    expect((await alice.life.services.settings.compareNodes()).nodes[1]).toMatchObject({ answered: false });
  });
});
