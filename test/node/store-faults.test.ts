import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../src/node/commands.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { type Database, libsqlDriver, nodeDriver, openDatabase } from '../../src/node/store/driver.ts';
import { reasonOf } from '../../src/node/store/reasons.ts';
import { openSqliteStore } from '../../src/node/store/sqlite.ts';
import { type Store, StoreError } from '../../src/node/store/store.ts';
import { watched } from '../../src/node/store/watched.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { alice } from '../support/people.ts';
import { smallDisk } from '../support/small-disk.ts';
import { api, bearer, gateway } from './clients.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-faults-'));
  stops.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
const topic = '/xmtp/0/m-faults/proto';
let count = 0;
const envelope = (bytes = 10, contentTopic = topic) => ({
  contentTopic,
  timestampNs: BigInt(++count),
  message: Buffer.alloc(bytes, count),
});
const json = ({ contentTopic, timestampNs, message }: ReturnType<typeof envelope>) => ({
  contentTopic,
  timestampNs: String(timestampNs),
  message: message.toString('base64'),
});
const start = async (data: string): Promise<RunningNode> => {
  const node = await startNode({ compat: true, data, metrics: { host: '127.0.0.1', port: 0 } });
  stops.push(() => node.close());
  return node;
};
const publish = (node: RunningNode, bytes: number) => gateway(node.url, 'publish', { envelopes: [json(envelope(bytes))] }, bearer(alice));
const rows = async (node: RunningNode, contentTopic = topic): Promise<number> =>
  ((await gateway(node.url, 'query', { contentTopics: [contentTopic] })).body['envelopes'] as unknown[]).length;
const ready = async (node: RunningNode): Promise<[number, string]> => {
  const answer = await fetch(`${node.url}/readyz`);
  return [answer.status, await answer.text()];
};
const faults = async (node: RunningNode, reason: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
  return Number(new RegExp(`^parley_store_faults_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
};
const words = 'the disk of this node is full: it takes nothing until there is room, and still answers queries';

describe('a disk that is full', () => {
  test('keeps nothing from reading, is told to clients and operators alike, and writing resumes when there is room', async ({ skip }) => {
    const disk = smallDisk(4);
    if ('missing' in disk) return skip(disk.missing);
    stops.push(() => disk.remove());
    const node = await start(join(disk.path, 'data'));
    expect((await publish(node, 1000)).status).toBe(200);
    disk.fill();
    // What the log has in hand is used up first.
    let refused = await publish(node, 100_000);
    for (let tries = 0; refused.status === 200 && tries < 20; tries++) refused = await publish(node, 100_000);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: Code.Unavailable, message: words });
    expect(refused.headers.get('retry-after')).toBe('60');
    const overGrpc = await api(node.url)
      .publish({ envelopes: [envelope(100_000)] }, { headers: bearer(alice) })
      .catch((error: unknown) => ConnectError.from(error));
    expect(overGrpc).toMatchObject({ code: Code.Unavailable, rawMessage: words });
    const stored = await rows(node);
    expect(stored).toBeGreaterThan(0);
    expect(await faults(node, 'full')).toBeGreaterThanOrEqual(2);
    await expect.poll(() => ready(node), { timeout: 10_000, interval: 300 }).toEqual([503, `not ready: ${words}\n`]);
    await expect(runCommand(['health', '--port', new URL(node.url).port], {})).rejects.toThrow(words);

    disk.free();
    expect((await publish(node, 100_000)).status).toBe(200);
    expect(await rows(node)).toBe(stored + 1);
    await expect.poll(() => ready(node), { timeout: 10_000, interval: 300 }).toEqual([200, 'ready\n']);
  });

  test('has after an export or a backup that it has no room for no part of it, and says why', async ({ skip }) => {
    const disk = smallDisk(2);
    if ('missing' in disk) return skip(disk.missing);
    stops.push(() => disk.remove());
    const data = folder();
    const store = openSqliteStore({ data });
    for (let n = 0; n < 40; n++) await store.append([{ topic, timestampNs: BigInt(n), message: Buffer.alloc(100_000, n) }]);
    const [whole, part] = [join(disk.path, 'all.ndjson'), join(disk.path, 'all.db')];
    await expect(runCommand(['export', whole, '--data', data], {})).rejects.toMatchObject({ name: 'StoreError', reason: 'full' });
    await expect(runCommand(['backup', part, '--data', data], {})).rejects.toMatchObject({ name: 'StoreError', reason: 'full' });
    expect(readdirSync(disk.path)).toEqual([]);
    await store.close();
  });
});

test('an export takes the place of nothing, and leaves only its file', async () => {
  const data = folder();
  const store = openSqliteStore({ data });
  await store.append([{ topic, timestampNs: 1n, message: utf8('a') }]);
  await store.close();
  const out = join(folder(), 'out');
  mkdirSync(out);
  expect(await runCommand(['export', join(out, 'all.ndjson'), '--data', data], {})).toContain('Wrote 1 envelopes');
  const before = readFileSync(join(out, 'all.ndjson'), 'utf8');
  await expect(runCommand(['export', join(out, 'all.ndjson'), '--data', data], {})).rejects.toThrow('exists already');
  expect([readdirSync(out), readFileSync(join(out, 'all.ndjson'), 'utf8')]).toEqual([['all.ndjson'], before]);
});

describe('a store that may only be read', () => {
  const drivers = [['libsql', libsqlDriver()] as const, ...(nodeDriver() ? [['node:sqlite', nodeDriver()] as const] : [])];
  test.each(drivers)('says so while it lasts, by %s, and takes writes afterwards', async (_, driver) => {
    let database: Database | undefined;
    const data = folder();
    const store = openSqliteStore({
      data,
      open(path) {
        const opened = (driver ?? openDatabase)(path);
        if (path.endsWith('node.db')) database = opened;
        return opened;
      },
    });
    stops.push(() => store.close());
    const append = (text: string) => store.append([{ topic, timestampNs: 1n, message: utf8(text) }]);
    await append('a');
    database?.prepare('PRAGMA query_only = ON').all();
    await expect(append('b')).rejects.toMatchObject({ name: 'StoreError', reason: 'read-only' });
    await expect(store.check()).rejects.toMatchObject({ reason: 'read-only' });
    const query = { topics: [topic], startNs: 0n, endNs: 0n, limit: 10, ascending: true };
    expect(await store.query(query)).toHaveLength(1);
    database?.prepare('PRAGMA query_only = OFF').all();
    await append('b');
    expect(await store.query(query)).toHaveLength(2);
  });

  test('refuses to open where nothing may be written', ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('only root may mount a folder without leave to write');
    const data = folder();
    try {
      execFileSync('mount', ['--bind', data, data], { stdio: 'pipe' });
      stops.push(() => execFileSync('umount', [data]));
      execFileSync('mount', ['-o', 'remount,bind,ro', data], { stdio: 'pipe' });
    } catch (error) {
      return skip(`cannot be mounted here: ${(error as Error).message.trim()}`);
    }
    expect(() => openSqliteStore({ data })).toThrow(new RegExp(`The data in ${data} cannot be opened: EROFS: read-only file system`));
  });

  test('notices that its file was moved away under it, and loses nothing that it acknowledged', async () => {
    const data = folder();
    const store = openSqliteStore({ data });
    await store.append([{ topic, timestampNs: 1n, message: utf8('a') }]);
    renameSync(join(data, 'node.db'), join(data, 'elsewhere.db'));
    const outcome = await store.append([{ topic, timestampNs: 2n, message: utf8('b') }]).catch((error: unknown) => error);
    // Whichever way the driver has it: either it is refused as such, or it is in the file that was moved.
    if (outcome instanceof Error) expect(outcome).toMatchObject({ reason: 'read-only' });
    renameSync(join(data, 'elsewhere.db'), join(data, 'node.db'));
    await store.close();
    const again = openSqliteStore({ data });
    const found = await again.query({ topics: [topic], startNs: 0n, endNs: 0n, limit: 10, ascending: true });
    expect(found).toHaveLength(outcome instanceof Error ? 1 : 2);
    await again.close();
  });
});

describe('a file with a damaged page', () => {
  test('fails the queries that need it as data loss, answers the others and takes messages', async () => {
    const data = folder();
    const first = openSqliteStore({ data });
    const intact = '/xmtp/0/m-intact/proto';
    await first.append([{ topic: intact, timestampNs: 1n, message: utf8('good') }]);
    const mark = utf8('the row that is to be damaged');
    for (let n = 0; n < 50; n++)
      await first.append([{ topic, timestampNs: BigInt(n), message: n === 25 ? Buffer.concat([mark], 3000) : Buffer.alloc(3000) }]);
    await first.close();
    const path = join(data, 'node.db');
    const page = Math.floor(readFileSync(path).indexOf(mark) / 4096);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0x77), 0, 4096, page * 4096);
    closeSync(file);

    const node = await start(data);
    const answer = await gateway(node.url, 'query', { contentTopics: [topic] });
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: Code.DataLoss, message: 'the store of this node is damaged' });
    expect(await rows(node, intact)).toBe(1);
    expect(await faults(node, 'damaged')).toBe(1);
    await expect(runCommand(['check', '--data', data], {})).rejects.toThrow('is damaged');
    expect(existsSync(path)).toBe(true);
  });
});

describe('the reason of a fault', () => {
  test.each([
    [{ code: 'SQLITE_IOERR_WRITE', rawCode: 10 | (3 << 8) }, 'failing'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 10 | (1 << 8) }, 'failing'],
    [{ code: 'SQLITE_IOERR_SHMSIZE', rawCode: 10 | (19 << 8) }, 'full'],
    [{ code: 'SQLITE_BUSY', rawCode: 5 }, 'busy'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 26 }, 'damaged'],
    [{ code: '53100' }, 'full'],
    [{ code: '08006' }, 'unreachable'],
    [{ code: 'ECONNREFUSED' }, 'unreachable'],
    [{ code: 'ENOSPC' }, 'full'],
    [{ code: '22P02' }, 'other'],
    [new Error('whatever'), 'other'],
    [undefined, 'other'],
  ])('%j is told as %s', (thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason);
    expect(new StoreError('it failed', { cause: thrown }).reason).toBe(reason);
    // However often it is wrapped.
    expect(new StoreError('a', { cause: new StoreError('b', { cause: thrown }) }).reason).toBe(reason);
  });

  test('is logged when it begins, once a minute while it lasts, and when it has gone', async () => {
    let now = 0;
    let fault: StoreError | undefined = new StoreError('no', { reason: 'full' });
    const said: string[] = [];
    const counted: string[] = [];
    const log = { info: (event: string) => said.push(event), warn: () => {}, error: (event: string) => said.push(event) };
    const store = watched(
      {
        append: async () => {
          if (fault) throw fault;
          return [1];
        },
      } as unknown as Store,
      { log, onFault: (reason) => counted.push(reason), clock: () => now },
    );
    const append = () => store.append([]).catch(() => {});
    for (let n = 0; n < 100; n++) await append();
    now += 60_000;
    await append();
    fault = undefined;
    await append();
    await append();
    expect(said).toEqual([
      'the store has a fault: full',
      'the store has a fault: full, 99 more since it was last told',
      'the store writes again; it was full',
    ]);
    expect(counted).toHaveLength(101);
  });
});
