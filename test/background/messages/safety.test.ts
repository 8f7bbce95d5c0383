import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { parseAddress } from '../../../src/protocol/address.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { contactTopic } from '../../../src/protocol/topic.ts';
import { clientOf, envelope, nowNs } from '../../support/hands.ts';
import { carol, person } from '../../support/people.ts';
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

const someone = async () => {
  const made = await newPerson(node.url);
  devices.push(made.device);
  return made;
};
/** The same wallet with other keys. */
const renewedCarol = person(carol.name, Date.now() + 1000);
const publish = (who: typeof carol) =>
  clientOf(node.url, carol).publish([envelope(contactTopic(carol.address), encodeContact(who.contact, 2), nowNs())]);

describe('the safety number of a conversation', () => {
  it('is the same on both devices, and verified until it is taken back', async () => {
    const [alice, bob] = [await someone(), await someone()];
    const row = await alice.life.services.conversations.start(bob.address);
    const there = await conversationWith(bob.life, alice.address);
    const { safety } = alice.life.services;
    const here = await safety.read(row.id, true);
    expect(here).toMatchObject({ number: expect.stringMatching(/^\d{60}$/), otherNumber: null, verifiedAt: null, warning: null });
    expect((await bob.life.services.safety.read(there.id, true)).number).toBe(here.number);
    expect(Math.abs((here.firstSeenAt ?? 0) - Date.now())).toBeLessThan(60_000);

    expect((await safety.verify(row.id, here.number ?? '', true)).verifiedAt).not.toBeNull();
    // Outlives the background, and says nothing for the other side.
    alice.life.kill();
    const life = await wake(alice.device);
    expect((await life.services.safety.read(row.id, true)).verifiedAt).not.toBeNull();
    expect((await bob.life.services.safety.read(there.id, true)).verifiedAt).toBeNull();
    expect(await life.services.safety.verify(row.id, here.number ?? '', false)).toMatchObject({
      verifiedAt: null,
      events: [{ kind: 'verified' }, { kind: 'unverified' }],
    });
  });

  it('is verified as it was shown, or not at all', async () => {
    const [alice, bob] = [await someone(), await someone()];
    const row = await alice.life.services.conversations.start(bob.address);
    await expect(alice.life.services.safety.verify(row.id, '1'.repeat(60), true)).rejects.toMatchObject({ reason: 'other-keys' });
    expect((await alice.life.services.safety.read(row.id, true)).verifiedAt).toBeNull();
  });

  it('is another after the keys have changed: told in the conversation, asked once before the next message, and to be verified anew', async () => {
    const alice = await someone();
    await publish(carol);
    const { conversations, messages, safety, accounts } = alice.life.services;
    const row = await conversations.start(carol.address);
    await messages.send(row.id, 'before', 'a');
    const before = await safety.read(row.id, true);
    await safety.verify(row.id, before.number ?? '', true);

    await publish(renewedCarol);
    expect((await safety.read(row.id, true)).warning).toBeNull(); // asked a moment ago
    alice.life.kill();
    const clock = (): number => Date.now() + 11 * 60_000;
    const life = await wake(alice.device, { clock });
    const now = life.services;
    await now.safety.read(row.id, true);
    const told = await until(async () => {
      const view = await now.safety.read(row.id, true);
      return view.warning === 'other-keys' && view;
    }, 'the notice');
    expect(told.number).toBe(before.number);
    expect(told.verifiedAt).toBeNull(); // it was of the keys before
    expect(told.otherNumber).toMatch(/^\d{60}$/);
    expect(told.events.map(({ kind }) => kind)).toEqual(['verified', 'changed']);
    await until(async () => (await now.conversations.get(row.id)).otherKeys, 'the question');
    await expect(now.messages.send(row.id, 'to whom?', 'b')).rejects.toMatchObject({ reason: 'other-keys' });

    await now.conversations.acceptKeys(carol.address);
    expect(await now.conversations.get(row.id)).toMatchObject({ otherKeys: false, retired: true });
    expect(await texts(life, row.id)).toEqual(['me: before']);
    const next = await now.conversations.start(carol.address);
    expect(next.id).not.toBe(row.id);
    expect((await now.messages.send(next.id, 'after', 'c')).state).not.toBe('failed');
    const after = await now.safety.read(next.id, true);
    expect(after).toMatchObject({ number: told.otherNumber, otherNumber: null, verifiedAt: null, warning: null });
    expect(parseAddress((await accounts.status()).account?.address ?? '')).toBe(alice.address);
  });
});

describe('a new identity', () => {
  /** Alice and Bob have talked; then Alice begins anew. */
  const renewed = async () => {
    const [alice, bob] = [await someone(), await someone()];
    const row = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(row.id, 'before', '1');
    const there = await conversationWith(bob.life, alice.address);
    await bob.life.services.messages.send(there.id, 'also before', '1');
    await until(async () => (await texts(alice.life, row.id)).length === 2, 'the answer');
    const number = (await alice.life.services.safety.read(row.id, true)).number ?? '';
    await bob.life.services.safety.verify(there.id, number, true);
    return { alice, bob, row, there, number };
  };

  it('needs the passphrase, leaves what was said readable, and ends the conversation on both sides', async () => {
    const { alice, bob, row, there, number } = await renewed();
    const { accounts, conversations, messages, safety } = alice.life.services;
    await expect(accounts.newIdentity('not the passphrase')).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await accounts.newIdentity(passphrase);
    await until(async () => (await accounts.status()).published, 'the publication');
    expect((await texts(alice.life, row.id)).toSorted()).toEqual(['me: before', 'peer: also before']);
    expect(await conversations.get(row.id)).toMatchObject({ retired: true });
    await expect(messages.send(row.id, 'to nobody', '2')).rejects.toMatchObject({ reason: 'other-keys' });

    const next = await conversations.start(bob.address);
    expect(next.id).not.toBe(row.id);
    await messages.send(next.id, 'after', '3');
    // Bob is told, and asked before he writes; what he verified is verified no more.
    const told = await until(
      async () =>
        (await bob.life.services.conversations.list({})).rows.find(({ id, preview }) => id !== there.id && preview?.text === 'after'),
      'the new conversation',
    );
    expect(told.otherKeys).toBe(true);
    await expect(bob.life.services.messages.send(there.id, 'x', '2')).rejects.toMatchObject({ reason: 'other-keys' });
    await bob.life.services.conversations.acceptKeys(alice.address);
    await bob.life.services.messages.send(told.id, 'welcome back', '3');
    await until(async () => (await texts(alice.life, next.id)).length === 2, 'the answer');
    const at = await bob.life.services.safety.read(told.id, true);
    expect(at).toMatchObject({ verifiedAt: null, number: (await safety.read(next.id, true)).number });
    expect(at.number).not.toBe(number);
    expect((await texts(bob.life, there.id)).toSorted()).toEqual(['me: also before', 'peer: before']);
  });

  it('brings the history back with it, from the phrase alone and from the node', async () => {
    const { alice, bob, row } = await renewed();
    await alice.life.services.accounts.newIdentity(passphrase);
    await until(async () => (await alice.life.services.accounts.status()).published, 'the publication');
    const next = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(next.id, 'after', '3');
    await until(async () => (await alice.life.services.messages.list(next.id, {})).messages[0]?.state === 'sent', 'the sending');
    const { privateKey } = await alice.life.services.accounts.revealPhrase(passphrase);
    const other = new Device({ apart: true });
    devices.push(other);
    const life = await other.start();
    await bringWallet(life, privateKey, passphrase, node.url);
    await until(async () => (await life.services.conversations.list({})).rows.length === 2, 'both conversations');
    const rows = (await life.services.conversations.list({})).rows;
    const old = rows.find(({ retired }) => retired);
    await until(async () => old && (await texts(life, old.id)).length === 2, 'the history');
    await until(async () => (await texts(life, rows.find(({ retired }) => !retired)?.id ?? '')).join() === 'me: after', 'what came after');
    expect((await texts(alice.life, row.id)).length).toBe(2);
  });

  it.each(['publication:published', 'publication:noted'])('survives a death at %s', async (dieAt) => {
    const { alice, row } = await renewed();
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    void doomed.services.accounts.newIdentity(passphrase).catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(alice.device);
    await until(async () => (await life.services.accounts.status()).published, 'the publication');
    expect(await life.services.conversations.get(row.id)).toMatchObject({ retired: true });
    expect(await texts(life, row.id)).toHaveLength(2);
  });
});
