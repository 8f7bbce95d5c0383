import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Code } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { Barrier } from './admission.ts';
import type { FoundBlob } from './blob-copies.ts';
import { BlobDays, dayMs } from './blob-days.ts';
import type { Log } from './log.ts';
import { refuse } from './refusal.ts';
import { reasonOf } from './store/reasons.ts';
import { StoreError } from './store/store.ts';

export interface BlobLimits {
  /** Bytes of one blob; 0 takes none. */
  readonly blobBytes: number;
  /** Bytes that one wallet may put in a day. */
  readonly blobDailyBytes: number;
  /** Bytes of all together. */
  readonly blobStoreBytes: number;
  /** Bytes of all that were fetched from other nodes; 0 fetches none. */
  readonly blobCopyBytes: number;
  /** Days after which a blob goes that nobody has put again. */
  readonly blobDays: number;
}

const sweepEveryMs = 3_600_000;

/** More bytes than a blob may have here; over HTTP it has a status of its own, by which a client knows that another try is of no use. */
export class BlobTooLargeError extends Error {
  constructor(most: number) {
    super(`a blob has at most ${most} bytes here`);
    this.name = 'BlobTooLargeError';
  }
}

/**
 * Files that clients sealed before they put them here: the node knows their size and nothing else of them. One file each, named by its digest, written under
 * another name first, so that what is there is whole. They lie in the folder of the store, in `blobs`.
 */
export class Blobs {
  readonly #folder: string;
  readonly #limits: BlobLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onRefused: (barrier: Barrier) => void;
  readonly #timer: NodeJS.Timeout;
  /** What each wallet has put today. */
  readonly days: BlobDays;
  #bytes = 0;
  #placing: Promise<void> = Promise.resolve();

  constructor(data: string, limits: BlobLimits, log: Log, clock: Clock, onRefused: (barrier: Barrier) => void = () => {}) {
    this.#onRefused = onRefused;
    this.#folder = join(data, 'blobs');
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // What was under way when the node died is nothing.
    rmSync(join(this.#folder, 'incoming'), { recursive: true, force: true });
    mkdirSync(join(this.#folder, 'incoming'));
    const spent = join(data, 'blobs-spent.json');
    this.days = new BlobDays(spent, limits.blobDailyBytes, clock, () => onRefused('blob-daily-bytes'));
    for (const each of readdirSync(this.#folder, { recursive: true, withFileTypes: true }))
      if (each.isFile()) this.#bytes += statSync(join(each.parentPath, each.name)).size;
    this.#timer = setInterval(
      () => void this.sweep().catch((error: unknown) => log.error('deleting old blobs failed', error)),
      sweepEveryMs,
    );
    this.#timer.unref();
  }

  get maxBytes(): number {
    return this.#limits.blobBytes;
  }

  /** Bytes of all that is kept, and of what is on its way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all of a blob is here; then it stays for another while. */
  async renew(digest: string): Promise<boolean> {
    const path = this.#pathOf(digest);
    if (!(await exists(path))) return false;
    await touch(path, this.#clock());
    return true;
  }

  /** @throws BlobTooLargeError */
  checkSize(bytes: number): void {
    if (bytes <= this.#limits.blobBytes) return;
    this.#onRefused('blob-bytes');
    throw new BlobTooLargeError(this.#limits.blobBytes);
  }

  /** Takes room for bytes that come. @throws ConnectError resource exhausted */
  occupy(bytes: number): void {
    if (this.#bytes + bytes > this.#limits.blobStoreBytes) {
      this.#onRefused('blob-store-bytes');
      throw refuse(Code.ResourceExhausted, 'the blobs of this node have reached their limit; an operator has to raise it');
    }
    this.#bytes += bytes;
  }

  /** Gives room back that was taken. */
  free(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Keeps what comes if it is what its name says, and counts it against its wallet. @throws ConnectError */
  async put(digest: string, wallet: Address, body: AsyncIterable<Buffer>, length: number | undefined): Promise<void> {
    if (length !== undefined) this.checkSize(length);
    // There already: the body is not needed.
    if (await this.renew(digest)) return;
    const draft = join(this.#folder, 'incoming', randomUUID());
    const file = await open(draft, 'wx', 0o600);
    let received = 0;
    try {
      const hash = createHash('sha256');
      for await (const piece of body) {
        this.checkSize(received + piece.length);
        this.days.spend(wallet, piece.length);
        this.occupy(piece.length);
        received += piece.length;
        hash.update(piece);
        await writeAll(file, piece);
      }
      if (hash.digest('hex') !== digest) throw refuse(Code.InvalidArgument, 'the bytes have another digest than the address says');
      if (received === 0) throw refuse(Code.InvalidArgument, 'the blob is empty');
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      this.free(received);
      throw forWriting(error);
    }
    await file.close();
    // Of what did not come to its end nothing is remembered over a restart.
    await this.days.keep();
    await this.place(digest, draft, received);
  }

  /** Gives a file of sealed bytes, which is on the disk and what its name says, its place. The room for it was taken before. */
  place(digest: string, draft: string, size: number): Promise<void> {
    const placed = this.#placing.then(async () => {
      const path = this.#pathOf(digest);
      // Somebody else may have put it meanwhile; it counts once.
      if (await exists(path)) this.free(size);
      await touch(draft, this.#clock());
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      await syncFolder(dirname(path));
    });
    this.#placing = placed.catch(() => undefined);
    return placed;
  }

  /** Its size and how long ago it was put, or null where there is none. */
  async find(digest: string): Promise<FoundBlob | null> {
    const found = await stat(this.#pathOf(digest)).catch(() => null);
    return found && { size: found.size, ageMs: this.#clock() - found.mtimeMs };
  }

  /** The digests that begin with a byte, in hex. */
  digests(firstByte: string): Promise<string[]> {
    return readdir(join(this.#folder, firstByte)).catch(() => []);
  }

  read(digest: string): NodeJS.ReadableStream {
    return createReadStream(this.#pathOf(digest));
  }

  /** Deletes what is older than it is kept. */
  async sweep(): Promise<number> {
    const before = this.#clock() - this.#limits.blobDays * dayMs;
    let gone = 0;
    for (const folder of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for (const name of await readdir(join(this.#folder, folder))) {
        const path = join(this.#folder, folder, name);
        const { mtimeMs, size } = await stat(path);
        if (mtimeMs >= before) continue;
        await rm(path);
        this.#bytes -= size;
        gone += 1;
      }
    }
    if (gone > 0) this.#log.info('deleted old blobs', { blobs: gone });
    return gone;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

/** What a failed write means to whoever sent the bytes. */
export const forWriting = (error: unknown): unknown =>
  reasonOf(error) === 'full' ? new StoreError('there is no room for a blob', { cause: error }) : error;

const touch = (path: string, atMs: number): Promise<void> => utimes(path, new Date(atMs), new Date(atMs));

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Writes at the end of what the file was written so far. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
