import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../src/node/commands.ts';
import { postgresRows } from '../../src/node/data/postgres.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { openPool } from '../../src/node/store/postgres/client.ts';
import { openPostgresStore } from '../../src/node/store/postgres/postgres.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { alice, bob } from '../support/people.ts';
import { hasPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { api, bearer, contactEnvelope, messageEnvelope } from './clients.ts';

const has = hasPostgres();
const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-data-'));
const file = (name: string): string => join(folder, name);
let server: Postgres;
beforeAll(async () => {
  if (has) server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const now = Date.now();
const command = (url: string, ...args: string[]): Promise<string | null> => runCommand([...args, '--store', url], {});

async function sql(url: string, ...texts: string[]): Promise<void> {
  const pool = openPool(url, 1);
  for (const text of texts) await pool.query(text);
  await pool.end();
}

/** Two contacts of one wallet, one of another and a message, in both stores. */
async function fill(...nodes: RunningNode[]): Promise<void> {
  const contacts = [contactEnvelope(alice, 1, now), contactEnvelope(alice, 2, now + 1)];
  const message = await messageEnvelope(alice, bob, now, 'hello');
  for (const { url } of nodes) {
    await api(url).publish({ envelopes: [...contacts, message] }, { headers: bearer(alice) });
    await api(url).publish({ envelopes: [contactEnvelope(bob, 2, now)] }, { headers: bearer(bob) });
  }
}

describe.skipIf(!has)('commands on a store in PostgreSQL', { timeout: 60_000 }, () => {
  test('say the same as on SQLite, while the node runs', async () => {
    const [url, data] = [server.database(), file('sqlite')];
    const nodes = [await startNode({ store: url }), await startNode({ data })];
    try {
      await fill(...nodes);
      const both = (...args: string[]) => Promise.all([command(url, ...args), runCommand([...args, '--data', data], {})]);
      // Each has its own sequence, id and moment.
      const counts = (said: string | null): string | undefined => said?.replace(/sequence \d+, store \w+|\d{4}-\S+Z/g, '…');
      const [stats, plain] = await both('stats');
      expect(stats).toMatch(
        /^kind of topic.*\ncontact +2 +3 .*\nm +1 +1 [\s\S]*sequence \d+, store [0-9a-f]{32}\nreceived from \d{4}-\S+Z to \d{4}-/,
      );
      expect(counts(stats)).toBe(counts(plain));
      expect(await both('check')).toEqual(Array(2).fill('In order: 4 envelopes of 3 topics.'));
      expect(await command(url, 'export', file('p.ndjson'))).toBe(`Wrote 4 envelopes to ${file('p.ndjson')}.`);
      expect(await runCommand(['export', file('s.ndjson'), '--data', data], {})).toContain('Wrote 4 envelopes');
      expect(readFileSync(file('p.ndjson'), 'utf8')).toBe(readFileSync(file('s.ndjson'), 'utf8'));
      expect(await command(url, 'export', file('c.ndjson'), '/xmtp/0/contact-')).toContain('Wrote 3 envelopes');
      await expect(command(url, 'export', file('c.ndjson'))).rejects.toThrow('exists already');
    } finally {
      for (const node of nodes) await node.close();
    }
  });

  test('take in what either of them exported, once', async () => {
    const url = server.database();
    const data = file('from');
    const node = await startNode({ data });
    await fill(node);
    await node.close();
    await runCommand(['export', file('all.ndjson'), '--data', data], {});
    const running = await startNode({ store: url });
    try {
      expect(await command(url, 'import', file('all.ndjson'))).toMatch(/^Took 4, had 0 already/);
      expect(await command(url, 'import', file('all.ndjson'))).toMatch(/^Took 0, had 4 already/);
      await command(url, 'export', file('back.ndjson'));
      expect(readFileSync(file('back.ndjson'), 'utf8')).toBe(readFileSync(file('all.ndjson'), 'utf8'));
    } finally {
      await running.close();
    }
  });

  test('export one moment, however long it takes and whatever is written meanwhile, and stop no stream', async () => {
    const url = server.database();
    const heard: number[] = [];
    const store = await openPostgresStore({ url, onCommitted: (rows) => heard.push(...rows.map(({ seq }) => seq)) });
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ topic: 't', timestampNs: BigInt(from + n + 1), message: utf8(`m ${from + n}`) }));
    try {
      await store.append(rows(0, 3000));
      let count = 0;
      for await (const _ of postgresRows(url)) {
        if (count++ % 1000 === 0) await store.append(rows(10_000 + count, 10));
        // Before it has come to its end.
        if (count === 3000) await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(3030);
      }
      expect(count).toBe(3000);
    } finally {
      await store.close();
    }
  });

  test('find what is not as it was stored, with the row, and indexes that lie where they can be looked through', async () => {
    const url = server.database();
    const node = await startNode({ store: url });
    await fill(node);
    await node.close();
    await sql(url, 'CREATE SCHEMA tools', 'CREATE EXTENSION amcheck SCHEMA tools');
    expect(await command(url, 'check')).toBe('In order: 4 envelopes of 3 topics.');
    await sql(
      url,
      // A row that its indexes do not have.
      "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = 'envelope'::regclass AND NOT indisprimary",
      "INSERT INTO envelope VALUES (1, 'x', 1, sha256('x'::bytea || 'y'::bytea), 1, 'y'::bytea)",
      "UPDATE pg_index SET indisready = true, indisvalid = true WHERE indrelid = 'envelope'::regclass",
    );
    await expect(command(url, 'check')).rejects.toMatchObject({ name: 'StoreError', message: expect.stringContaining('is damaged: ') });
    await sql(url, 'REINDEX TABLE envelope');
    expect(await command(url, 'check')).toBe('In order: 5 envelopes of 4 topics.');
    await sql(url, "UPDATE envelope SET message = 'z' WHERE seq = 1");
    await expect(command(url, 'check')).rejects.toThrow(/is damaged: row 1 is not what was stored/);
    await sql(
      url,
      'DELETE FROM envelope WHERE seq = 1',
      'SET session_replication_role = replica',
      "DELETE FROM envelope WHERE topic LIKE '%contact%'",
    );
    await expect(command(url, 'check')).rejects.toThrow(/is damaged/);
  });

  test('change nothing where there is no store, and say what is in the way', async () => {
    const url = server.database();
    for (const each of [['stats'], ['check'], ['export', file('none.ndjson')]])
      await expect(command(url, ...each)).rejects.toThrow(/^There is no store of a node at 127\.0\.0\.1:\d+\/\w+\.$/);
    await sql(
      url,
      'CREATE TABLE parley_version (one integer PRIMARY KEY, version integer NOT NULL)',
      'INSERT INTO parley_version VALUES (1, 99)',
    );
    await expect(command(url, 'check')).rejects.toThrow('newer version');
    await expect(command('postgres://parley:secret@127.0.0.1:1/nothing', 'stats')).rejects.toThrow(
      /^127\.0\.0\.1:1\/nothing cannot be read: /,
    );
    await expect(command(url, 'compact')).rejects.toThrow('pg_dump');
  });
});
