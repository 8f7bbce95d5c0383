import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeText } from '../../../src/content-types/index.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { encodeContent } from '../../../src/protocol/content.ts';
import { createGroup, groupInvitation, groupPrefix } from '../../../src/protocol/group.ts';
import { sealInvitation } from '../../../src/protocol/invitation.ts';
import { sealMessage } from '../../../src/protocol/message.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { contactTopic, inviteTopic } from '../../../src/protocol/topic.ts';
import { connectTo, contactOf } from '../../support/crowd.ts';
import { person as keysOf } from '../../support/people.ts';
import { bringWallet, Device, type Life, newPerson, type Person, passphrase, texts, until, wake } from '../device.ts';

let node: RunningNode;
const devices: Device[] = [];

beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close();
  await node.close();
});

const person = async (): Promise<Person> => {
  const made = await newPerson(node.url);
  devices.push(made.device);
  return made;
};

const groupRow = (life: Life, title: string, members?: number) =>
  until(
    async () =>
      (await life.services.conversations.list({})).rows.find(
        ({ group }) => group?.title === title && (members === undefined || group.members.length === members),
      ),
    `the group ${title}`,
  );
/** All texts with who wrote them, by name. */
async function said(life: Life, id: string, names: Readonly<Record<string, string>>): Promise<string[]> {
  const { messages } = await life.services.messages.list(id, { limit: 200 });
  return messages.map(({ sender, shown }) => `${names[sender]}: ${shown.form === 'text' ? shown.text : shown.fallback}`);
}
const hears = (life: Life, id: string, text: string) =>
  until(async () => (await texts(life, id)).some((each) => each.includes(text)), `hearing "${text}"`);
const send = (life: Life, id: string, text: string) => life.services.messages.send(id, text, text);

async function three() {
  const [alice, bob, carol] = [await person(), await person(), await person()];
  const { id } = await alice.life.services.groups.create('Friday', [bob.address, carol.address]);
  const names = { [alice.address]: 'Alice', [bob.address]: 'Bob', [carol.address]: 'Carol' };
  return { alice, bob, carol, id, names };
}

describe('a group of three', () => {
  it('is in the list of each, and carries what everybody says to everybody', async () => {
    const { alice, bob, carol, id, names } = await three();
    const [atBob, atCarol] = [await groupRow(bob.life, 'Friday'), await groupRow(carol.life, 'Friday')];
    expect(atBob.group).toMatchObject({ creator: alice.address, mine: false, open: true });
    await send(alice.life, id, 'one');
    await hears(bob.life, atBob.id, 'one');
    await send(bob.life, atBob.id, 'two');
    await hears(carol.life, atCarol.id, 'two');
    await send(carol.life, atCarol.id, 'three');
    for (const [life, conversation] of [
      [alice.life, id],
      [bob.life, atBob.id],
      [carol.life, atCarol.id],
    ] as const) {
      await hears(life, conversation, 'three');
      expect(await said(life, conversation, names)).toEqual(['Alice: one', 'Bob: two', 'Carol: three']);
    }
    expect((await alice.life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('is found again by its creator and by a member on another device', async () => {
    const { alice, bob, id, names } = await three();
    const row = await groupRow(bob.life, 'Friday');
    await send(alice.life, id, 'one');
    await send(bob.life, row.id, 'two');
    await hears(alice.life, id, 'two');
    for (const who of [alice, bob]) {
      const { privateKey } = await who.life.services.accounts.revealPhrase(passphrase);
      const device = new Device({ apart: true });
      devices.push(device);
      const life = await device.start();
      await bringWallet(life, privateKey, passphrase, node.url);
      const there = await groupRow(life, 'Friday');
      await hears(life, there.id, 'two');
      expect((await said(life, there.id, names)).toSorted()).toEqual(['Alice: one', 'Bob: two']);
    }
  });

  it('takes somebody more, who reads what was said; all of them learn of it', async () => {
    const { alice, bob, id } = await three();
    const atBob = await groupRow(bob.life, 'Friday');
    await send(alice.life, id, 'before');
    await hears(bob.life, atBob.id, 'before');
    const dave = await person();
    await alice.life.services.groups.add(id, [dave.address]);
    const atDave = await groupRow(dave.life, 'Friday');
    await hears(dave.life, atDave.id, 'before');
    await send(dave.life, atDave.id, 'thank you');
    await hears(bob.life, atBob.id, 'thank you');
    expect((await groupRow(bob.life, 'Friday', 4)).id).toBe(atBob.id);
    await until(async () => (await said(bob.life, atBob.id, {})).some((each) => each.includes('has 4 members now')), 'the announcement');
  });

  it('has another name when its creator says so', async () => {
    const { alice, bob, id } = await three();
    await groupRow(bob.life, 'Friday');
    await alice.life.services.groups.rename(id, 'Saturday');
    await groupRow(bob.life, 'Saturday');
    await expect(bob.life.services.groups.rename((await groupRow(bob.life, 'Saturday')).id, 'mine')).rejects.toMatchObject({
      reason: 'not-granted',
    });
  });

  it('goes on elsewhere without somebody who was removed, and shows as one conversation', async () => {
    const { alice, bob, carol, id, names } = await three();
    const [atBob, atCarol] = [await groupRow(bob.life, 'Friday'), await groupRow(carol.life, 'Friday')];
    await send(bob.life, atBob.id, 'hello');
    await hears(carol.life, atCarol.id, 'hello');
    const { id: next } = await alice.life.services.groups.remove(id, [carol.address]);
    expect(next).not.toBe(id);
    const after = await groupRow(bob.life, 'Friday', 2);
    await send(alice.life, next, 'among us');
    await hears(bob.life, after.id, 'among us');
    // The one that was removed sees that it ended, and nothing of what follows.
    await until(
      async () => !(await carol.life.services.conversations.get(atCarol.id)).group?.open,
      'the end of the group for who was removed',
    );
    await expect(send(carol.life, atCarol.id, 'still here?')).rejects.toMatchObject({ reason: 'not-found' });
    expect((await carol.life.services.conversations.list({})).rows).toHaveLength(1);
    expect((await texts(carol.life, atCarol.id)).join()).not.toContain('among us');
    // Bob has one row, with what was said before and after.
    await until(async () => (await bob.life.services.conversations.list({})).rows.length === 1, 'one row');
    expect((await said(bob.life, after.id, names)).map((each) => each.replace(/without .*/, 'without …'))).toEqual([
      'Bob: hello',
      'Alice: This group goes on elsewhere without …',
      'Alice: among us',
    ]);
  });

  it('loses who leaves: the creator begins a new epoch by itself', async () => {
    const { alice, bob, carol, id } = await three();
    const atCarol = await groupRow(carol.life, 'Friday');
    const left = await carol.life.services.groups.leave(atCarol.id);
    expect(left.group?.open).toBe(false);
    const atBob = await groupRow(bob.life, 'Friday', 2);
    const atAlice = await groupRow(alice.life, 'Friday', 2);
    expect(atAlice.id).not.toBe(id);
    await send(bob.life, atBob.id, 'two of us');
    await hears(alice.life, atAlice.id, 'two of us');
  });

  it('ends when its creator leaves', async () => {
    const { alice, bob, id } = await three();
    const atBob = await groupRow(bob.life, 'Friday');
    await alice.life.services.groups.leave(id);
    await until(async () => !(await bob.life.services.conversations.get(atBob.id)).group?.open, 'the end of the group');
    await expect(send(bob.life, atBob.id, 'anybody?')).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('a death of the creator’s background', () => {
  it.each(['group:sealed', 'outbox:written', 'outbox:published'])('at %s founds a group once or not at all', async (dieAt) => {
    const [bob, carol] = [await person(), await person()];
    const alice = await person();
    alice.life.kill();
    const doomed = await wake(alice.device, { dieAt });
    void doomed.services.groups.create('Friday', [bob.address, carol.address]).catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(alice.device);
    if (dieAt === 'group:sealed') await life.services.groups.create('Friday', [bob.address, carol.address]);
    for (const who of [life, bob.life, carol.life]) {
      await groupRow(who, 'Friday', 3);
      expect((await who.services.conversations.list({})).rows).toHaveLength(1);
    }
  });
});

describe('what others try', () => {
  it('an outsider with the key cannot speak, nor can a member who is not its creator change it', async () => {
    const [bob, carol] = [await person(), await person()];
    const api = connectTo(node.url);
    const [mallory, creator] = [keysOf('Mallory'), keysOf('Creator')];
    for (const who of [mallory, creator])
      await publish(who, [{ contentTopic: contactTopic(who.address), message: encodeContact(who.contact, 2) }]);
    const members = [bob.address, carol.address] as `0x${string}`[];
    const keyed = createGroup(creator.bundle, { members, title: 'Friday' });
    const invite = async (to: string, from = creator) =>
      sealInvitation(from.bundle, await contactOf(api, to as `0x${string}`), groupInvitation(keyed), nowNs);
    for (const to of members) await publish(creator, [{ contentTopic: inviteTopic(to), message: await invite(to), timestampNs: nowNs }]);
    const atBob = await groupRow(bob.life, 'Friday', 3);
    const say = async (from: typeof mallory, text: string) => {
      const payload = encodeContent(encodeText(text));
      const { topic } = keyed.group;
      const sealed = await sealMessage({
        topic,
        keyMaterial: keyed.keyMaterial,
        bundle: from.bundle,
        payload,
        createdNs: nowNs,
        shouldPush: true,
      });
      await publish(from, [{ contentTopic: topic, message: sealed.message, timestampNs: nowNs }]);
    };
    await say(mallory, 'I am one of you');
    await say(creator, 'only we are');
    await hears(bob.life, atBob.id, 'only we are');
    expect(await texts(bob.life, atBob.id)).toEqual(['peer: only we are']);

    // The same group by somebody else, to somebody else's topic.
    const forged = createGroup(mallory.bundle, { members, title: 'Friday' });
    const invitation = groupInvitation(forged);
    if (invitation.context) invitation.context.conversationId = groupPrefix + keyed.group.groupId;
    const message = await sealInvitation(mallory.bundle, await contactOf(api, members[0] as `0x${string}`), invitation, nowNs);
    await publish(mallory, [{ contentTopic: inviteTopic(members[0] as `0x${string}`), message, timestampNs: nowNs }]);
    await publish(mallory, [
      { contentTopic: inviteTopic(members[0] as `0x${string}`), message: await invite(members[0] as string, mallory), timestampNs: nowNs },
    ]);
    await say(creator, 'still the same');
    await hears(bob.life, atBob.id, 'still the same');
    expect((await bob.life.services.conversations.list({})).rows).toHaveLength(1);

    async function publish(
      from: typeof mallory,
      envelopes: readonly { readonly contentTopic: string; readonly message: Uint8Array; readonly timestampNs?: bigint }[],
    ): Promise<void> {
      const headers = { authorization: `Bearer ${createAuthToken(from.bundle)}` };
      const timed = envelopes.map((each) => ({ ...each, timestampNs: each.timestampNs ?? nowNs }));
      await api.publish({ envelopes: timed }, { headers });
    }
  });

  it('members that cannot be reached, too many, or a page that names a group are refused', async () => {
    const alice = await person();
    const bob = await person();
    const { groups, conversations } = alice.life.services;
    await expect(groups.create('x', [keysOf('nobody').address])).rejects.toMatchObject({ reason: 'peer-absent' });
    await expect(groups.create('x', [alice.address])).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(groups.create('x'.repeat(201), [bob.address])).rejects.toMatchObject({ reason: 'bad-params' });
    await expect(conversations.start(bob.address, { conversationId: `${groupPrefix}00` })).rejects.toMatchObject({ reason: 'bad-params' });
    expect((await conversations.list({})).rows).toEqual([]);
  });
});

const nowNs = msToNs(Date.now());
