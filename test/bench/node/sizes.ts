import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openDatabase } from '../../../src/node/store/driver.ts';
import { openPostgresStore } from '../../../src/node/store/postgres/postgres.ts';
import { root, sleep } from '../../cli/processes.ts';
import { load } from '../load.ts';
import type { Setting } from '../node.ts';
import { memoryOf, processorSecondsOf, type Served, serveNode } from '../processes.ts';
import { type Comparison, figure, median } from '../report.ts';
import { startPostgres } from './postgres.ts';
import { fillOurs, inBatches } from './queries.ts';
import { jsonPublish } from './requests.ts';

/** What an operator plans with: room on the disk, memory, processor and hours, of a store with so many rows of messages of 400 bytes. */
export async function benchSizes({ rounds, rows, folder, atEnd }: Setting): Promise<Comparison[]> {
  const data = folder();
  console.log(`  filling a store with ${rows.toLocaleString('en')} rows …`);
  const filled = await seconds(() => fillOurs(data, rows));
  const perRow = (bytes: number): number => bytes / rows;
  const found = [
    figure('disk of one message of 400 bytes on SQLite', perRow(bytesBelow(data)), 'B', null),
    figure('rows that a file takes in, by 2,000 at a time', rows / filled, '/s', null),
  ];
  found.push(...(await started(data, rounds, atEnd)));
  const place = folder();
  found.push(...commandsOn(data, place, rows));
  found.push(...(await relayed(data, join(place, 'fresh'), rows, atEnd)));
  found.push(...(await onPostgres(rows, atEnd)));
  return found;
}

/** How long the start takes with the store there, and what one publish takes of the processors. */
async function started(data: string, rounds: number, atEnd: Setting['atEnd']): Promise<Comparison[]> {
  const starts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let node: Served | undefined;
    starts.push(
      await seconds(async () => {
        node = await serveNode(['--data', data, '--compat']);
      }),
    );
    await node?.stop();
  }
  const node = await serveNode(['--data', data, '--compat']);
  atEnd(node.stop);
  const before = memoryOf(node.pid);
  const make = jsonPublish(Array.from({ length: 1000 }, (_, n) => `/xmtp/0/m-sizes-${n}/proto`));
  await load(node.port, make, { connections: 64, seconds: 1 });
  const worked = processorSecondsOf(node.pid);
  const { rate } = await load(node.port, make, { connections: 64, seconds: 5 });
  const each = ((processorSecondsOf(node.pid) - worked) / (rate * 5)) * 1e6;
  await node.stop();
  return [
    figure('start of a node with that store', median(starts), 's', null),
    figure('its memory before anything is asked', before / 1e6, 'MB', null),
    figure('processor of one durable publish by JSON', each, 'us', null, `at ${Math.round(rate).toLocaleString('en')}/s`),
  ];
}

/** How long the commands of operating take; leaves the same store once more in `fresh` below the place. */
function commandsOn(data: string, place: string, rows: number): Comparison[] {
  const run = (...words: string[]): number => {
    const begun = performance.now();
    const done = spawnSync(process.execPath, [join(root, 'dist/node/main.js'), ...words], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${words[0]} failed: ${done.stderr}`);
    return (performance.now() - begun) / 1000;
  };
  const [copy, lines, fresh] = ['copy.db', 'envelopes.jsonl', 'fresh'].map((name) => join(place, name)) as [string, string, string];
  const all = `of ${rows.toLocaleString('en')} rows`;
  return [
    figure(`backup, with its check, ${all}`, run('backup', copy, '--data', data), 's', null),
    figure(`check ${all}`, run('check', '--data', data), 's', null),
    figure(`export ${all}`, run('export', lines, '--data', data), 's', null, `${gigabytes(lines)} GB of lines`),
    figure(`import ${all}`, run('import', lines, '--data', fresh, '--compat'), 's', null),
    figure(`restore ${all}`, run('restore', copy, '--data', fresh), 's', null),
  ];
}

/** What the relay adds: its own file, its memory, and the first meeting of two nodes that have the same rows, which neither relay knows yet. */
async function relayed(data: string, same: string, rows: number, atEnd: Setting['atEnd']): Promise<Comparison[]> {
  const store = bytesBelow(data);
  const flags = ['--compat', '--relay', '/ip4/127.0.0.1/tcp/0'];
  let node: Served | undefined;
  const up = await seconds(async () => {
    node = await serveNode(['--data', data, ...flags]);
  });
  const { pid, relay, stop } = node as Served;
  atEnd(stop);
  const other = await serveNode(['--data', same, ...flags, '--peers', relay ?? '']);
  atEnd(other.stop);
  const met = await seconds(async () => {
    while (indexedIn(data) < rows || indexedIn(same) < rows) await sleep(200);
  });
  const memory = memoryOf(pid);
  await Promise.all([stop(), other.stop()]);
  return [
    figure('first start with --relay, until it serves', up, 's', null),
    figure('two nodes meet, until the relays of both know every row', met, 's', null),
    figure('memory of a node with --relay and that store', memory / 1e6, 'MB', null),
    figure('disk that the relay adds to one message', (bytesBelow(data) - store) / rows, 'B', null),
  ];
}

async function onPostgres(rows: number, atEnd: Setting['atEnd']): Promise<Comparison[]> {
  const database = await startPostgres();
  atEnd(database.stop);
  const store = await openPostgresStore({ url: database.url });
  const filled = await seconds(async () => {
    for (const batch of inBatches(rows, 2000)) await store.append(batch);
  });
  await store.close();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  const { rows: answer } = await client.query('SELECT pg_database_size(current_database())::float8 AS bytes');
  await client.end();
  return [
    figure('disk of one message of 400 bytes on PostgreSQL', Number(answer[0].bytes) / rows, 'B', null),
    figure('rows that PostgreSQL takes in, by 2,000 at a time', rows / filled, '/s', null),
  ];
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
};

const bytesBelow = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);

const gigabytes = (path: string): string => (statSync(path).size / 1e9).toFixed(2);

function indexedIn(data: string): number {
  const database = openDatabase(join(data, 'relay.db'));
  try {
    return Number(database.prepare('SELECT seq FROM indexed').get()?.['seq'] ?? 0);
  } finally {
    database.close();
  }
}
