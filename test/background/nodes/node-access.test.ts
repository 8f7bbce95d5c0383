import { expect, it } from 'vitest';
import { watchNode } from '../../../src/background/nodes/node-access.ts';
import { createNodeStatus } from '../../../src/background/nodes/node-state.ts';
import { NodeError } from '../../../src/network/errors.ts';
import type { NodeClient } from '../../../src/network/node-client.ts';

const url = 'http://127.0.0.1:5555';

function watched(outcome: () => Promise<void>) {
  const status = createNodeStatus(url, () => undefined);
  const control = new AbortController();
  const client = { url, publish: outcome, clockSkewMs: () => 7 * 60_000 } as unknown as NodeClient;
  return { status, control, node: watchNode(client, status, control.signal) };
}

it('what calls come to is what the status says', async () => {
  let outcome = async (): Promise<void> => undefined;
  const { status, node } = watched(() => outcome());
  await node.publish([]);
  expect(status.read().state).toBe('connected');
  outcome = async () => {
    throw new NodeError('unreachable', 'away');
  };
  await expect(node.publish([])).rejects.toMatchObject({ reason: 'unreachable' });
  expect(status.read().state).toBe('offline');
  outcome = async () => {
    throw new NodeError('unauthorised', 'token from the future');
  };
  await expect(node.publish([])).rejects.toMatchObject({ reason: 'unauthorised' });
  expect(status.read().state).toBe('clock');
});

it('a call that ends after the lock says nothing any more', async () => {
  const { status, control, node } = watched(async () => {
    throw new NodeError('unreachable', 'away');
  });
  control.abort();
  await expect(node.publish([])).rejects.toMatchObject({ reason: 'unreachable' });
  expect(status.read().state).toBe('idle');
});
