import type { DiskTrouble } from '../rpc/views/account.ts';
import type { Cache } from '../storage/cache.ts';
import { StorageError } from '../storage/errors.ts';
import type { AccountRecords } from '../storage/records.ts';

/** Whether what comes can be kept. It lives in memory: after a restart the first write finds out again. */
export interface DiskStatus {
  /** What keeps it from being written down; null: nothing. */
  read(): DiskTrouble | null;
  /** Something was written. */
  ok(): void;
  failed(error: unknown): void;
}

export function createDiskStatus(changed: () => void): DiskStatus {
  let trouble: DiskTrouble | null = null;
  const set = (next: DiskTrouble | null): void => {
    if (next === trouble) return;
    trouble = next;
    changed();
  };
  return {
    read: () => trouble,
    ok: () => set(null),
    failed: (error) => {
      if (!(error instanceof StorageError)) return;
      // Firefox says why of one write, and of the next not.
      set(error.reason === 'full' || trouble === 'full' ? 'full' : 'failed');
    },
  };
}

/** The same status; `room` is called when something was written again after nothing could be. */
export const noticingRoom = (disk: DiskStatus, room: () => void): DiskStatus => ({
  ...disk,
  ok() {
    const trouble = disk.read();
    disk.ok();
    if (trouble !== null) room();
  },
});

type Watch = <T>(write: Promise<T>) => Promise<T>;

const watcher =
  (disk: DiskStatus, signal: AbortSignal): Watch =>
  async (write) => {
    try {
      const result = await write;
      if (!signal.aborted) disk.ok();
      return result;
    } catch (error) {
      if (!signal.aborted) disk.failed(error);
      throw error;
    }
  };

/** Tells the status what becomes of what comes, and of what is shown of our own, until `signal` aborts: nobody waits for these writes, so nobody else would hear that they fail. */
export function watchDisk(cache: Cache, disk: DiskStatus, signal: AbortSignal): Cache {
  const watch = watcher(disk, signal);
  return {
    ...cache,
    inbox: { ...cache.inbox, append: (...page) => watch(cache.inbox.append(...page)) },
    messages: { ...cache.messages, put: (...message) => watch(cache.messages.put(...message)) },
    apply: (decoded) => watch(cache.apply(decoded)),
  };
}

/** The same of what a person writes and chooses. */
export function watchRecords(records: AccountRecords, disk: DiskStatus, signal: AbortSignal): AccountRecords {
  const watch = watcher(disk, signal);
  return {
    ...records,
    drafts: { ...records.drafts, put: (...row) => watch(records.drafts.put(...row)) },
    files: { ...records.files, put: (...file) => watch(records.files.put(...file)) },
    outbox: { ...records.outbox, add: (...entry) => watch(records.outbox.add(...entry)) },
  };
}
