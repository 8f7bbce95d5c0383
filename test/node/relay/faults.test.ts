import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildNodeIfStale } from '../../cli/build.ts';
import { partitionAndHeal } from '../../support/network-faults.ts';
import { hasRelay } from './network.ts';

let data: string;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'parley-faults-'));
  await buildNodeIfStale();
  return () => rmSync(data, { recursive: true, force: true });
}, 120_000);

describe.skipIf(!hasRelay)('three nodes as processes', () => {
  test('that are parted and healed hold the same, no stream has a gap, and all name one contact', { timeout: 180_000 }, async () => {
    expect(await partitionAndHeal(data, 2)).toMatchObject({ rounds: 2, published: 360, missed: 0, repeated: 0, disordered: 0, split: 0 });
  });
});
