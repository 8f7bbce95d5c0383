import { afterEach, describe, expect, test } from 'vitest';
import { bundle, bundleTopicOf } from '../../../src/node/relay/bundle.ts';
import { createHost, type Host } from '../../../src/node/relay/host.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { checkVoucher } from '../../../src/node/relay/voucher.ts';
import { decodeWakuMessage, envelopeOf } from '../../../src/node/relay/waku-message.ts';
import type { RunningNode } from '../../../src/node/start-node.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { contactTopic, ephemeralTopic } from '../../../src/protocol/topic.ts';
import { follower } from '../../support/follower.ts';
import { alice, bob } from '../../support/people.ts';
import { api, bearer, contactEnvelope, messageEnvelope } from '../clients.ts';
import { addressOf, defaultTopic, hasRelay, idOf, meeting, startRelaying as start, stopAll, until } from './network.ts';

const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await stopAll();
});

const topic = '/xmtp/0/groupInvite-together/proto';
const envelopes = (count: number, text = 'x'): Envelope[] =>
  Array.from({ length: count }, (_, n) => ({ contentTopic: topic, timestampNs: BigInt(n + 1), message: utf8(`${text} ${n}`) }));
const publish = (node: RunningNode, all: Envelope[]) => api(node.url).publish({ envelopes: all }, { headers: bearer(alice) });
const held = async (node: RunningNode): Promise<number> => (await api(node.url).query({ contentTopics: [topic] })).envelopes.length;
const report = (node: RunningNode, peer: string) => node.relay?.peers().find((each) => each.peer === peer);

/** A peer that speaks Waku and, where it says so, takes bundles. */
async function outsider(...more: string[]) {
  const identity = openIdentity(':memory:');
  const topics = [defaultTopic, ...more];
  const { host, multiaddr } = await createHost({ listen: [], identity, topics, isBanned: () => false });
  hosts.push(host);
  const came: Uint8Array[] = [];
  host.services.pubsub.topicValidators.set(defaultTopic, async (_, { data }) => {
    came.push(data);
    return 'accept';
  });
  await host.start();
  for (const each of topics) host.services.pubsub.subscribe(each);
  return { identity, host, came, dial: (node: RunningNode) => host.dial(multiaddr(addressOf(node))) };
}

describe.skipIf(!hasRelay)('what was published together', () => {
  test('goes along a line together, once to every stream, and its vouchers go on from there one by one', async () => {
    const a = await start({});
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    const c = await start({}, { peers: [addressOf(b)], trust: [idOf(a)] });
    await Promise.all([meeting(a, b), meeting(b, c)]);
    const passing = ephemeralTopic((await messageEnvelope(alice, bob, Date.now())).contentTopic);
    const followers = [a, b, c].map((node) => follower(node.url, [topic, passing]));
    await Promise.all(followers.map(({ opened }) => opened));
    const gone = { ...(await messageEnvelope(alice, bob, Date.now(), 'passing')), contentTopic: passing };
    await publish(a, [...envelopes(40), gone]);
    for (const { seen } of followers) await until('all seen', () => seen.length >= 41);
    // By the relay, and not when stores were compared.
    expect(report(b, idOf(a))).toMatchObject({ taken: 41, repaired: 0, rejected: 0 });
    expect(report(c, idOf(b))).toMatchObject({ taken: 41, repaired: 0, rejected: 0 });
    for (const { seen, close } of followers) {
      expect(new Set(seen.map(({ message }) => Buffer.from(message).toString('hex'))).size).toBe(41);
      expect(seen).toHaveLength(41);
      close();
    }
    await a.close();
    const d = await start({}, { peers: [addressOf(c)], trust: [idOf(a)] });
    await until('there too', async () => (await held(d)) === 40);
    const e = await start({}, { peers: [addressOf(c)], trust: [idOf(c)] });
    await until('compared', () => report(e, idOf(c))?.comparedMs);
    expect(await held(e)).toBe(0);
  });

  test('reaches those who speak Waku alone message by message, each with a voucher of its own, also behind a node that took the bundle', async () => {
    const a = await start({});
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const { came, dial, identity } = await outsider();
    await dial(b);
    await until('it relays', () => report(b, identity.peerId)?.relaying);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // a mesh is made once a second
    await publish(a, envelopes(20));
    await until('all came', () => came.length >= 20);
    expect(came).toHaveLength(20);
    const [home] = [(a.relay as NonNullable<RunningNode['relay']>).identity.publicKey];
    for (const data of came) {
      const message = decodeWakuMessage(data);
      const envelope = message && envelopeOf(message);
      if (!envelope) throw new Error('no envelope');
      const checked = checkVoucher(
        message.voucher ?? new Uint8Array(),
        { pubsubTopic: defaultTopic, envelope },
        {
          trusts: (name) => name === Buffer.from(home).toString('hex'),
          nowMs: Date.now(),
          live: true,
        },
      );
      expect(checked).toMatchObject({ home: Buffer.from(home).toString('hex') });
    }
  });

  test('goes on message by message behind a node that did not take all of it', async () => {
    const a = await start({});
    // Its limit lets a hundred of this home pass at once.
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)], homeRate: 1 });
    const c = await start({}, { peers: [addressOf(b)], trust: [idOf(a)] });
    await Promise.all([meeting(a, b), meeting(b, c)]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await publish(a, envelopes(120));
    await until('judged', () => (report(c, idOf(b))?.taken ?? 0) >= 100);
    expect(report(b, idOf(a))).toMatchObject({ rejected: 0 });
    expect(report(b, idOf(a))?.ignored).toBeGreaterThan(10);
    expect(report(c, idOf(b))).toMatchObject({ rejected: 0, repaired: 0 });
  });

  test('is held against who hands it on when it is forged, and ignored when nobody here believes its home', async () => {
    const a = await start({});
    const { host, identity, dial } = await outsider(bundleTopicOf(defaultTopic));
    await dial(a);
    await until(
      'it relays',
      () => report(a, identity.peerId)?.relaying && host.services.pubsub.getSubscribers(bundleTopicOf(defaultTopic)).length > 0,
    );
    const carried = envelopes(3).map(({ contentTopic, timestampNs, message }) => ({
      pubsubTopic: defaultTopic,
      envelope: { topic: contentTopic, timestampNs, message },
    }));
    const send = (data: Uint8Array) => host.services.pubsub.publish(bundleTopicOf(defaultTopic), data);
    await send(bundle(identity, carried, Date.now()).data);
    await until('ignored', () => report(a, identity.peerId)?.ignored === 1);
    // In the name of the node itself, whom it believes; and a contact, which needs nobody's word and has no place in it.
    const forged = { ...identity, publicKey: (a.relay as NonNullable<RunningNode['relay']>).identity.publicKey };
    await send(bundle(forged, carried, Date.now()).data);
    await until('rejected', () => report(a, identity.peerId)?.rejected === 1);
    await send(utf8('nonsense'));
    await until('rejected too', () => report(a, identity.peerId)?.rejected === 2);
    expect(await held(a)).toBe(0);
    expect(report(a, identity.peerId)).toMatchObject({ taken: 0, connected: true });
  });

  test('leaves out contacts, which everybody may hand on', async () => {
    const a = await start({});
    const wary = await start({}, { peers: [addressOf(a)] });
    await meeting(a, wary);
    await publish(a, [...envelopes(5), contactEnvelope(alice, 2, Date.now())]);
    await until(
      'the contact there',
      async () => (await api(wary.url).query({ contentTopics: [contactTopic(alice.address)] })).envelopes.length === 1,
    );
    expect(await held(wary)).toBe(0);
    expect(report(wary, idOf(a))).toMatchObject({ taken: 1, rejected: 0 });
  });
});
