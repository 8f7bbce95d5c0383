import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Database, libsqlDriver, nodeDriver, openDatabase } from '../../src/node/store/driver.ts';
import { migrate, steps } from '../../src/node/store/migrations.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import { StoreError } from '../../src/node/store/store.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { storeSuite } from './store-suite.ts';

const parent = mkdtempSync(join(tmpdir(), 'parley-store-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folders = 0;
const folder = (): string => join(parent, String(folders++));

storeSuite('libsql, in memory', (onCommitted, clock) => openSqliteStore({ data: ':memory:', onCommitted, clock, open: libsqlDriver() }));
const own = nodeDriver();
if (own) storeSuite('node:sqlite, in memory', (onCommitted, clock) => openSqliteStore({ data: ':memory:', onCommitted, clock, open: own }));
storeSuite('a file', (onCommitted, clock) => openSqliteStore({ data: folder(), onCommitted, clock }));

describe('a store in a directory', () => {
  const rows = { topics: ['t'], startNs: 0n, endNs: 0n, limit: 100, ascending: true };
  const append = (store: ReturnType<typeof openSqliteStore>, text: string) =>
    store.append([{ topic: 't', timestampNs: 1n, message: utf8(text) }]);

  test('has after closing and opening what it had, and goes on counting', async () => {
    const data = folder();
    const first = openSqliteStore({ data });
    const [before] = await append(first, 'a');
    await first.close();
    const second = openSqliteStore({ data });
    const [after] = await append(second, 'b');
    expect(await second.query(rows)).toHaveLength(2);
    expect(Number(after)).toBeGreaterThan(Number(before));
    await second.close();
  });

  test('keeps no names of topics that have become empty, and gives no id twice', async () => {
    const data = folder();
    let now = 1;
    const store = openSqliteStore({ data, clock: () => now });
    const add = (topic: string) => store.append([{ topic, timestampNs: 1n, message: utf8(topic) }]);
    for (const topic of ['m-a', 'kept', 'm-b', 'm-c']) await add(topic);
    now = 3;
    await store.forget({ prefix: 'm-', beforeMs: 2, after: 0, limit: 10 });
    const database = openDatabase(join(data, 'node.db'));
    const names = () =>
      database
        .prepare('SELECT id, name FROM topic ORDER BY id')
        .all()
        .map(({ id, name }) => `${id} ${name}`);
    expect(names()).toEqual(['2 kept', '4 m-c']);
    await add('later');
    expect(names()).toEqual(['2 kept', '4 m-c', '5 later']);
    database.close();
    await store.close();
  });

  test('belongs to one node at a time', async () => {
    const data = folder();
    const first = openSqliteStore({ data });
    expect(() => openSqliteStore({ data })).toThrow('Another node uses this data directory');
    await append(first, 'a');
    await first.close();
    await openSqliteStore({ data }).close();
  });

  test('that a newer program wrote is left alone', async () => {
    const data = folder();
    await openSqliteStore({ data }).close();
    const database = openDatabase(join(data, 'node.db'));
    database.exec(`PRAGMA user_version = ${steps.length + 1}`);
    database.close();
    expect(() => openSqliteStore({ data })).toThrow(/newer version/);
  });

  test('that is no database says so', () => {
    const data = folder();
    mkdirSync(data);
    writeFileSync(join(data, 'node.db'), 'this is a letter to my grandmother, '.repeat(50));
    expect(() => openSqliteStore({ data })).toThrow(StoreError);
    expect(() => openSqliteStore({ data })).toThrow(data);
  });

  test('that is full refuses writes with words, still reads, and takes writes again when there is room', async () => {
    const data = folder();
    let database: Database | undefined;
    const store = openSqliteStore({
      data,
      open(path) {
        const opened = openDatabase(path);
        if (path.endsWith('node.db')) database = opened;
        return opened;
      },
    });
    await append(store, 'kept');
    const pages = Number(database?.prepare('PRAGMA page_count').get()?.['page_count']);
    database?.prepare(`PRAGMA max_page_count = ${pages}`).all();
    await expect(append(store, 'x'.repeat(100_000))).rejects.toThrow(/cannot write: .*full/i);
    expect(await store.query(rows)).toHaveLength(1);
    database?.prepare('PRAGMA max_page_count = 1000000').all();
    await append(store, 'y'.repeat(100_000));
    expect(await store.query(rows)).toHaveLength(2);
    await store.close();
  });
});

describe('migrations', () => {
  test('lead from nothing to the present shape, and change nothing when run again', () => {
    const database = openDatabase(':memory:');
    const shape = (): unknown[] =>
      database
        .prepare('SELECT name, sql FROM sqlite_master ORDER BY name')
        .all()
        .map((row) => ({ ...row }));
    migrate(database);
    const first = shape();
    migrate(database);
    expect(shape()).toEqual(first);
    expect(Number(database.prepare('PRAGMA user_version').get()?.['user_version'])).toBe(steps.length);
    database.close();
  });
});
