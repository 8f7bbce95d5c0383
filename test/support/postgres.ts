import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canApt, install } from '../cli/apt.ts';

export interface Postgres {
  /** A new database each time. */
  database(): string;
  stop(): Promise<void>;
}

/** Where Debian keeps the programs of the newest version, or those on the PATH. */
function programs(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/** Whether the suites of PostgreSQL can run here; as root on Debian it is installed. On CI they must. */
export function hasPostgres(): boolean {
  if (programs() !== null || (canApt() && install('postgresql') && programs() !== null)) return true;
  if (process.env['CI']) throw new Error('PostgreSQL is missing: apt-get install postgresql');
  console.warn('Skipped: there is no PostgreSQL here. On Debian: apt-get install postgresql');
  return false;
}

/** Starts a server of its own, which writes without waiting for the disk unless it is to be durable, on a temporary folder and the loopback address. It refuses to run as root, so there it runs as the user postgres. */
export async function startPostgres({ durable = false } = {}): Promise<Postgres> {
  const bin = programs();
  if (bin === null) throw new Error('PostgreSQL is missing');
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
  const user: SpawnOptions = {};
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map((what) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' })));
    Object.assign(user, { uid, gid });
    chownSync(folder, uid as number, gid as number);
  }
  const data = join(folder, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'parley', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  });
  const port = await freePort();
  const options = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    'shared_buffers=64MB',
    `fsync=${durable ? 'on' : 'off'}`,
  ];
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...options.flatMap((option) => ['-c', option])], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const ended = once(server, 'exit');
  while (!said.includes('ready to accept connections')) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  let databases = 0;
  return {
    database() {
      const name = `test_${databases++}`;
      execFileSync(join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'parley', name], { stdio: 'ignore' });
      return `postgres://parley@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
