import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/node/store/driver.ts';
import { migrate, steps } from '../../src/node/store/migrations.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { envelopeDigest } from '../../src/protocol/envelope.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'parley-migrations-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const path = () => join(data, 'node.db');

/** A store as a program wrote it that knew only so many steps. */
function older(format: number): void {
  const database = openDatabase(path());
  migrate(database, steps.slice(0, format));
  for (let topic = 1; topic <= 3; topic++) database.prepare('INSERT INTO topic (id, name) VALUES (?, ?)').run(topic, `topic ${topic}`);
  for (let n = 0; n < 300; n++) {
    const message = utf8(`message ${n}`);
    database
      .prepare('INSERT INTO envelope (topic, ts, digest, received, message) VALUES (?, ?, ?, ?, ?)')
      .run(1 + (n % 3), n, envelopeDigest(`topic ${1 + (n % 3)}`, message), n, message);
  }
  database.close();
}

describe('a store of an older format', () => {
  test.each(Array.from({ length: steps.length }, (_, n) => n + 1))(
    'of format %i keeps all that is in it, and takes more',
    async (format) => {
      older(format);
      const store = openSqliteStore({ data });
      expect(store.head()).toBe(300);
      for (let topic = 1; topic <= 3; topic++) {
        const rows = await store.query({ topics: [`topic ${topic}`], startNs: 0n, endNs: 0n, limit: 500, ascending: true });
        expect(rows.map(({ message }) => Buffer.from(message).toString())).toEqual(
          Array.from({ length: 300 }, (_, n) => n).flatMap((n) => (1 + (n % 3) === topic ? [`message ${n}`] : [])),
        );
      }
      expect(await store.append([{ topic: 'topic 1', timestampNs: 1_000n, message: utf8('one more') }])).toEqual([301]);
      await store.check();
      await store.close();
    },
  );

  test('stays as it was where one of the steps fails, and what failed is what is told', () => {
    older(1);
    const database = openDatabase(path());
    expect(() => migrate(database, [...steps, 'CREATE TABLE one_more (a INTEGER); INSERT INTO nothing_like_it VALUES (1)'])).toThrow(
      'nothing_like_it',
    );
    expect(database.prepare('PRAGMA user_version').get()?.['user_version']).toBe(1n);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all();
    expect(tables.map((row) => row['name'])).toEqual(['contact', 'envelope', 'topic']);
    database.close();
  });
});
