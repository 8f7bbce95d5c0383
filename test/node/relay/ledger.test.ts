import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bundle, openBundle } from '../../../src/node/relay/bundle.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { Ledger } from '../../../src/node/relay/ledger.ts';
import type { Indexed } from '../../../src/node/relay/segments.ts';
import { type Carried, checkVoucher } from '../../../src/node/relay/voucher.ts';
import { openDatabase } from '../../../src/node/store/driver.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';
import { fc } from '../../support/fast-check.ts';

const topic = '/waku/2/default-waku/proto';
const root = mkdtempSync(join(tmpdir(), 'parley-ledger-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(root, 'data-'));
const open = (data: string, manyHashes?: number, onMoving: (messages: number) => void = () => {}): Ledger =>
  new Ledger(data, topic, 'store', { thread: null, onMoving, ...(manyHashes !== undefined && { manyHashes }) });
const all = { startNs: undefined, endNs: undefined, cursor: undefined, ascending: true, limit: 10_000 };
/** Some begin alike, as far as hashes are told apart in the index. */
const hashOf = (n: number): Buffer => {
  const hash = Buffer.alloc(32, 1);
  hash.writeUInt32BE(((n % 97) * 2_654_435_761) % 2 ** 32);
  hash.writeUInt32BE(n, 28);
  return hash;
};
const rowOf = (n: number, seq: number): Indexed => ({ hash: hashOf(n), seq, timestampNs: BigInt((n * 7919) % 1000) });
const seqsOf = (rows: readonly Indexed[]): number[] => rows.map(({ seq }) => seq);
const inTime = (rows: readonly Indexed[]): number[] =>
  seqsOf([...rows].sort((a, b) => Number(a.timestampNs - b.timestampNs) || Buffer.compare(a.hash, b.hash)));

/** What can be done to a ledger. */
type Step =
  | { readonly what: 'index'; readonly gaps: readonly number[] }
  | { readonly what: 'forget'; readonly some: number }
  | 'open'
  | 'time';
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('index' as const),
      gaps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('forget' as const), some: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.constant('open' as const) },
  { weight: 1, arbitrary: fc.constant('time' as const) },
);

describe('the index of what is stored', () => {
  test('has everything by hash, by place and by time, however it was written and deleted and opened again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const data = folder();
        let ledger = open(data, 30);
        let seq = 0;
        const [here, gone] = [new Map<number, Indexed>(), new Map<number, Indexed>()];
        for (const each of steps) {
          if (each === 'open') {
            await ledger.close();
            ledger = open(data, 30);
          } else if (each === 'time') await ledger.timed();
          else if (each.what === 'index') {
            const rows = each.gaps.map((gap) => {
              seq += gap;
              return rowOf(seq, seq);
            });
            ledger.index(rows, seq);
            for (const row of rows) here.set(row.seq, row);
          } else {
            const some = [...here.values()].filter((_, index) => (index * 31 + each.some) % 5 === 0);
            ledger.gone(some.map(({ hash }) => hash));
            for (const row of some) {
              here.delete(row.seq);
              gone.set(row.seq, row);
            }
          }
        }
        const rows = [...here.values()];
        expect(ledger.indexed).toBe(seq);
        expect(seqsOf(ledger.after(0, 10_000))).toEqual(seqsOf(rows));
        const middle = rows[rows.length >> 1]?.seq ?? 0;
        expect(seqsOf(ledger.after(middle, 7))).toEqual(seqsOf(rows.filter((row) => row.seq > middle).slice(0, 7)));
        expect(ledger.findAll(rows.map(({ hash }) => hash)).map(({ seq: at, timestampNs }) => [at, timestampNs])).toEqual(
          rows.map(({ seq: at, timestampNs }) => [at, timestampNs]),
        );
        const were = [...gone.values()].map(({ hash }) => hash);
        expect(ledger.findAll(were)).toEqual([]);
        expect(ledger.known([...were, Buffer.alloc(32, 9), ...rows.map(({ hash }) => hash)]).size).toBe(were.length + rows.length);
        await ledger.timed();
        expect(seqsOf(ledger.window(all))).toEqual(inTime(rows));
        await ledger.close();
        rmSync(data, { recursive: true });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('knows by its new place what was deleted and came again', async () => {
    const ledger = open(':memory:');
    ledger.index([rowOf(1, 1), rowOf(2, 2)], 2);
    await ledger.timed();
    ledger.gone([hashOf(1)]);
    ledger.index([rowOf(1, 3)], 3);
    await ledger.timed();
    expect(ledger.find(hashOf(1))?.seq).toBe(3);
    expect(seqsOf(ledger.after(0, 10))).toEqual([2, 3]);
    expect(seqsOf(ledger.window(all)).toSorted()).toEqual([2, 3]);
    await ledger.close();
  });

  test('takes rows together whose numbers lie far apart, as they do on PostgreSQL after other work', async () => {
    const ledger = open(':memory:');
    const rows = [rowOf(1, 1), rowOf(2, 2), rowOf(3, 2 ** 33), rowOf(4, 2 ** 33 + 8192), rowOf(5, 2 ** 50)];
    ledger.index(rows, 2 ** 50);
    expect(seqsOf(ledger.after(0, 10))).toEqual(seqsOf(rows));
    expect(ledger.findAll(rows.map(({ hash }) => hash)).map(({ seq }) => seq)).toEqual(seqsOf(rows));
    await ledger.close();
  });

  test('loses nothing where hashes cannot be sorted in for a while', async () => {
    const data = folder();
    let ledger = open(data, 50);
    const other = openDatabase(join(data, 'relay.db'));
    const rows = Array.from({ length: 1000 }, (_, at) => rowOf(at + 1, at + 1));
    ledger.index(rows.slice(0, 120), 120);
    other.exec("CREATE TRIGGER full BEFORE INSERT ON hashed WHEN new.seq % 10 = 0 BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    for (let at = 120; at < 400; at += 40) expect(() => ledger.index(rows.slice(at, at + 40), at + 40)).toThrow('disk is full');
    const known = (upTo: number): number => ledger.known(rows.slice(0, upTo).map(({ hash }) => hash)).size;
    expect([ledger.indexed, known(1000)]).toEqual([400, 400]);
    await ledger.close();
    other.exec('DROP TRIGGER full');
    other.close();
    ledger = open(data, 50);
    expect([ledger.indexed, known(1000)]).toEqual([400, 400]);
    for (let at = 400; at < 1000; at += 40) ledger.index(rows.slice(at, at + 40), at + 40);
    expect(known(1000)).toBe(1000);
    await ledger.close();
    ledger = open(data, 50);
    expect(known(1000)).toBe(1000);
    await ledger.close();
  });

  test('begins with what was remembered when there was one row for each message', async () => {
    const data = folder();
    const now = 1_764_000_000_000;
    const home = openIdentity(':memory:');
    const carried = Array.from({ length: 40 }, (_, n): Carried => {
      const envelope = { topic: `/xmtp/0/m-${n}/proto`, timestampNs: BigInt(n), message: utf8(`number ${n}`) };
      return { pubsubTopic: topic, envelope };
    });
    const rules = { trusts: () => true, nowMs: now, live: true };
    const opened = openBundle(bundle(home, carried, now).data, () => topic, rules);
    if (typeof opened === 'string') throw new Error(opened);
    const hashes = opened.messages.map(({ hash }) => hash);
    let ledger = open(data);
    await ledger.keep([], [{ word: opened.word, leaves: opened.leaves, hashes }]);
    await ledger.close();
    const old = openDatabase(join(data, 'relay.db'));
    old.exec(`DROP TABLE segment; DROP TABLE hashed; DROP TABLE timed; DROP TABLE sorted; DROP TABLE voucher;
      CREATE TABLE message (hash BLOB PRIMARY KEY, seq INTEGER, ts INTEGER, voucher BLOB, bundle INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
      CREATE INDEX message_ts ON message (ts, hash); CREATE INDEX message_seq ON message (seq);
      UPDATE bundle SET open = 0; UPDATE indexed SET seq = 30;`);
    const insert = old.prepare('INSERT INTO message VALUES (?, ?, ?, NULL, 1)');
    for (const [at, hash] of hashes.slice(0, 30).entries()) insert.run(hash, at + 1, BigInt(at));
    old.exec(`UPDATE message SET ts = NULL WHERE seq = 7;`);
    for (const hash of hashes.slice(30)) old.prepare('INSERT INTO message VALUES (?, NULL, NULL, NULL, 1)').run(hash);
    old.prepare('INSERT INTO message VALUES (?, 50, 50, ?, 0)').run(hashOf(50), Uint8Array.of(5));
    old.prepare('INSERT INTO message VALUES (?, NULL, NULL, ?, 0)').run(hashOf(51), Uint8Array.of(6));
    old.close();
    const told: number[] = [];
    for (const manyHashes of [10, undefined]) {
      ledger = open(data, manyHashes, (messages) => told.push(messages));
      expect(told).toEqual([42]);
      expect(ledger.indexed).toBe(30);
      expect(ledger.known(hashes).size).toBe(30);
      expect(ledger.findAll(hashes)).toHaveLength(29);
      expect(seqsOf(ledger.after(28, 10))).toEqual([29, 30, 50]);
      for (const place of [0, 6, 29, 30, 39])
        expect(checkVoucher(ledger.vouchersOf([hashes[place] as Buffer])[0] as Uint8Array, carried[place] as Carried, rules)).toMatchObject(
          {
            issuedMs: now,
          },
        );
      expect(ledger.vouchersOf([hashOf(50), hashOf(51), hashOf(52)])).toEqual([Uint8Array.of(5), Uint8Array.of(6), undefined]);
      await ledger.timed();
      expect(ledger.window(all)).toHaveLength(30);
      await ledger.close();
    }
  });
});
