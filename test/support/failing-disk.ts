import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Lets the calls of a running process to its disk fail for a while, as those to a broken one do. */
export interface FailingDisk {
  /** What fails is whole again. */
  mend(): Promise<void>;
}

/** Why that cannot be had here; null if it can. */
export function missingForFailing(): string | null {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', '-e', 'inject=fdatasync:error=EIO', 'true']);
  return status === 0 ? null : 'strace is not installed, or may not be used here';
}

/** From now on these calls of all threads of the process fail with EIO, without reaching the disk. */
export async function breakDisk(pid: number, calls: readonly string[]): Promise<FailingDisk> {
  const list = calls.join(',');
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${list}`, '-e', `inject=${list}:error=EIO`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    tracer.stderr.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (/attached/.test(said)) resolve();
    });
    tracer.once('close', () => reject(new Error(`strace ended: ${said}`)));
  });
  return {
    async mend() {
      if (tracer.exitCode !== null || tracer.signalCode !== null) return;
      tracer.kill('SIGINT'); // it lets the process go, which runs on
      await once(tracer, 'close');
    },
  };
}
