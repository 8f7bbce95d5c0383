import { parentPort, workerData } from 'node:worker_threads';
import { packOutcomes, unpackAppends } from './batch.ts';
import { Connection } from './connection.ts';
import { openDatabase } from './driver.ts';
import { openForWriting } from './pragmas.ts';
import { StoreError } from './store.ts';
import type { Asked, Told } from './thread.ts';
import { Writer } from './writer.ts';

/** The thread that writes: it owns the one connection that does, and answers what it is asked in order. Built as a file of its own. */
const { path } = workerData as { readonly path: string };
const port = parentPort;
if (!port) throw new Error('this file is for a thread');
const database = openDatabase(path);
openForWriting(database);
// Here nobody is kept waiting by waiting: another program that holds the database for a moment fails no publish.
database.prepare('PRAGMA busy_timeout = 5000').all();
const writer = new Writer(new Connection(database));

const answer = (asked: Asked): Told => {
  switch (asked.what) {
    case 'write':
      return { what: 'written', ...packOutcomes(writer.write(unpackAppends(asked.appends), asked.nowMs)) };
    case 'forget':
      return { what: 'forgotten', ...writer.forget(asked.window) };
    case 'noteSwept':
      writer.noteSwept(asked.prefix, asked.seq);
      return { what: 'done' };
    case 'probe':
      writer.probe();
      return { what: 'done' };
    case 'close':
      writer.checkpoint();
      database.close();
      return { what: 'done' };
  }
};

port.on('message', (asked: Asked) => {
  let told: Told;
  try {
    told = answer(asked);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    told = { what: 'failed', message: error.message, reason: error.reason };
  }
  port.postMessage(told);
  if (asked.what === 'close') port.close();
});
port.postMessage({ what: 'done' } satisfies Told);
