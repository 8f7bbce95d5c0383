import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { concat, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { messageId } from '../../src/protocol/envelope.ts';
import { deriveInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { openCache } from '../../src/storage/cache.ts';
import { conversationWith, newPerson, type Person, texts, until } from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { contactOf, envelope, invite, nowNs, reasons } from '../support/hands.ts';
import { alice, bob, person } from '../support/people.ts';
import { changedMessage, compressed, resealed } from './forgeries.ts';

/** Faults that the reference client has with messages and invitations, and that we do not have; see README.md. */

let node: RunningNode;
let someone: Person;
let count = 0;
const stranger = () => person(`Faulty ${++count}`);

beforeAll(async () => {
  node = await startNode({ compat: true });
  someone = await newPerson(node.url);
});
afterAll(async () => {
  await someone.device.close();
  await node.close();
}, 60_000);

/** A conversation with somebody new, in which nothing was said yet. */
async function conversation() {
  const friend = stranger();
  const invited = await invite(node.url, friend, someone.address);
  const { id } = await conversationWith(someone.life, friend.address);
  const publish = (...messages: Uint8Array[]) =>
    invited.api.publish(messages.map((message, index) => envelope(invited.topic, message, nowNs() + BigInt(index))));
  /** What is there once the last words have come. */
  const upTo = async (last: string): Promise<string[]> => {
    await until(async () => (await texts(someone.life, id)).includes(`peer: ${last}`), last);
    return texts(someone.life, id);
  };
  return { ...invited, id, friend, publish, upTo };
}

describe('faults of the reference client', () => {
  it('F1: a message with another push flag or MAC is shown once, and its other id leads to it', async () => {
    const { publish, say, upTo } = await conversation();
    const { message, id } = await say('once');
    const copy = changedMessage(message, (v2) => ({ ...v2, shouldPush: false, senderHmac: randomBytes(32) }));
    await publish(message, copy, (await say('last')).message);
    expect(await upTo('last')).toEqual(['peer: once', 'peer: last']);
    const cache = openCache(someone.address.toLowerCase());
    expect((await cache.messages.get(messageId(copy)))?.id).toBe(id);
    await cache.close();
  });

  it('F2: the same bytes under another time are shown once', async () => {
    const { api, topic, say, upTo } = await conversation();
    const { message } = await say('once');
    const times = [nowNs(), nowNs() + 1n, nowNs() - 3_600_000_000_000n, 1n];
    await api.publish(times.map((time) => envelope(topic, message, time)));
    await api.publish([envelope(topic, (await say('last')).message, nowNs() + 9n)]);
    expect(await upTo('last')).toEqual(['peer: once', 'peer: last']);
  });

  it('F3: who holds the key of a conversation of others does not speak in it', async () => {
    const { publish, say, upTo } = await conversation();
    await publish((await say('from outside', stranger().bundle)).message, (await say('last')).message);
    expect(await upTo('last')).toEqual(['peer: last']);
    expect(await reasons(someone.address)).toContain('wrong-sender');
  });

  it('F4: what the victim signed once, sealed again by the peer, is said once', async () => {
    const { publish, say, upTo, keyMaterial } = await conversation();
    const { message } = await say('I agree to pay 1 ETH');
    await publish(message, await resealed(message, keyMaterial), await resealed(message, keyMaterial), (await say('last')).message);
    expect(await upTo('last')).toEqual(['peer: I agree to pay 1 ETH', 'peer: last']);
  });

  it('F5: the boundary of header and payload cannot be moved', async () => {
    const keyMaterial = randomBytes(32);
    const topic = '/xmtp/0/m-x/proto';
    // A payload that begins like a field of the header: both divisions have one signature.
    const payload = concat(Uint8Array.of(0x4a, 2), utf8('gm'));
    const sealing = { topic, keyMaterial, bundle: alice.bundle, payload, createdNs: 1_000_000n, shouldPush: true };
    const { message } = await sealMessage(sealing);
    const { headerBytes } = parseMessage(message);
    const moved = changedMessage(message, (v2) => ({ ...v2, headerBytes: concat(headerBytes, payload) }));
    const members = [alice.address, bob.address];
    await refused('malformed', () => openMessage({ topic, keyMaterial, members, message: moved, envelopeTopic: topic }));
  });

  it('F7: an invitation with a key of one byte is refused', async () => {
    const friend = stranger();
    await invite(node.url, friend, someone.address, { keyMaterial: Uint8Array.of(7) });
    const next = await conversation();
    expect(await reasons(someone.address)).toContain('malformed');
    const { rows } = await someone.life.services.conversations.list({ limit: 100 });
    expect(rows.map(({ peer }) => peer)).toContain(next.friend.address);
    expect(rows.map(({ peer }) => peer)).not.toContain(friend.address);
  });

  it('F10: a long text that came compressed is shown whole, and we never send one compressed', async () => {
    const { publish, topic, keyMaterial, friend, id } = await conversation();
    const text = Array.from({ length: 20_000 }, (_, index) => `word ${index} `).join('');
    const payload = await compressed(utf8(text));
    const { message } = await sealMessage({ topic, keyMaterial, bundle: friend.bundle, payload, createdNs: nowNs(), shouldPush: true });
    await publish(message);
    await until(async () => (await texts(someone.life, id)).length === 1, 'the text');
    expect(await texts(someone.life, id)).toEqual([`peer: ${text}`]);
    const { messages } = someone.life.services;
    await messages.settled((await messages.send(id, 'x'.repeat(5_000), 'F10')).id, 30_000);
    const { envelopes } = await createNodeClient(node.url).query({ topics: [topic], direction: 'descending' });
    expect(envelopes.map((each) => each.message.length > 5_000)).toContain(true);
  });

  it('F14: a date of the year 2200 is shown as now, marked, and sorts before what comes after it', async () => {
    const { api, topic, say, id, upTo, friend } = await conversation();
    const future = msToNs(Date.UTC(2200, 0, 1));
    await api.publish([envelope(topic, (await say('from 2200', friend.bundle, future)).message, future)]);
    await upTo('from 2200');
    const [shown] = (await someone.life.services.messages.list(id, {})).messages;
    expect(shown).toMatchObject({ claimedAt: Date.UTC(2200, 0, 1) });
    expect(shown?.sentAt).toBeLessThanOrEqual(Date.now() + 120_000);
    await api.publish([envelope(topic, (await say('later', friend.bundle, nowNs() + 180_000_000_000n)).message)]);
    await until(async () => (await texts(someone.life, id)).length === 2, 'the next');
    expect((await someone.life.services.conversations.get(id)).time).toBeLessThanOrEqual(Date.now() + 120_000);
  });

  it('F16: an invitation dated back to a topic of two others leaves each his own messages, under his own name', async () => {
    const [friend, thief] = [stranger(), stranger()];
    const { topic } = await deriveInvitation(friend.bundle, await contactOf(node.url, someone.address));
    // A topic that tells nothing of whose it is, as old programs chose them, is the hard case.
    for (const contested of [topic, `/xmtp/0/m-${toHex(randomBytes(32))}/proto`]) {
      const at = nowNs();
      const [victim, robber] = contested === topic ? [friend, thief] : [stranger(), stranger()];
      const stolen = await invite(node.url, robber, someone.address, { topic: contested, createdNs: at - 86_400_000_000_000n });
      await conversationWith(someone.life, robber.address);
      const own = await invite(node.url, victim, someone.address, { topic: contested, createdNs: at });
      await own.api.publish([envelope(contested, (await own.say('from the victim')).message)]);
      await stolen.api.publish([envelope(contested, (await stolen.say('from the robber')).message)]);
      const mine = await conversationWith(someone.life, victim.address);
      await until(async () => (await texts(someone.life, mine.id)).length === 1, "the victim's message");
      expect(await texts(someone.life, mine.id)).toEqual(['peer: from the victim']);
      const robbers = await conversationWith(someone.life, robber.address);
      await until(async () => (await texts(someone.life, robbers.id)).length === 1, "the robber's message");
      expect(await texts(someone.life, robbers.id)).toEqual(['peer: from the robber']);
    }
  });
});
