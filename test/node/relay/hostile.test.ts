import { afterEach, describe, expect, test } from 'vitest';
import type { Host } from '../../../src/node/relay/host.ts';
import { issueVoucher } from '../../../src/node/relay/voucher.ts';
import { encodeWakuMessage, wakuMessageOf } from '../../../src/node/relay/waku-message.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import { contactTopic } from '../../../src/protocol/topic.ts';
import { alice, bob } from '../../support/people.ts';
import { startStranger } from '../../support/stranger.ts';
import { api, bearer, contactEnvelope, messageEnvelope } from '../clients.ts';
import { addressOf, defaultTopic, hasRelay, idOf, meeting, startRelaying as start, stopAll, until } from './network.ts';

const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await stopAll();
});

async function stranger() {
  const started = await startStranger(defaultTopic);
  hosts.push(started.host);
  return started;
}

describe.skipIf(!hasRelay)('a peer that is hostile', () => {
  test('is sent away for what no honest peer hands on, and stays away; the others go on', async () => {
    const a = await start({});
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    await meeting(a, b);
    const { host, identity, dial, send } = await stranger();
    await dial(addressOf(a));
    const report = () => a.relay?.peers().find(({ peer }) => peer === identity.peerId);
    await until('it relays', () => report()?.relaying && host.services.pubsub.getSubscribers(defaultTopic).length > 0);
    for (let n = 0; n < 12; n++) {
      const contact = contactEnvelope(alice, 2, Date.now());
      await send(encodeWakuMessage(wakuMessageOf({ topic: contact.contentTopic, timestampNs: BigInt(n), message: utf8(`junk ${n}`) })));
    }
    await until('it is gone', () => report()?.connected === false);
    expect(report()).toMatchObject({ taken: 0 });
    expect(report()?.rejected).toBeGreaterThanOrEqual(5);
    // It may knock again, and is not let in.
    await dial(addressOf(a)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(report()?.connected).toBe(false);
    expect((await api(a.url).query({ contentTopics: [contactTopic(alice.address)] })).envelopes).toEqual([]);
    const message = await messageEnvelope(alice, bob, Date.now());
    await api(a.url).publish({ envelopes: [message] }, { headers: bearer(alice) });
    await until('there', async () => (await api(b.url).query({ contentTopics: [message.contentTopic] })).envelopes.length === 1);
  });

  test('is sent away for too much that is merely not taken; one that the operator named has more patience', async () => {
    const named = await stranger();
    const a = await start({ metrics: { host: '127.0.0.1', port: 0 } }, { ignoredRate: 1, trust: [named.identity.peerId] });
    const unnamed = await stranger();
    const reportOf = ({ identity }: typeof named) => a.relay?.peers().find(({ peer }) => peer === identity.peerId);
    for (const each of [named, unnamed]) {
      await each.dial(addressOf(a));
      await until('it relays', () => reportOf(each)?.relaying && each.host.services.pubsub.getSubscribers(defaultTopic).length > 0);
    }
    const junk = (n: number) =>
      encodeWakuMessage(wakuMessageOf({ topic: '/xmtp/0/m-x/proto', timestampNs: BigInt(n), message: utf8('?') }));
    // More than a hundred: it gets one more each second.
    for (let n = 0; n < 150; n++) for (const [at, each] of [named, unnamed].entries()) await each.send(junk(2 * n + at));
    await until('it is gone', () => reportOf(unnamed)?.connected === false);
    expect(reportOf(unnamed)).toMatchObject({ taken: 0, rejected: 0, fault: 'it was sent away for what it hands on' });
    await unnamed.dial(addressOf(a)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reportOf(unnamed)?.connected).toBe(false);
    expect(reportOf(named)).toMatchObject({ connected: true, ignored: 150 });
    const metrics = await (await fetch(`http://127.0.0.1:${a.metricsPort}/metrics`)).text();
    expect(metrics).toContain('parley_peers_sent_away_total 1');
    expect(metrics).toContain(`parley_peer_ignored{peer="${named.identity.peerId}"} 150`);
  });

  test('does not get a message in by a voucher of its own, nor keep the good one out by spoiling its voucher first', async () => {
    const a = await start({});
    const b = await start({}, { peers: [addressOf(a)], trust: [idOf(a)] });
    const { host, identity, dial, send } = await stranger();
    await dial(addressOf(b));
    await meeting(a, b);
    await until(
      'it relays',
      () =>
        b.relay?.peers().some(({ peer, relaying }) => peer === identity.peerId && relaying) &&
        host.services.pubsub.getSubscribers(defaultTopic).length > 0,
    );
    const envelope = await messageEnvelope(alice, bob, Date.now());
    const { contentTopic: topic, timestampNs, message } = envelope;
    const waku = wakuMessageOf({ topic, timestampNs, message });
    waku.voucher = new Uint8Array(issueVoucher(identity, defaultTopic, { topic, timestampNs, message }, Date.now()));
    await send(encodeWakuMessage(waku));
    const report = () => b.relay?.peers().find(({ peer }) => peer === identity.peerId);
    await until('judged', () => report()?.ignored === 1);
    const rows = async () => (await api(b.url).query({ contentTopics: [topic] })).envelopes.length;
    expect(await rows()).toBe(0);
    await api(a.url).publish({ envelopes: [envelope] }, { headers: bearer(alice) });
    await until('there', async () => (await rows()) === 1);
    expect(report()).toMatchObject({ taken: 0, rejected: 0, connected: true });
    // By the relay, and not only when stores were compared.
    expect(b.relay?.peers().find(({ peer }) => peer === idOf(a))).toMatchObject({ taken: 1, repaired: 0 });
  });
});
