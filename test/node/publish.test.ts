import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SortDirection } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, ephemeralTopic, inviteTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';
import { api, bearer, contactEnvelope, invitationEnvelopes, messageEnvelope, plain } from './clients.ts';

const now = Date.now();
let node: RunningNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const again = async (options: NodeOptions): Promise<void> => {
  await node.close();
  node = await startNode(options);
};
const publish = (person: Person, ...envelopes: Envelope[]) => api(node.url).publish({ envelopes }, { headers: bearer(person) });
const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
  return 'taken';
};
const stored = async (topic: string): Promise<Envelope[]> =>
  (await api(node.url).query({ contentTopics: [topic], pagingInfo: { direction: SortDirection.ASCENDING } })).envelopes.map(plain);

describe('who may publish', () => {
  test('is who shows a token', async () => {
    const envelope = await messageEnvelope(alice, bob, now);
    expect(await refusal(api(node.url).publish({ envelopes: [envelope] }))).toBe('Unauthenticated');
    expect(await refusal(api(node.url).publish({ envelopes: [envelope] }, { headers: { authorization: 'Bearer bm9uc2Vuc2U=' } }))).toBe(
      'Unauthenticated',
    );
    const old = bearer(alice, () => now - 3_700_000);
    const ahead = bearer(alice, () => now + 3_700_000);
    for (const headers of [old, ahead])
      expect(await refusal(api(node.url).publish({ envelopes: [envelope] }, { headers }))).toBe('Unauthenticated');
    expect(await stored(envelope.contentTopic)).toEqual([]);
  });

  test('of contacts and key backups is their owner', async () => {
    const contact = { ...contactEnvelope(bob, 2, now), contentTopic: contactTopic(alice.address) };
    expect(await refusal(publish(bob, contact))).toBe('PermissionDenied');
    expect(await refusal(publish(bob, { ...contact, contentTopic: privateStoreTopic(alice.address) }))).toBe('PermissionDenied');
  });

  test('of an invitation is its sender, into the topics of its two sides', async () => {
    const [toBob, toAlice] = await invitationEnvelopes(alice, bob, now);
    if (!toBob || !toAlice) throw new Error('two envelopes');
    expect(await refusal(publish(alice, toBob, toAlice))).toBe('taken');
    expect(await refusal(publish(bob, { ...toBob, timestampNs: toBob.timestampNs }))).not.toBe('taken');
    expect(await refusal(publish(alice, { ...toBob, contentTopic: inviteTopic(carol.address) }))).not.toBe('taken');
    expect(await refusal(publish(alice, { ...toBob, timestampNs: toBob.timestampNs + 1n }))).not.toBe('taken');
  });
});

describe('a contact', () => {
  test('is taken in both formats, and a repetition is taken and not stored', async () => {
    for (const version of [1, 2, 2, 1] as const) await publish(alice, contactEnvelope(alice, version, now + version));
    expect(await stored(contactTopic(alice.address))).toHaveLength(2);
  });

  test('must verify for its topic', async () => {
    const garbage = { ...contactEnvelope(alice, 2, now), message: utf8('garbage') };
    const foreign = { ...contactEnvelope(alice, 2, now), message: encodeContact(bob.contact, 2) };
    for (const envelope of [garbage, foreign]) expect(await refusal(publish(alice, envelope))).not.toBe('taken');
    expect(await stored(contactTopic(alice.address))).toEqual([]);
  });

  test('with an older pre-key does not come back', async () => {
    const rotated = publicBundle(rotatePreKey(alice.bundle, () => now));
    await publish(alice, contactEnvelope(alice, 2, now));
    await publish(alice, { contentTopic: contactTopic(alice.address), timestampNs: msToNs(now + 1), message: encodeContact(rotated, 2) });
    expect(await refusal(publish(alice, contactEnvelope(alice, 2, now + 2)))).not.toBe('taken');
    expect(await stored(contactTopic(alice.address))).toHaveLength(2);
  });

  test('with a pre-key a day ahead is refused', async () => {
    const ahead = publicBundle(rotatePreKey(alice.bundle, () => now + 86_400_000));
    const envelope = { contentTopic: contactTopic(alice.address), timestampNs: msToNs(now), message: encodeContact(ahead, 2) };
    expect(await refusal(publish(alice, envelope))).not.toBe('taken');
  });

  test('is not looked at by a node that takes what existing nodes take', async () => {
    await again({ compat: true });
    const garbage = { ...contactEnvelope(alice, 2, now), message: utf8('garbage') };
    expect(await refusal(publish(alice, garbage))).toBe('taken');
    expect(await refusal(publish(bob, garbage))).toBe('PermissionDenied');
  });
});

describe('a publish', () => {
  test('takes all envelopes or none', async () => {
    const good = await messageEnvelope(alice, bob, now);
    expect(await refusal(publish(alice, good, { ...good, message: new Uint8Array(1_048_215) }))).toBe('InvalidArgument');
    expect(await refusal(publish(alice, good, contactEnvelope(bob, 2, now)))).toBe('PermissionDenied');
    expect(await stored(good.contentTopic)).toEqual([]);
  });

  test('of the same again is a success and no second row', async () => {
    const envelope = await messageEnvelope(alice, bob, now);
    await publish(alice, envelope);
    await publish(alice, envelope, envelope);
    expect(await stored(envelope.contentTopic)).toHaveLength(1);
  });

  test('of an ephemeral message reaches the streams and no row', async () => {
    const ordinary = await messageEnvelope(alice, bob, now);
    const envelope = { ...ordinary, contentTopic: ephemeralTopic(ordinary.contentTopic) };
    const stop = new AbortController();
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream = api(node.url).subscribe({ contentTopics: [envelope.contentTopic] }, { signal: stop.signal, onHeader: () => opened() });
    const first = stream[Symbol.asyncIterator]().next();
    await open;
    await publish(alice, envelope);
    expect(plain((await first).value)).toEqual(envelope);
    expect(await stored(envelope.contentTopic)).toEqual([]);
    stop.abort();
  });

  test('in a conversation must carry its topic and its time', async () => {
    const envelope = await messageEnvelope(alice, bob, now);
    expect(await refusal(publish(alice, { ...envelope, contentTopic: '/xmtp/0/m-other/proto' }))).not.toBe('taken');
    expect(await refusal(publish(alice, { ...envelope, timestampNs: 1n }))).not.toBe('taken');
    expect(await refusal(publish(alice, await messageEnvelope(alice, bob, now + 7_200_000)))).toBe('InvalidArgument');
  });
});

describe('a query', () => {
  const topics = ['/xmtp/0/m-one/proto', '/xmtp/0/m-two/proto'];
  const fill = async (count: number): Promise<void> => {
    await again({ compat: true });
    const envelopes = Array.from({ length: count }, (_, index) => ({
      contentTopic: topics[index % 2] as string,
      timestampNs: BigInt(Math.floor(index / 3) + 1),
      message: utf8(`message ${index}`),
    }));
    await publish(alice, ...envelopes);
  };
  const pages = async (direction: SortDirection, limit: number, window = {}): Promise<Envelope[][]> => {
    const found: Envelope[][] = [];
    let cursor = {};
    for (;;) {
      const { envelopes, pagingInfo } = await api(node.url).query({
        contentTopics: topics,
        pagingInfo: { limit, direction, ...cursor },
        ...window,
      });
      found.push(envelopes.map(plain));
      if (!pagingInfo?.cursor) return found;
      cursor = { cursor: pagingInfo.cursor };
    }
  };

  test.each([1, 3, 7, 100])('reads many topics in one order, in pages of %i', async (limit) => {
    await fill(20);
    const ascending = (await pages(SortDirection.ASCENDING, limit)).flat();
    const descending = (await pages(SortDirection.DESCENDING, limit)).flat();
    expect(ascending).toHaveLength(20);
    expect(descending).toEqual(ascending.toReversed());
    const times = ascending.map(({ timestampNs }) => timestampNs);
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
  });

  test('takes both ends of its window', async () => {
    await fill(20);
    const found = (await pages(SortDirection.ASCENDING, 100, { startTimeNs: 2n, endTimeNs: 4n })).flat();
    expect(new Set(found.map(({ timestampNs }) => timestampNs))).toEqual(new Set([2n, 3n, 4n]));
    expect(found).toHaveLength(9);
  });

  test('answers a full page with a cursor, also when nothing follows', async () => {
    await fill(4);
    expect((await pages(SortDirection.ASCENDING, 2)).map(({ length }) => length)).toEqual([2, 2, 0]);
  });

  test('has limits, and names them', async () => {
    const ask = (contentTopics: string[], limit: number) => api(node.url).query({ contentTopics, pagingInfo: { limit } });
    expect(await refusal(ask(['a'], 101))).toBe('InvalidArgument');
    expect(await refusal(ask(['/xmtp/0/userpreferences-x/proto'], 500))).toBe('taken');
    expect(await refusal(ask(['/xmtp/0/userpreferences-x/proto'], 501))).toBe('InvalidArgument');
    const requests = Array.from({ length: 51 }, () => ({ contentTopics: ['a'] }));
    expect(await refusal(api(node.url).batchQuery({ requests }))).toBe('InvalidArgument');
    expect(await refusal(api(node.url).batchQuery({ requests: requests.slice(1) }))).toBe('taken');
  });
});

describe('a subscription', () => {
  test('takes fifty thousand topics', async () => {
    const envelope = await messageEnvelope(alice, bob, now);
    const contentTopics = [...Array.from({ length: 49_999 }, (_, index) => `/xmtp/0/m-${index}/proto`), envelope.contentTopic];
    const stop = new AbortController();
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream = api(node.url).subscribe({ contentTopics }, { signal: stop.signal, onHeader: () => opened() });
    const first = stream[Symbol.asyncIterator]().next();
    await open;
    await publish(alice, envelope);
    expect(plain((await first).value)).toEqual(envelope);
    stop.abort();
  });

  test('ends with words when the node stops', async () => {
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream = api(node.url).subscribe({ contentTopics: ['/xmtp/0/m-x/proto'] }, { onHeader: () => opened() });
    const end = refusal(stream[Symbol.asyncIterator]().next());
    await open;
    await node.close();
    expect(await end).toBe('Unavailable');
  });
});
