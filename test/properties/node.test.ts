import { gzipSync } from 'node:zlib';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect } from 'vitest';
import { ConfigError, readConfig } from '../../src/node/config.ts';
import { FrameReader, frame, inflate } from '../../src/node/framing.ts';
import { networkOf, RateLimiter } from '../../src/node/limits.ts';
import { toRefusal } from '../../src/node/refusal.ts';
import { settings } from '../../src/node/settings.ts';
import { keepFirst, type Place } from '../../src/node/store/places.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import type { StoreCursor, StoredEnvelope } from '../../src/node/store/store.ts';
import { checkEnvelope } from '../../src/node/topic-rules.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, exactly, people, text, timeNs, topicName } from './arbitraries.ts';
import { property } from './property.ts';

/** The code of the refusal, or null; any other error is thrown on. */
function refusalOf(action: () => unknown): Code | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof ConnectError) return error.code;
    throw error;
  }
}

const frames = fc.array(fc.record({ flags: fc.nat(255), payload: bytes(60) }), { maxLength: 6 });

property(
  'frames are read as they were written, in whatever pieces they come',
  [frames, fc.array(fc.nat(20), { minLength: 1, maxLength: 6 })],
  (sent, cuts) => {
    const stream = Buffer.concat(sent.map(({ flags, payload }) => frame(flags, payload)));
    const reader = new FrameReader(60);
    const read = [];
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const length = (cuts[turn % cuts.length] as number) + (turn % 2);
      read.push(...reader.push(stream.subarray(at, at + length)));
      at += length;
    }
    expect(read.map(({ flags, payload }) => ({ flags, payload: new Uint8Array(payload) }))).toEqual(sent);
    expect(reader.isEmpty).toBe(true);
  },
);

property(
  'a frame is refused exactly when it says that it is too long, before it is there',
  [fc.nat(255), fc.nat({ max: 2 ** 32 - 1 }), fc.nat(100)],
  (flags, length, max) => {
    const head = Buffer.from([flags, 0, 0, 0, 0]);
    head.writeUInt32BE(length, 1);
    const reader = new FrameReader(max);
    expect(refusalOf(() => reader.push(head))).toBe(length > max ? Code.ResourceExhausted : null);
  },
);

property('bytes of any kind are frames or refused', [fc.array(bytes(40), { maxLength: 4 })], (pieces) => {
  const reader = new FrameReader(1000);
  const read = refusalOf(() => {
    for (const piece of pieces) for (const { payload } of reader.push(Buffer.from(piece))) expect(payload.length).toBeLessThanOrEqual(1000);
  });
  expect([null, Code.ResourceExhausted]).toContain(read);
});

property(
  'a compressed message is what it was, and never more than is allowed',
  [
    fc.oneof(
      bytes(),
      fc.nat(3000).map((length) => new Uint8Array(length)),
    ),
    fc.integer({ min: 1, max: 2000 }),
  ],
  (message, max) => {
    const packed = gzipSync(message);
    if (message.length <= max) expect(new Uint8Array(inflate(packed, 'gzip', max))).toEqual(message);
    else expect(refusalOf(() => inflate(packed, 'gzip', max))).toBe(Code.InvalidArgument);
  },
);

property('what is not compressed, or by another encoding, is refused', [bytes(60), text(8)], (given, encoding) => {
  expect(refusalOf(() => inflate(Buffer.from(given), 'gzip', 100))).toBe(Code.InvalidArgument);
  expect(refusalOf(() => inflate(gzipSync(given), encoding, 100))).toBe(Code.Unimplemented);
});

const step = fc.record({
  waitMs: fc.integer({ min: 0, max: 60_000 }),
  cost: fc.integer({ min: 1, max: 300 }),
  who: fc.constantFrom('a', 'b'),
});

property(
  'nobody ever gets more than the burst and what the rate gave since, and who is refused loses nothing',
  [fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 30 })],
  (rate, steps) => {
    let now = 0;
    const limiter = new RateLimiter('x', rate, () => now);
    const tokens: Record<string, number> = { a: 100 * rate, b: 100 * rate };
    for (const { waitMs, cost, who } of steps) {
      now += waitMs;
      for (const each of ['a', 'b']) tokens[each] = Math.min(100 * rate, (tokens[each] as number) + (waitMs / 1000) * rate);
      const has = tokens[who] as number;
      // Sums of fractions end a hair beside each other.
      if (Math.abs(has - cost) < 1e-6) continue;
      const refused = refusalOf(() => limiter.spend(who, cost));
      expect(refused).toBe(has >= cost ? null : Code.ResourceExhausted);
      if (refused === null) tokens[who] = has - cost;
      expect(tokens[who]).toBeGreaterThanOrEqual(0);
    }
  },
);

property(
  'who waits as long as he is told is let through',
  [fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2000 })],
  (rate, cost) => {
    let now = 0;
    const limiter = new RateLimiter('x', rate, () => now);
    limiter.spend('a', 100 * rate);
    try {
      limiter.spend('a', cost);
    } catch (error) {
      const told = (error as ConnectError).metadata.get('retry-after');
      expect(told === null).toBe(cost > 100 * rate);
      if (told === null) return;
      now = Number(told) * 1000;
      limiter.spend('a', cost);
      return;
    }
    throw new Error('nothing was left, and still it was let through');
  },
);

property(
  'a clock that is set back gives nobody anything',
  [fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 1, max: 10 ** 9 })],
  (start, back) => {
    let now = start + back;
    const limiter = new RateLimiter('x', 2, () => now);
    limiter.spend('a', 200);
    now = start;
    expect(refusalOf(() => limiter.spend('a', 1))).toBe(Code.ResourceExhausted);
  },
);

property('the network of an IPv6 address is its /64, however it is spelled', [fc.ipV6(), fc.ipV6()], (one, other) => {
  const groups = groupsOf(one);
  if (isMapped(groups) || isMapped(groupsOf(other))) return;
  expect(networkOf(one)).toBe(`${groups.slice(0, 4).join(':')}::/64`);
  expect(networkOf(one.toUpperCase())).toBe(networkOf(one));
  expect(networkOf(one) === networkOf(other)).toBe(groups.slice(0, 4).join() === groupsOf(other).slice(0, 4).join());
});

const isMapped = (groups: readonly string[]): boolean => groups.slice(0, 6).join() === '0,0,0,0,0,ffff';

/** The eight groups of an address, as URL understands it. */
function groupsOf(ip: string): string[] {
  const [head = '', tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  return tail === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

property('an IPv4 address is its own network, and its forms within IPv6 are the same one', [fc.ipV4()], (ip) => {
  expect(networkOf(ip)).toBe(ip);
  const hex = groupsOf(`::ffff:${ip}`).slice(6).join(':');
  for (const form of [`::ffff:${ip}`, `::FFFF:${hex}`, `0:0:0:0:0:ffff:${hex}%eth0`]) expect(networkOf(form)).toBe(ip);
});

const [publisher] = people;
const anyTopic = fc.oneof(
  text(60),
  topicName.map(conversationTopic),
  fc
    .tuple(fc.constantFrom('contact', 'invite', 'intro', 'privatestore', 'userpreferences', 'dm'), text(50))
    .map(([kind, name]) => `/xmtp/0/${kind}-${name}/proto`),
);

property(
  'whatever somebody publishes is taken or refused, and never a fault of the node',
  [anyTopic, timeNs, bytes(60), fc.boolean()],
  (topic, timestampNs, message, compat) => {
    try {
      checkEnvelope({ topic, timestampNs, message }, publisher.address, { compat, nowMs: 5 });
    } catch (error) {
      expect(toRefusal(error).code).not.toBe(Code.Internal);
    }
  },
);

property(
  'nobody publishes contacts or key backups of another, in whatever mode',
  [address, bytes(30), fc.boolean(), fc.constantFrom('contact', 'privatestore')],
  (owner, message, compat, kind) => {
    const topic = `/xmtp/0/${kind}-${owner}${kind === 'contact' ? '' : '/key_bundle'}/proto`;
    expect(refusalOf(() => checkEnvelope({ topic, timestampNs: 1n, message }, publisher.address, { compat, nowMs: 5 }))).toBe(
      Code.PermissionDenied,
    );
  },
);

const numbers = ['port', 'walletPublishRate', 'networkPublishRate', 'networkReadRate', 'networkStreams'] as const;

property(
  'a flag wins over the environment, the environment over the default',
  [fc.constantFrom(...numbers), fc.option(fc.nat(60_000)), fc.option(fc.nat(60_000)), fc.boolean()],
  (name, flag, variable, attached) => {
    const { flag: word, fallback } = settings[name];
    const argv = flag === null ? [] : attached ? [`--${word}=${flag}`] : [`--${word}`, String(flag)];
    const environment = { [`PARLEY_${word.toUpperCase().replaceAll('-', '_')}`]: variable === null ? undefined : String(variable) };
    const config = readConfig(argv, environment);
    const value = name === 'port' ? config?.port : config?.limits[name];
    expect(value).toBe(flag ?? variable ?? Number(fallback));
  },
);

const word = fc.oneof(text(12), fc.constantFrom(...Object.values(settings).map(({ flag }) => `--${flag}`)), fc.nat(99_999).map(String));

property('words of any kind configure a node or are refused by a sentence', [fc.array(word, { maxLength: 4 })], (argv) => {
  try {
    const config = readConfig(argv, {});
    expect(config === null || (config.port >= 0 && config.port <= 65_535)).toBe(true);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
  }
});

const placeOf = fc.record({ topic: fc.constant('a'), seq: fc.constant(0n), timestampNs: fc.bigInt(0n, 4n), digest: exactly(1) });

property(
  'of the places of several topics the first in the common order are kept',
  [fc.array(placeOf, { maxLength: 20 }), fc.boolean(), fc.nat(10)],
  (places: Place[], ascending, limit) => {
    const sign = ascending ? 1 : -1;
    const key = ({ timestampNs, digest }: Place): number => Number(timestampNs) * 256 + (digest[0] as number);
    const expected = places
      .map(key)
      .sort((a, b) => sign * (a - b))
      .slice(0, limit);
    keepFirst(places, { topics: ['a'], startNs: 0n, endNs: 0n, limit, ascending });
    expect(places.map(key)).toEqual(expected);
  },
);

const store = openSqliteStore({ data: ':memory:' });
let topics = 0;
const rows = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b'), fc.bigInt(1n, 4n), fc.nat(20)), { maxLength: 12, selector: String });

property(
  'page after page, every row comes once and in order, whatever the size of the pages',
  [rows, fc.integer({ min: 1, max: 5 }), fc.boolean()],
  async (given, limit, ascending) => {
    // Topics of their own, so that one store serves all runs.
    topics += 1;
    const of = (topic: string): string => `${topic} ${topics}`;
    await store.append(given.map(([topic, timestampNs, message]) => ({ topic: of(topic), timestampNs, message: Uint8Array.of(message) })));
    const asked = { topics: [of('a'), of('b')], startNs: 0n, endNs: 0n, ascending };
    const all = await store.query({ ...asked, limit: 100 });
    expect(all).toHaveLength(given.length);
    const seen: StoredEnvelope[] = [];
    for (let after: StoreCursor | undefined; ; ) {
      const page = await store.query({ ...asked, limit, ...(after && { cursor: after }) });
      seen.push(...page);
      after = page.at(-1);
      if (page.length < limit || !after) break;
    }
    expect(seen).toEqual(all);
    const backwards = await store.query({ ...asked, limit: 100, ascending: !ascending });
    expect(backwards.toReversed()).toEqual(all);
  },
);
