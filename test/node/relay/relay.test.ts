import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RunningNode } from '../../../src/node/start-node.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { contactTopic, ephemeralTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { follower } from '../../support/follower.ts';
import { alice, bob } from '../../support/people.ts';
import { api, bearer, contactEnvelope, invitationEnvelopes, messageEnvelope, plain } from '../clients.ts';
import { addressOf, hasRelay, idOf, meeting, startRelaying as start, stopAll, until } from './network.ts';

const now = Date.now();
const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-relay-'));
  folders.push(path);
  return path;
};
afterEach(async () => {
  await stopAll();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const publish = (node: RunningNode, ...envelopes: Envelope[]) => api(node.url).publish({ envelopes }, { headers: bearer(alice) });
const stored = async (node: RunningNode, topic: string): Promise<Envelope[]> =>
  (await api(node.url).query({ contentTopics: [topic] })).envelopes.map(plain);
const reports = (node: RunningNode, peer: RunningNode) => node.relay?.peers().find((each) => each.peer === idOf(peer));

describe.skipIf(!hasRelay)('nodes on a relay', () => {
  test('hand on along a line, each envelope once to every stream', async () => {
    const a = await start({});
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    const c = await start({}, { peers: [addressOf(b)], trust: [idOf(a)] });
    await Promise.all([meeting(a, b), meeting(b, c)]);
    const first = await messageEnvelope(alice, bob, now, 'first');
    const followers = [a, b, c].map((node) => follower(node.url, [first.contentTopic, ephemeralTopic(first.contentTopic)]));
    await Promise.all(followers.map(({ opened }) => opened));
    const passing = { ...(await messageEnvelope(alice, bob, now + 1, 'passing')), contentTopic: ephemeralTopic(first.contentTopic) };
    const last = await messageEnvelope(alice, bob, now + 2, 'last');
    for (const envelope of [first, passing, first, last]) await publish(a, envelope);
    // The same to another node: it is known by then, there and everywhere.
    await until('there', async () => (await stored(c, first.contentTopic)).length === 2);
    await publish(c, first);
    for (const { seen } of followers) await until('all seen', () => seen.length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const { seen, close } of followers) {
      expect(seen.map((envelope) => Buffer.from(envelope.message).toString('hex')).sort()).toEqual(
        [first, passing, last].map(({ message }) => Buffer.from(message).toString('hex')).sort(),
      );
      close();
    }
    expect(await stored(b, ephemeralTopic(first.contentTopic))).toEqual([]);
  });

  test('take contacts from anybody, and all else under the word of a node that they trust', async () => {
    const a = await start({});
    const trusting = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    const wary = await start({}, { peers: [addressOf(a)] });
    await Promise.all([meeting(a, trusting), meeting(a, wary)]);
    const contact = contactEnvelope(alice, 2, now);
    const invitations = await invitationEnvelopes(alice, bob, now);
    const message = await messageEnvelope(alice, bob, now);
    await publish(a, contact, ...invitations, message);
    const all = [contact, ...invitations, message];
    await until('all there', async () =>
      (await Promise.all(all.map((each) => stored(trusting, each.contentTopic)))).every((rows) => rows.length === 1),
    );
    await until('the contact there', async () => (await stored(wary, contact.contentTopic)).length === 1);
    await until('the rest judged', () => (reports(wary, a)?.ignored ?? 0) >= 3);
    for (const each of all.slice(1)) expect(await stored(wary, each.contentTopic)).toEqual([]);
    expect(reports(wary, a)).toMatchObject({ rejected: 0, connected: true });
  });

  test('resume from where they were, and pass on the word of the first node, not their own', async () => {
    const data = folder();
    const a = await start({});
    let b = await start({ data }, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const topic = (await messageEnvelope(alice, bob, now)).contentTopic;
    await publish(a, await messageEnvelope(alice, bob, now, 'before'));
    await until('one', async () => (await stored(b, topic)).length === 1);
    await b.close();
    // Dated back a year: a window of time would pass it over.
    await publish(a, await messageEnvelope(alice, bob, now - 31_536_000_000, 'old'), await messageEnvelope(alice, bob, now + 1, 'new'));
    b = await start({ data }, { peers: [addressOf(a)], trust: [idOf(a)] });
    await until('three', async () => (await stored(b, topic)).length === 3);
    expect(reports(b, a)).toMatchObject({ lag: 0 });
    await a.close();
    const c = await start({}, { peers: [addressOf(b)], trust: [idOf(a)] });
    await until('three there too', async () => (await stored(c, topic)).length === 3);
    const d = await start({}, { peers: [addressOf(b)], trust: [idOf(b)] });
    await until('compared', () => reports(d, b)?.comparedMs);
    expect(await stored(d, topic)).toEqual([]);
  });

  test('keep what only its owner may write under the word of the node that saw the token', async () => {
    const a = await start({ compat: true });
    const b = await start({ compat: true }, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const backup = { contentTopic: privateStoreTopic(alice.address), timestampNs: 1n, message: Uint8Array.of(1, 2, 3) };
    // What a node did not check it does not hand on as a contact.
    const unchecked = { contentTopic: contactTopic(alice.address), timestampNs: 1n, message: Uint8Array.of(1) };
    await publish(a, unchecked, backup);
    await until('there', async () => (await stored(b, backup.contentTopic)).length === 1);
    expect(await stored(b, unchecked.contentTopic)).toEqual([]);
    expect(reports(b, a)?.rejected).toBe(0);
  });

  test('share the topics out over static shards', async () => {
    const topic = '/waku/2/rs/16/0-3';
    const a = await start({}, { topic });
    const b = await start({}, { topic, peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const sent = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (n) => ({
        ...(await messageEnvelope(alice, bob, now, 'x')),
        contentTopic: `/xmtp/0/groupInvite-${n}/proto`,
      })),
    );
    await publish(a, ...sent);
    for (const { contentTopic } of sent) await until('there', async () => (await stored(b, contentTopic)).length === 1);
  });
});
