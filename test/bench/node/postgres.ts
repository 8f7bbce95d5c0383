import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, end, sleep } from '../../cli/processes.ts';
import { memoryOf } from '../processes.ts';

export interface Postgres {
  /** Where a client connects. */
  readonly url: string;
  /** Bytes of all its processes together. */
  memory(): number;
  stop(): Promise<void>;
}

/** A database of its own in a folder of its own, with the settings that it has by default: durable. Installed from Debian's packages where that can be done. */
export async function startPostgres(): Promise<Postgres> {
  const bin = findBin() ?? install();
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
  // It does not run as root.
  const owner = process.getuid?.() === 0 ? ownerIds() : undefined;
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const options = { cwd: folder, ...owner };
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', join(folder, 'data'), '-U', 'bench', '-A', 'trust', '--no-locale', '-E', 'UTF8'],
    options,
  );
  if (made.status !== 0) throw new CommandError(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const child = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), '-k', folder, '-h', '127.0.0.1'], {
    ...options,
    stdio: 'ignore',
  });
  for (let tries = 0; ; tries++) {
    const ready = spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'bench']);
    if (ready.status === 0) break;
    if (tries > 200 || child.exitCode !== null) throw new CommandError('PostgreSQL does not start.');
    await sleep(100);
  }
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    memory: () => familyOf(child.pid ?? 0).reduce((sum, pid) => sum + memoryOf(pid), 0),
    async stop() {
      await end(child, 10_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findBin(): string | undefined {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((path) => existsSync(join(path, 'initdb')));
}

function install(): string {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new CommandError('This needs PostgreSQL (on Debian: apt-get install postgresql).');
  console.log('Installing PostgreSQL from Debian’s packages …');
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment });
  spawnSync('apt-get', ['install', '-y', '-qq', 'postgresql'], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
  const bin = findBin();
  if (!bin) throw new CommandError('PostgreSQL could not be installed.');
  return bin;
}

function ownerIds(): { uid: number; gid: number } {
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'postgres']).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
    server.once('error', reject);
  });

function familyOf(parent: number): number[] {
  const listed = spawnSync('ps', ['-o', 'pid=', '--ppid', String(parent)]).stdout?.toString() ?? '';
  return [parent, ...listed.split(/\s+/).filter(Boolean).map(Number)];
}
