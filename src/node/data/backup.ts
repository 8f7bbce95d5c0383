import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDatabase } from '../store/driver.ts';
import { lock } from '../store/lock.ts';
import { migrate } from '../store/migrations.ts';
import { StoreError } from '../store/store.ts';
import { type Contents, checkDatabase, withDatabase } from './inspect.ts';

/**
 * Writes a copy of the store to a file, also while the node runs, and checks the copy. What is published during it may be in it or not; what was acknowledged
 * before is. @throws StoreError when the file exists, when there is no store, or when the copy is not as it should be
 */
export function backup(data: string, file: string): Contents {
  if (existsSync(file)) throw new StoreError(`${file} exists already; a backup overwrites nothing.`);
  const draft = `${file}.unfinished`;
  rmSync(draft, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  try {
    withDatabase(join(data, 'node.db'), (database) => {
      database.exec('PRAGMA busy_timeout = 60000');
      database.prepare('VACUUM INTO ?').run(draft);
    });
    const contents = checkDatabase(draft);
    makeDurable(draft);
    renameSync(draft, file);
    makeDurable(dirname(file));
    return contents;
  } catch (cause) {
    rmSync(draft, { force: true });
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`The backup could not be written: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Makes a backup the store of a directory, after checking it. The node must not run. What the directory had is kept beside it under another name. The store gets a
 * new id, since numbers that it gave before may be given again: clients that follow by number begin anew. @throws StoreError
 */
export function restore(file: string, data: string): Contents & { readonly kept: string | null } {
  const contents = checkDatabase(file);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const held = lock(() => openDatabase(join(data, 'node.lock')));
  try {
    const draft = join(data, 'node.db.restoring');
    copyFileSync(file, draft);
    withDatabase(draft, (database) => {
      migrate(database);
      database.prepare("UPDATE meta SET value = randomblob(16) WHERE name = 'id'").run();
    });
    makeDurable(draft);
    const path = join(data, 'node.db');
    let kept: string | null = null;
    if (existsSync(path)) {
      kept = `${path}.before-${new Date().toISOString().replace(/[:.]/g, '-')}`;
      // Its log belongs to it: what is only there must come along.
      withDatabase(path, (database) => database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all());
      renameSync(path, kept);
    }
    for (const rest of [`${path}-wal`, `${path}-shm`, `${draft}-wal`, `${draft}-shm`]) rmSync(rest, { force: true });
    renameSync(draft, path);
    makeDurable(data);
    return { ...checkDatabase(path), ...contents, kept };
  } finally {
    held.close();
  }
}

/** Gives back the room of what was deleted. The node must not run. Answers the bytes before and after. @throws StoreError */
export function compact(data: string, sizeOf: (path: string) => number): { readonly before: number; readonly after: number } {
  const path = join(data, 'node.db');
  const held = lock(() => openDatabase(join(data, 'node.lock')));
  try {
    const before = sizeOf(path);
    withDatabase(path, (database) => {
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      database.exec('VACUUM');
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    });
    return { before, after: sizeOf(path) };
  } finally {
    held.close();
  }
}

/** Waits until what is written of a file, or the names in a folder, is on the disk. @throws the system's error */
export function makeDurable(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
