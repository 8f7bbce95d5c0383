import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { type Address, parseAddress } from '../../../src/protocol/address.ts';
import { randomBytes, utf8 } from '../../../src/protocol/bytes.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { sealMessage } from '../../../src/protocol/message.ts';
import type { PrivateBundle } from '../../../src/protocol/private-keys.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { contactTopic, inviteTopic } from '../../../src/protocol/topic.ts';
import { openCache } from '../../../src/storage/cache.ts';
import { clientOf, contactOf, envelope, invite, keysFromBackup, nowNs, reasons, textPayload } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { bringWallet, conversationWith, Device, newPerson, type Person, passphrase, texts, until } from '../device.ts';

let node: RunningNode;
let devices: Device[];

beforeEach(async () => {
  // The node lets through what foreign nodes would.
  node = await startNode({ compat: true });
  devices = [];
});

afterEach(async () => {
  for (const device of devices) await device.close();
  await node.close();
});

async function person(): Promise<Person> {
  const someone = await newPerson(node.url);
  devices.push(someone.device);
  return someone;
}

/** A person's own keys, by way of the backup that the wallet opens. */
async function stolenKeys({ life, address }: Person): Promise<PrivateBundle> {
  const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
  return keysFromBackup(node.url, address, privateKey);
}

describe('what hostile or broken programs send', () => {
  it('garbage on the invite topic is set aside, and the next invitation is read', async () => {
    const bob = await person();
    const carol = keysOf('Carol');
    const topic = inviteTopic(parseAddress(bob.address));
    await clientOf(node.url, carol).publish([
      envelope(topic, utf8('garbage')),
      envelope(topic, randomBytes(300)),
      envelope(topic, new Uint8Array(0)),
    ]);
    const { api, topic: conversation, say } = await invite(node.url, carol, bob.address);
    await api.publish([envelope(conversation, (await say('hello')).message)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
    expect(await reasons(bob.address)).toEqual(['malformed', 'malformed']);
  });

  it('an outsider who has the key of a conversation cannot speak in it', async () => {
    const bob = await person();
    const carol = keysOf('Carol');
    const mallory = keysOf('Mallory');
    const { api, topic, say } = await invite(node.url, carol, bob.address);
    await api.publish([
      envelope(topic, (await say('from Mallory', mallory.bundle)).message),
      envelope(topic, (await say('from Carol')).message),
    ]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length > 0, 'a message');
    await until(async () => (await reasons(bob.address)).length > 0, 'the other message');
    expect(await texts(bob.life, row.id)).toEqual(['peer: from Carol']);
    expect(await reasons(bob.address)).toEqual(['wrong-sender']);
  });

  it('a message comes once, whatever times and outer bytes its copies have', async () => {
    const bob = await person();
    const carol = keysOf('Carol');
    const { api, topic, say } = await invite(node.url, carol, bob.address);
    const { message } = await say('once');
    const altered = message.slice();
    // shouldPush, the last field of the outer message, is not under the seal.
    altered[altered.length - 1] = 0;
    const resealed = (await say('once', carol.bundle, 1_700_000_000_000_000_000n)).message;
    const again = (await say('once', carol.bundle, 1_700_000_000_000_000_000n)).message;
    await api.publish([
      envelope(topic, message),
      envelope(topic, message, nowNs() + 5_000_000_000n),
      envelope(topic, message, 1n),
      envelope(topic, altered),
      envelope(topic, resealed),
      envelope(topic, again),
      envelope(topic, (await say('last')).message, nowNs() + 6_000_000_000n),
    ]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).includes('peer: last'), 'the last message');
    await bob.life.resume();
    await new Promise((resolve) => setTimeout(resolve, 200));
    // The two of 2023 are one, since one sender wrote the same at the same moment.
    expect(await texts(bob.life, row.id)).toEqual(['peer: once', 'peer: once', 'peer: last']);
    expect((await bob.life.services.conversations.get(row.id)).unread).toBe(3);
    expect(await reasons(bob.address)).toEqual([]);
  });

  it('a copy of an invitation under another time does not stand in the way of the true one', async () => {
    const bob = await person();
    const carol = keysOf('Carol');
    const peer = await contactOf(node.url, bob.address);
    const invitation = await deriveInvitation(carol.bundle, peer);
    const createdNs = nowNs();
    const sealed = await sealInvitation(carol.bundle, peer, invitation, createdNs);
    const api = clientOf(node.url, carol);
    await api.publish([envelope(inviteTopic(peer.address), sealed, createdNs - 1_000_000n)]);
    await until(async () => (await reasons(bob.address)).length === 1, 'the copy in quarantine');
    expect(await reasons(bob.address)).toEqual(['wrong-time']);
    await api.publish([envelope(inviteTopic(peer.address), sealed, createdNs)]);
    await conversationWith(bob.life, carol.address);
  });

  it('a message dated far ahead neither sorts last for ever nor hides what comes after it', async () => {
    const bob = await person();
    const carol = keysOf('Carol');
    const { api, topic, say } = await invite(node.url, carol, bob.address);
    const future = msToNs(Date.UTC(2200, 0, 1));
    await api.publish([envelope(topic, (await say('from the future', carol.bundle, future)).message, future)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the first message');
    const [first] = (await bob.life.services.messages.list(row.id, {})).messages;
    expect(first?.sentAt).toBeLessThanOrEqual(Date.now() + 120_000);
    bob.life.kill();
    await api.publish([envelope(topic, (await say('now')).message)]);
    const life = await bob.device.start();
    await life.resume();
    await until(async () => (await texts(life, row.id)).length === 2, 'the second message');
  });

  it('an invitation cannot take a conversation over that follows from the keys of two', async () => {
    const [alice, bob] = [await person(), await person()];
    const { id } = await alice.life.services.conversations.start(bob.address);
    await alice.life.services.messages.send(id, 'hello', 'a');
    const row = await conversationWith(bob.life, alice.address);
    // Mallory has seen the topic go by and invites Bob to it.
    const mallory = keysOf('Mallory');
    const peer = await contactOf(node.url, bob.address);
    const { topic, createdNs } = await topicBetween(alice, bob);
    const invitation = await deriveInvitation(mallory.bundle, peer);
    const hijack = { ...invitation, topic };
    const stolenNs = createdNs - 1_000_000n;
    const message = await sealInvitation(mallory.bundle, peer, hijack, stolenNs);
    await clientOf(node.url, mallory).publish([envelope(inviteTopic(peer.address), message, stolenNs)]);
    await until(async () => (await reasons(bob.address)).length > 0, 'the hijack in quarantine');
    expect(await reasons(bob.address)).toEqual(['second-invitation']);
    await alice.life.services.messages.send(id, 'still here', 'b');
    await until(async () => (await texts(bob.life, row.id)).length === 2, 'the second message');

    // On a new device the hijack, being older, is read first; the true one replaces it.
    const { phrase } = await bob.life.services.accounts.revealPhrase(passphrase);
    await bob.device.close();
    await openCache(bob.address.toLowerCase()).delete();
    const device = new Device();
    devices.push(device);
    const life = await device.start();
    await bringWallet(life, phrase ?? '', passphrase, node.url);
    const restored = await conversationWith(life, alice.address);
    await until(async () => (await texts(life, restored.id)).length === 2, 'both messages');
    expect(await texts(life, restored.id)).toEqual(['peer: hello', 'peer: still here']);
    expect((await life.services.conversations.list({})).rows).toHaveLength(1);
  });

  it('a conversation that was taken over before its true invitation came is given back, with what was said meanwhile', async () => {
    const bob = await person();
    const [carol, mallory] = [keysOf('Carol'), keysOf('Mallory')];
    const peer = await contactOf(node.url, bob.address);
    const invitation = await deriveInvitation(carol.bundle, peer);
    const keyMaterial = invitation.encryption.value?.keyMaterial ?? new Uint8Array(0);
    const topic = invitation.topic;
    const stolenNs = nowNs();
    const hijack = { ...(await deriveInvitation(mallory.bundle, peer)), topic };
    const inbox = inviteTopic(peer.address);
    await clientOf(node.url, mallory).publish([envelope(inbox, await sealInvitation(mallory.bundle, peer, hijack, stolenNs), stolenNs)]);
    await conversationWith(bob.life, mallory.address);
    const { message } = await sealMessage({
      topic,
      keyMaterial,
      bundle: carol.bundle,
      payload: textPayload('hello'),
      createdNs: nowNs(),
      shouldPush: true,
    });
    await clientOf(node.url, carol).publish([envelope(topic, message)]);
    await until(async () => (await reasons(bob.address)).includes('cannot-decrypt'), 'the message in quarantine');
    const createdNs = nowNs();
    await clientOf(node.url, carol).publish([envelope(inbox, await sealInvitation(carol.bundle, peer, invitation, createdNs), createdNs)]);
    const row = await conversationWith(bob.life, carol.address);
    await until(async () => (await texts(bob.life, row.id)).length === 1, 'the message');
    expect((await bob.life.services.conversations.list({})).rows.map((each) => each.peer)).toEqual([carol.address]);
  });

  /** The invitation between two, as anybody can see it on the node, opened with Bob's own keys. */
  async function topicBetween(alice: Person, bob: Person) {
    const owner: Address = parseAddress(bob.address);
    const { envelopes } = await createNodeClient(node.url).query({ topics: [inviteTopic(owner)] });
    const [first] = envelopes;
    if (!first) throw new Error('no invitation');
    const opened = await openInvitation(await stolenKeys(bob), first);
    expect(opened.peer).toBe(alice.address);
    return opened;
  }

  it('a contact of another wallet, or of broken bytes, on top of the topic does not hide the true one', async () => {
    const alice = await person();
    const carol = keysOf('Carol');
    const mallory = keysOf('Mallory');
    const topic = contactTopic(carol.address);
    await clientOf(node.url, carol).publish([
      envelope(topic, encodeContact(carol.contact, 2)),
      envelope(topic, encodeContact(mallory.contact, 2), nowNs() + 1_000_000n),
      envelope(topic, utf8('xyz'), nowNs() + 2_000_000n),
    ]);
    expect(await alice.life.services.conversations.lookUp(carol.address)).toMatchObject({ state: 'reachable' });
    await alice.life.services.conversations.start(carol.address);
  });
});
