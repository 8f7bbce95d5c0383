import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where js-waku lives: it needs another libp2p than the node, so it has a folder, a manifest and a lockfile of its own. */
export const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs js-waku at the first time, 42 MB. Answers whether it is there; where nothing can be downloaded it is not, and on CI that is an error. */
export function installWaku(): boolean {
  if (existsSync(`${folder}/node_modules/@waku/relay`)) return true;
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
  if (done.status === 0) return true;
  if (process.env['CI']) throw new Error(`js-waku could not be installed: ${done.stderr}`);
  console.warn('Skipped: js-waku could not be installed. It needs the npm registry, or a filled npm cache.');
  return false;
}
