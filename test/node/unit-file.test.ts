import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const has = spawnSync('systemd-analyze', ['--version']).status === 0;

test.skipIf(!has)('the unit for systemd is one that systemd reads without a word', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-unit-'));
  const unit = readFileSync(new URL('../../docs/operating/parley-node.service', import.meta.url), 'utf8');
  const path = join(folder, 'parley-node.service');
  // The program is looked for; wherever this machine has it.
  writeFileSync(path, unit.replace('/usr/bin/node', process.execPath));
  expect(unit).toContain('ExecStart=/usr/bin/node ');
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  rmSync(folder, { recursive: true });
});
