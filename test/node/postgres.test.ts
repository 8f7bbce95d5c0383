import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../src/node/commands.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { openPool, type Pool } from '../../src/node/store/postgres/client.ts';
import { openPostgresStore } from '../../src/node/store/postgres/postgres.ts';
import type { CommittedEnvelope, StoreError } from '../../src/node/store/store.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { follower, storeIdOf } from '../support/follower.ts';
import { alice, bob, type Person } from '../support/people.ts';
import { hasPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { api, bearer, contactEnvelope, invitationEnvelopes, messageEnvelope } from './clients.ts';
import { addressOf, hasRelay, idOf, startRelaying, stopAll, until } from './relay/network.ts';
import { storeSuite } from './store-suite.ts';

const now = Date.now();
const has = hasPostgres();
let server: Postgres;
beforeAll(async () => {
  if (has) server = await startPostgres();
}, 60_000);
afterAll(() => server?.stop());

if (has) {
  let shared: string | undefined;
  storeSuite(
    'PostgreSQL',
    async (onCommitted, clock) => {
      // One database for all, emptied each time: to make one takes a while.
      shared ??= server.database();
      const pool = openPool(shared, 1);
      const { rows } = await pool.query("SELECT to_regclass('envelope') IS NOT NULL AS there");
      if (rows[0]?.['there']) await pool.query('TRUNCATE contact_row, contact, envelope');
      await pool.end();
      return openPostgresStore({ url: shared, onCommitted, clock });
    },
    8,
  );
}

describe.skipIf(!has)('several nodes on one PostgreSQL', () => {
  test('hear of everything that any of them commits, in one order, while polling by number passes over some', {
    timeout: 120_000,
  }, async () => {
    const url = server.database();
    const heard: CommittedEnvelope[][] = [[], []];
    const stores = await Promise.all(heard.map((list) => openPostgresStore({ url, onCommitted: (rows) => list.push(...rows) })));
    const [one, two] = stores as [(typeof stores)[0], (typeof stores)[0]];
    expect(one.id).toBe(two.id);
    // As nodes were built before: what is larger than the largest number that was seen.
    const pool = openPool(url, 8);
    await pool.query('CREATE TABLE plain (seq bigserial PRIMARY KEY, name text)');
    let [last, polled, writing] = [0, 0, true];
    const poll = async (): Promise<void> => {
      const { rows } = await pool.query('SELECT seq FROM plain WHERE seq > $1 ORDER BY seq', [last]);
      polled += rows.length;
      last = Number(rows.at(-1)?.['seq'] ?? last);
    };
    const polling = (async () => {
      while (writing) await poll();
    })();
    let acknowledged = 0;
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 60; n++) {
          await (writer % 2 ? one : two).append([{ topic: `t${writer}`, timestampNs: BigInt(n + 1), message: utf8(`${writer} ${n}`) }]);
          acknowledged += 1;
        }
      }).concat(Array.from({ length: 4 }, (_, writer) => writePlain(pool, writer))),
    );
    writing = false;
    await polling;
    await poll();
    const { rows } = await pool.query('SELECT count(*) AS count FROM plain');
    expect(polled).toBeLessThan(Number(rows[0]?.['count']));
    await expect.poll(() => heard.map((list) => list.length), { timeout: 10_000 }).toEqual([acknowledged, acknowledged]);
    const [first, second] = heard.map((list) => list.map(({ seq }) => seq)) as [number[], number[]];
    expect(first).toEqual(second);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(new Set(first).size).toBe(480);
    expect(one.head()).toBe(two.head());
    await Promise.all([...stores.map((store) => store.close()), pool.end()]);
  });

  test('wait with what is committed until nothing older can come any more', async () => {
    const url = server.database();
    const heard: string[] = [];
    const store = await openPostgresStore({ url, onCommitted: (rows) => heard.push(...rows.map(({ topic }) => topic)) });
    const pool = openPool(url, 2);
    const slow = await pool.connect();
    await slow.query('BEGIN');
    await slow.query('SELECT pg_current_xact_id()');
    const [seq] = await store.append([{ topic: 'fast', timestampNs: 1n, message: utf8('x') }]);
    expect(heard).toEqual([]);
    expect(store.head()).toBeLessThan(Number(seq));
    expect(await store.page(0, 10)).toEqual([]);
    await slow.query(
      `INSERT INTO envelope SELECT (pg_current_xact_id()::text::bigint - ('x' || encode(value, 'hex'))::bit(64)::bigint) * 8192, 'slow', 1, '\\x00', 0, '\\x00' FROM meta WHERE name = 'base'`,
    );
    await slow.query('COMMIT');
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['slow', 'fast']);
    slow.release();
    await Promise.all([store.close(), pool.end()]);
  });

  test('go on after a restart, and after their connection broke', async () => {
    const url = server.database();
    const first = await openPostgresStore({ url });
    const [before] = await first.append([{ topic: 't', timestampNs: 1n, message: utf8('a') }]);
    await first.close();
    const heard: string[] = [];
    const second = await openPostgresStore({
      url,
      onCommitted: (rows) => heard.push(...rows.map(({ message }) => Buffer.from(message).toString())),
    });
    expect(second.id).toBe(first.id);
    expect(second.head()).toBe(before);
    const pool = openPool(url, 1);
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-node' AND pid <> pg_backend_pid() AND datname = current_database()",
    );
    await expect
      .poll(
        () =>
          second.append([{ topic: 't', timestampNs: 2n, message: utf8('b') }]).then(
            ([seq]) => seq !== undefined,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['b']);
    await Promise.all([second.close(), pool.end()]);
  });

  test('of which one restores a dump on a server that counted less go on above what is there, under another id', async () => {
    const url = server.database();
    const first = await openPostgresStore({ url });
    await first.append([{ topic: 't', timestampNs: 1n, message: utf8('a') }]);
    await first.close();
    const pool = openPool(url, 1);
    await pool.query('UPDATE envelope SET seq = seq + 8192::bigint * 1000000');
    await pool.end();
    const second = await openPostgresStore({ url });
    const [page] = await second.page(0, 1);
    const [after] = await second.append([{ topic: 't', timestampNs: 2n, message: utf8('b') }]);
    expect(Number(after)).toBeGreaterThan(page?.seq ?? Number.POSITIVE_INFINITY);
    expect(second.id).not.toBe(first.id);
    await second.close();
  });

  test('serve any client: what is published at one is followed at the other, from the same numbers', async () => {
    const url = server.database();
    const [one, two] = await Promise.all([startNode({ store: url }), startNode({ store: url })]);
    const topic = '/xmtp/0/groupInvite-x/proto';
    const publish = (node: RunningNode, n: number) =>
      api(node.url).publish(
        { envelopes: [{ contentTopic: topic, timestampNs: BigInt(n), message: utf8(`message ${n}`) }] },
        { headers: bearer(alice) },
      );
    const following = follower(two.url, [topic]);
    await following.opened;
    for (const n of [1, 2, 3, 4]) await publish(n % 2 ? one : two, n);
    await until('all are there', () => following.seen.length === 4);
    const [, place = 0n] = following.numbers;
    following.close();
    const later = follower(one.url, [topic], { since: place, storeId: await storeIdOf(one.url) });
    await until('the rest is there', () => later.seen.length === 2);
    expect(later.seen.map(({ timestampNs }) => timestampNs)).toEqual([3n, 4n]);
    later.close();
    await Promise.all([one.close(), two.close()]);
  });

  test.skipIf(!hasRelay)('take over from a node on SQLite while its clients stay connected', async () => {
    const data = mkdtempSync(join(tmpdir(), 'parley-move-'));
    const old = await startRelaying({ data });
    const people = [alice, bob];
    const publish = (node: RunningNode, person: Person, ...envelopes: Envelope[]) =>
      api(node.url).publish({ envelopes }, { headers: bearer(person) });
    for (const person of people)
      await publish(old, person, ...([1, 2] as const).map((version) => contactEnvelope(person, version, now + version)));
    const first = await messageEnvelope(alice, bob, now, 'first');
    await publish(old, alice, first, ...(await invitationEnvelopes(alice, bob, now)));
    const connected = follower(old.url, [first.contentTopic]);
    await connected.opened;
    const store = server.database();
    const fresh = await startRelaying({ store }, { peers: [addressOf(old)], trust: [idOf(old)] });
    for (let n = 1; n <= 20; n++) await publish(old, alice, await messageEnvelope(alice, bob, now + n, `meanwhile ${n}`));
    const verify = async () => (await runCommand(['verify', '--against', old.url, '--store', store], {})) ?? '';
    // Every envelope, counted by kind of topic.
    await expect.poll(verify, { timeout: 15_000 }).toMatch(/^contact +2 +4 +0 +0\ninvite +2 +2 +0 +0\nm +1 +21 +0 +0$/m);
    process.exitCode = 0;
    // Then a client changes over, and goes on there.
    connected.close();
    const moved = follower(fresh.url, [first.contentTopic]);
    await moved.opened;
    await publish(fresh, bob, await messageEnvelope(bob, alice, now + 30, 'from the new one'));
    await until('all is there', () => moved.seen.length === 22);
    moved.close();
    await stopAll();
    rmSync(data, { recursive: true, force: true });
  });

  test('are ready only while the database takes what is written', async () => {
    const url = server.database();
    const store = await openPostgresStore({ url });
    const pool = openPool(url, 1);
    await store.check();
    await pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$`,
    );
    await pool.query('CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON meta EXECUTE FUNCTION refuse()');
    await expect(store.check()).rejects.toMatchObject({ name: 'StoreError', reason: 'full' });
    await pool.query('DROP TRIGGER full_disk ON meta');
    await store.check();

    // As a standby has it, or a server whose operator stops it from writing.
    await pool.query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`);
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-node' AND pid <> pg_backend_pid() AND datname = current_database()",
    );
    const reason = () =>
      store.check().then(
        () => null,
        (error: StoreError) => error.reason,
      );
    await expect.poll(reason, { timeout: 10_000 }).toBe('read-only');
    expect(await store.query({ topics: ['t'], startNs: 0n, endNs: 0n, limit: 1, ascending: true })).toEqual([]);
    await Promise.all([store.close(), pool.end()]);
  });

  test('take no more at once than one transaction has numbers for, and say how many', async () => {
    const node = await startNode({ store: server.database(), limits: { walletPublishRate: 0, networkPublishRate: 0 } });
    const envelopes = Array.from({ length: 8_193 }, (_, n) => ({ contentTopic: 'a', timestampNs: BigInt(n), message: new Uint8Array(1) }));
    await expect(api(node.url).publish({ envelopes }, { headers: bearer(alice) })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(/^cannot exceed \d+ envelopes per publish$/),
    });
    await node.close();
  });

  test('that cannot be reached says where, without the password', async () => {
    await expect(openPostgresStore({ url: 'postgres://parley:secret@127.0.0.1:1/none' })).rejects.toThrow(
      /127\.0\.0\.1:1\/none cannot be opened/,
    );
    await expect(openPostgresStore({ url: 'postgres://parley:secret@127.0.0.1:1/none' })).rejects.not.toThrow(/secret/);
  });
});

/** Transactions that take a number and commit a moment later, as they do under load. */
async function writePlain(pool: Pool, writer: number): Promise<void> {
  for (let n = 0; n < 60; n++) {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO plain (name) VALUES ($1)', [`${writer} ${n}`]);
    if (n % 3 === writer % 3) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.query('COMMIT');
    client.release();
  }
}
