import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, root } from '../cli/processes.ts';

/** A server in a process of its own. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Where its relay listens, if it has one. */
  readonly relay?: string;
  stop(): Promise<void>;
}

/** Starts `serve` of a module below test/bench as a process. */
export async function serveIn(file: string, args: readonly string[] = []): Promise<Served> {
  const child = fork(join(root, 'test/bench/child.mjs'), [join(root, 'test/bench', file), ...args], {
    cwd: root,
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return served(child, await portOf(child, file));
}

/** Starts the built node with these flags, on a free port. */
export async function serveNode(flags: readonly string[]): Promise<Served> {
  const free = [
    '--wallet-publish-rate',
    '0',
    '--wallet-invitations',
    '0',
    '--pair-invitations',
    '0',
    '--network-publish-rate',
    '0',
    '--network-read-rate',
    '0',
    '--network-streams',
    '0',
    '--network-silent',
    '0',
    '--all-silent',
    '0',
  ];
  const child = fork(join(root, 'dist/node/main.js'), ['--port', '0', '--log', 'json', ...free, ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      text += chunk;
      const [, found] = /listening at http:\/\/[^"\s]*:(\d+)/.exec(text) ?? [];
      if (found) resolve(Number(found));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => reject(new Error(`the node ended: ${text.slice(-2000)}`)));
  });
  const [, relay] = /"at":"([^"]+)"/.exec(text) ?? [];
  return { ...served(child, port), ...(relay !== undefined && { relay }) };
}

function portOf(child: ChildProcess, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`${what} ended with ${code}`)));
  });
}

function served(child: ChildProcess, port: number): Served {
  return { url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, stop: () => end(child, 5000) };
}

/** Bytes of memory that a process has to itself and its part of what is shared (Linux); elsewhere not known. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** Seconds of processor time that a process has used so far, its own and the kernel's for it (Linux); elsewhere not known. */
export function processorSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
