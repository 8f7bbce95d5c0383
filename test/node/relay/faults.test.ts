import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../cli/processes.ts';
import { partitionAndHeal, restartInTurn } from '../../support/network-faults.ts';
import { floodOfPeer, oneWayCuts, slowPeer } from '../../support/network-troubles.ts';
import { hasRelay } from './network.ts';

let data: string;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'parley-faults-'));
  return () => rmSync(data, { recursive: true, force: true });
}, 120_000);

test.each([
  [['--relay', '/ip4/127.0.0.1/tcp/0'], 'npm install libp2p@'],
  [['--store', 'postgres://parley@127.0.0.1:1/none'], 'npm install pg@'],
])('a node that lacks the packages for %j ends and says what to install', (flags, words) => {
  const bare = join(data, 'bare');
  mkdirSync(join(bare, 'node_modules'), { recursive: true });
  cpSync(join(root, 'dist/node/main.js'), join(bare, 'main.js'));
  writeFileSync(join(bare, 'package.json'), '{ "type": "module" }');
  if (!existsSync(join(bare, 'node_modules/libsql')))
    symlinkSync(join(root, 'node_modules/libsql'), join(bare, 'node_modules/libsql'), 'junction');
  const done = spawnSync(process.execPath, ['main.js', '--port', '0', '--data', ':memory:', ...flags], { cwd: bare, encoding: 'utf8' });
  expect(done.status).toBe(1);
  expect(done.stderr).toContain(words);
  expect(done.stderr.trim().split('\n')).toHaveLength(1);
});

const nothingAmiss = { missed: 0, repeated: 0, disordered: 0 };

describe.skipIf(!hasRelay)('three nodes as processes', () => {
  test('that are parted and healed hold the same, no stream has a gap, and all name one contact', { timeout: 180_000 }, async () => {
    expect(await partitionAndHeal(data, 2)).toMatchObject({ rounds: 2, published: 360, ...nothingAmiss, split: 0 });
  });

  test('or five, do so too', { timeout: 180_000 }, async () => {
    expect(await partitionAndHeal(join(data, 'five'), 2, 5)).toMatchObject({ rounds: 2, published: 600, ...nothingAmiss, split: 0 });
  });

  test('that are restarted in turn under load, in good order, by force, and without their disk, lose nothing', {
    timeout: 180_000,
  }, async () => {
    expect(await restartInTurn(join(data, 'turn'), 3)).toMatchObject({ rounds: 3, ...nothingAmiss });
  });

  test('of which one is not heard by another, or by nobody, hold the same', { timeout: 180_000 }, async () => {
    expect(await oneWayCuts(join(data, 'one way'), 2)).toMatchObject({ rounds: 2, published: 186, ...nothingAmiss });
  });

  test('of which one is reached slowly are not held up by it, and it gets everything', { timeout: 180_000 }, async () => {
    expect(await slowPeer(join(data, 'slow'), 2)).toMatchObject({ rounds: 2, published: 80, ...nothingAmiss });
  });

  test('go on in a flood of a peer, keep nothing of it, and send it away', { timeout: 180_000 }, async () => {
    const flooded = await floodOfPeer(join(data, 'flood'), 2);
    expect(flooded).toMatchObject({ rounds: 2, ...nothingAmiss, kept: 0, stayed: 0 });
    expect(flooded.thrown).toBeGreaterThan(100);
  });
});
