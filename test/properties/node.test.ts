import { gzipSync } from 'node:zlib';
import { create, fromJson, fromJsonString, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect } from 'vitest';
import {
  BatchQueryRequestSchema,
  CursorSchema,
  type Envelope,
  EnvelopeSchema,
  PagingInfoSchema,
  PublishRequestSchema,
  QueryResponseSchema,
  SortDirection,
} from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { ConfigError, readConfig } from '../../src/node/config.ts';
import { FrameReader, frame, inflate } from '../../src/node/framing.ts';
import { parseBody, queryResponseJson, readBatchQuery, readPlainPublish, readPublish } from '../../src/node/gateway-json.ts';
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

const envelope: fc.Arbitrary<Envelope> = fc
  .record({ contentTopic: text(), timestampNs: timeNs, message: bytes(40) })
  .map((each) => create(EnvelopeSchema, each));
const cursor = fc.option(
  fc.record({ digest: exactly(32), senderTimeNs: timeNs }).map((value) => create(CursorSchema, { cursor: { case: 'index', value } })),
  { nil: undefined },
);
const direction = fc.constantFrom(SortDirection.ASCENDING, SortDirection.DESCENDING);

property(
  'an answer in JSON says what the answer in protobuf says',
  [fc.array(envelope, { maxLength: 4 }), cursor, direction, fc.nat(100)],
  (envelopes, after, order, limit) => {
    const pagingInfo = create(PagingInfoSchema, { limit, direction: order, ...(after && { cursor: after }) });
    const answer = create(QueryResponseSchema, { envelopes, pagingInfo });
    expect(fromJsonString(QueryResponseSchema, queryResponseJson(answer))).toEqual(answer);
  },
);

property(
  'a body in JSON is read as it is, but for long times, which keep every digit',
  [fc.jsonValue(), fc.bigInt(10n ** 15n, 2n ** 64n - 1n), fc.constantFrom(' ', '', '\n')],
  (value, time, space) => {
    const holdsLongTime = /ime\w*"\s*:\s*\d{16}/.test(JSON.stringify(value));
    if (!holdsLongTime) expect(parseBody(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    const body = `{"startTimeNs"${space}:${space}${time}${space},"rest":[{"timestampNs":${time}}]}`;
    expect(parseBody(body)).toEqual({ startTimeNs: String(time), rest: [{ timestampNs: String(time) }] });
  },
);

property(
  'a body is JSON or a SyntaxError',
  [
    fc.oneof(
      text(),
      fc.json().map((json) => json.slice(1)),
    ),
  ],
  (body) => {
    try {
      parseBody(body);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
  },
);

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

property('an envelope has the same length in a frame as the frame says', [envelope], (each) => {
  const encoded = toBinary(EnvelopeSchema, each);
  const [read, ...more] = new FrameReader(10_000).push(frame(0, encoded));
  expect(new Uint8Array(read?.payload ?? [])).toEqual(encoded);
  expect(more).toEqual([]);
});

const publishJson = fc.record(
  {
    contentTopic: fc.oneof(text(30), topicName.map(conversationTopic)),
    timestampNs: fc.oneof(
      timeNs.map(String),
      fc.constantFrom('', '-1', '99999999999999999999', '18446744073709551616', ' 1', '1e3', '007'),
    ),
    message: fc.oneof(
      bytes(60).map((each) => Buffer.from(each).toString('base64')),
      bytes(20).map((each) => Buffer.from(each).toString('base64url')),
      fc.constantFrom('=', 'A', 'AB', 'ABC=', 'AB==', 'AA=A', 'A A=', '====', 'AAA=AAAA'),
    ),
  },
  { requiredKeys: [] },
);

property(
  'a publish that is read by the short way is the one that the general way reads',
  [fc.array(publishJson, { maxLength: 4 })],
  (envelopes) => {
    const short = readPublish({ envelopes });
    if (short === null) return;
    const general = fromJson(PublishRequestSchema, { envelopes });
    expect(
      short.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message: new Uint8Array(message) })),
    ).toEqual(general.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message })));
  },
);

const plainPublish = fc
  .tuple(
    fc.oneof(
      publishJson.map((envelope) => [envelope]),
      fc.array(publishJson, { maxLength: 2 }),
    ),
    fc.option(fc.constantFrom('\\', '"', '":"', ',', '}', 'ü', '\\u0041', ' ', ''), { nil: undefined }),
    fc.nat(400),
    fc.nat(3),
  )
  .map(([envelopes, piece, at, gone]) => {
    const body = JSON.stringify({ envelopes });
    return piece === undefined ? body : body.slice(0, at % (body.length + 1)) + piece + body.slice((at % (body.length + 1)) + gone);
  });

property('a body that is read as a plain publish is the JSON of that publish, whatever was changed in it', [plainPublish], (body) => {
  const short = readPlainPublish(Buffer.from(body));
  if (short === null) return;
  const general = fromJson(PublishRequestSchema, JSON.parse(body));
  expect(
    short.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message: new Uint8Array(message) })),
  ).toEqual(general.envelopes.map(({ contentTopic, timestampNs, message }) => ({ contentTopic, timestampNs, message })));
});

property(
  'a publish of one good envelope is a plain one as JSON.stringify writes it',
  [fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,40}$/), fc.bigInt(0n, 2n ** 63n - 1n), bytes(60)],
  (contentTopic, timestampNs, message) => {
    const envelope = { contentTopic, timestampNs: String(timestampNs), message: Buffer.from(message).toString('base64') };
    const [read, ...more] = readPlainPublish(Buffer.from(JSON.stringify({ envelopes: [envelope] })))?.envelopes ?? [];
    expect({ ...read, message: new Uint8Array(read?.message ?? []) }).toEqual({ contentTopic, timestampNs, message });
    expect(more).toEqual([]);
  },
);

const time = fc.oneof(timeNs.map(String), fc.constantFrom('', '-1', '99999999999999999999', '18446744073709551616', ' 1', '1e3', '007', 7));

const queryJson = fc.record(
  {
    contentTopics: fc.array(fc.oneof(text(30), topicName.map(conversationTopic)), { maxLength: 3 }),
    startTimeNs: time,
    endTimeNs: time,
    pagingInfo: fc.record(
      {
        limit: fc.oneof(fc.nat(200), fc.constantFrom(-1, 1.5, 2 ** 31, 2 ** 32 - 1, 2 ** 32, '20')),
        direction: fc.constantFrom('SORT_DIRECTION_ASCENDING', 'SORT_DIRECTION_DESCENDING', 'SORT_DIRECTION_UNSPECIFIED', 1, 'toString'),
        cursor: fc.constantFrom(null, {}, { index: { senderTimeNs: '7' } }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['contentTopics'] },
);

property(
  'a query that is read by the short way is the one that the general way reads',
  [fc.array(queryJson, { maxLength: 2 })],
  (requests) => {
    const short = readBatchQuery({ requests });
    if (short === null) return;
    const general = fromJson(BatchQueryRequestSchema, { requests });
    const asked = requests.map(({ pagingInfo }, index) => (pagingInfo ? short : general).requests[index]?.pagingInfo);
    expect(short.requests.map(({ pagingInfo: _, ...each }) => each)).toEqual(
      general.requests.map(({ contentTopics, startTimeNs, endTimeNs, $typeName }) => ({
        contentTopics,
        startTimeNs,
        endTimeNs,
        $typeName,
      })),
    );
    expect(asked).toEqual(general.requests.map(({ pagingInfo }) => pagingInfo));
  },
);
