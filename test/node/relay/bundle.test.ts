import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, describe, expect, test } from 'vitest';
import { type Bundle, BundleSchema } from '../../../src/gen/parley/relay/v1/bundle_pb.ts';
import { type Bundled, bundle, maxBundle, type Opened, openBundle } from '../../../src/node/relay/bundle.ts';
import { openIdentity } from '../../../src/node/relay/identity.ts';
import { Ledger } from '../../../src/node/relay/ledger.ts';
import { HashTree, leafMark, rootOf } from '../../../src/node/relay/tree.ts';
import { type Carried, checkVoucher, vouchersFor } from '../../../src/node/relay/voucher.ts';
import { envelopeOf } from '../../../src/node/relay/waku-message.ts';
import { sha256 } from '../../../src/node/sha256.ts';
import { openDatabase } from '../../../src/node/store/driver.ts';
import { utf8 } from '../../../src/protocol/bytes.ts';

const leafOf = (parts: readonly Uint8Array[]): Buffer => sha256(Buffer.concat([leafMark, ...parts]));

const now = 1_764_000_000_000;
const pubsubTopic = '/waku/2/default-waku/proto';
const home = openIdentity(':memory:');
const rules = { trusts: (name: string) => name === Buffer.from(home.publicKey).toString('hex'), nowMs: now, live: true };
const carriedOf = (count: number): Carried[] =>
  Array.from({ length: count }, (_, n) => ({
    pubsubTopic,
    envelope: { topic: `/xmtp/0/groupInvite-${n}/proto`, timestampNs: BigInt(n), message: utf8(`number ${n}`) },
  }));
const open = (data: Uint8Array) => openBundle(data, () => pubsubTopic, rules);
const opened = (data: Uint8Array): Opened => {
  const outcome = open(data);
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome;
};
/** A bundle that somebody has changed on its way. */
const changed = ({ data }: Bundled, change: (bundle: Bundle) => unknown): Uint8Array => {
  const whole = fromBinary(BundleSchema, data);
  change(whole);
  return toBinary(BundleSchema, whole);
};

const folder = mkdtempSync(join(tmpdir(), 'parley-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a tree of hashes', () => {
  test('of any size has a path from each of its leaves to its root, and from nothing else', () => {
    for (let size = 1; size <= 33; size++) {
      const leaves = Array.from({ length: size }, (_, n) => leafOf([utf8(String(n))]));
      const tree = new HashTree(leaves);
      for (const [place, leaf] of leaves.entries()) {
        const path = tree.pathOf(place);
        expect(rootOf(leaf, path)).toEqual(tree.root);
        expect(rootOf(leafOf([utf8('another')]), path)).not.toEqual(tree.root);
        if (path.hashes.length > 0) expect(rootOf(leaf, { ...path, sides: path.sides ^ 1 })).not.toEqual(tree.root);
      }
    }
  });

  test('takes no path that is longer than a tree can be, no half of a hash and no side without one', () => {
    const leaf = leafOf([utf8('one')]);
    expect(rootOf(leaf, { hashes: new Uint8Array(17 * 32), sides: 0 })).toBeNull();
    expect(rootOf(leaf, { hashes: new Uint8Array(33), sides: 0 })).toBeNull();
    expect(rootOf(leaf, { hashes: new Uint8Array(32), sides: 2 })).toBeNull();
  });

  test('does not take two leaves that are put together for one', () => {
    const [one, two] = [leafOf([utf8('one')]), leafOf([utf8('two')])];
    expect(leafOf([one, two])).not.toEqual(new HashTree([one, two]).root);
  });
});

describe('a bundle', () => {
  test.each([2, 3, 50, maxBundle])('of %i has one signature, and each of its messages goes its own way with it', (count) => {
    const carried = carriedOf(count);
    const sent = bundle(home, carried, now);
    const { vouched, messages, alone } = opened(sent.data);
    expect(vouched).toEqual({ home: Buffer.from(home.publicKey).toString('hex'), issuedMs: now });
    expect(messages.map(({ message }) => envelopeOf(message))).toEqual(carried.map(({ envelope }) => envelope));
    const own = sent.messages();
    for (const [index, each] of carried.entries()) {
      const message = alone(index);
      expect(message.voucher).toEqual(own[index]?.voucher);
      expect(checkVoucher(message.voucher as Uint8Array, each, rules)).toEqual(vouched);
      expect(checkVoucher(message.voucher as Uint8Array, carriedOf(count + 1)[count] as Carried, rules)).toBe('forged');
    }
  });

  test('that somebody changed is forged', () => {
    const sent = bundle(home, carriedOf(5), now);
    for (const change of [
      ({ messages }: Bundle) => messages.pop(),
      ({ messages }: Bundle) => messages.push(messages[0] as (typeof messages)[number]),
      ({ messages }: Bundle) => messages.reverse(),
      ({ messages }: Bundle) => Object.assign(messages[2] ?? {}, { payload: utf8('another') }),
      ({ messages }: Bundle) => Object.assign(messages[2] ?? {}, { timestamp: 77n }),
      ({ messages }: Bundle) => Object.assign(messages[2] ?? {}, { contentTopic: '/xmtp/0/groupInvite-77/proto' }),
      (whole: Bundle) => Object.assign(whole, { issuedMs: whole.issuedMs + 1n }),
      (whole: Bundle) => Object.assign(whole, { signature: new Uint8Array(64) }),
    ])
      expect(open(changed(sent, change))).toBe('forged');
  });

  test('is nothing without messages, with too many, with vouchers in it, or with what is no envelope', () => {
    const sent = bundle(home, carriedOf(3), now);
    for (const change of [
      ({ messages }: Bundle) => messages.splice(0),
      ({ messages }: Bundle) => messages.splice(1),
      ({ messages }: Bundle) => messages.push(...Array.from({ length: maxBundle }, () => messages[0] as (typeof messages)[number])),
      ({ messages }: Bundle) => Object.assign(messages[0] ?? {}, { voucher: new Uint8Array(1) }),
      ({ messages }: Bundle) => delete messages[1]?.timestamp,
      (whole: Bundle) => Object.assign(whole, { home: new Uint8Array(3) }),
    ])
      expect(open(changed(sent, change))).toBe('malformed');
    expect(open(utf8('nonsense'))).toBe('malformed');
  });

  test('counts where its home is believed, for an hour', () => {
    expect(open(bundle(openIdentity(':memory:'), carriedOf(3), now).data)).toBe('untrusted');
    expect(open(bundle(home, carriedOf(3), now - 3_700_000).data)).toBe('expired');
    expect(open(bundle(home, carriedOf(3), now + 400_000).data)).toBe('ahead');
  });
});

describe('vouchers for many at once', () => {
  test.each([0, 1, 2, 7, 100])('are one for each of %i, good for that one alone', (count) => {
    const carried = carriedOf(count);
    const vouchers = vouchersFor(home, carried, now);
    expect(vouchers).toHaveLength(count);
    for (const [index, voucher] of vouchers.entries()) {
      expect(checkVoucher(voucher, carried[index] as Carried, rules)).toMatchObject({ issuedMs: now });
      const other = carried[(index + 1) % count] as Carried;
      if (count > 1) expect(checkVoucher(voucher, other, rules)).toBe('forged');
    }
  });
});

describe('the ledger', () => {
  const keptOf = (data: Uint8Array) => {
    const { word, leaves, messages } = opened(data);
    return { word, leaves, hashes: messages.map(({ hash }) => hash) };
  };
  const checked = (ledger: Ledger, hash: Uint8Array, each: Carried | undefined) =>
    checkVoucher(ledger.vouchersOf([hash])[0] ?? new Uint8Array(), each as Carried, rules);

  test('has the voucher of each envelope of a bundle before and after it has its place, also when it was opened anew between', async () => {
    const carried = carriedOf(120);
    const kept = keptOf(bundle(home, carried, now).data);
    let ledger = new Ledger(folder, pubsubTopic, 'store');
    await ledger.keep([], [kept]);
    const rows = kept.hashes.map((hash, at) => ({ hash, seq: at + 1, timestampNs: BigInt(at) }));
    expect(ledger.known(kept.hashes).size).toBe(0);
    expect(checked(ledger, kept.hashes[7] as Buffer, carried[7])).toMatchObject({ issuedMs: now });
    ledger.index(rows.slice(0, 60), 60);
    await ledger.close();
    ledger = new Ledger(folder, pubsubTopic, 'store');
    for (const place of [0, 59, 60, 119])
      expect(checked(ledger, kept.hashes[place] as Buffer, carried[place])).toMatchObject({ issuedMs: now });
    ledger.index(rows.slice(60), 120);
    ledger.caughtUp();
    await ledger.close();
    ledger = new Ledger(folder, pubsubTopic, 'store');
    for (const place of [0, 59, 60, 119])
      expect(checked(ledger, kept.hashes[place] as Buffer, carried[place])).toMatchObject({ issuedMs: now });
    expect(ledger.known([...kept.hashes, Buffer.alloc(32)]).size).toBe(120);
    const asked = [119, 3, 3, 64].map((place) => kept.hashes[place] as Buffer);
    expect(ledger.findAll([Buffer.alloc(32), ...asked]).map(({ seq }) => seq)).toEqual([120, 4, 4, 65]);
    for (const [index, voucher] of ledger.vouchersOf(asked).entries())
      expect(checkVoucher(voucher ?? new Uint8Array(), carried[[119, 3, 3, 64][index] as number] as Carried, rules)).toMatchObject({
        issuedMs: now,
      });
    await ledger.close();
    // Of a restored store the numbers mean other rows; who vouched for what is as it was.
    ledger = new Ledger(folder, pubsubTopic, 'another');
    expect(ledger.known(kept.hashes).size).toBe(0);
    expect(checked(ledger, kept.hashes[3] as Buffer, carried[3])).toMatchObject({ issuedMs: now });
    ledger.index(rows, 120);
    expect(checked(ledger, kept.hashes[3] as Buffer, carried[3])).toMatchObject({ issuedMs: now });
    await ledger.close();
  });

  test('opens as it was before there were bundles', async () => {
    const data = mkdtempSync(join(folder, 'old-'));
    const old = openDatabase(join(data, 'relay.db'));
    old.exec(`CREATE TABLE message (hash BLOB PRIMARY KEY, seq INTEGER, ts INTEGER, voucher BLOB) STRICT, WITHOUT ROWID;
      CREATE TABLE place (peer TEXT PRIMARY KEY, store TEXT NOT NULL, seq INTEGER NOT NULL, settings TEXT NOT NULL) STRICT;
      CREATE TABLE indexed (one INTEGER PRIMARY KEY CHECK (one = 1), topics TEXT NOT NULL, store TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
      INSERT INTO indexed VALUES (1, '${pubsubTopic}', 'store', 9);`);
    const hash = Buffer.alloc(32, 5);
    old.prepare('INSERT INTO message VALUES (?, ?, ?, ?)').run(hash, 9, 1n, Uint8Array.of(1, 2, 3));
    old.close();
    const ledger = new Ledger(data, pubsubTopic, 'store');
    expect(ledger.indexed).toBe(9);
    expect(ledger.vouchersOf([Buffer.alloc(32), hash])).toEqual([undefined, Uint8Array.of(1, 2, 3)]);
    const kept = keptOf(bundle(home, carriedOf(2), now).data);
    await ledger.keep([], [kept]);
    ledger.index([{ hash: kept.hashes[0] as Buffer, seq: 10, timestampNs: 1n }], 10);
    expect(checked(ledger, kept.hashes[0] as Buffer, carriedOf(2)[0])).toMatchObject({ issuedMs: now });
    await ledger.close();
  });

  test('knows what the store has deleted, and tells nobody of it', async () => {
    const ledger = new Ledger(':memory:', pubsubTopic, 'store');
    const hashes = [1, 2, 3].map((n) => Buffer.alloc(32, n));
    ledger.index(
      hashes.map((hash, at) => ({ hash, seq: at + 1, timestampNs: BigInt(at) })),
      3,
    );
    ledger.gone([hashes[1] as Buffer]);
    expect(ledger.after(0, 10).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(ledger.after(1, 10).map(({ seq }) => seq)).toEqual([3]);
    const all = { startNs: undefined, endNs: undefined, cursor: undefined, ascending: true, limit: 10 };
    await ledger.timed();
    expect(ledger.window(all).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(hashes.map((hash) => [ledger.knows(hash), ledger.find(hash)?.seq])).toEqual([
      [true, 1],
      [true, undefined],
      [true, 3],
    ]);
    expect(ledger.known(hashes).size).toBe(3);
    await ledger.close();
  });
});
