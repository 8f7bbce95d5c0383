import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from '../../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { createAuthToken } from '../../../src/protocol/auth-token.ts';
import { fromHex } from '../../../src/protocol/bytes.ts';
import { consentProof, consentProofText } from '../../../src/protocol/consent-proof.ts';
import { encodeContact } from '../../../src/protocol/contact-bundle.ts';
import { deriveInvitation, sealInvitation } from '../../../src/protocol/invitation.ts';
import { preferencesIdentifier } from '../../../src/protocol/preferences.ts';
import { msToNs } from '../../../src/protocol/time.ts';
import { contactTopic, inviteTopic, preferencesTopic } from '../../../src/protocol/topic.ts';
import { signText } from '../../../src/protocol/wallet-signature.ts';
import { connectTo, contactOf } from '../../support/crowd.ts';
import { keysFromBackup } from '../../support/hands.ts';
import { person as keysOf } from '../../support/people.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, type Person, passphrase, until, wake } from '../device.ts';

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
const on = async ({ services: { conversations } }: Life, shelf: 'inbox' | 'requests' | 'blocked' | 'archive') =>
  (await conversations.list({ shelf })).rows.map(({ peer }) => peer as string);
const comesTo = (life: Life, shelf: Parameters<typeof on>[1], peer: string) =>
  until(async () => (await on(life, shelf)).includes(peer), `${peer} on the shelf ${shelf}`);
const write = async (from: Person, to: Person, text: string): Promise<string> => {
  const { id } = await from.life.services.conversations.start(to.address);
  await from.life.services.messages.send(id, text, text);
  return id;
};
/** The same account on another machine. */
const secondDevice = async (of: Person): Promise<Life> => {
  const { privateKey } = await of.life.services.accounts.revealPhrase(passphrase);
  const device = new Device({ apart: true });
  devices.push(device);
  const life = await device.start();
  await bringWallet(life, privateKey, passphrase, node.url);
  return life;
};

describe('somebody unknown who writes', () => {
  it('is a request: neither counted nor in the inbox, until the answer allows', async () => {
    const [alice, bob] = [await person(), await person()];
    await write(alice, bob, 'see https://example.org');
    const row = await conversationWith(bob.life, alice.address);
    await until(async () => (await bob.life.services.conversations.get(row.id)).unread === 1, 'the message');
    expect([await on(bob.life, 'inbox'), await on(bob.life, 'requests')]).toEqual([[], [alice.address]]);
    expect(await bob.life.services.conversations.get(row.id)).toMatchObject({ shelf: 'requests', reasons: [{ kind: 'link' }] });
    expect(await bob.life.services.accounts.status()).toMatchObject({ unread: 0, requests: 1 });
    await bob.life.services.messages.send(row.id, 'hello', 'a');
    expect([await on(bob.life, 'inbox'), await on(bob.life, 'requests')]).toEqual([[alice.address], []]);
    // Who began was never a stranger.
    expect(await on(alice.life, 'inbox')).toEqual([bob.address]);
  });

  it('can be blocked and let in again; what they write meanwhile counts from then on', async () => {
    const [alice, bob] = [await person(), await person()];
    const id = await write(alice, bob, 'one');
    const row = await conversationWith(bob.life, alice.address);
    await bob.life.services.requests.decide(row.id, 'denied');
    await alice.life.services.messages.send(id, 'two', 'two');
    await until(async () => (await bob.life.services.conversations.get(row.id)).unread === 2, 'both messages');
    expect([await on(bob.life, 'inbox'), await on(bob.life, 'requests'), await on(bob.life, 'blocked')]).toEqual([[], [], [alice.address]]);
    expect(await bob.life.services.accounts.status()).toMatchObject({ unread: 0, requests: 0 });
    await expect(bob.life.services.messages.send(row.id, 'no', 'a')).rejects.toMatchObject({ reason: 'blocked' });
    await bob.life.services.requests.decide(row.id, 'allowed');
    await until(() => bob.life.badge() === '2', 'the number on the button');
  });

  it('stays a stranger when a site wrote to them, though not to a person who answers', async () => {
    const [alice, bob] = [await person(), await person()];
    const started = await alice.life.services.conversations.start(bob.address, undefined, 'site');
    await alice.life.services.messages.send(started.id, 'from a site', 'a', 'site');
    expect(await on(alice.life, 'requests')).toEqual([bob.address]);
    await alice.life.services.messages.send(started.id, 'from me', 'b');
    expect(await on(alice.life, 'inbox')).toEqual([bob.address]);
  });
});

describe('a decision', () => {
  it('reaches the other devices of its owner, live and on a fresh one', async () => {
    const [alice, carol, bob] = [await person(), await person(), await person()];
    await write(alice, bob, 'one');
    await write(carol, bob, 'two');
    const second = await secondDevice(bob);
    await comesTo(second, 'requests', alice.address);
    await bob.life.services.requests.decide((await conversationWith(bob.life, alice.address)).id, 'allowed');
    await bob.life.services.requests.decide((await conversationWith(bob.life, carol.address)).id, 'denied');
    await comesTo(second, 'inbox', alice.address);
    await comesTo(second, 'blocked', carol.address);
    const third = await secondDevice(bob);
    await comesTo(third, 'inbox', alice.address);
    await comesTo(third, 'blocked', carol.address);
    // The last word wins, from wherever it comes.
    await second.services.requests.decide((await conversationWith(second, carol.address)).id, 'allowed');
    await comesTo(bob.life, 'inbox', carol.address);
  });

  it('holds at once without the node, and goes there once when it is back', async () => {
    const [alice, bob] = [await person(), await person()];
    await write(alice, bob, 'one');
    const { id } = await conversationWith(bob.life, alice.address);
    bob.life.kill();
    const offline = await bob.device.start({ fetch: async () => Promise.reject(new TypeError('away')) });
    await offline.services.requests.decide(id, 'denied');
    await offline.services.requests.decide(id, 'allowed');
    await offline.services.requests.decide(id, 'denied');
    expect(await on(offline, 'blocked')).toEqual([alice.address]);
    offline.kill();
    const before = await published(bob);
    const life = await wake(bob.device);
    expect(await on(life, 'blocked')).toEqual([alice.address]);
    await until(async () => (await published(bob)) === before + 1, 'one decision at the node');
    await comesTo(await secondDevice({ ...bob, life }), 'blocked', alice.address);
    expect(await published(bob)).toBe(before + 1);
  });

  it.each(['consent:chosen', 'consent:publishing', 'consent:published'])('is not lost by a death at %s', async (dieAt) => {
    const [alice, bob] = [await person(), await person()];
    await write(alice, bob, 'one');
    const { id } = await conversationWith(bob.life, alice.address);
    bob.life.kill();
    const doomed = await wake(bob.device, { dieAt });
    void doomed.services.requests.decide(id, 'denied').catch(() => undefined);
    await doomed.died;
    doomed.kill();
    const life = await wake(bob.device);
    expect(await on(life, 'blocked')).toEqual([alice.address]);
    await comesTo(await secondDevice({ ...bob, life }), 'blocked', alice.address);
  });

  /** Decisions of somebody that the node holds. */
  async function published({ device, address }: Person): Promise<number> {
    secrets.set(device, secrets.get(device) ?? (await revealed(device)));
    const { identity } = await keysFromBackup(node.url, address, secrets.get(device) ?? '');
    const topic = preferencesTopic(await preferencesIdentifier(identity));
    return (await createNodeClient(node.url).query({ topics: [topic] })).envelopes.length;
  }
  const secrets = new Map<Device, string>();
  const revealed = async (device: Device): Promise<string> => {
    const life = await device.start();
    const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
    life.kill();
    return privateKey;
  };
});

describe('a consent proof', () => {
  const invite = async (bob: Person, signedMs: number, conversationId: string): Promise<string> => {
    const api = connectTo(node.url);
    const alice = keysOf('Alice');
    const nowNs = msToNs(Date.now());
    const headers = { authorization: `Bearer ${createAuthToken(alice.bundle)}` };
    await api.publish(
      { envelopes: [{ contentTopic: contactTopic(alice.address), timestampNs: nowNs, message: encodeContact(alice.contact, 2) }] },
      { headers },
    );
    const { privateKey } = await bob.life.services.accounts.revealPhrase(passphrase);
    const signature = signText(consentProofText(alice.address, signedMs), fromHex(privateKey.replace(/^0x/, '')));
    const to = await contactOf(api, bob.address as `0x${string}`);
    const invitation = await deriveInvitation(alice.bundle, to, { conversationId, metadata: {} });
    const message = await sealInvitation(alice.bundle, to, { ...invitation, consentProof: consentProof(signature, signedMs) }, nowNs);
    await api.publish({ envelopes: [{ contentTopic: inviteTopic(to.address), timestampNs: nowNs, message }] }, { headers });
    return alice.address;
  };

  it('lets its bearer in and says when it was signed; taken back, it lets nobody in again', async () => {
    const bob = await person();
    const signedMs = Date.now() - 86_400_000;
    const alice = await invite(bob, signedMs, 'first');
    await comesTo(bob.life, 'inbox', alice);
    const { id, proof } = await conversationWith(bob.life, alice);
    expect(proof).toEqual({ signedAt: signedMs });
    expect(await bob.life.services.requests.undoProof(id)).toMatchObject({ shelf: 'requests', proof: null });
    bob.life.kill();
    expect(await on(await wake(bob.device), 'requests')).toEqual([alice]);
  });

  it('does nothing when it is older than 30 days, or where a person has denied', async () => {
    const bob = await person();
    const alice = await invite(bob, Date.now() - 31 * 86_400_000, 'old');
    await comesTo(bob.life, 'requests', alice);
    await bob.life.services.requests.decide((await conversationWith(bob.life, alice)).id, 'denied');
    await invite(bob, Date.now() - 1000, 'new');
    await until(async () => (await on(bob.life, 'blocked')).length === 2, 'the second conversation');
  });
});

describe('the own order', () => {
  it('has the pinned ones first and those put away elsewhere, until something new comes; it outlives the background', async () => {
    const [alice, carol, bob] = [await person(), await person(), await person()];
    await write(bob, alice, 'to Alice');
    const toCarol = await write(bob, carol, 'to Carol');
    const toAlice = (await conversationWith(bob.life, alice.address)).id;
    expect(await on(bob.life, 'inbox')).toEqual([carol.address, alice.address]);
    await bob.life.services.requests.arrange(toAlice, { pinned: true });
    expect(await on(bob.life, 'inbox')).toEqual([alice.address, carol.address]);
    await bob.life.services.requests.arrange(toCarol, { archived: true });
    expect([await on(bob.life, 'inbox'), await on(bob.life, 'archive')]).toEqual([[alice.address], [carol.address]]);
    bob.life.kill();
    const life = await wake(bob.device);
    expect([await on(life, 'inbox'), await on(life, 'archive')]).toEqual([[alice.address], [carol.address]]);
    const atCarol = await conversationWith(carol.life, bob.address);
    await carol.life.services.messages.send(atCarol.id, 'an answer', 'a');
    await comesTo(life, 'inbox', carol.address);
    // What is silent stays away.
    await life.services.requests.arrange(toCarol, { archived: true, muted: true });
    await carol.life.services.messages.send(atCarol.id, 'one more', 'b');
    await until(async () => (await life.services.conversations.get(toCarol)).preview?.text === 'one more', 'the message');
    expect(await on(life, 'archive')).toEqual([carol.address]);
    await life.services.requests.arrange(toCarol, { archived: false, muted: false });
    expect((await on(life, 'inbox')).length).toBe(2);
  });
});
