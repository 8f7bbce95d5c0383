import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Clock } from '../protocol/time.ts';
import type { Barrier, Caller } from './admission.ts';
import type { BlobCopies, FoundBlob } from './blob-copies.ts';
import { originHeaders, type Request, type Response, sendError } from './http.ts';
import type { Log } from './log.ts';
import { refuse, refuseForNow, toRefusal } from './refusal.ts';
import { reasonOf } from './store/reasons.ts';
import { StoreError } from './store/store.ts';

/** Where sealed attachments are put and fetched, by the SHA-256 of their bytes in hex. */
export const blobPrefix = '/blob/';

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

const dayMs = 86_400_000;
const sweepEveryMs = 3_600_000;

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
  readonly #spent: Map<Address, Spent>;
  readonly #spentFile: string;
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

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
    this.#spentFile = join(data, 'blobs-spent.json');
    this.#spent = readSpent(this.#spentFile);
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

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps what comes if it is what its name says, and counts it against its wallet. @throws ConnectError */
  async put(digest: string, wallet: Address, body: AsyncIterable<Buffer>, length: number | undefined): Promise<void> {
    const { blobBytes, blobStoreBytes } = this.#limits;
    if (length !== undefined && length > blobBytes) throw this.#tooLarge();
    const path = this.#pathOf(digest);
    if (await exists(path)) {
      // There already: it stays for another while, and the body is not needed.
      await utimes(path, new Date(this.#clock()), new Date(this.#clock()));
      return;
    }
    const draft = join(this.#folder, 'incoming', randomUUID());
    const file = await open(draft, 'wx', 0o600);
    let received = 0;
    try {
      const hash = createHash('sha256');
      for await (const piece of body) {
        received += piece.length;
        if (received > blobBytes) throw this.#tooLarge();
        this.#spend(wallet, piece.length);
        if (this.#bytes + received > blobStoreBytes) {
          this.#onRefused('blob-store-bytes');
          throw refuse(Code.ResourceExhausted, 'the blobs of this node have reached their limit; an operator has to raise it');
        }
        hash.update(piece);
        await writeAll(file, piece);
      }
      if (hash.digest('hex') !== digest) throw refuse(Code.InvalidArgument, 'the bytes have another digest than the address says');
      if (received === 0) throw refuse(Code.InvalidArgument, 'the blob is empty');
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      throw reasonOf(error) === 'full' ? new StoreError('there is no room for a blob', { cause: error }) : error;
    }
    await file.close();
    await utimes(draft, new Date(this.#clock()), new Date(this.#clock()));
    await mkdir(dirname(path), { recursive: true });
    // Somebody else may have put it meanwhile; it counts once.
    if (!(await exists(path))) this.#bytes += received;
    await this.#keepSpent();
    await rename(draft, path);
    await syncFolder(dirname(path));
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
      if (folder === 'incoming') continue;
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

  #tooLarge(): ConnectError {
    this.#onRefused('blob-bytes');
    return refuse(Code.ResourceExhausted, `a blob has at most ${this.#limits.blobBytes} bytes here`);
  }

  #spend(wallet: Address, bytes: number): void {
    const nowMs = this.#clock();
    const day = Math.floor(nowMs / dayMs);
    const spent = this.#spent.get(wallet);
    const before = spent?.day === day ? spent.bytes : 0;
    if (before + bytes > this.#limits.blobDailyBytes) {
      this.#onRefused('blob-daily-bytes');
      const message = `blobs of this wallet: at most ${this.#limits.blobDailyBytes} bytes in a day (UTC); try again tomorrow`;
      throw refuseForNow(Code.ResourceExhausted, message, Math.ceil(((day + 1) * dayMs - nowMs) / 1000));
    }
    if (this.#spent.size > 100_000) for (const [other, { day: last }] of this.#spent) if (last !== day) this.#spent.delete(other);
    this.#spent.set(wallet, { day, bytes: before + bytes });
  }

  /** A restart gives nobody a second day. Of what did not come to its end nothing is remembered over one. */
  async #keepSpent(): Promise<void> {
    const draft = join(this.#folder, 'incoming', randomUUID());
    await writeFile(draft, JSON.stringify([...this.#spent]));
    await rename(draft, this.#spentFile);
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

/** What a wallet put on a day, counted from 1970. */
interface Spent {
  readonly day: number;
  readonly bytes: number;
}

/** What cannot be read is forgotten: the worst of it is a second day for somebody. */
function readSpent(path: string): Map<Address, Spent> {
  try {
    return new Map(JSON.parse(readFileSync(path, 'utf8')) as [Address, Spent][]);
  } catch {
    return new Map();
  }
}

/** Serves `PUT`, `GET` and `HEAD` of `/blob/DIGEST`. */
export async function serveBlob(
  blobs: Blobs | null,
  copies: BlobCopies | null,
  walletOf: (caller: Caller) => Address,
  caller: Caller,
  path: string,
  request: Request,
  response: Response,
): Promise<void> {
  try {
    const digest = path.slice(blobPrefix.length);
    if (!/^[0-9a-f]{64}$/.test(digest)) throw refuse(Code.InvalidArgument, 'a blob is named by its SHA-256, 64 hex digits in lower case');
    if (!blobs || blobs.maxBytes === 0) throw refuse(Code.Unimplemented, 'this node keeps no blobs');
    if (request.method === 'PUT') {
      const length = Number(request.headers['content-length'] ?? Number.NaN);
      await blobs.put(digest, walletOf(caller), request as AsyncIterable<Buffer>, Number.isFinite(length) ? length : undefined);
      response.statusCode = 204;
      response.end();
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      const onlyHere = String(request.headers['cache-control'] ?? '').includes('only-if-cached');
      const place = await placeOf(blobs, copies, digest, caller.network, onlyHere);
      if (onlyHere) response.setHeader('age', Math.max(0, Math.floor(place.ageMs / 1000)));
      await sendBlob(place, digest, request.method === 'HEAD', response);
    } else {
      response.setHeader('allow', 'GET, HEAD, PUT, OPTIONS');
      throw refuse(Code.Unimplemented, 'blobs are put and fetched');
    }
  } catch (error) {
    // A body that nobody will read must not keep the connection.
    if (!request.complete) response.setHeader('connection', 'close');
    sendError(response, error instanceof ConnectError ? error : toRefusal(error));
  }
}

interface Place extends FoundBlob {
  readonly from: Pick<Blobs, 'read'>;
}

/** Here, among the copies, or, unless whoever asks is a node itself, at another node. @throws ConnectError not found, resource exhausted, unavailable */
async function placeOf(blobs: Blobs, copies: BlobCopies | null, digest: string, network: string, onlyHere: boolean): Promise<Place> {
  const own = await blobs.find(digest);
  if (own) return { ...own, from: blobs };
  const size = copies && (onlyHere ? copies.has(digest) : await copies.look(digest, network));
  if (!copies || size === null) throw refuse(Code.NotFound, 'no such blob');
  return { size, ageMs: copies.ageOf(digest), from: copies };
}

async function sendBlob({ size, from }: Place, digest: string, headOnly: boolean, response: Response): Promise<void> {
  const headers = {
    ...originHeaders,
    'content-type': 'application/octet-stream',
    'content-length': size,
    // Its name is its content: it never changes. And it is never a page.
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': "default-src 'none'; sandbox",
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = 200;
  if (headOnly) {
    response.end();
    return;
  }
  const stream = from.read(digest);
  stream.on('error', () => response.destroy());
  response.on('close', () => (stream as unknown as { destroy(): void }).destroy());
  stream.pipe(response as unknown as NodeJS.WritableStream);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

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
