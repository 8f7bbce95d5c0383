import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** A failure that its message explains to the user; shown without a stack. */
export class CommandError extends Error {
  readonly expected = true;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a program with our terminal and answers its exit code. */
export function runProgram(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

/** Runs a tool of node_modules by its JavaScript entry, which needs no shell on any system. */
export function runTool(entry: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return runProgram(process.execPath, [join(root, 'node_modules', entry), ...args], options);
}

/** Ends a child, politely first, and resolves when it is gone. */
export async function end(child: ChildProcess, politeMs = 5000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(politeMs)]);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await gone;
}

/** Collects what to end, and ends it last-first: at the end of the command, on Ctrl-C and on SIGTERM alike. */
export function cleanup(): { add(stop: () => unknown): void; run(): Promise<void>; readonly interrupted: Promise<'interrupted'> } {
  const stops: (() => unknown)[] = [];
  let running: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running ??= (async () => {
      for (const stop of stops.reverse()) {
        try {
          await stop();
        } catch (error) {
          console.error('while cleaning up:', error);
        }
      }
    })();
    return running;
  };
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve('interrupted'));
  });
  return { add: (stop) => stops.push(stop), run, interrupted };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/** One hash over names and contents of files and folders, names being taken from `base`: tells whether something built from them is stale. */
export function hashOf(paths: readonly string[], base = root): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else {
      hash
        .update(`${path.slice(base.length)}\0`)
        .update(readFileSync(path))
        .update('\0');
    }
  };
  for (const path of paths) visit(resolve(base, path));
  return hash.digest('hex');
}

/** Reads `--name value`, `--name=value` and `--flag`. @throws CommandError for anything not named in `known`. */
export function readOptions<const K extends Record<string, 'text' | 'flag'>>(
  args: readonly string[],
  known: K,
): { [P in keyof K]?: K[P] extends 'flag' ? true : string } {
  const found: Record<string, string | true> = {};
  for (let i = 0; i < args.length; i++) {
    const [, name = '', value] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(args[i] ?? '') ?? [];
    if (!Object.hasOwn(known, name)) {
      const names = Object.entries(known).map(([key, kind]) => (kind === 'flag' ? `--${key}` : `--${key} VALUE`));
      throw new CommandError(`Unknown option ${args[i]}. ${names.length > 0 ? `There are: ${names.join(', ')}` : 'There are none.'}`);
    }
    if (known[name] === 'flag') found[name] = true;
    else {
      const text = value ?? args[++i];
      if (text === undefined) throw new CommandError(`--${name} needs a value`);
      found[name] = text;
    }
  }
  return found as { [P in keyof K]?: K[P] extends 'flag' ? true : string };
}
