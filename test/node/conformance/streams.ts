import { Code } from '@connectrpc/connect';
import { expect } from 'vitest';
import { envelope, here, many, type Row, soon, start, times, topic } from './setting.ts';

/** What streams bring, and how they end. */
export const streams: readonly Row[] = [
  {
    names: ['SubscribePublishQuery'],
    says: 'a stream brings what is published, a query has it',
    async hold(client) {
      await start();
      const stream = await client.subscribe([topic]);
      await client.publish(many(1, 10));
      await expect.poll(() => stream.received.length, soon).toBe(10);
      expect(
        stream.received.map(({ contentTopic, timestampNs, message }) => [contentTopic, timestampNs, Buffer.from(message).toString()]),
      ).toEqual(many(1, 10).map(({ contentTopic, timestampNs, message }) => [contentTopic, timestampNs, Buffer.from(message).toString()]));
      expect(times(await client.query({ contentTopics: [topic], ascending: true }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
  },
  {
    names: ['SubscribeClientClose', 'Subscribe_ContextCancel'],
    says: 'who has gone costs nothing, and others go on',
    async hold(client) {
      await start();
      const [one, other] = [await client.subscribe([topic]), await client.subscribe([topic])];
      await client.publish([envelope(1)]);
      await expect.poll(() => one.received.length, soon).toBe(1);
      one.close();
      await client.publish([envelope(2)]);
      await expect.poll(() => other.received.length, soon).toBe(2);
      expect(one.received).toHaveLength(1);
    },
  },
  {
    names: ['SubscribeAllClientClose'],
    says: 'everything of this network, until one goes',
    async hold(client) {
      await start();
      const stream = await client.subscribe('all');
      await client.publish([envelope(1), envelope(2, '/xmtp/0/other/proto'), envelope(3, 'elsewhere')]);
      await expect.poll(() => stream.received.map(({ contentTopic }) => contentTopic), soon).toEqual([topic, '/xmtp/0/other/proto']);
      stream.close();
      expect(await stream.ended).toBe('closed');
    },
  },
  {
    names: ['SubscribeServerClose', 'SubscribeAllServerClose'],
    says: 'streams end when the node stops',
    differs: 'they end with `Unavailable` and words; there they end as if nothing were wrong',
    async hold(client) {
      await start();
      const streams = [await client.subscribe([topic]), await client.subscribe('all')];
      await here.node.close();
      for (const stream of streams) expect(await stream.ended).toBe(Code.Unavailable);
    },
  },
  {
    names: ['MultipleSubscriptions'],
    says: 'each gets its own',
    async hold(client) {
      await start();
      const [one, two, both] = [await client.subscribe(['a']), await client.subscribe(['b']), await client.subscribe(['a', 'b'])];
      await client.publish([envelope(1, 'a'), envelope(2, 'b')]);
      await expect.poll(() => [one, two, both].map(({ received }) => received.length), soon).toEqual([1, 1, 2]);
    },
  },
  ...['/xmtp/0/mE-x/proto', '/xmtp/0/dmE-x-y/proto'].map(
    (ephemeral, index): Row => ({
      names: [index === 0 ? 'SubscribePublishToEphemeralV2Topic' : 'SubscribePublishToEphemeralV1Topic', 'Topics: ephemeral'],
      says: `${ephemeral} is relayed and not stored`,
      async hold(client) {
        await start();
        const stream = await client.subscribe([ephemeral]);
        await client.publish([envelope(1, ephemeral)]);
        await expect.poll(() => stream.received.length, soon).toBe(1);
        expect((await client.query({ contentTopics: [ephemeral] })).envelopes).toEqual([]);
      },
    }),
  ),
  {
    names: ['E2E'],
    says: 'several clients publish, the streams of all get everything, query and batch query agree',
    async hold(client) {
      await start();
      const streams = await Promise.all(Array.from({ length: 5 }, () => client.subscribe([topic])));
      await Promise.all(Array.from({ length: 5 }, (_, n) => client.publish(many(n * 5 + 1, n * 5 + 5))));
      const all = Array.from({ length: 25 }, (_, n) => n + 1);
      for (const stream of streams) await expect.poll(() => stream.received.length, soon).toBe(25);
      for (const { received } of streams)
        expect(received.map(({ timestampNs }) => Number(timestampNs)).toSorted((a, b) => a - b)).toEqual(all);
      const asked = { contentTopics: [topic], ascending: true };
      expect(times(await client.query(asked))).toEqual(all);
      expect((await client.batch([asked])).map(times)).toEqual([all]);
    },
  },
];
