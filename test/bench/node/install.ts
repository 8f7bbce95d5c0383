import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../cli/processes.ts';
import type { Setting } from '../node.ts';
import { type Comparison, figure } from '../report.ts';

/** From the built node in an empty folder to its first answer: what it needs of packages without compiling any, then its start. */
export async function benchInstall({ folder }: Setting): Promise<Comparison[]> {
  const place = folder();
  cpSync(join(root, 'dist/node'), place, { recursive: true });
  const begun = performance.now();
  const { dependencies, optionalDependencies } = JSON.parse(
    spawnSync(process.execPath, ['-p', 'JSON.stringify(require("./package.json"))'], { cwd: root }).stdout.toString(),
  ) as Record<string, Record<string, string>>;
  const wanted = ['libsql'].map((name) => `${name}@${{ ...dependencies, ...optionalDependencies }[name]}`);
  const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], { cwd: place });
  if (installed.status !== 0) throw new Error(`npm install failed: ${installed.stderr}`);
  const installedMs = performance.now() - begun;
  const started = spawnSync(process.execPath, ['-e', probe(place)], { cwd: place, timeout: 30_000 });
  if (started.status !== 0) throw new Error(`the node did not start: ${started.stderr}`);
  const took = (performance.now() - begun) / 1000;
  return [
    figure(
      'package installed and node answering, on this Node',
      took,
      's',
      10,
      `of it npm ${(installedMs / 1000).toFixed(1)} s; no compiler`,
    ),
  ];
}

const probe = (place: string): string => `
  const child = require('child_process').spawn(process.execPath, [${JSON.stringify(join(place, 'main.js'))}, '--port', '0', '--data', ${JSON.stringify(join(place, 'data'))}]);
  let text = '';
  const read = async (chunk) => {
    text += chunk;
    const found = /http:\\/\\/[^"\\s]*:\\d+/.exec(text);
    if (found) { const answer = await fetch(found[0] + '/healthz'); child.kill('SIGKILL'); process.exit(answer.ok ? 0 : 1); }
  };
  child.stdout.on('data', read); child.stderr.on('data', read);
`;
