import type { Client } from '@xmtp/xmtp-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { addSightings, type ConsentEntry, consentKey, foldConsent, openConsent, sealConsent } from '../../src/protocol/consent.ts';
import { preferencesIdentifier, type Verdict } from '../../src/protocol/preferences.ts';
import { decodePrivateBundle, type PrivateBundle } from '../../src/protocol/private-keys.ts';
import { preferencesTopic } from '../../src/protocol/topic.ts';
import { bringWallet, conversationWith, Device, type Life, newPerson, passphrase, until } from '../background/device.ts';
import { connectTo, type NodeApi } from '../support/crowd.ts';
import { person } from '../support/people.ts';
import { peerOf, signerOf, xmtp } from './peer.ts';

const wallet = person('one wallet in two programs');
const [first, second, third] = ['one', 'two', 'three'].map((name) => person(name).address) as [string, string, string];
let node: RunningNode;
let api: NodeApi;
let peer: Client;
/** The keys that xmtp-js made: ours are the same. */
let bundle: PrivateBundle;

beforeAll(async () => {
  node = await startNode();
  api = connectTo(node.url);
  peer = await peerOf(wallet, node.url);
  bundle = decodePrivateBundle(await xmtp.Client.getKeys(signerOf(wallet), { apiUrl: node.url, env: 'local' }));
});
afterAll(async () => {
  await peer.close();
  await node.close();
});

async function entries(): Promise<ConsentEntry[]> {
  const topic = preferencesTopic(await preferencesIdentifier(bundle.identity));
  const { envelopes } = await api.query({ contentTopics: [topic], pagingInfo: { limit: 500, direction: SortDirection.ASCENDING } });
  const read: ConsentEntry[] = [];
  for (const { contentTopic, timestampNs, message } of envelopes)
    read.push(await openConsent(bundle.identity, { contentTopic, timestampNs, message }));
  return addSightings([], read);
}

async function decide(verdict: Verdict, names: readonly string[]): Promise<void> {
  const last = (await entries()).at(-1)?.timestampNs;
  const envelope = await sealConsent(bundle.identity, { verdict, kind: 'address', names }, last);
  await api.publish({ envelopes: [envelope] }, { headers: { authorization: `Bearer ${createAuthToken(bundle)}` } });
}

test('what xmtp-js allows and denies holds for us', async () => {
  await peer.contacts.allow([first, second]);
  await peer.contacts.deny([second]);
  const state = foldConsent(await entries());
  expect([first, second, third].map((name) => state.get(consentKey('address', name)))).toEqual(['allowed', 'denied', undefined]);
});

test('what we allow and deny holds for xmtp-js, the last word winning', async () => {
  await decide('denied', [first]);
  await decide('allowed', [third, second]);
  await peer.contacts.refreshConsentList();
  expect([first, second, third].map((name) => peer.contacts.consentState(name))).toEqual(['denied', 'allowed', 'allowed']);
  await decide('denied', [third]);
  await peer.contacts.refreshConsentList();
  expect(peer.contacts.isDenied(third)).toBe(true);
});

test('an old decision that somebody publishes again undoes nothing with us', async () => {
  const topic = preferencesTopic(await preferencesIdentifier(bundle.identity));
  const { envelopes } = await api.query({ contentTopics: [topic], pagingInfo: { limit: 1, direction: SortDirection.ASCENDING } });
  const before = foldConsent(await entries());
  const [oldest] = envelopes;
  if (!oldest) throw new Error('no decisions');
  const stranger = { authorization: `Bearer ${createAuthToken(person('a stranger').bundle)}` };
  await api.publish({ envelopes: [{ ...oldest, timestampNs: BigInt(Date.now() + 60_000) * 1_000_000n }] }, { headers: stranger });
  expect(foldConsent(await entries())).toEqual(before);
});

describe('the extension beside xmtp-js, one wallet in both', () => {
  const devices: Device[] = [];
  afterAll(async () => {
    for (const device of devices) await device.close();
  });
  const shelf = async (life: Life, of: string) => (await life.services.conversations.list({})).rows.find((row) => row.peer === of)?.shelf;

  test('each decides for the other, live; an answer and a new conversation allow in both', async () => {
    const mine = person('beside');
    const beside = await peerOf(mine, node.url);
    const [alice, carol, dora] = [await newPerson(node.url), await newPerson(node.url), await newPerson(node.url)];
    devices.push(alice.device, carol.device, dora.device);
    const device = new Device({ apart: true });
    devices.push(device);
    const life = await device.start();
    await bringWallet(life, `0x${toHex(mine.walletKey)}`, passphrase, node.url);
    for (const who of [alice, carol]) {
      const { id } = await who.life.services.conversations.start(mine.address);
      await who.life.services.messages.send(id, 'hello', 'a');
      await until(async () => (await shelf(life, who.address)) === 'requests', 'the request');
    }
    // There, then here.
    await beside.contacts.allow([alice.address]);
    await beside.contacts.deny([carol.address]);
    await until(async () => (await shelf(life, alice.address)) === 'inbox', 'allowed by xmtp-js');
    await until(async () => (await shelf(life, carol.address)) === 'blocked', 'denied by xmtp-js');
    // Here, then there.
    const { requests, conversations } = life.services;
    await requests.decide((await conversationWith(life, alice.address)).id, 'denied');
    await requests.decide((await conversationWith(life, carol.address)).id, 'allowed');
    await conversations.start(dora.address);
    await until(async () => {
      await beside.contacts.refreshConsentList();
      return [alice, carol, dora].map(({ address }) => beside.contacts.consentState(address)).join() === 'denied,allowed,allowed';
    }, 'the same with xmtp-js');
    await beside.close();
  });
});
