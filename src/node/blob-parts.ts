import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import { dayMs } from './blob-days.ts';
import { type Blobs, forWriting } from './blobs.ts';
import type { Log } from './log.ts';
import { refuse, refuseForNow } from './refusal.ts';

/** Bytes of one part. */
export const mostPartBytes = 4 << 20;
/** What nobody goes on with for so long goes. */
const keptMs = dayMs;
const sweepEveryMs = 3_600_000;
/** How long one part may take to come; what has come by then stays. */
const partMs = 300_000;
/** How many may be on their way at once. Beyond it the one that rested longest makes way, if it rested at all. */
const mostOfWallet = 8;
const mostOfNetwork = 64;
const mostInAll = 10_000;
const restMs = 60_000;

/** Whose attachment it is, by its name. */
export interface UploadName {
  readonly digest: string;
  readonly wallet: Address;
}

interface Upload extends UploadName {
  readonly size: number;
  readonly path: string;
  /** Who began it, for as long as this node runs. */
  readonly network: string;
  /** On which day it was counted; null when that was before this node was started. */
  readonly day: number | null;
  held: number;
  atMs: number;
  /** Ends the part that is coming. */
  stop: AbortController;
  /** Resolves when nothing is done with the file any more. */
  idle: Promise<unknown>;
}

/**
 * Attachments that come in parts, one after the other, each where the last one ended: who loses a connection asks what has come and goes on from there. Each
 * belongs to the wallet that began it, counts against it once and as a whole, and is one file, named by digest, wallet and size, so that a restart loses nothing.
 */
export class BlobParts {
  readonly #folder: string;
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onRefused: () => void;
  readonly #uploads = new Map<string, Upload>();
  readonly #timer: NodeJS.Timeout;

  /** `blobs` has counted what lies here when it was opened; `onRefused` is told when too many are on their way. */
  constructor(data: string, blobs: Blobs, log: Log, clock: Clock, onRefused: () => void = () => {}) {
    this.#folder = join(data, 'blobs', 'parts');
    this.#blobs = blobs;
    this.#clock = clock;
    this.#log = log;
    this.#onRefused = onRefused;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#folder)) this.#restore(name);
    this.#timer = setInterval(
      () => void this.sweep().catch((error: unknown) => log.error('deleting unfinished blobs failed', error)),
      sweepEveryMs,
    );
    this.#timer.unref();
  }

  /** How many are on their way. */
  get count(): number {
    return this.#uploads.size;
  }

  /** Begins an attachment, or goes on with it: how much of it has come; null when all of it is here. @throws ConnectError */
  async begin(name: UploadName, network: string, size: number): Promise<number | null> {
    if (!Number.isSafeInteger(size) || size <= 0) throw refuse(Code.InvalidArgument, 'size: the bytes of the blob, more than none');
    this.#blobs.checkSize(size);
    if (await this.#blobs.renew(name.digest)) {
      await this.cancel(name);
      return null;
    }
    const before = this.#find(name);
    if (before?.size === size && !this.#isOld(before)) {
      return this.#next(before, async () => {
        before.atMs = this.#clock();
        return before.held;
      });
    }
    if (before) await this.#drop(before);
    await this.#makeRoom(({ wallet }) => wallet === name.wallet, mostOfWallet);
    await this.#makeRoom((each) => each.network === network, mostOfNetwork);
    await this.#makeRoom(() => true, mostInAll);
    const { days } = this.#blobs;
    days.spend(name.wallet, size);
    const path = join(this.#folder, `${name.digest}-${name.wallet}-${size}`);
    const upload = uploadOf({ ...name, size, path, network, day: days.today, held: 0, atMs: this.#clock() });
    // Whoever begins it twice at once has begun one.
    const other = this.#uploads.get(keyOf(name));
    if (other) days.giveBack(name.wallet, size, days.today);
    else this.#uploads.set(keyOf(name), upload);
    const begun = other ?? upload;
    await this.#next(begun, async () => {
      await days.keep();
      // It is known over a restart, and so counted once, before anything of it came.
      const file = await open(begun.path, 'a', 0o600);
      await file.utimes(new Date(begun.atMs), new Date(begun.atMs)).finally(() => file.close());
    }).catch((error: unknown) => {
      throw forWriting(error);
    });
    return begun.held;
  }

  /** Takes what comes after the first `at` bytes; how much has come then. What came before an end without a word stays. @throws ConnectError */
  async append(name: UploadName, at: number, body: AsyncIterable<Buffer>, length: number | undefined): Promise<number> {
    if (!Number.isSafeInteger(at) || at < 0) throw refuse(Code.InvalidArgument, 'at: how many bytes came before this part');
    const upload = this.#known(name);
    return this.#next(upload, async (stopped) => {
      if (this.#find(name) !== upload || at !== upload.held) throw elsewhere(upload);
      const most = Math.min(mostPartBytes, upload.size - at);
      if (length !== undefined && length > most) throw tooLong(most);
      await this.#write(upload, body, most, AbortSignal.any([stopped, AbortSignal.timeout(partMs)]));
      return upload.held;
    });
  }

  /** Makes an attachment of which everything has come one like all others. @throws ConnectError */
  async finish(name: UploadName): Promise<void> {
    // It may have been finished before, and the answer lost.
    if (!this.#find(name) && (await this.#blobs.renew(name.digest))) return;
    const upload = this.#known(name);
    const kept = await this.#next(upload, async () => {
      if (this.#find(name) !== upload) return false;
      if (upload.held < upload.size) throw elsewhere(upload);
      await this.#keep(upload);
      return true;
    });
    if (!kept) await this.finish(name);
  }

  /** Forgets an attachment and what has come of it, if anything has. */
  async cancel(name: UploadName): Promise<void> {
    const upload = this.#find(name);
    if (upload) await this.#drop(upload);
  }

  /** Deletes what nobody goes on with. */
  async sweep(): Promise<number> {
    const old = [...this.#uploads.values()].filter((upload) => this.#isOld(upload));
    for (const upload of old) await this.#drop(upload);
    if (old.length > 0) this.#log.info('deleted unfinished blobs', { blobs: old.length });
    return old.length;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { stop } of this.#uploads.values()) stop.abort();
  }

  #restore(name: string): void {
    const path = join(this.#folder, name);
    const { size: held, mtimeMs: atMs } = statSync(path);
    const [, digest = '', wallet = '', size = ''] = /^([0-9a-f]{64})-(0x[0-9a-fA-F]{40})-(\d{1,15})$/.exec(name) ?? [];
    const upload = uploadOf({ digest, wallet: wallet as Address, size: Number(size), path, network: '', day: null, held, atMs });
    if (digest !== '' && held <= upload.size && !this.#isOld(upload)) this.#uploads.set(keyOf(upload), upload);
    else {
      rmSync(path, { force: true });
      this.#blobs.free(held);
    }
  }

  #find(name: UploadName): Upload | undefined {
    return this.#uploads.get(keyOf(name));
  }

  #known(name: UploadName): Upload {
    const upload = this.#find(name);
    if (!upload) throw refuse(Code.NotFound, 'no such blob is on its way from this wallet; begin it again');
    return upload;
  }

  #isOld({ atMs }: Upload): boolean {
    return this.#clock() - atMs > keptMs;
  }

  /** Does one thing after the other with an attachment. A part that is coming ends: its connection may be dead, and whoever asks now knows better. */
  #next<T>(upload: Upload, work: (stopped: AbortSignal) => Promise<T>): Promise<T> {
    upload.stop.abort();
    const stop = new AbortController();
    const turn = upload.idle.then(() => work(stop.signal));
    upload.stop = stop;
    upload.idle = turn.catch(() => undefined);
    return turn;
  }

  async #write(upload: Upload, body: AsyncIterable<Buffer>, most: number, stopped: AbortSignal): Promise<void> {
    const file = await open(upload.path, 'a', 0o600);
    const end = upload.held + most;
    try {
      for await (const piece of until(body, stopped)) {
        if (upload.held + piece.length > end) throw tooLong(most);
        this.#blobs.occupy(piece.length);
        await writeAll(file, piece).catch((error: unknown) => {
          this.#blobs.free(piece.length);
          throw error;
        });
        upload.held += piece.length;
      }
    } catch (error) {
      // Half a piece may lie there.
      await file.truncate(upload.held);
      throw forWriting(error);
    } finally {
      upload.atMs = this.#clock();
      await file.utimes(new Date(upload.atMs), new Date(upload.atMs)).catch(() => undefined);
      await file.close();
    }
  }

  async #keep(upload: Upload): Promise<void> {
    const { digest, path, size } = upload;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    if (hash.digest('hex') !== digest) {
      await this.#forget(upload);
      throw refuse(Code.InvalidArgument, 'the bytes have another digest than the address says');
    }
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
    await this.#blobs.place(digest, path, size);
    this.#uploads.delete(keyOf(upload));
  }

  #drop(upload: Upload): Promise<void> {
    return this.#next(upload, () => this.#forget(upload));
  }

  async #forget(upload: Upload): Promise<void> {
    // It may have been finished, or forgotten, meanwhile.
    if (this.#find(upload) !== upload) return;
    this.#uploads.delete(keyOf(upload));
    const { wallet, size, held, day, path } = upload;
    this.#blobs.free(held);
    if (day !== null) this.#blobs.days.giveBack(wallet, size - held, day);
    await rm(path, { force: true });
  }

  /** @throws ConnectError resource exhausted */
  async #makeRoom(among: (upload: Upload) => boolean, most: number): Promise<void> {
    if (this.#uploads.size < most) return;
    const there = [...this.#uploads.values()].filter(among);
    if (there.length < most) return;
    const longest = there.reduce((a, b) => (b.atMs < a.atMs ? b : a));
    if (this.#clock() - longest.atMs < restMs) {
      this.#onRefused();
      throw refuseForNow(
        Code.ResourceExhausted,
        `blobs on their way: at most ${most} at once; finish or call off one first`,
        restMs / 1000,
      );
    }
    await this.#drop(longest);
  }
}

const uploadOf = (upload: Omit<Upload, 'stop' | 'idle'>): Upload => ({ ...upload, stop: new AbortController(), idle: Promise.resolve() });

const keyOf = ({ digest, wallet }: UploadName): string => `${digest} ${wallet}`;

const elsewhere = ({ held, size }: Upload) => refuse(Code.Aborted, `${held} of ${size} bytes have come; go on from there`);

const tooLong = (most: number) => refuse(Code.InvalidArgument, `this part has at most ${most} bytes`);

/** What comes until it ends, or until a signal ends it, also while nothing comes. @throws ConnectError aborted */
async function* until(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(refuse(Code.Aborted, 'this part was given up'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  stopped.catch(() => undefined);
  const pieces = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([pieces.next(), stopped]);
    if (next.done) return;
    yield next.value;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
