import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type NodeOptions, type RunningNode, startNode } from '../../src/node/start-node.ts';
import { alice, type Person } from '../support/people.ts';
import { bearer } from './clients.ts';

/** The folder of the node. */
export let data: string;
export let node: RunningNode;
let now: number;
export const clock = (): number => now;
/** Time goes by for the node. */
export const pass = (ms: number): void => {
  now += ms;
};
export const hourMs = 3_600_000;

/** Gives each test of a file a folder of its own, and ends its node. */
export function eachWithItsFolder(): void {
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'parley-blob-parts-'));
    now = Date.UTC(2026, 0, 1, 12);
  });
  afterEach(async () => {
    await node?.close();
    rmSync(data, { recursive: true, force: true });
  });
}

export const start = async (options: NodeOptions = {}): Promise<void> => {
  node = await startNode({ data, clock, ...options });
};
export const restart = async (options: NodeOptions = {}): Promise<void> => {
  await node.close();
  await start(options);
};
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const files = (): string[] =>
  readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).flatMap((each) => (each.isFile() ? [each.name] : []));

/** Bytes of all that is not whole yet. */
export const onDisk = (): number => {
  const folder = join(data, 'blobs', 'parts');
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
};

export interface Answer {
  readonly status: number;
  readonly body: { readonly held?: number; readonly part?: number; readonly message?: string };
  readonly headers: Headers;
}

/** One request about the parts of a blob. */
export async function ask(method: string, digest: string, query = '', { who = alice, body, headers }: Ask = {}): Promise<Answer> {
  const response = await fetch(`${node.url}/blob/${digest}/parts${query}`, {
    method,
    headers: headers ?? bearer(who, clock),
    ...(body && { body: new Uint8Array(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}
interface Ask {
  readonly who?: Person;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
}
export const begin = (bytes: Uint8Array, options?: Ask) => ask('POST', digestOf(bytes), `?size=${bytes.length}`, options);
export const part = (bytes: Uint8Array, from: number, to: number, options?: Ask) =>
  ask('PATCH', digestOf(bytes), `?at=${from}`, { ...options, body: bytes.subarray(from, to) });
export const finish = (bytes: Uint8Array, options?: Ask) => ask('PUT', digestOf(bytes), '', options);
export const cancel = (bytes: Uint8Array, options?: Ask) => ask('DELETE', digestOf(bytes), '', options);
export const fetched = async (bytes: Uint8Array): Promise<Buffer | number> => {
  const response = await fetch(`${node.url}/blob/${digestOf(bytes)}`);
  return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : response.status;
};

/** Sends the beginning of a part and leaves the connection open. */
export function drip(
  bytes: Uint8Array,
  from: number,
  sent: number,
  to: number,
): { readonly request: http.ClientRequest; readonly ended: Promise<number> } {
  const request = http.request(`${node.url}/blob/${digestOf(bytes)}/parts?at=${from}`, {
    method: 'PATCH',
    headers: { ...bearer(alice, clock), 'content-length': to - from },
  });
  const ended = new Promise<number>((resolve) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', () => resolve(0));
  });
  request.write(bytes.subarray(from, sent));
  return { request, ended };
}
