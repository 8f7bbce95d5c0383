import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Guard, type GuardOptions, type Origin } from '../../../src/node/relay/guard.ts';
import { openIdentity, peerIdOf, publicKeyOf } from '../../../src/node/relay/identity.ts';
import { parseShards, type Shards } from '../../../src/node/relay/shards.ts';
import { checkVoucher, issueVoucher } from '../../../src/node/relay/voucher.ts';
import { decodeWakuMessage, encodeWakuMessage, type WakuMessage, wakuMessageOf } from '../../../src/node/relay/waku-message.ts';
import type { NewEnvelope } from '../../../src/node/store/store.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';
import { maxMessageLength } from '../../../src/protocol/envelope.ts';
import { contactTopic, ephemeralTopic, inviteTopic, privateStoreTopic } from '../../../src/protocol/topic.ts';
import { alice, bob, carol } from '../../support/people.ts';
import { contactEnvelope, invitationEnvelopes, messageEnvelope } from '../clients.ts';

const now = 1_764_000_000_000;
const dayMs = 86_400_000;
const topic = '/waku/2/default-waku/proto';
const home = openIdentity(':memory:');
const other = openIdentity(':memory:');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const asNew = ({ contentTopic, timestampNs, message }: Envelope): NewEnvelope => ({ topic: contentTopic, timestampNs, message });
const message = asNew(await messageEnvelope(alice, bob, now));
const peer: Origin = { peer: other.peerId, live: true };

const guardOf = (more: Partial<GuardOptions> = {}): Guard =>
  new Guard({
    shards: parseShards(topic) as Shards,
    compat: false,
    homes: new Set([hex(home.publicKey)]),
    homeRate: 0,
    contactRate: 0,
    retention: new Map(),
    lists: { isDenied: () => false, isDeniedNetwork: () => false, isAllowed: () => false },
    clock: () => now,
    knows: () => false,
    ...more,
  });
/** As the home hands it on; `change` is what somebody does to it on the way. */
const vouched = (envelope: NewEnvelope, change: (message: WakuMessage) => unknown = () => {}, issuedMs = now): Uint8Array => {
  const waku = wakuMessageOf(envelope);
  waku.voucher = new Uint8Array(issueVoucher(home, topic, envelope, issuedMs));
  change(waku);
  return encodeWakuMessage(waku);
};
const verdict = (data: Uint8Array, { guard = guardOf(), from = peer, on = topic }: { guard?: Guard; from?: Origin; on?: string } = {}) => {
  const judgement = guard.judge(on, data, from);
  return judgement.verdict === 'accept' ? 'accept' : `${judgement.verdict}: ${judgement.reason}`;
};

describe('an identity', () => {
  test('is named as libp2p names it, and its name holds the key', () => {
    // The key of the test vectors of libp2p's specification of peer ids.
    const key = Buffer.from('1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e', 'hex');
    expect(peerIdOf(key)).toBe('12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq');
    expect(hex(publicKeyOf(peerIdOf(key)) ?? new Uint8Array())).toBe(hex(key));
    for (const wrong of ['', '12D3', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', `${peerIdOf(key)}1`])
      expect(publicKeyOf(wrong)).toBeNull();
  });
});

describe('what comes under the voucher of a trusted home', () => {
  test('is taken: messages, invitations, key backups, preferences, what passes', async () => {
    const guard = guardOf({ compat: true });
    const [invitation] = (await invitationEnvelopes(alice, bob, now)).map(asNew);
    const passing = { ...message, topic: ephemeralTopic(message.topic) };
    for (const envelope of [message, invitation as NewEnvelope, passing, { ...message, topic: privateStoreTopic(alice.address) }])
      expect(verdict(vouched(envelope), { guard })).toBe('accept');
  });

  test('must be what the voucher is for', async () => {
    const second = asNew(await messageEnvelope(alice, bob, now, 'another'));
    const unrelated = { ...message, topic: '/xmtp/0/groupInvite-one/proto' };
    for (const [what, data] of [
      ['another payload', vouched(message, (waku) => (waku.payload = new Uint8Array(second.message)))],
      ['another topic', vouched(unrelated, (waku) => (waku.contentTopic = '/xmtp/0/groupInvite-two/proto'))],
      ['another time', vouched(unrelated, (waku) => (waku.timestamp = unrelated.timestampNs + 1n))],
      [
        'kept instead of passing',
        vouched({ ...message, topic: ephemeralTopic(message.topic) }, (waku) => (waku.contentTopic = message.topic)),
      ],
      [
        'bytes moved from payload to topic',
        vouched({ ...unrelated, message: utf8('ab/xmtp/0/x') }, (waku) =>
          Object.assign(waku, { payload: utf8('ab'), contentTopic: `/xmtp/0/x${unrelated.topic}` }),
        ),
      ],
      [
        'a bit of the signature',
        vouched(message, ({ voucher }) => ((voucher as Uint8Array)[60] = ((voucher as Uint8Array)[60] as number) ^ 1)),
      ],
    ] as const)
      expect([what, verdict(data)]).toEqual([what, 'reject: forged voucher']);
  });

  test('counts for the network that it was given in', () => {
    const waku = wakuMessageOf(message);
    waku.voucher = new Uint8Array(issueVoucher(home, '/waku/2/other/proto', message, now));
    expect(verdict(encodeWakuMessage(waku))).toBe('reject: forged voucher');
    expect(verdict(vouched(message), { on: '/waku/2/other/proto' })).toBe('ignore: other shard');
  });

  test('comes by gossip within the hour, and from a store at any time', () => {
    const stored: Origin = { ...peer, live: false };
    expect(verdict(vouched(message, undefined, now - 3_500_000))).toBe('accept');
    expect(verdict(vouched(message, undefined, now - 3_700_000))).toBe('ignore: expired');
    expect(verdict(vouched(message, undefined, now - 365 * dayMs), { from: stored })).toBe('accept');
    expect(verdict(vouched(message, undefined, now + 200_000))).toBe('accept');
    for (const from of [peer, stored]) expect(verdict(vouched(message, undefined, now + 400_000), { from })).toBe('ignore: clock');
    expect(verdict(vouched({ ...message, topic: ephemeralTopic(message.topic) }), { from: stored })).toBe('ignore: against the rules');
  });

  test('does not come back once it is older than it is kept', () => {
    const guard = guardOf({ retention: new Map([['m', 30]]) });
    const from: Origin = { ...peer, live: false };
    expect(verdict(vouched(message, undefined, now - 29 * dayMs), { guard, from })).toBe('accept');
    expect(verdict(vouched(message, undefined, now - 31 * dayMs), { guard, from })).toBe('ignore: forgotten');
  });

  test('must keep the rules of its topic; that it does not is held against nobody who hands it on', () => {
    const wrong = { ...message, topic: '/xmtp/0/m-another/proto' };
    expect(verdict(vouched(wrong))).toBe('ignore: against the rules');
    expect(verdict(vouched(wrong), { guard: guardOf({ compat: true }) })).toBe('accept');
    const long = { ...message, topic: '/xmtp/0/groupInvite-one/proto', message: new Uint8Array(maxMessageLength + 1) };
    expect(verdict(vouched(long), { guard: guardOf({ compat: true }) })).toBe('ignore: against the rules');
    expect(verdict(vouched({ ...message, topic: contactTopic(bob.address) }))).toBe('reject: bad contact');
  });

  test('has limits for each home', () => {
    const guard = guardOf({ homeRate: 1, homes: new Set([home, other].map(({ publicKey }) => hex(publicKey))) });
    const seen = Array.from({ length: 101 }, () => verdict(vouched(message), { guard }));
    expect(new Set(seen.slice(0, 100))).toEqual(new Set(['accept']));
    expect(seen[100]).toBe('ignore: over limit');
    expect(guard.judge(topic, vouched(message), peer)).toMatchObject({ retryMs: 1000 });
    const waku = wakuMessageOf(message);
    waku.voucher = new Uint8Array(issueVoucher(other, topic, message, now));
    expect(verdict(encodeWakuMessage(waku), { guard })).toBe('accept');
  });

  test('is refused from wallets that the operator denies', async () => {
    const guard = guardOf({
      lists: { isDenied: (wallet) => wallet === alice.address, isDeniedNetwork: () => false, isAllowed: () => false },
    });
    const [invitation] = (await invitationEnvelopes(alice, bob, now)).map(asNew);
    expect(verdict(vouched(invitation as NewEnvelope), { guard })).toBe('ignore: denied');
    expect(verdict(encodeWakuMessage(wakuMessageOf(asNew(contactEnvelope(alice, 2, now)))), { guard })).toBe('ignore: denied');
  });
});

describe('what comes without', () => {
  test('is not taken, and not held against who hands it on', () => {
    expect(verdict(encodeWakuMessage(wakuMessageOf(message)))).toBe('ignore: no voucher');
    expect(verdict(encodeWakuMessage(wakuMessageOf({ ...message, topic: inviteTopic(alice.address) })))).toBe('ignore: no voucher');
    const waku = wakuMessageOf(message);
    waku.voucher = new Uint8Array(issueVoucher(other, topic, message, now));
    expect(verdict(encodeWakuMessage(waku))).toBe('ignore: untrusted home');
    // Whoever takes the name of a home without its key.
    expect(
      verdict(
        vouched(message, ({ voucher }) =>
          (voucher as Uint8Array).set(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32), 2),
        ),
      ),
    ).toBe('ignore: untrusted home');
  });

  test('is taken if it is a contact that verifies for its topic', () => {
    const contact = asNew(contactEnvelope(alice, 2, now));
    const data = (envelope: NewEnvelope) => encodeWakuMessage(wakuMessageOf(envelope));
    expect(verdict(data(contact))).toBe('accept');
    expect(verdict(data(asNew(contactEnvelope(alice, 1, now))))).toBe('accept');
    const spoilt = new Uint8Array(contact.message);
    spoilt[spoilt.length - 20] = (spoilt[spoilt.length - 20] as number) ^ 1;
    // Also where the message API takes everything: contacts are how people are found, across all nodes.
    for (const bad of [
      { ...contact, message: spoilt },
      { ...contact, message: utf8('nonsense') },
      { ...contact, topic: contactTopic(carol.address) },
      { ...contact, topic: contact.topic.toLowerCase() },
      { ...contact, timestampNs: contact.timestampNs + 2n * 3_600_000_000_000n },
    ])
      for (const compat of [false, true]) expect(verdict(data(bad), { guard: guardOf({ compat }) })).toBe('reject: bad contact');
  });

  test('has limits for each peer, which a trusted home does not have when stores are compared', () => {
    const guard = guardOf({ contactRate: 1 });
    const data = encodeWakuMessage(wakuMessageOf(asNew(contactEnvelope(alice, 2, now))));
    const ask = (from: Origin) => verdict(data, { guard, from });
    for (const from of [peer, { peer: home.peerId, live: true }]) {
      expect(new Set(Array.from({ length: 100 }, () => ask(from)))).toEqual(new Set(['accept']));
      expect(ask(from)).toBe('ignore: over limit');
    }
    expect(ask({ peer: home.peerId, live: false })).toBe('accept');
  });
});

describe('what is no envelope', () => {
  test('is rejected, or left to other applications', () => {
    for (const data of [utf8('nonsense'), new Uint8Array(300).fill(255)]) expect(verdict(data)).toBe('reject: malformed');
    const foreign = { ...message, topic: '/chat/1/room/proto' };
    expect(verdict(encodeWakuMessage(wakuMessageOf(foreign)))).toBe('ignore: not xmtp');
    expect(verdict(encodeWakuMessage(wakuMessageOf({ ...message, topic: '' })))).toBe('ignore: not xmtp');
    for (const change of [
      (waku: WakuMessage) => (waku.version = 1),
      (waku: WakuMessage) => (waku.timestamp = -1n),
      (waku: WakuMessage) => delete waku.timestamp,
      (waku: WakuMessage) => (waku.meta = new Uint8Array(5)),
      (waku: WakuMessage) => (waku.meta = new Uint8Array(65)),
      (waku: WakuMessage) => (waku.voucher = utf8('nonsense')),
    ])
      expect(verdict(vouched(message, change))).toBe('reject: malformed');
    expect(decodeWakuMessage(encodeWakuMessage(wakuMessageOf(message)))).toEqual(wakuMessageOf(message));
  });

  test('that is known costs nothing', () => {
    expect(verdict(vouched(message), { guard: guardOf({ knows: () => true }) })).toBe('ignore: known');
  });
});

test('a voucher says whose it is and from when', () => {
  const bytes = issueVoucher(home, topic, message, now - 5);
  expect(checkVoucher(bytes, { pubsubTopic: topic, envelope: message }, { trusts: () => true, nowMs: now, live: true })).toEqual({
    home: hex(home.publicKey),
    issuedMs: now - 5,
  });
});

test('shards are a hash of the whole content topic, and what cannot be one is refused', () => {
  const shards = parseShards('/waku/2/rs/16/3-10') as Shards;
  expect(shards.topics).toHaveLength(8);
  const spread = new Set(Array.from({ length: 200 }, (_, n) => shards.of(`/xmtp/0/m-${n}/proto`)));
  expect([...spread].sort()).toEqual([...shards.topics].sort());
  expect(shards.of(message.topic)).toBe(shards.of(message.topic));
  for (const wrong of ['', 'x', '/waku/1/x', '/waku/2/rs/16/9-3', '/waku/2/rs/16/0-9999']) expect(parseShards(wrong)).toBeNull();
});
