import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import type { Clock } from '../protocol/time.ts';
import { fetchesAtOnce, Givers, WrongBytesError } from './blob-givers.ts';
import { race } from './blob-race.ts';
import { RateLimiter } from './limits.ts';
import type { Log } from './log.ts';
import { refuseForNow } from './refusal.ts';

/** What another node says of a blob that it has. */
export interface FoundBlob {
  readonly size: number;
  /** How long ago it was put. */
  readonly ageMs: number;
}

/** Another node, asked for what it keeps itself; it asks nobody else. */
export interface BlobSource {
  /** For the log. */
  readonly name: string;
  /** Null where it is not. */
  find(digest: string, signal: AbortSignal): Promise<FoundBlob | null>;
  read(digest: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface BlobCopiesOptions {
  /** A folder of its own. */
  readonly folder: string;
  /** Bytes of one. */
  readonly blobBytes: number;
  /** Bytes of all copies together. */
  readonly copyBytes: number;
  /** Days after which a copy goes. */
  readonly days: number;
  /** Whom to ask at present. */
  sources(): readonly BlobSource[];
  readonly log: Log;
  readonly clock: Clock;
  readonly onAsked: (outcome: 'fetched' | 'absent' | 'failed') => void;
  /** After so long the next node that has it gives it, too; and how long all of it may take. */
  readonly nextMs?: number;
  readonly fetchMs?: number;
}

const dayMs = 86_400_000;
const sweepEveryMs = 3_600_000;
const askMs = 5_000;
const nextMs = 5_000;
const fetchMs = 100_000;
/** What a node that gives something may take for it in any case, and bytes in a millisecond beyond that. */
const startMs = 20_000;
const bytesPerMs = 100;
/** Blobs per second that one network may have looked for elsewhere, a hundred times as many at once. */
const looksPerSecond = 2;
/** What nobody had is not looked for again so soon. */
const absentMs = 30_000;
const maxAbsent = 10_000;
interface Copy {
  readonly size: number;
  /** When it was put at the node that it was put at, so that no copy outlives what it is one of. */
  readonly atMs: number;
}

/**
 * Attachments that readers here asked for and other nodes keep: looked for when somebody asks, taken when the bytes are what the name says, and kept for the next
 * one in a bounded room of their own. Those that were not asked for the longest time make way.
 */
export class BlobCopies {
  readonly #options: BlobCopiesOptions;
  /** The one that was asked for last is last. */
  readonly #copies = new Map<string, Copy>();
  readonly #looking = new Map<string, Promise<number | null>>();
  readonly #absent = new Map<string, number>();
  readonly #givers: Givers;
  readonly #looks: RateLimiter;
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(options: BlobCopiesOptions) {
    this.#options = options;
    this.#givers = new Givers(options.clock);
    this.#looks = new RateLimiter('attachments of other nodes for this network', looksPerSecond, options.clock);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const found: [string, Copy][] = [];
    for (const name of readdirSync(options.folder)) {
      const path = join(options.folder, name);
      const { size, mtimeMs } = statSync(path);
      if (/^[0-9a-f]{64}$/.test(name)) found.push([name, { size, atMs: mtimeMs }]);
      else rmSync(path, { force: true }); // it was under way when the node died
    }
    for (const [name, copy] of found.sort(([, a], [, b]) => a.atMs - b.atMs)) this.#note(name, copy);
    const { log } = options;
    this.#timer = setInterval(() => this.sweep().catch((error: unknown) => log.error('deleting old copies failed', error)), sweepEveryMs);
    this.#timer.unref();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The size of a copy that is here; null for none. */
  has(digest: string): number | null {
    const copy = this.#copies.get(digest);
    if (!copy) return null;
    if (copy.atMs < this.#oldest()) {
      void this.#drop(digest, copy);
      return null;
    }
    this.#copies.delete(digest);
    this.#copies.set(digest, copy);
    return copy.size;
  }

  /** How long ago a copy that is here was put where it was put. */
  ageOf(digest: string): number {
    return this.#options.clock() - (this.#copies.get(digest)?.atMs ?? 0);
  }

  /** The digests that begin with some digits. */
  digests(start: string): string[] {
    return [...this.#copies.keys()].filter((digest) => digest.startsWith(start));
  }

  read(digest: string): NodeJS.ReadableStream {
    return createReadStream(join(this.#options.folder, digest));
  }

  /** The size of a copy, once it was fetched for somebody in this network; null where nobody has it. @throws ConnectError resource exhausted, unavailable */
  async look(digest: string, network: string): Promise<number | null> {
    const { clock } = this.#options;
    const here = this.has(digest);
    if (here !== null) return here;
    const under = this.#looking.get(digest);
    if (under) return under;
    if ((this.#absent.get(digest) ?? 0) > clock()) return null;
    this.#looks.spend(network, 1);
    if (this.#looking.size >= fetchesAtOnce)
      throw refuseForNow(Code.Unavailable, 'this node fetches other attachments from other nodes just now; try again', 2);
    const looking = this.#fetch(digest).finally(() => this.#looking.delete(digest));
    this.#looking.set(digest, looking);
    return looking;
  }

  /** Deletes what is older than it is kept. */
  async sweep(): Promise<void> {
    const before = this.#oldest();
    for (const [digest, copy] of [...this.#copies]) if (copy.atMs < before) await this.#drop(digest, copy);
  }

  async #fetch(digest: string): Promise<number | null> {
    const { onAsked, log, clock } = this.#options;
    const sources = this.#options.sources();
    const givers = this.#givers;
    const end = await race<BlobSource, Copy, string>({
      sources,
      isLast: ({ name }) => givers.isLast(name),
      find: async (source) => {
        givers.admit(source.name, sources.length);
        return this.#worth(await source.find(digest, AbortSignal.timeout(askMs)));
      },
      take: async (source, copy, came, signal) => {
        // Others may have begun since it was asked.
        givers.admit(source.name, sources.length);
        return givers.take(source.name, signal, (either) => this.#take(digest, copy, source, came, either));
      },
      discard: (draft) => void rm(draft, { force: true }),
      limitMs: ({ size }) => startMs + size / bytesPerMs,
      onFailed: ({ name }, error) => {
        givers.failed(name, error);
        log.warn('an attachment could not be fetched from another node', { from: name, why: error.message });
      },
      onOutrun: ({ name }) => givers.outrun(name),
      nextMs: this.#options.nextMs ?? nextMs,
      allMs: this.#options.fetchMs ?? fetchMs,
    });
    if (typeof end !== 'string') {
      await this.#keep(digest, end.found, end.taken);
      onAsked('fetched');
      return end.found.size;
    }
    onAsked(end);
    // Who did not answer now may have it: that is for the reader to try again, and not a word that there is none.
    if (end === 'failed') throw refuseForNow(Code.Unavailable, 'another node that may have it does not answer; try again', 5);
    this.#absent.set(digest, clock() + absentMs);
    if (this.#absent.size > maxAbsent) this.#absent.delete(this.#absent.keys().next().value as string);
    return null;
  }

  /** What a node says that it has, if it can be kept here. */
  #worth(found: FoundBlob | null): Copy | null {
    const { blobBytes, copyBytes, clock } = this.#options;
    if (!found || !(found.size > 0 && found.size <= Math.min(blobBytes, copyBytes))) return null;
    const atMs = clock() - Math.max(0, found.ageMs || 0);
    return atMs < this.#oldest() ? null : { size: found.size, atMs };
  }

  /** Answers the file that has it. @throws Error when what comes is not what the name says, or does not come */
  async #take(digest: string, copy: Copy, source: BlobSource, came: (bytes: number) => void, signal: AbortSignal): Promise<string> {
    const { size } = copy;
    const draft = join(this.#options.folder, `incoming-${randomUUID()}`);
    const file = await open(draft, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let received = 0;
      for await (const piece of until(signal, source.read(digest, signal))) {
        received += piece.length;
        if (received > size) throw new WrongBytesError('it is longer than it was said to be');
        came(piece.length);
        hash.update(piece);
        await file.writeFile(piece);
      }
      if (received !== size || hash.digest('hex') !== digest) throw new WrongBytesError('it is not what its name says');
      await file.utimes(new Date(copy.atMs), new Date(copy.atMs));
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      throw error;
    }
    await file.close();
    return draft;
  }

  async #keep(digest: string, copy: Copy, draft: string): Promise<void> {
    const { folder, copyBytes } = this.#options;
    for (const [oldest, other] of this.#copies) {
      if (this.#bytes + copy.size <= copyBytes) break;
      await this.#drop(oldest, other);
    }
    await rename(draft, join(folder, digest));
    this.#note(digest, copy);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #oldest(): number {
    return this.#options.clock() - this.#options.days * dayMs;
  }

  #note(digest: string, copy: Copy): void {
    this.#copies.set(digest, copy);
    this.#bytes += copy.size;
  }

  async #drop(digest: string, copy: Copy): Promise<void> {
    if (!this.#copies.delete(digest)) return;
    this.#bytes -= copy.size;
    await rm(join(this.#options.folder, digest), { force: true });
  }
}

/** Asks nodes of the same operator by their addresses. */
export const blobSourcesAt = (urls: readonly string[]): BlobSource[] =>
  urls.map((url) => {
    const ask = (method: string, digest: string, signal: AbortSignal): Promise<Response> =>
      fetch(`${url.replace(/\/+$/, '')}/blob/${digest}`, {
        method,
        signal,
        redirect: 'error',
        headers: { 'cache-control': 'only-if-cached' },
      });
    return {
      name: url,
      async find(digest, signal) {
        const response = await ask('HEAD', digest, signal);
        if (response.status === 404) return null;
        if (!response.ok) throw new Error(`it answers ${response.status}`);
        return { size: Number(response.headers.get('content-length')), ageMs: Number(response.headers.get('age')) * 1000 };
      },
      async *read(digest, signal) {
        const response = await ask('GET', digest, signal);
        if (!response.ok || !response.body) throw new Error(`it answers ${response.status}`);
        yield* response.body as unknown as AsyncIterable<Uint8Array>;
      },
    };
  });

/** What comes, until somebody says to stop: whoever sends may not listen to it. */
async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  stopped.catch(() => {});
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await Promise.race([pieces.next(), stopped]);
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    // It ends when it can; nobody waits for it.
    void pieces.return?.()?.catch(() => {});
  }
}
