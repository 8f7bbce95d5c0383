import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own with little room, in memory. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all the room that is left, to the last page. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  remove(): void;
}

/** Mounts one, or says why that cannot be. */
export function smallDisk(megabytes: number): SmallDisk | { readonly missing: string } {
  if (process.platform !== 'linux') return { missing: 'a small disk is mounted on Linux alone' };
  if (process.getuid?.() !== 0) return { missing: 'only root may mount a small disk' };
  const path = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'parley', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true });
    return { missing: `a small disk cannot be mounted here: ${(error as Error).message.trim()}` };
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (;;) {
          const { bavail, bsize } = statfsSync(path);
          if (bavail === 0) return;
          writeSync(file, Buffer.alloc(Math.min(bavail * bsize, 1 << 20)));
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => unlinkSync(filler),
    remove() {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}
