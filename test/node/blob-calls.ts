import { createHash } from 'node:crypto';
import type { RunningNode } from '../../src/node/start-node.ts';
import { alice } from '../support/people.ts';
import { bearer } from './clients.ts';

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const putBlob = (node: Pick<RunningNode, 'url'>, bytes: Buffer): Promise<Response> =>
  fetch(`${node.url}/blob/${digestOf(bytes)}`, { method: 'PUT', body: new Uint8Array(bytes), headers: bearer(alice) });

export const getBlob = (node: Pick<RunningNode, 'url'>, digest: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${node.url}/blob/${digest}`, { headers });

/** Bytes are compared by their digest: `toEqual` looks at each by itself. */
export const digestIn = async (response: Response): Promise<string> => digestOf(Buffer.from(await response.arrayBuffer()));

/** To its end, so that nothing stays open. */
export const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const response = await answer;
  await response.arrayBuffer();
  return response.status;
};
