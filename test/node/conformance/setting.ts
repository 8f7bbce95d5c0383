import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeOptions, type RunningNode, startNode } from '../../../src/node/start-node.ts';
import { type Client, type Envelope, type Page, type Place, Refused } from '../two-clients.ts';

/** What a row of the list asks of a node, whichever way it is spoken to. */
export interface Row {
  /** The tests of the reference that say so, by their names. */
  readonly names: readonly string[];
  /** What holds. */
  readonly says: string;
  /** Where ours answers otherwise, and why. */
  readonly differs?: string;
  hold(client: Client): Promise<void>;
}

/** The node of the test that runs. */
export const here = {
  node: undefined as unknown as RunningNode,
  stops: [] as (() => unknown)[],
};

export const start = async (options: NodeOptions = {}): Promise<void> => {
  here.node = await startNode({ compat: true, ...options });
};

export async function stopAll(): Promise<void> {
  for (const stop of here.stops.splice(0)) stop();
  await here.node?.close();
}

export const at = (): Place => ({ url: here.node.url, atEnd: (stop) => void here.stops.push(stop) });

/** A file of lists, and what writes it anew. */
export function listFile(content: object): { readonly path: string; write(content: object | string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'parley-lists-'));
  here.stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'lists.json');
  const write = (next: object | string): void => writeFileSync(path, typeof next === 'string' ? next : JSON.stringify(next));
  write(content);
  return { path, write };
}

export const topic = '/xmtp/0/m-conformance/proto';
export const envelope = (n: number, contentTopic = topic): Envelope => ({
  contentTopic,
  timestampNs: BigInt(n),
  message: Buffer.from(`message ${n}`),
});
export const many = (from: number, to: number, contentTopic = topic): Envelope[] =>
  Array.from({ length: to - from + 1 }, (_, index) => envelope(from + index, contentTopic));
export const times = ({ envelopes }: Page): number[] => envelopes.map(({ timestampNs }) => Number(timestampNs));

/** The code and words of a refusal; 0 when it was none. */
export async function refusal(work: Promise<unknown>): Promise<[number, string]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Refused) return [error.code, error.message];
    throw error;
  }
  return [0, 'taken'];
}

/** All of a query, page by page. */
export async function pages(client: Client, query: Omit<Parameters<Client['query']>[0], 'cursor'>): Promise<Page[]> {
  const found: Page[] = [];
  for (let cursor: unknown; ; ) {
    const page = await client.query({ ...query, cursor });
    found.push(page);
    cursor = page.cursor;
    if (!cursor) return found;
  }
}

export type Headers = Record<string, string>;
export const soon = { timeout: 30_000 };
