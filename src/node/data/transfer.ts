import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ConnectError } from '@connectrpc/connect';
import { fromBase64, toBase64 } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { NodeConfig } from '../config.ts';
import { openDatabase } from '../store/driver.ts';
import { openPostgresStore } from '../store/postgres/postgres.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { type NewEnvelope, NotNewerError, StoreError } from '../store/store.ts';
import { committedOf, wholeRow } from '../store/whole-rows.ts';
import { checkEnvelope, writerOf } from '../topic-rules.ts';
import { makeDurable } from './backup.ts';
import { postgresRows } from './postgres.ts';

const pageSize = 1000;

/**
 * Writes envelopes as lines of JSON, the form in which the gateway shows them, in the order in which they were stored; also while the node runs. `prefixes`
 * chooses topics by how they begin. Answers how many. @throws StoreError
 */
export async function exportEnvelopes({ data, store }: Place, prefixes: readonly string[], to: string): Promise<number> {
  const lines = linesOf(store === undefined ? sqliteRows(data) : postgresRows(store), prefixes);
  try {
    return to === '-' ? await writeAll(lines, process.stdout) : await writeFile(lines, to);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The export could not be written: ${(cause as Error).message}`, { cause });
  }
}

/** Where a node keeps its envelopes: in a directory, or in PostgreSQL. */
type Place = Pick<NodeConfig, 'data' | 'store'>;

/** Writes beside the file and gives it its name when all of it is on the disk: a file that is there is whole. @throws StoreError, the system's error */
async function writeFile(lines: AsyncIterable<string>, to: string): Promise<number> {
  const taken = (): StoreError => new StoreError(`${to} exists already; an export overwrites nothing.`);
  if (existsSync(to)) throw taken();
  const draft = `${to}.part`;
  rmSync(draft, { force: true });
  try {
    const out = createWriteStream(draft, { flags: 'wx' });
    const done = finished(out);
    done.catch(() => {}); // told below, or by the write that it broke
    const count = await writeAll(lines, out);
    out.end();
    await done;
    makeDurable(draft);
    // As a link, because a rename would take the place of a file that has come meanwhile.
    try {
      linkSync(draft, to);
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'EEXIST') throw taken();
      // Some file systems have no links.
      renameSync(draft, to);
    }
    makeDurable(dirname(to));
    return count;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function* linesOf(
  rows: AsyncIterable<NewEnvelope> | Iterable<NewEnvelope>,
  prefixes: readonly string[],
): AsyncGenerator<string, void, undefined> {
  for await (const { topic, timestampNs, message } of rows) {
    if (prefixes.length > 0 && !prefixes.some((prefix) => topic.startsWith(prefix))) continue;
    yield JSON.stringify({ contentTopic: topic, timestampNs: String(timestampNs), message: toBase64(message) });
  }
}

function* sqliteRows(data: string): Generator<NewEnvelope, void, undefined> {
  const path = join(data, 'node.db');
  if (!existsSync(path)) throw new StoreError(`There is no database ${path}.`);
  const database = openDatabase(path);
  try {
    const page = database.prepare(`${wholeRow} WHERE seq > ? ORDER BY seq LIMIT ?`);
    for (let last = 0, rows = page.all(last, pageSize); rows.length > 0; rows = page.all(last, pageSize))
      for (const row of rows.map(committedOf)) {
        last = row.seq;
        yield row;
      }
  } finally {
    database.close();
  }
}

/** Answers how many lines it wrote. @throws the system's error */
async function writeAll(lines: AsyncIterable<string>, out: Writable): Promise<number> {
  let count = 0;
  for await (const line of lines) {
    // `once` throws what breaks the stream meanwhile.
    if (!out.write(`${line}\n`)) await once(out, 'drain');
    if (out.errored) throw out.errored;
    count += 1;
  }
  return count;
}

export interface Imported {
  readonly taken: number;
  /** Were there already. */
  readonly repeated: number;
  /** Contacts that a newer one has overtaken. */
  readonly overtaken: number;
  readonly refused: number;
}

/**
 * Takes envelopes from lines of JSON. They are checked as if they were published, contacts in whatever order they come; what was there already stays once. The
 * node must not run, unless its store is in PostgreSQL. `report` is told of each line that is refused. @throws StoreError
 */
export async function importEnvelopes(
  { data, store: database }: Place,
  from: string,
  { compat, nowMs, report }: { readonly compat: boolean; readonly nowMs: number; readonly report: (line: number, why: string) => void },
): Promise<Imported> {
  const store = database === undefined ? openSqliteStore({ data }) : await openPostgresStore({ url: database });
  const counts = { taken: 0, repeated: 0, overtaken: 0, refused: 0 };
  let waiting: NewEnvelope[] = [];
  const flush = async (): Promise<void> => {
    for (const seq of await store.append(waiting)) counts[seq === null ? 'repeated' : 'taken'] += 1;
    waiting = [];
  };
  try {
    const lines = createInterface({ input: from === '-' ? process.stdin : createReadStream(from), crlfDelay: Number.POSITIVE_INFINITY });
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      let checked: NewEnvelope;
      try {
        const envelope = parseLine(line);
        checked = checkEnvelope(envelope, writerOf(envelope), { compat, nowMs });
      } catch (error) {
        if (!(error instanceof ConnectError || error instanceof ProtocolError || error instanceof LineError)) throw error;
        counts.refused += 1;
        report(number, error instanceof ConnectError ? error.rawMessage : error.message);
        continue;
      }
      // A contact that is not newer takes with it what is appended together with it.
      if (checked.contact) await flush();
      waiting.push(checked);
      if (checked.contact) {
        await flush().catch((error: unknown) => {
          if (!(error instanceof NotNewerError)) throw error;
          waiting = [];
          counts.overtaken += 1;
        });
      }
      if (waiting.length >= pageSize) await flush();
    }
    await flush();
  } finally {
    await store.close();
  }
  return counts;
}

class LineError extends Error {}

function parseLine(line: string): NewEnvelope {
  try {
    const { contentTopic, timestampNs, message } = JSON.parse(line) as Record<string, unknown>;
    if (typeof contentTopic !== 'string' || typeof timestampNs !== 'string' || typeof message !== 'string') throw new TypeError('members');
    return { topic: contentTopic, timestampNs: BigInt(timestampNs), message: fromBase64(message) };
  } catch (cause) {
    throw new LineError('not an envelope: {"contentTopic":"…","timestampNs":"…","message":"base64"}', { cause });
  }
}
