import { hasRoom } from '../room.ts';

/** Why the disk could not serve. `full`: no space; `newer`: written by a later version; `blocked`: another page holds an older version open; `failed`: all else. */
export type StorageReason = 'full' | 'newer' | 'blocked' | 'failed';

export class StorageError extends Error {
  readonly reason: StorageReason;

  constructor(reason: StorageReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
    this.reason = reason;
  }
}

/** Runs a piece of storage work and turns what the browser throws into a StorageError. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const name = error instanceof Error || error instanceof DOMException ? error.name : '';
    if (name === 'QuotaExceededError') throw new StorageError('full', 'the disk is full', { cause: error });
    if (name === 'VersionError') throw new StorageError('newer', 'the stored data was written by a later version', { cause: error });
    // Chromium calls it an unknown error, and closes every connection.
    if (!(await hasRoom().catch(() => true))) throw new StorageError('full', 'the disk is full', { cause: error });
    throw new StorageError('failed', 'the stored data could not be read or written', { cause: error });
  }
}
