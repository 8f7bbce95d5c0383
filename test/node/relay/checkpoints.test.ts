import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Checkpoints } from '../../../src/node/relay/checkpoints.ts';
import { Ledger } from '../../../src/node/relay/ledger.ts';
import { openDatabase } from '../../../src/node/store/driver.ts';
import { root } from '../../cli/processes.ts';
import { until } from './network.ts';

const file = join(root, 'dist/node/checkpoints.js');
const parent = mkdtempSync(join(tmpdir(), 'parley-checkpoints-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(parent, 'data-'));

const logOf = (path: string): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

const logBytes = 200_000;
function database(path: string) {
  const opened = openDatabase(path);
  for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL', 'wal_autocheckpoint = 0']) opened.prepare(`PRAGMA ${pragma}`).all();
  opened.exec('CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, text TEXT)');
  return opened;
}

test('the log moves into the file and begins anew, again and again, while somebody writes', async () => {
  const path = join(folder(), 'one.db');
  const written = database(path);
  const checkpoints = new Checkpoints({ file, path, logBytes, onFault: () => expect.unreachable(), onEnded: () => expect.unreachable() });
  const insert = written.prepare('INSERT INTO row VALUES (?, ?)');
  const size = (): number => statSync(`${path}-wal`).size;
  let [rows, begun, before] = [0, 0, 0];
  await until('three times', async () => {
    while (checkpoints.ready()) await checkpoints.ready();
    insert.run(rows++, 'x'.repeat(5000));
    checkpoints.wrote();
    if (size() < before) begun += 1;
    before = size();
    return begun >= 3;
  });
  written.close();
  await checkpoints.close();
  expect(logOf(path)).toBe(0);
  const again = openDatabase(path);
  expect(again.prepare('SELECT count(*) AS count, max(n) AS last FROM row').get()).toMatchObject({
    count: BigInt(rows),
    last: BigInt(rows - 1),
  });
  expect(again.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
  again.close();
});

test('whoever reads keeps the log from beginning anew, and nobody from writing', async () => {
  const path = join(folder(), 'one.db');
  const written = database(path);
  const reading = openDatabase(path);
  written.exec("INSERT INTO row VALUES (0, '')");
  reading.exec('BEGIN');
  reading.prepare('SELECT count(*) FROM row').get();
  const checkpoints = new Checkpoints({ file, path, logBytes, onFault: () => expect.unreachable(), onEnded: () => expect.unreachable() });
  const write = async (n: number): Promise<void> => {
    await checkpoints.ready();
    written.prepare('INSERT INTO row VALUES (?, ?)').run(n, 'x'.repeat(5000));
    checkpoints.wrote();
  };
  for (let n = 1; n <= 60; n++) await write(n);
  await until('it gave up', () => !checkpoints.ready());
  reading.exec('COMMIT');
  reading.close();
  let rows = 61;
  await until('it begins anew', async () => {
    await write(rows++);
    return statSync(`${path}-wal`).size < logBytes;
  });
  expect(written.prepare('SELECT count(*) AS count FROM row').get()).toMatchObject({ count: BigInt(rows) });
  written.close();
  await checkpoints.close();
});

test('what is in the way of it is told, and it is tried again when there is more', async () => {
  const data = folder();
  const path = join(data, 'one.db');
  const written = database(path);
  const full = join(data, 'full.mjs');
  writeFileSync(
    full,
    `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (asked) => {
      parentPort.postMessage({ fault: asked === 'finish' ? 'the disk is full' : null });
      if (asked === 'close') parentPort.close();
    });`,
  );
  const faults: string[] = [];
  const checkpoints = new Checkpoints({
    file: full,
    path,
    logBytes: 10_000,
    onFault: (fault) => faults.push(fault),
    onEnded: () => expect.unreachable(),
  });
  const insert = written.prepare('INSERT INTO row VALUES (?, ?)');
  let rows = 0;
  await until('it was told twice', async () => {
    await checkpoints.ready();
    insert.run(rows++, 'x'.repeat(5000));
    checkpoints.wrote();
    return faults.length >= 2;
  });
  expect(new Set(faults)).toEqual(new Set(['the disk is full']));
  written.close();
  await checkpoints.close();
});

test('a thread that ends by itself holds nobody up, and is told of', async () => {
  const data = folder();
  const path = join(data, 'one.db');
  const written = database(path);
  const dying = join(data, 'dying.mjs');
  writeFileSync(dying, `import { parentPort } from 'node:worker_threads'; parentPort.once('message', () => { throw new Error('gone'); });`);
  let ended = 0;
  const checkpoints = new Checkpoints({ file: dying, path, logBytes: 1, onFault: () => expect.unreachable(), onEnded: () => ended++ });
  written.exec("INSERT INTO row VALUES (0, '')");
  checkpoints.wrote();
  await until('it ended', () => ended === 1);
  await until('nobody waits', () => !checkpoints.ready());
  checkpoints.wrote();
  expect(checkpoints.ready()).toBe(undefined);
  written.close();
  await checkpoints.close();
});

test('what is remembered beside the store is whole after its log moved', async () => {
  const data = folder();
  const hash = (n: number): Buffer => {
    const bytes = Buffer.alloc(32, 1);
    bytes.writeUInt32BE((n * 2_654_435_761) % 2 ** 32);
    bytes.writeUInt32BE(n, 4);
    return bytes;
  };
  let ledger = new Ledger(data, '/waku/2/default-waku/proto', 'store', { thread: file, logBytes: 1 << 20 });
  let seq = 0;
  let [grew, begun] = [0, 0];
  await until(
    'the log began anew',
    async () => {
      const rows = Array.from({ length: 500 }, () => ({ hash: hash(++seq), seq, timestampNs: BigInt(seq) }));
      await ledger.keep([{ hash: (rows[0] as { hash: Buffer }).hash, voucher: Uint8Array.of(1) }]);
      await ledger.ready();
      ledger.index(rows, seq);
      const size = statSync(join(data, 'relay.db-wal')).size;
      if (size < grew) begun += 1;
      grew = size;
      return begun > 0;
    },
    60_000,
  );
  await ledger.close();
  expect(logOf(join(data, 'relay.db'))).toBe(0);
  ledger = new Ledger(data, '/waku/2/default-waku/proto', 'store', { thread: null });
  expect(ledger.indexed).toBe(seq);
  expect(ledger.known(Array.from({ length: seq }, (_, n) => hash(n + 1))).size).toBe(seq);
  expect(ledger.vouchersOf([hash(1), hash(2), hash(501)])).toEqual([Uint8Array.of(1), undefined, Uint8Array.of(1)]);
  await ledger.close();
});
