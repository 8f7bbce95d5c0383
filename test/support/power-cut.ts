import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/processes.ts';
import { bearer } from '../node/clients.ts';
import { alice } from './people.ts';

/** What a run did to its files, in order. `inode` tells files of one name apart that came one after the other; `acknowledged` is when a publish was. */
export type Step =
  | { readonly what: 'create' | 'unlink'; readonly name: string; readonly inode: number }
  | { readonly what: 'write'; readonly inode: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly what: 'truncate'; readonly inode: number; readonly length: number }
  | { readonly what: 'sync'; readonly inode: number }
  | { readonly what: 'sync folder' }
  | { readonly what: 'acknowledged'; readonly name: string };

const files = ['node.db', 'node.db-wal', 'node.db-journal'];

/** Why nothing can be recorded here; null if it can. */
export function missingForRecording(): string | null {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']);
  return status === 0 ? null : 'strace is not installed, or may not be used here';
}

/** Runs the built node in a folder and records what it does to the files of its store, while it is stopped and started again. */
export function recordRun(folder: string, lives: number, publishes: number): Step[] {
  const [data, marks, trace] = ['data', 'marks', 'trace'].map((name) => join(folder, name)) as [string, string, string];
  const paths = [data, marks, ...files.map((name) => join(data, name))].flatMap((path) => ['-P', path]);
  const calls = 'trace=openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink';
  mkdirSync(data, { recursive: true });
  const token = bearer(alice)['authorization']?.slice('Bearer '.length) ?? '';
  const writer = join(root, 'test/support/power-cut-writer.mjs');
  const { status, stderr } = spawnSync(
    'strace',
    ['-f', '-y', '-xx', '-s', '100000', '-e', calls, ...paths, '-o', trace].concat(
      [process.execPath, writer, join(root, 'dist/node/main.js'), data, marks, token],
      [String(lives), String(publishes)],
    ),
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`the recorded run failed: ${stderr}`);
  return stepsOf(readFileSync(trace, 'utf8'), data, marks);
}

const text = (hex: string): string => bytesOf(hex).toString();
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** Reads what strace wrote. A call counts from when it came back: only then can anybody rely on it. */
function stepsOf(trace: string, data: string, marks: string): Step[] {
  const steps: Step[] = [];
  const inodes = new Map<string, number>();
  const begun = new Map<string, string>();
  let next = 0;
  for (const line of trace.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const call = resumed ? `${begun.get(pid) ?? ''}${resumed[1]}` : rest;
    const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call) ?? [];
    if (name === '' || Number(result) < 0) continue;
    const path = text(/<((?:\\x[0-9a-f]{2})+)>/.exec(args)?.[1] ?? '');
    const given = text(/"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? '');
    const file = (full: string): string | undefined => files.find((each) => full === join(data, each));
    const own = file(name === 'openat' || name === 'unlink' ? given : path);
    if (name === 'write' && path === marks) steps.push({ what: 'acknowledged', name: given.trim() });
    else if (name.endsWith('sync') && path === data) steps.push({ what: 'sync folder' });
    else if (own === undefined) continue;
    else if (name === 'openat') {
      if (inodes.has(own)) continue;
      inodes.set(own, next);
      steps.push({ what: 'create', name: own, inode: next++ });
    } else if (name === 'unlink') {
      const inode = inodes.get(own);
      if (inode === undefined) continue;
      steps.push({ what: 'unlink', name: own, inode });
      inodes.delete(own);
    } else {
      const inode = inodes.get(own);
      if (inode === undefined) throw new Error(`${name} of ${own}, which is not open`);
      const [, number] = /, (\d+)\s*$/.exec(args) ?? [];
      if (number === undefined && !name.endsWith('sync')) throw new Error(`${name} was not recorded whole`);
      if (name === 'pwrite64') {
        const bytes = bytesOf(/"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? '');
        if (bytes.length !== Number(result)) throw new Error('a write was not recorded whole');
        steps.push({ what: 'write', inode, offset: Number(number), bytes });
      } else if (name === 'ftruncate') steps.push({ what: 'truncate', inode, length: Number(number) });
      else steps.push({ what: 'sync', inode });
    }
  }
  return steps;
}

/** Bytes that a disk writes whole. */
const sector = 512;

/** What of that which was not synced yet is on the disk: nothing, all of it, or some, down to single sectors. */
export type Luck = 'nothing' | 'everything' | (() => number);

/** Makes in a folder the files as a power cut after so many steps may leave them. The order of names in a folder holds; that of what is written does not. */
export function leaveFiles(folder: string, steps: readonly Step[], cut: number, luck: Luck): void {
  const synced = new Map<number, number>();
  let folderSynced = -1;
  for (let at = 0; at < cut; at++) {
    const step = steps[at] as Step;
    if (step.what === 'sync') synced.set(step.inode, at);
    if (step.what === 'sync folder') folderSynced = at;
  }
  const keeps = (): boolean => luck === 'everything' || (luck !== 'nothing' && luck() < 0.5);
  const contents = new Map<number, Buffer>();
  const names = new Map<string, number>();
  let namesEnd = false;
  for (let at = 0; at < cut; at++) {
    const step = steps[at] as Step;
    if (step.what === 'create' || step.what === 'unlink') {
      // A file that was synced has its name.
      const held = at < folderSynced || (step.what === 'create' && (synced.get(step.inode) ?? -1) > at);
      namesEnd ||= !held && !keeps();
      if (namesEnd && !held) continue;
      if (step.what === 'create') names.set(step.name, step.inode);
      else names.delete(step.name);
    } else if (step.what === 'write' || step.what === 'truncate') {
      const held = at < (synced.get(step.inode) ?? -1);
      const before = contents.get(step.inode) ?? Buffer.alloc(0);
      if (step.what === 'truncate') {
        if (held || keeps()) contents.set(step.inode, Buffer.concat([before], step.length));
      } else if (held || luck === 'everything') contents.set(step.inode, overlaid(before, step.offset, step.bytes));
      else if (luck !== 'nothing' && luck() < 0.75) {
        let after = before;
        // Half of what is there at all is there whole, the rest in pieces.
        if (luck() < 0.5) after = overlaid(after, step.offset, step.bytes);
        else
          for (let from = 0; from < step.bytes.length; from += sector)
            if (luck() < 0.5) after = overlaid(after, step.offset + from, step.bytes.subarray(from, from + sector));
        contents.set(step.inode, after);
      }
    }
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, inode] of names) writeFileSync(join(folder, name), contents.get(inode) ?? Buffer.alloc(0));
}

function overlaid(before: Buffer, offset: number, bytes: Buffer): Buffer {
  const after = Buffer.concat([before], Math.max(before.length, offset + bytes.length));
  bytes.copy(after, offset);
  return after;
}
