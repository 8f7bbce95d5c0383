import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const chunk = 16 * 1024 * 1024;

/** Which of these are anywhere in what a process can write to, what it has freed since among it. Linux only, and for who may look into the process. */
export function findInProcess(pid: number, needles: Readonly<Record<string, readonly Uint8Array[]>>): string[] {
  const longest = Math.max(...Object.values(needles).flatMap((forms) => forms.map(({ length }) => length)));
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const bytes = Buffer.alloc(chunk + longest);
  let seen = 0;
  try {
    for (const [from, to] of writableRegions(pid))
      for (let at = from; at < to; at += chunk) {
        const length = readAt(memory, bytes, at, Math.min(to - at, bytes.length));
        seen += length;
        const here = bytes.subarray(0, length);
        for (const [name, forms] of Object.entries(needles))
          if (!found.has(name) && forms.some((form) => here.includes(Buffer.from(form)))) found.add(name);
      }
  } finally {
    closeSync(memory);
  }
  if (seen < 1_000_000) throw new Error(`the memory of process ${pid} could not be read`);
  return Object.keys(needles).filter((name) => found.has(name));
}

function writableRegions(pid: number): [from: number, to: number][] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from = '', to = '', path = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
      return from === '' || path.startsWith('[v') ? [] : [[Number.parseInt(from, 16), Number.parseInt(to, 16)] as [number, number]];
    });
}

/** What has been taken back meanwhile, or is of a device, reads as nothing. */
function readAt(file: number, bytes: Buffer, at: number, length: number): number {
  try {
    return readSync(file, bytes, 0, length, at);
  } catch {
    return 0;
  }
}
