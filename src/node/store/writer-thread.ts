import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { batchBytes, packOutcomes, unpackAppends } from './batch.ts';
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

type Write = Extract<Asked, { what: 'write' }>;

const answer = (asked: Exclude<Asked, Write>): Told => {
  switch (asked.what) {
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

const attempt = (work: () => Told[], failures: number): Told[] => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return Array(failures).fill({ what: 'failed', message: error.message, reason: error.reason });
  }
};

/** In one transaction: all of them were received by the time of the last. */
const write = (asked: readonly Write[]): Told[] => {
  const outcomes = writer.write(
    asked.flatMap(({ lot }) => unpackAppends(lot)),
    (asked.at(-1) as Write).nowMs,
  );
  return [{ what: 'written', ...packOutcomes(asked.length, outcomes) }];
};

const received = (): Asked | undefined => receiveMessageOnPort(port)?.message;

/** Answers in turn what it was asked; writes that have come meanwhile share one transaction, so that nobody waits for a commit of which he could have been a part. */
const serve = (first: Asked): void => {
  let asked: Asked | undefined = first;
  while (asked) {
    let next: Asked | undefined;
    let told: readonly Told[];
    if (asked.what === 'write') {
      const writes = [asked];
      let bytes = asked.lot.data.byteLength;
      for (next = received(); next?.what === 'write' && bytes < batchBytes; next = received()) {
        writes.push(next);
        bytes += next.lot.data.byteLength;
      }
      told = attempt(() => write(writes), writes.length);
    } else {
      const one: Exclude<Asked, Write> = asked;
      told = attempt(() => [answer(one)], 1);
    }
    for (const each of told) port.postMessage(each);
    if (asked.what === 'close') port.close();
    asked = next;
  }
};

port.on('message', serve);
port.postMessage({ what: 'done' } satisfies Told);
