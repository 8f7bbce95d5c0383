import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { methods } from '../../src/background/methods.ts';
import { AccountKeys } from '../../src/keystore/account-keys.ts';
import { createNodeClient } from '../../src/network/node-client.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { parseAddress } from '../../src/protocol/address.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { randomBytes, utf8 } from '../../src/protocol/bytes.ts';
import { addSightings, consentKey, foldConsent, openConsent, sealConsent } from '../../src/protocol/consent.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { draftIdentity, finishIdentity } from '../../src/protocol/private-keys.ts';
import { contactTopic, inviteTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import {
  bringWallet,
  conversationWith,
  Device,
  newPerson,
  type Person,
  passphrase,
  type StartOptions,
  texts,
  until,
  wake,
} from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { clientOf, envelope, invite, nowNs, reasons } from '../support/hands.ts';
import { alice, bob, carol, person } from '../support/people.ts';

/** Faults that the reference client and node have with accounts, nodes and streams, and that we do not have; see README.md. */

let node: RunningNode;
let devices: Device[];
beforeEach(async () => {
  node = await startNode({ compat: true });
  devices = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const device of devices) await device.close();
  await node.close();
}, 60_000);

const newPersonHere = async (options?: StartOptions): Promise<Person> => {
  const someone = await newPerson(node.url, options);
  devices.push(someone.device);
  return someone;
};
const otherDevice = (): Device => {
  const device = new Device({ apart: true });
  devices.push(device);
  return device;
};

/** What a call of gRPC-web answers, and a stream that opens and stays silent. */
const silent = (): Response =>
  new Response(new ReadableStream<Uint8Array>(), { headers: { 'content-type': 'application/grpc-web+proto' } });

describe('faults of the reference client', () => {
  it('F6: an invitation to my own key topic does not make me publish over my keys', async () => {
    const { life, address } = await newPersonHere();
    const owner = parseAddress(address);
    await invite(node.url, carol, address, { topic: privateStoreTopic(owner) });
    await until(async () => (await reasons(address)).includes('wrong-topic'), 'the refusal');
    expect((await life.services.conversations.list({})).rows).toEqual([]);
    const { privateKey } = await life.services.accounts.revealPhrase(passphrase);
    const { services } = await otherDevice().start();
    expect(await bringWallet({ services }, privateKey, passphrase, node.url)).toMatchObject({ restored: true });
  });

  it('F8: an invitation by a clock that is an hour slow is seen at the next look', async () => {
    const { life, device, address } = await newPersonHere();
    life.kill();
    await invite(node.url, carol, address, { createdNs: nowNs() - 3_600_000_000_000n });
    await conversationWith(await wake(device), carol.address);
  });

  it('F9: garbage on a contact topic does not make a wallet unreachable', async () => {
    const { life } = await newPersonHere();
    const topic = contactTopic(carol.address);
    const noise = Array.from({ length: 20 }, (_, index) => envelope(topic, randomBytes(3), nowNs() + BigInt(index + 1)));
    await clientOf(node.url, carol).publish([envelope(topic, encodeContact(carol.contact, 2)), ...noise]);
    expect(await life.services.conversations.lookUp(carol.address)).toMatchObject({ state: 'reachable' });
  });

  it('F11: a wallet that signs wrongly locks nobody out: nothing is made of its signature', async () => {
    const { draft, text } = draftIdentity();
    await refused('wrong-sender', () => finishIdentity(draft, signText(text, carol.walletKey), alice.address));
    await refused('wrong-sender', () => finishIdentity(draft, signText(`${text} `, alice.walletKey), alice.address));
    const walletPreKey = randomBytes(32);
    const wrong = signText('another text', alice.walletKey);
    await refused('wrong-sender', () => sealKeyBackup(alice.bundle, walletPreKey, wrong));
    const right = signText(enableIdentityText(walletPreKey), alice.walletKey);
    const backup = readKeyBackup(await sealKeyBackup(alice.bundle, walletPreKey, right));
    expect((await backup.open(right, alice.address)).identity.point).toEqual(alice.bundle.identity.point);
  });

  it('F12: an old permission that a node plays again does not lift a denial', async () => {
    const { identity } = alice.bundle;
    const seal = (verdict: 'allowed' | 'denied') => sealConsent(identity, { verdict, kind: 'address', names: [bob.address] });
    const allowed = { ...(await seal('allowed')), timestampNs: 1n };
    const denied = { ...(await seal('denied')), timestampNs: 2n };
    const replayed = { ...allowed, timestampNs: 3n };
    // A fresh device sees all three at once, in whatever order.
    for (const entries of [
      [allowed, denied, replayed],
      [replayed, denied, allowed],
    ]) {
      const read = await Promise.all(entries.map((entry) => openConsent(identity, entry)));
      expect(foldConsent(addSightings([], read)).get(consentKey('address', bob.address))).toBe('denied');
    }
  });

  it('F13: tokens are made for now alone, and no node of ours takes one of the future', async () => {
    const strict = await startNode(); // a compatible one takes what the reference took
    try {
      const token = createAuthToken(alice.bundle, () => Date.now() + 10 * 365 * 86_400_000);
      const entry = envelope(contactTopic(alice.address), encodeContact(alice.contact, 2));
      const publish = (authToken: string) => createNodeClient(strict.url, { authToken: () => authToken }).publish([entry]);
      await expect(publish(token)).rejects.toMatchObject({ reason: 'unauthorised' });
      await publish(createAuthToken(alice.bundle));
    } finally {
      await strict.close();
    }
    for (const name of Object.keys(methods)) expect(name).not.toMatch(/token/i);
  });

  it('F17: after a rotation of my pre-key my own invitations are still with the peer', async () => {
    const [me, friend] = [await newPersonHere(), await newPersonHere()];
    const { services } = me.life;
    const row = await services.conversations.start(friend.address);
    await services.messages.send(row.id, 'before', 'a');
    await conversationWith(friend.life, me.address);
    await services.accounts.rotatePreKey();
    await until(async () => (await services.accounts.status()).published, 'the publication');
    const { privateKey } = await services.accounts.revealPhrase(passphrase);
    const life = await otherDevice().start();
    await bringWallet(life, privateKey, passphrase, node.url);
    const there = await conversationWith(life, friend.address);
    await until(async () => (await texts(life, there.id)).join() === 'me: before', 'the message');
    expect((await life.services.conversations.list({})).rows.map(({ peer }) => peer)).toEqual([friend.address]);
  });

  it('F18: a node that repeats its cursor is asked twice, and shown as wrong', async () => {
    let asked = 0;
    let hostile = false;
    const repeating: typeof fetch = async (input, init) => {
      // It tells no order either.
      if (hostile && /\/(Info|Follow)$/.test(String(input))) return new Response(null, { status: 404 });
      if (!hostile || !/\/Query$/.test(String(input))) return fetch(input, init);
      asked += 1;
      const cursor = [0x12, 6, 0x12, 4, 0x0a, 2, 0x0a, 0]; // QueryResponse { paging_info { cursor { index { digest } } } }
      const trailer = utf8('grpc-status: 0\r\n');
      const body = Uint8Array.from([0, 0, 0, 0, cursor.length, ...cursor, 0x80, 0, 0, 0, trailer.length, ...trailer]);
      return new Response(body, { headers: { 'content-type': 'application/grpc-web+proto' } });
    };
    const { device, life: before } = await newPersonHere({ fetch: repeating });
    before.kill();
    hostile = true;
    const read = async (): Promise<void> => {
      for await (const _ of createNodeClient(node.url, { fetch: repeating }).pages({ topics: [inviteTopic(alice.address)] }));
    };
    await expect(read()).rejects.toMatchObject({ reason: 'wrong' });
    expect(asked).toBe(2);
    const life = await device.start({ fetch: repeating });
    await life.resume();
    await until(async () => (await life.services.accounts.status()).node.state === 'wrong', 'the word for it');
  });

  it('F19: no page can ask for a signature, a token, a key or the state of the keys', () => {
    const forPages = Object.entries(methods).filter(([, { access }]) => access === 'page');
    expect(forPages.map(([name]) => name)).toEqual(expect.arrayContaining(['xmtp_requestAccounts', 'xmtp_sendMessage']));
    // One method answers a keystore API, under a permission that is switched off until somebody switches it on and gives the passphrase (site-keystore.test.ts).
    for (const [name] of forPages.filter(([name]) => name !== 'xmtp_keystore'))
      expect(name).not.toMatch(/sign|digest|token|key|bundle|hmac|unlock|phrase|export/i);
    for (const name of ['revealPhrase', 'unlock', 'finishFounding', 'rotatePreKey'] as const) expect(methods[name].access).toBe('own');
  });

  it('F20: of two decisions in one millisecond neither is lost', async () => {
    const { identity } = alice.bundle;
    const names = [[bob.address], [carol.address]];
    const sealed = await Promise.all(
      names.map((each) => sealConsent(identity, { verdict: 'denied', kind: 'address', names: each }, 0n, () => 5)),
    );
    expect(sealed[0]?.timestampNs).toBe(sealed[1]?.timestampNs);
    const state = foldConsent(await Promise.all(sealed.map((entry) => openConsent(identity, entry))));
    expect([...state.keys()].toSorted()).toEqual(
      names
        .flat()
        .map((name) => consentKey('address', name))
        .toSorted(),
    );
    // And ours never have the same.
    const first = await sealConsent(identity, { verdict: 'denied', kind: 'address', names: [bob.address] }, 0n, () => 5);
    const next = await sealConsent(identity, { verdict: 'allowed', kind: 'address', names: [bob.address] }, first.timestampNs, () => 5);
    expect(next.timestampNs).toBeGreaterThan(first.timestampNs);
  });

  it('F21: a fault of the moment while an invitation is read does not lose the conversation', async () => {
    const { device, life, address } = await newPersonHere();
    life.kill();
    await invite(node.url, carol, address);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(AccountKeys.prototype, 'openInvitation').mockRejectedValue(new Error('out of memory'));
    const unlucky = await wake(device);
    await until(async () => (await reasons(address)).includes('unexpected'), 'the fault');
    unlucky.kill();
    vi.restoreAllMocks();
    const next = await wake(device);
    await conversationWith(next, carol.address);
    expect(await reasons(address)).toEqual([]);
  });

  it('F22: what a stream does not deliver comes with the next look, whole and once', async () => {
    const deaf: typeof fetch = async (input, init) => (/\/(Subscribe|Follow)/.test(String(input)) ? silent() : fetch(input, init));
    const { life, address } = await newPersonHere({ fetch: deaf });
    const { api, topic, say } = await invite(node.url, carol, address);
    await life.resume();
    const { id } = await conversationWith(life, carol.address);
    const expected: string[] = [];
    for (let index = 0; index < 25; index++) {
      const at = nowNs() + BigInt(index) * 1_000_000n;
      await api.publish([envelope(topic, (await say(`${index}`, carol.bundle, at)).message, at)]);
      expected.push(`peer: ${index}`);
    }
    await life.resume();
    await until(async () => (await texts(life, id)).length >= 25, 'the messages');
    expect(await texts(life, id)).toEqual(expected);
  });
});

describe('faults of the reference node', () => {
  it('F23: a publication is stored whole or not at all, and repeating it changes nothing', async () => {
    const [me, friend] = [carol, person('Friend')];
    const topics = [inviteTopic(me.address), inviteTopic(friend.address)];
    const bytes = randomBytes(40);
    const entries = topics.map((topic) => envelope(topic, bytes, 5n));
    const client = clientOf(node.url, me);
    const stored = async (): Promise<number> => (await client.query({ topics })).envelopes.length;
    const bad = { contentTopic: `/xmtp/0/m-${'x'.repeat(400)}/proto`, timestampNs: 5n, message: bytes };
    await expect(client.publish([...entries, bad])).rejects.toMatchObject({ reason: 'refused' });
    expect(await stored()).toBe(0);
    await client.publish(entries);
    await client.publish(entries);
    expect(await stored()).toBe(2);

    // An answer that is lost: the outbox says it all again, and both sides have one conversation and one message.
    let lost = 0;
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!/\/Publish$/.test(String(input)) || ++lost % 2 === 0) return response;
      throw new TypeError('the connection broke');
    };
    const other = await newPersonHere();
    const { life, address } = await newPersonHere({ fetch: losing });
    const { id } = await life.services.conversations.start(other.address);
    await life.services.messages.send(id, 'once', 'a');
    const row = await conversationWith(other.life, address);
    await until(async () => (await texts(other.life, row.id)).length > 0, 'the message');
    expect(await texts(other.life, row.id)).toEqual(['peer: once']);
  });

  it('F24: nobody writes as somebody else, nor with a token of the future; the rest of this fault stays with the node', async () => {
    const strict = await startNode();
    try {
      const client = clientOf(strict.url, carol);
      const entries = [
        envelope(contactTopic(alice.address), encodeContact(alice.contact, 2)),
        envelope(privateStoreTopic(alice.address), randomBytes(100)),
        envelope(inviteTopic(alice.address), randomBytes(100)),
      ];
      for (const entry of entries) await expect(client.publish([entry])).rejects.toMatchObject({ reason: 'refused' });
      await client.publish([envelope(contactTopic(carol.address), encodeContact(carol.contact, 2))]);
    } finally {
      await strict.close();
    }
  });
});
