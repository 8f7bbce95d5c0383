import pg from 'pg';
import { openSqliteStore } from '../../../src/node/store/sqlite.ts';
import { envelopeDigest } from '../../../src/protocol/envelope.ts';
import { load, request } from '../load.ts';
import type { Setting } from '../node.ts';
import { memoryOf, serveIn, serveNode } from '../processes.ts';
import { type Comparison, compare, figure } from '../report.ts';
import { startPostgres } from './postgres.ts';
import { messageLength } from './requests.ts';

const topics = 20_000;
const topicOf = (n: number): string => `/xmtp/0/m-large-${n}/proto`;

/** The newest 20 of a topic, and of 50 topics in one batch, in a store of a million rows. */
export async function benchQueries({ rounds, rows, folder, atEnd }: Setting): Promise<Comparison[]> {
  const data = folder();
  const database = await startPostgres();
  atEnd(database.stop);
  const front = await serveIn('node/reference-front.ts', [database.url]);
  atEnd(front.stop);
  console.log(`  filling both with ${rows.toLocaleString('en')} rows …`);
  await fillOurs(data, rows);
  await fillTheirs(database.url, rows);
  const empty = await serveNode(['--data', folder(), '--compat']);
  const atRest = memoryOf(empty.pid);
  await empty.stop();
  const node = await serveNode(['--data', data, '--compat']);
  atEnd(node.stop);
  const started = memoryOf(node.pid);

  const headers = { 'content-type': 'application/json' };
  const ask = (n: number) => ({ contentTopics: [topicOf(skewed(n))], pagingInfo: { limit: 20, direction: 'SORT_DIRECTION_DESCENDING' } });
  const query = (n: number): Buffer => request('/message/v1/query', headers, Buffer.from(JSON.stringify(ask(n))));
  const batch = (n: number): Buffer => {
    const requests = Array.from({ length: 50 }, (_, index) => ask(n * 50 + index));
    return request('/message/v1/batch-query', headers, Buffer.from(JSON.stringify({ requests })));
  };
  const rate = async (port: number, make: (n: number) => Buffer): Promise<number> => {
    const found = await load(port, make, { connections: 16, seconds: 3 });
    if (found.failed > 0) throw new Error(`${found.failed} queries failed`);
    return found.rate;
  };
  for (const { port } of [node, front]) await rate(port, query);
  const against = { unit: '/s', opponent: 'the same on PostgreSQL', rounds, bar: 1 };
  const found = [
    await compare({ what: 'newest 20 of a topic', ...against, ours: () => rate(node.port, query), theirs: () => rate(front.port, query) }),
    await compare({
      what: 'newest 20 of 50 topics',
      ...against,
      ours: () => rate(node.port, batch),
      theirs: () => rate(front.port, batch),
    }),
  ];
  const [ours, theirs] = [memoryOf(node.pid), database.memory() + memoryOf(front.pid)];
  return [
    ...found,
    figure('memory of our node at rest, with an empty store', atRest / 1e6, 'MB', null),
    figure('memory of our node with that store, before the first query', started / 1e6, 'MB', null),
    figure('memory of our node with that store, after the queries', ours / 1e6, 'MB', null),
    figure('our memory as a part of that of PostgreSQL and its front', ours / theirs, '', 0.34, `theirs ${(theirs / 1e6).toFixed(0)} MB`),
  ];
}

/** Few topics have most of the messages. */
const skewed = (n: number): number => Math.floor((((n * 2_654_435_761) % 2 ** 32) / 2 ** 32) ** 2 * topics);

function* envelopes(rows: number) {
  for (let n = 0; n < rows; n++) {
    const message = Buffer.alloc(messageLength, n % 251);
    message.writeUInt32BE(n, 0);
    yield { topic: topicOf(skewed(n)), timestampNs: 1_700_000_000_000_000_000n + BigInt(n) * 1_000_000n, message };
  }
}

export function* inBatches(rows: number, size: number) {
  let batch: { topic: string; timestampNs: bigint; message: Buffer }[] = [];
  for (const envelope of envelopes(rows)) {
    batch.push(envelope);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

export async function fillOurs(data: string, rows: number): Promise<void> {
  const store = openSqliteStore({ data });
  for (const batch of inBatches(rows, 2000)) await store.append(batch);
  await store.close();
}

async function fillTheirs(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const batch of inBatches(rows, 2000)) {
    await client.query(
      `INSERT INTO message (id, receiverTimestamp, senderTimestamp, contentTopic, pubsubTopic, payload, version, should_expire)
       SELECT id, ts, ts, topic, '/waku/2/default-waku/proto', payload, 0, FALSE
       FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[]) AS row (id, ts, topic, payload)`,
      [
        batch.map(({ topic, message }) => Buffer.from(envelopeDigest(topic, message))),
        batch.map(({ timestampNs }) => String(timestampNs)),
        batch.map(({ topic }) => topic),
        batch.map(({ message }) => message),
      ],
    );
  }
  await client.query('ANALYZE message');
  await client.end();
}
