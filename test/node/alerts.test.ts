import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startNode } from '../../src/node/start-node.ts';

const path = fileURLToPath(new URL('../../docs/operating/alerts.yml', import.meta.url));
const rules = readFileSync(path, 'utf8');
const has = spawnSync('promtool', ['--version']).status === 0;

test('the alerts ask for metrics that there are', async () => {
  const node = await startNode({ metrics: { host: '127.0.0.1', port: 0 } });
  const text = await (await fetch(`http://127.0.0.1:${node.metricsPort}/metrics`)).text();
  await node.close();
  // Those of peers are there where there are peers.
  const ofPeers = readFileSync(new URL('../../src/node/relay/peers.ts', import.meta.url), 'utf8');
  const there = new Set([...text.matchAll(/^# TYPE (\w+)/gm), ...ofPeers.matchAll(/'(parley_peer_\w+)'/g)].map(([, name]) => name));
  const asked = [...rules.matchAll(/\b(?:parley|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.filter((name) => !there.has(name))).toEqual([]);
});

test.skipIf(!has)('the alerts are rules that Prometheus takes', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' });
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') as string });
});
