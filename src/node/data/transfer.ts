import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ConnectError } from '@connectrpc/connect';
import { fromBase64, toBase64 } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { bytesOf, openDatabase } from '../store/driver.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { type NewEnvelope, NotNewerError, StoreError } from '../store/store.ts';
import { checkEnvelope, writerOf } from '../topic-rules.ts';

const pageSize = 1000;

/**
 * Writes envelopes as lines of JSON, the form in which the gateway shows them, in the order in which they were stored; also while the node runs. `prefixes`
 * chooses topics by how they begin. Answers how many. @throws StoreError
 */
export async function exportEnvelopes(data: string, prefixes: readonly string[], to: string): Promise<number> {
  const path = join(data, 'node.db');
  if (!existsSync(path)) throw new StoreError(`There is no database ${path}.`);
  const out: Writable = to === '-' ? process.stdout : createWriteStream(to, { flags: 'wx' });
  const database = openDatabase(path);
  let count = 0;
  try {
    const page = database.prepare(
      'SELECT seq, name, ts, message FROM envelope JOIN topic ON topic.id = envelope.topic WHERE seq > ? ORDER BY seq LIMIT ?',
    );
    for (let last = 0n, rows = page.all(last, pageSize); rows.length > 0; rows = page.all(last, pageSize)) {
      for (const row of rows) {
        last = row['seq'] as bigint;
        const topic = String(row['name']);
        if (prefixes.length > 0 && !prefixes.some((prefix) => topic.startsWith(prefix))) continue;
        const line = JSON.stringify({ contentTopic: topic, timestampNs: String(row['ts']), message: toBase64(bytesOf(row['message'])) });
        if (!out.write(`${line}\n`)) await once(out, 'drain');
        count += 1;
      }
    }
  } finally {
    database.close();
  }
  if (to !== '-') {
    out.end();
    await finished(out);
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
 * node must not run. `report` is told of each line that is refused. @throws StoreError
 */
export async function importEnvelopes(
  data: string,
  from: string,
  { compat, nowMs, report }: { readonly compat: boolean; readonly nowMs: number; readonly report: (line: number, why: string) => void },
): Promise<Imported> {
  const store = openSqliteStore({ data });
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
