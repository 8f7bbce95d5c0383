import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import {
  MessageApi,
  type PagingInfo,
  PagingInfoSchema,
  QueryRequestSchema,
  SortDirection,
} from '../../gen/xmtp/message_api/v1/message_api_pb.ts';
import { toHex } from '../../protocol/bytes.ts';
import { envelopeDigest } from '../../protocol/envelope.ts';
import { parseTopic } from '../../protocol/topic.ts';
import type { NodeConfig } from '../config.ts';
import { bytesOf, openDatabase } from '../store/driver.ts';
import { StoreError } from '../store/store.ts';
import { postgresRows } from './postgres.ts';

/** Topics of one request, and rows of one page. */
const topicsAtOnce = 50;
const pageRows = 100;
const localRows = 1000;

/** How two nodes differ in the topics that this one has, for each kind of topic. */
export interface Difference {
  readonly kind: string;
  readonly topics: number;
  /** Envelopes that both have. */
  readonly equal: number;
  readonly missingThere: number;
  readonly missingHere: number;
}

/** Compares what this node's store holds with what another node answers, topic by topic; the node may run. @throws StoreError, ConnectError */
export async function verifyAgainst(url: string, config: Pick<NodeConfig, 'data' | 'store'>): Promise<Difference[]> {
  const client = createClient(MessageApi, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
  const here = new Map<string, Set<string>>();
  for await (const { topic, timestampNs, digest } of config.store === undefined ? sqliteRows(config.data) : heldInPostgres(config.store)) {
    const held = here.get(topic) ?? new Set();
    here.set(topic, held.add(nameOf(timestampNs, digest)));
  }
  const kinds = new Map<string, { -readonly [Name in keyof Difference]: Difference[Name] }>();
  const topics = [...here.keys()];
  for (let at = 0; at < topics.length; at += topicsAtOnce) {
    const some = topics.slice(at, at + topicsAtOnce);
    for (const [topic, there] of await heldThere(client, some)) {
      const { kind } = parseTopic(topic);
      const count = kinds.get(kind) ?? { kind, topics: 0, equal: 0, missingThere: 0, missingHere: 0 };
      kinds.set(kind, count);
      const held = here.get(topic) as Set<string>;
      const equal = [...held].filter((name) => there.has(name)).length;
      count.topics += 1;
      count.equal += equal;
      count.missingThere += held.size - equal;
      count.missingHere += there.size - equal;
    }
  }
  return [...kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

type Client = ReturnType<typeof createClient<typeof MessageApi>>;

/** Everything that the other node has of these topics, page by page. */
async function heldThere(client: Client, topics: readonly string[]): Promise<Map<string, Set<string>>> {
  const found = new Map(topics.map((topic) => [topic, new Set<string>()]));
  let open: { readonly topic: string; readonly pagingInfo: PagingInfo }[] = topics.map((topic) => ({ topic, pagingInfo: firstPage() }));
  while (open.length > 0) {
    const requests = open.map(({ topic, pagingInfo }) => create(QueryRequestSchema, { contentTopics: [topic], pagingInfo }));
    const { responses } = await patiently(() => client.batchQuery({ requests }));
    const next: typeof open = [];
    for (const [index, { envelopes, pagingInfo }] of responses.entries()) {
      const topic = open[index]?.topic as string;
      for (const { timestampNs, message } of envelopes) found.get(topic)?.add(nameOf(timestampNs, envelopeDigest(topic, message)));
      if (pagingInfo?.cursor) next.push({ topic, pagingInfo });
    }
    open = next;
  }
  return found;
}

/** Waits where the other node has limits. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt > 60 || ConnectError.from(error).code !== Code.ResourceExhausted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

interface Held {
  readonly topic: string;
  readonly timestampNs: bigint;
  readonly digest: Uint8Array;
}

function* sqliteRows(data: string): Generator<Held> {
  const path = join(data, 'node.db');
  if (!existsSync(path)) throw new StoreError(`There is no database ${path}.`);
  const database = openDatabase(path);
  try {
    const page = database.prepare(
      'SELECT seq, name, ts, digest FROM envelope JOIN topic ON topic.id = envelope.topic WHERE seq > ? ORDER BY seq LIMIT ?',
    );
    for (let last = 0n, rows = page.all(last, localRows); rows.length > 0; rows = page.all(last, localRows))
      for (const row of rows) {
        last = row['seq'] as bigint;
        yield { topic: String(row['name']), timestampNs: row['ts'] as bigint, digest: bytesOf(row['digest']) };
      }
  } finally {
    database.close();
  }
}

async function* heldInPostgres(url: string): AsyncGenerator<Held> {
  for await (const { topic, timestampNs, message } of postgresRows(url))
    yield { topic, timestampNs, digest: envelopeDigest(topic, message) };
}

const firstPage = (): PagingInfo => create(PagingInfoSchema, { limit: pageRows, direction: SortDirection.ASCENDING });
const nameOf = (timestampNs: bigint, digest: Uint8Array): string => `${timestampNs} ${toHex(digest)}`;
