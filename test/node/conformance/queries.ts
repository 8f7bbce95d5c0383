import { Code } from '@connectrpc/connect';
import { expect } from 'vitest';
import { envelope, many, pages, type Row, refusal, start, times, topic } from './setting.ts';

/** What queries answer, page by page. */
export const queries: readonly Row[] = [
  {
    names: ['QueryNoTopics', 'Store: NoTopics', 'QueryTooManyRows', 'QueryNonExistentTopic'],
    says: 'no topic and too many rows are refused in the words of existing nodes; a topic that nobody wrote to is empty',
    async hold(client) {
      await start();
      expect(await refusal(client.query({ contentTopics: [] }))).toEqual([Code.InvalidArgument, 'content topics required']);
      expect(await refusal(client.query({ contentTopics: [topic], limit: 101 }))).toEqual([
        Code.InvalidArgument,
        'cannot exceed 100 rows per query',
      ]);
      expect(await client.query({ contentTopics: ['/xmtp/0/m-none/proto'] })).toEqual({ envelopes: [], limit: 0, cursor: null });
      expect((await refusal(client.query({ contentTopics: ['/xmtp/0/userpreferences-a/proto'], limit: 500 })))[0]).toBe(0);
    },
  },
  {
    names: ['QueryPaging'],
    says: 'in pages of three, both ways, within a window',
    async hold(client) {
      await start();
      await client.publish(many(1, 10));
      for (const ascending of [true, false]) {
        const found = await pages(client, { contentTopics: [topic], startTimeNs: 3n, endTimeNs: 9n, limit: 3, ascending });
        expect(found.flatMap(times)).toEqual(ascending ? [3, 4, 5, 6, 7, 8, 9] : [9, 8, 7, 6, 5, 4, 3]);
        expect(found.map(({ limit }) => limit)).toEqual([3, 3, 0]);
      }
    },
  },
  {
    names: ['Store: CursorTimestampTie'],
    says: 'rows of one time are neither lost nor repeated between pages',
    async hold(client) {
      await start();
      const tied = Array.from({ length: 7 }, (_, index) => ({ ...envelope(5), message: Buffer.from(`tie ${index}`) }));
      await client.publish(tied);
      const found = (await pages(client, { contentTopics: [topic], limit: 2, ascending: true })).flatMap(({ envelopes }) =>
        envelopes.map(({ message }) => Buffer.from(message).toString()),
      );
      expect(found.toSorted()).toEqual(tied.map(({ message }) => Buffer.from(message).toString()).toSorted());
    },
  },
  {
    names: ['Store: LastPage', 'Store: PagingInfoGeneration'],
    says: 'a full page says where to go on, also when nothing is left',
    async hold(client) {
      await start();
      await client.publish(many(1, 4));
      const full = await client.query({ contentTopics: [topic], limit: 4, ascending: true });
      expect([times(full), full.limit, full.cursor !== null]).toEqual([[1, 2, 3, 4], 4, true]);
      expect(await client.query({ contentTopics: [topic], limit: 4, ascending: true, cursor: full.cursor })).toEqual({
        envelopes: [],
        limit: 0,
        cursor: null,
      });
      expect(times(await client.query({ contentTopics: [topic], limit: 1 }))).toEqual([4]);
    },
  },
  {
    names: ['Store: StartTime', 'Store: TimeWindow', 'Store: TimeAndTopic', 'Store: MultipleTopics'],
    says: 'bounds are included, topics share one order',
    async hold(client) {
      await start();
      await client.publish([...many(1, 5), ...many(3, 7, 'other')]);
      expect(times(await client.query({ contentTopics: [topic], startTimeNs: 4n, ascending: true }))).toEqual([4, 5]);
      expect(times(await client.query({ contentTopics: [topic], startTimeNs: 2n, endTimeNs: 3n, ascending: true }))).toEqual([2, 3]);
      expect(times(await client.query({ contentTopics: [topic, 'other'], endTimeNs: 4n, ascending: true }))).toEqual([1, 2, 3, 3, 4, 4]);
    },
  },
  {
    names: ['Store: DirectionSingleField', 'Store: QuerySimple'],
    says: 'the newest come first when nothing is said',
    async hold(client) {
      await start();
      await client.publish(many(1, 3));
      expect(times(await client.query({ contentTopics: [topic] }))).toEqual([3, 2, 1]);
    },
  },
  {
    names: ['BatchQuery'],
    says: 'fifty at once, each in its own direction',
    async hold(client) {
      await start();
      await client.publish(many(1, 3));
      const pages = await client.batch(Array.from({ length: 50 }, (_, index) => ({ contentTopics: [topic], ascending: index % 2 === 0 })));
      expect(pages.map(times)).toEqual(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? [1, 2, 3] : [3, 2, 1])));
    },
  },
  {
    names: ['BatchQueryOverLimitError'],
    says: 'fifty-one queries at once are refused',
    async hold(client) {
      await start();
      const queries = Array.from({ length: 51 }, () => ({ contentTopics: [topic] }));
      expect(await refusal(client.batch(queries))).toEqual([Code.InvalidArgument, 'cannot exceed 50 requests in single batch']);
    },
  },
  {
    names: ['LargeQueryTesting'],
    says: 'two thousand rows, a hundred at a time',
    async hold(client) {
      await start({ limits: { walletPublishRate: 0, networkPublishRate: 0, networkReadRate: 0 } });
      for (let n = 0; n < 20; n++) await client.publish(many(n * 100 + 1, n * 100 + 100));
      const found = (await pages(client, { contentTopics: [topic], limit: 100, ascending: true })).flatMap(times);
      expect(found).toEqual(Array.from({ length: 2000 }, (_, index) => index + 1));
    },
  },
  {
    names: ['Store: PageSizeOne', 'Store: CursorTimestamp', 'Store: CursorTimestampBackwards', 'Store: PagingInfoWithFilter'],
    says: 'one row at a time, either way and within a window of some topics, each row comes once',
    async hold(client) {
      await start();
      await client.publish([...many(1, 5), ...many(3, 7, 'other')]);
      for (const ascending of [true, false]) {
        const window = { contentTopics: [topic, 'other'], startTimeNs: 2n, endTimeNs: 6n, limit: 1, ascending };
        const found = (await pages(client, window)).flatMap(times);
        const wanted = [2, 3, 3, 4, 4, 5, 5, 6];
        expect(found).toEqual(ascending ? wanted : wanted.toReversed());
      }
    },
  },
];
