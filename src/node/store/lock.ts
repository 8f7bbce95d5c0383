import type { Database } from './driver.ts';
import { StoreError } from './store.ts';

/**
 * Holds a directory for one node. The lock is the operating system's on a file of its own, so it ends with the process, however that ends.
 * @throws StoreError when another node has it
 */
export function lock(open: () => Database): Database {
  let database: Database | undefined;
  try {
    const held = open();
    database = held;
    held.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    // A driver may keep a closed connection until its statements are collected, and with it the lock: let go of it first.
    const release = (): void => held.exec('ROLLBACK; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master;');
    return {
      ...held,
      close() {
        release();
        held.close();
      },
    };
  } catch (cause) {
    database?.close();
    if (/locked|busy/i.test(String(cause)))
      throw new StoreError('Another node uses this data directory; choose another with --data.', { cause });
    throw cause;
  }
}
