import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../src/node/log.ts';
import { Metrics } from '../../../src/node/metrics.ts';
import { Announcer } from '../../../src/node/relay/announcer.ts';
import { bundleTopicOf, maxBundle } from '../../../src/node/relay/bundle.ts';
import type { Host } from '../../../src/node/relay/host.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { Recent } from '../../../src/node/relay/recent.ts';
import { parseShards, type Shards } from '../../../src/node/relay/shards.ts';
import { decodeBundle } from '../../../src/node/relay/wire.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';

const topic = '/waku/2/default-waku/proto';

/** An announcer, and how many envelopes each thing had that it handed on. */
function announcing() {
  const sizes: number[] = [];
  const publish = async (on: string, data: Uint8Array) => {
    sizes.push(on === bundleTopicOf(topic) ? (decodeBundle(data)?.messages.length ?? 0) : 1);
    return { recipients: [] };
  };
  const host = { services: { pubsub: { publish, getSubscribers: () => [] } } } as unknown as Host;
  const announcer = new Announcer({
    ...{ identity: openIdentity(':memory:'), host, topic, shards: parseShards(topic) as Shards, recent: new Recent(100) },
    ...{ indexer: { note() {} }, log: createLog('silent'), metrics: new Metrics(), clock: Date.now },
  });
  let made = 0;
  const announce = (count: number): void =>
    announcer.announce(
      Array.from({ length: count }, () => ({ topic: '/xmtp/0/m-one/proto', timestampNs: BigInt(++made), message: utf8('hello') })),
    );
  return { announcer, announce, sizes };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what comes alone goes at once, and what comes behind much that has just gone waits for more, and not for long', () => {
  const { announce, sizes } = announcing();
  announce(3);
  announce(1);
  vi.advanceTimersByTime(0);
  expect(sizes).toEqual([4]);
  vi.advanceTimersByTime(10);
  announce(40);
  vi.advanceTimersByTime(1);
  expect(sizes).toEqual([4, 40]);
  for (let turn = 0; turn < 10; turn++) {
    announce(10);
    vi.advanceTimersByTime(1);
  }
  expect(sizes).toEqual([4, 40]);
  vi.advanceTimersByTime(11);
  expect(sizes).toEqual([4, 40, 100]);
  announce(1);
  vi.advanceTimersByTime(25);
  expect(sizes).toEqual([4, 40, 100, 1]);
  announce(1);
  vi.advanceTimersByTime(1);
  expect(sizes).toEqual([4, 40, 100, 1, 1]);
});

test('as much as a bundle may have is not kept waiting, and nothing is when the node stops', () => {
  const { announcer, announce, sizes } = announcing();
  announce(50);
  vi.advanceTimersByTime(1);
  announce(maxBundle + 7);
  expect(sizes).toEqual([50, maxBundle]);
  announcer.flush();
  announcer.flush();
  expect(sizes).toEqual([50, maxBundle, 7]);
  vi.advanceTimersByTime(1000);
  expect(sizes).toEqual([50, maxBundle, 7]);
});
