import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Installs packages of Debian; answers whether that went well. */
export function install(...packages: string[]): boolean {
  console.log(`Installing ${packages.join(', ')} with apt-get …`);
  return apt('update') && apt('install', '--yes', '--no-install-recommends', ...packages);
}

/** Whether packages can be installed here. Ubuntu's packages of browsers only fetch snaps, so Debian itself is meant. */
export function canApt(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  const hasApt = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'apt-get')));
  return /^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8')) && hasApt;
}

function apt(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}
