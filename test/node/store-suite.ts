import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type CommittedEnvelope,
  type ContactFacts,
  type NewEnvelope,
  NotNewerError,
  type OnCommitted,
  type Store,
  type StoreQuery,
} from '../../src/node/store/store.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../src/protocol/envelope.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { fc } from '../support/fast-check.ts';
import { StoreModel } from './store-model.ts';

const envelope = (topic: string, time: number | bigint, text: string): NewEnvelope => ({
  topic,
  timestampNs: BigInt(time),
  message: utf8(text),
});
const everything = (...topics: string[]): StoreQuery => ({ topics, startNs: 0n, endNs: 0n, limit: 100, ascending: true });

/** What every store has to pass. `open` opens an empty one. */
export function storeSuite(
  name: string,
  open: (onCommitted: OnCommitted, clock: () => number) => Store | Promise<Store>,
  questions = 60,
): void {
  describe(`the store on ${name}`, () => {
    let store: Store;
    let now: number;
    let committed: CommittedEnvelope[];
    beforeEach(async () => {
      committed = [];
      now = 1000;
      store = await open(
        (envelopes) => committed.push(...envelopes),
        () => now,
      );
    });
    afterEach(() => store.close());
    const texts = async (query: StoreQuery): Promise<string[]> =>
      (await store.query(query)).map(({ message }) => Buffer.from(message).toString());

    test('gives back topic, time, bytes and digest as they came', async () => {
      const message = Uint8Array.from({ length: 1000 }, (_, index) => index);
      const sent = { topic: '/xmtp/0/m-ü/proto', timestampNs: 2n ** 63n - 1n, message: message.subarray(7, 300) };
      await store.append([sent]);
      const [found] = await store.query(everything(sent.topic));
      expect(found).toEqual({ ...sent, message: Uint8Array.from(sent.message), digest: envelopeDigest(sent.topic, sent.message) });
    });

    test('keeps an empty message and the time zero', async () => {
      await store.append([{ topic: 't', timestampNs: 0n, message: new Uint8Array(0) }]);
      expect(await store.query(everything('t'))).toMatchObject([{ timestampNs: 0n, message: new Uint8Array(0) }]);
    });

    test('numbers rows upwards and answers null for what it had', async () => {
      const [first, second] = await store.append([envelope('t', 1, 'a'), envelope('t', 1, 'b')]);
      const [again, other] = await store.append([envelope('t', 1, 'a'), envelope('t', 2, 'a')]);
      expect(again).toBeNull();
      expect([first, second, other].map(Number)).toEqual([first, second, other].map(Number).toSorted((a, b) => a - b));
      expect(new Set([first, second, other]).size).toBe(3);
      expect(await texts(everything('t'))).toHaveLength(3);
    });

    test('reads by its own order, of some topics and between two numbers, however many lie between', async () => {
      expect(store.head()).toBe(0);
      const rows = Array.from({ length: 60 }, (_, index) => envelope(`t${index % 5}`, 100 - index, `row ${index}`));
      for (const row of rows) await store.append([row]);
      const head = store.head();
      const between = async (after: number, upTo: number): Promise<CommittedEnvelope[]> => {
        const found: CommittedEnvelope[] = [];
        for await (const page of store.since({ topics: ['t1', 't3', 'none', 't1'], after, upTo })) found.push(...page);
        return found;
      };
      const words = (found: readonly CommittedEnvelope[]): string[] => found.map(({ message }) => Buffer.from(message).toString());
      const wanted = words(rows as CommittedEnvelope[]).filter((_, index) => index % 5 === 1 || index % 5 === 3);
      const all = await between(0, head);
      expect(words(all)).toEqual(wanted);
      const fifth = all[4]?.seq ?? 0;
      expect(words(await between(fifth, head))).toEqual(wanted.slice(5));
      expect(words(await between(0, fifth))).toEqual(wanted.slice(0, 5));
      // As if millions lay between: topic by topic.
      expect(words(await between(0, head + 10_000_000))).toEqual(wanted);
      expect(words(await between(fifth, head + 10_000_000))).toEqual(wanted.slice(5));
    });

    test('has an id of its own', () => {
      expect(store.id).toMatch(/^[0-9a-f]{32}$/);
    });

    test('tells of what it committed, in the order of the numbers, and not of repetitions', async () => {
      await Promise.all([store.append([envelope('t', 1, 'a'), envelope('u', 1, 'a')]), store.append([envelope('t', 2, 'b')])]);
      await store.append([envelope('t', 1, 'a'), envelope('t', 3, 'c')]);
      expect(committed.map(({ topic, message }) => topic + Buffer.from(message).toString())).toEqual(['ta', 'ua', 'tb', 'tc']);
      const seqs = committed.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    });

    test('tells before it acknowledges', async () => {
      let toldBefore = false;
      const acknowledged = store.append([envelope('t', 1, 'a')]).then(() => {
        toldBefore = committed.length === 1;
      });
      await acknowledged;
      expect(toldBefore).toBe(true);
    });

    test('answers nothing for a topic that nobody wrote to, and for a window beyond all times', async () => {
      await store.append([envelope('t', 1, 'a')]);
      expect(await store.query(everything('none'))).toEqual([]);
      expect(await store.query({ ...everything('t'), startNs: 2n ** 64n - 1n })).toEqual([]);
      expect(await texts({ ...everything('t'), endNs: 2n ** 64n - 1n })).toEqual(['a']);
    });

    test('merges a thousand topics in one order', async () => {
      const topics = Array.from({ length: 1200 }, (_, index) => `topic ${index}`);
      await store.append(topics.map((topic, index) => envelope(topic, 5000 - index, String(index))));
      expect(await texts({ ...everything(...topics), limit: 3 })).toEqual(['1199', '1198', '1197']);
      expect(await texts({ ...everything(...topics), limit: 3, ascending: false })).toEqual(['0', '1', '2']);
    });

    test('answers any question as the plain model does', async () => {
      const topic = fc.constantFrom('a', 'b', 'c');
      const time = fc.bigInt({ min: 0n, max: 6n });
      const row = fc.record({ topic, timestampNs: time, message: fc.uint8Array({ maxLength: 2 }) });
      const question = fc.record({
        topics: fc.array(topic, { minLength: 1, maxLength: 3 }),
        startNs: time,
        endNs: time,
        limit: fc.integer({ min: 1, max: 10 }),
        ascending: fc.boolean(),
        cursor: fc.option(
          fc.record({ digest: fc.constantFrom(new Uint8Array(0), sha256(utf8('x')), sha256(utf8('y'))), timestampNs: time }),
          { nil: undefined },
        ),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 6 }),
          fc.array(question, { maxLength: 8 }),
          async (batches, questions) => {
            const fresh = await open(
              () => {},
              () => now,
            );
            const model = new StoreModel();
            for (const batch of batches) expect((await fresh.append(batch)).map((seq) => seq !== null)).toEqual(model.append(batch));
            for (const { cursor, ...rest } of questions) {
              const asked = { ...rest, ...(cursor && { cursor }) };
              expect(await fresh.query(asked)).toEqual(
                model.query(asked).map((each) => ({ ...each, message: Uint8Array.from(each.message) })),
              );
            }
            await fresh.close();
          },
        ),
        { numRuns: questions },
      );
    });

    describe('with contacts', () => {
      const contact = (keys: string, version: 1 | 2, createdMs: number, time: number, mustBeNewer = true): NewEnvelope => ({
        ...envelope('contact', time, `${keys} ${version} ${time}`),
        contact: { version, createdMs, keys: sha256(utf8(keys)), mustBeNewer },
      });

      test('takes each format of the same keys once, whatever the order', async () => {
        for (const each of [contact('k', 2, 10, 1), contact('k', 1, 10, 2), contact('k', 1, 10, 3), contact('k', 2, 10, 4)])
          await store.append([each]);
        expect(await texts(everything('contact'))).toEqual(['k 2 1', 'k 1 2']);
        expect(committed).toHaveLength(2);
      });

      test('takes other keys only if they are newer and in a newer envelope', async () => {
        await store.append([contact('old', 2, 10, 5)]);
        for (const bad of [contact('same time', 2, 10, 6), contact('older', 1, 9, 6), contact('hidden', 2, 11, 4)])
          await expect(store.append([bad])).rejects.toThrow(NotNewerError);
        await store.append([contact('new', 1, 11, 5)]);
        await expect(store.append([contact('old', 2, 10, 9)])).rejects.toThrow(NotNewerError);
        expect(await texts({ ...everything('contact'), startNs: 5n })).toHaveLength(2);
      });

      test('keeps of those that other nodes took the same ones, in whatever order they come', async () => {
        const relayed = (keys: string, version: 1 | 2, createdMs: number, time: number): NewEnvelope => {
          const plain = contact(keys, version, createdMs, time);
          return { ...plain, contact: { ...(plain.contact as ContactFacts), relayed: true } };
        };
        const all = [
          relayed('first', 1, 10, 1),
          relayed('first', 2, 10, 2),
          relayed('first', 2, 10, 3), // again
          relayed('first', 2, 10, 9), // somebody puts the old one above the new ones
          relayed('second', 2, 20, 5),
          relayed('rival', 2, 20, 6), // made in the same millisecond, on another node
          relayed('third', 2, 30, 7),
          relayed('hidden', 2, 25, 8),
        ];
        const [winner] = ['second', 'rival'].sort((a, b) => Buffer.compare(sha256(utf8(b)), sha256(utf8(a))));
        const rivals = winner === 'second' ? ['second 2 5'] : ['second 2 5', 'rival 2 6'];
        for (let turn = 0; turn < 12; turn++) {
          const topic = `contact ${turn}`;
          const order = all
            .map((each, n) => [(n * 7 + turn * 5 + ((turn * n) % 3)) % 11, { ...each, topic }] as const)
            .sort(([a], [b]) => a - b);
          for (const [, each] of order) await store.append([each]);
          expect(await texts(everything(topic))).toEqual(['first 1 1', 'first 2 2', ...rivals, 'third 2 7']);
          // What its owner then publishes here must be newer than the newest of them.
          await expect(store.append([{ ...contact('late', 2, 29, 99), topic }])).rejects.toThrow(NotNewerError);
        }
      });

      test('refuses a whole append for one contact, and no other append of the same moment', async () => {
        await store.append([contact('k', 2, 10, 5)]);
        const [good, bad] = await Promise.allSettled([
          store.append([envelope('t', 1, 'good')]),
          store.append([envelope('t', 2, 'bad'), envelope('fresh topic', 2, 'bad'), contact('older', 2, 9, 6)]),
          store.append([envelope('fresh topic', 3, 'also good')]),
        ]);
        expect([good.status, bad.status]).toEqual(['fulfilled', 'rejected']);
        expect(await texts(everything('t', 'fresh topic'))).toEqual(['good', 'also good']);
        expect(committed.map(({ topic }) => topic)).toEqual(['contact', 't', 'fresh topic']);
      });

      test('remembers without refusing where nothing must be newer, so that it can refuse later', async () => {
        await store.append([contact('new', 2, 20, 5, false), contact('old', 2, 10, 6, false), contact('new', 2, 20, 7, false)]);
        expect(await texts(everything('contact'))).toHaveLength(3);
        await expect(store.append([contact('old', 2, 10, 8)])).rejects.toThrow(NotNewerError);
      });
    });

    test('forgets what is old of some topics, a window of rows at a time, and stops at what is new', async () => {
      for (let n = 0; n < 30; n++) {
        now = 1000 + n;
        await store.append([envelope(`/x/m-${n % 3}/proto`, n, `m ${n}`), envelope('/x/mx-0/proto', n, `mx ${n}`)]);
      }
      const sweep = async (from = 0): Promise<{ gone: number; windows: number; marks: number[] }> => {
        const marks: number[] = [];
        let [gone, windows] = [0, 0];
        for (let after: number | null = from; after !== null; windows++) {
          const window = await store.forget({ prefix: '/x/m-', beforeMs: 1020, after, limit: 7 });
          gone += window.gone;
          after = window.next;
          if (after !== null) marks.push(after);
        }
        return { gone, windows, marks };
      };
      const first = await sweep();
      // Twenty old rows of sixty, twenty others among them; one window without any of them is the last.
      expect(first.gone).toBe(20);
      expect(first.windows).toBeGreaterThanOrEqual(6);
      expect(first.windows).toBeLessThanOrEqual(8);
      expect(first.marks).toEqual(first.marks.toSorted((a, b) => a - b));
      const left = await texts({ ...everything('/x/m-0/proto', '/x/m-1/proto', '/x/m-2/proto') });
      expect(left).toEqual(Array.from({ length: 10 }, (_, n) => `m ${n + 20}`));
      expect(await texts(everything('/x/mx-0/proto'))).toHaveLength(30);
      expect(await sweep(first.marks.at(-1))).toMatchObject({ gone: 0 });
      // A window without such rows says so, one that keeps some too.
      expect(await store.forget({ prefix: '/x/none-', beforeMs: 5000, after: 0, limit: 100 })).toMatchObject({ gone: 0, left: false });
      expect(await store.forget({ prefix: '/x/m-', beforeMs: 1020, after: 0, limit: 100 })).toMatchObject({ gone: 0, left: true });
    });

    test('remembers how far topics were swept, for each by itself', async () => {
      expect(await store.sweptTo('/swept/m-')).toBe(0);
      await store.noteSwept('/swept/m-', 3);
      await store.noteSwept('/swept/m-', 2 ** 45);
      await store.noteSwept('/swept/invite-', 7);
      expect([await store.sweptTo('/swept/m-'), await store.sweptTo('/swept/invite-')]).toEqual([2 ** 45, 7]);
      await store.check();
      expect(await store.sweptTo('/swept/m-')).toBe(2 ** 45);
    });

    test('takes messages of a topic that was forgotten as a whole, and tells it from topics that came since', async () => {
      await store.append([envelope('/x/m-a/proto', 1, 'a'), envelope('/x/m-b/proto', 1, 'b')]);
      now = 2000;
      await store.append([envelope('/x/other/proto', 1, 'other')]);
      expect(await store.forget({ prefix: '/x/m-', beforeMs: 2000, after: 0, limit: 100 })).toMatchObject({ gone: 2, left: false });
      await store.append([envelope('/x/new/proto', 1, 'new'), envelope('/x/m-b/proto', 2, 'b again')]);
      expect(await texts(everything('/x/m-a/proto'))).toEqual([]);
      expect(await texts(everything('/x/m-b/proto'))).toEqual(['b again']);
      expect(await texts(everything('/x/new/proto'))).toEqual(['new']);
    });

    test('finishes what was appended when it is closed, and takes nothing afterwards', async () => {
      const appended = store.append([envelope('t', 1, 'a')]);
      await store.close();
      expect(await appended).toEqual([expect.any(Number)]);
      await expect(store.append([envelope('t', 2, 'b')])).rejects.toThrow('closed');
      await expect(store.query(everything('t'))).rejects.toThrow('closed');
      await expect(store.check()).rejects.toThrow('closed');
    });
  });
}
