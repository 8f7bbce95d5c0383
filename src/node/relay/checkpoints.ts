import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** What the thread is asked, one thing after the other: to copy what it can without being in anybody's way, to copy the rest and begin the log anew, to end. */
export type Asked = 'copy' | 'finish' | 'close';
export interface Told {
  readonly fault: string | null;
}

/** Bytes of the log with which it is moved into the file. */
const logBytes = 32 << 20;

interface CheckpointsOptions {
  /** The built `checkpoint-thread.ts`. */
  readonly file: string;
  /** The database, in its present shape, which nobody else moves the log of. */
  readonly path: string;
  /** Default 32 MB. */
  readonly logBytes?: number;
  /** Told what was in the way of moving the log; it is tried again when there is more of it. */
  readonly onFault: (fault: string) => void;
  /** Told when the thread has ended by itself; nobody moves the log any more. */
  readonly onEnded: () => void;
}

/** In the built node it lies beside it; from the source there is none. */
export function checkpointThreadBeside(): string | null {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'checkpoints.js');
  return existsSync(file) ? file : null;
}

/**
 * Has a thread move the log of a database into its file, so that who serves never waits for the disk. Who writes waits for `ready` first: the log can begin anew only while nobody writes, which is the end
 * of it, and short. The thread is there from the first time on that there is something to move.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #log: string;
  readonly #most: number;
  readonly #waiting: ((told: Told) => void)[] = [];
  #worker: Worker | undefined;
  #ended: Promise<void> | undefined;
  #next: number;
  #isBusy = false;
  #isClosing = false;
  #hasEnded = false;
  #finishing: Promise<Told> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#log = `${options.path}-wal`;
    this.#most = options.logBytes ?? logBytes;
    this.#next = this.#most;
  }

  /** Resolves when it may be written; undefined: at once. */
  ready(): Promise<unknown> | undefined {
    return this.#finishing;
  }

  /** Said after each write. */
  wrote(): void {
    if (!this.#isBusy && !this.#hasEnded && this.#size() >= this.#next) void this.#move();
  }

  /** Moves all of the log, if there was ever something to move; called when nobody writes any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#worker) return;
    this.#worker.ref();
    void this.#ask('close');
    await this.#ended;
  }

  async #move(): Promise<void> {
    this.#isBusy = true;
    const copied = await this.#ask('copy');
    this.#finishing = this.#ask('finish');
    const { fault } = await this.#finishing;
    this.#finishing = undefined;
    this.#isBusy = false;
    if (!this.#hasEnded && (copied.fault ?? fault)) this.#options.onFault(copied.fault ?? fault ?? '');
    // What could not be done now, since somebody reads or the disk is full, is tried again when there is more.
    const size = this.#size();
    this.#next = size < this.#most ? this.#most : size + this.#most;
  }

  #ask(asked: Asked): Promise<Told> {
    if (this.#hasEnded) return Promise.resolve(gone);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      worker.postMessage(asked);
    });
  }

  #start(): Worker {
    const { file, path, onEnded } = this.#options;
    const worker = new Worker(file, { workerData: { path }, name: 'parley-checkpoints' });
    worker.unref();
    worker.on('message', (told: Told) => this.#waiting.shift()?.(told));
    worker.on('error', () => {}); // it ends, which is told of below
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#hasEnded = true;
        for (const tell of this.#waiting.splice(0)) tell(gone);
        if (!this.#isClosing) onEnded();
        resolve();
      });
    });
    return worker;
  }

  #size(): number {
    return statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
  }
}

const gone: Told = { fault: 'the thread has ended' };
