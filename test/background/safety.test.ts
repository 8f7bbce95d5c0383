import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { clientOf, envelope, nowNs } from '../support/hands.ts';
import { carol, person } from '../support/people.ts';
import { conversationWith, type Device, newPerson, texts, until, wake } from './device.ts';

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
const renewed = person(carol.name, Date.now() + 1000);
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

    await publish(renewed);
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
