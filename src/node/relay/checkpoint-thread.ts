import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../store/driver.ts';
import type { Asked, Told } from './checkpoints.ts';

/** The thread that waits for the disk while the log of a database moves into its file. Built as a file of its own. */
const { path } = workerData as { readonly path: string };
const port = parentPort;
if (!port) throw new Error('this file is for a thread');
const database = openDatabase(path);
const ask = (sql: string) => database.prepare(`PRAGMA ${sql}`).all();
// Who writes meanwhile is waited for here, where it keeps nobody up.
for (const pragma of ['synchronous = NORMAL', 'wal_autocheckpoint = 0', 'busy_timeout = 500']) ask(pragma);

function finish(): void {
  const [row] = ask('wal_checkpoint(TRUNCATE)');
  if (row?.['busy'] !== 0n) return;
  // Whoever writes first into an empty log waits for its head to be on the disk: let that be this thread.
  ask(`user_version = ${ask('user_version')[0]?.['user_version'] === 0n ? 1 : 0}`);
}

port.on('message', (asked: Asked) => {
  let told: Told = { fault: null };
  try {
    if (asked === 'copy') ask('wal_checkpoint(PASSIVE)');
    else if (asked === 'finish') finish();
    else {
      ask('wal_checkpoint(TRUNCATE)');
      database.close();
    }
  } catch (error) {
    told = { fault: (error as Error).message };
  }
  port.postMessage(told);
  if (asked === 'close') port.close();
});
