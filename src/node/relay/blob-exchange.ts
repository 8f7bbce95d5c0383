import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../protocol/time.ts';
import type { BlobCopies, BlobSource } from '../blob-copies.ts';
import type { Blobs } from '../blobs.ts';
import { RateLimiter } from '../limits.ts';
import { readFrame, writeAll, writeFrame } from './frames.ts';
import type { Host, PeerId, Stream } from './host.ts';

/**
 * Asks a node of our kind for an attachment that it keeps. Whether it does is asked without its digest, which would be enough to fetch it elsewhere: by its first
 * byte, a nonce, and a hash over both. Who has it shows so by the hash the other way round, and only then is told the digest, and sends the bytes.
 */
export const blobProtocol = '/parley/blob/1';

const nonceLength = 16;
/** The kind of question, and what belongs to it: nonce, first byte, hash; or the digest. */
const haveLength = 1 + nonceLength + 1 + 32;
const giveLength = 1 + 32;
/** The proof, the size, and how many milliseconds ago it was put. */
const answerLength = 32 + 8 + 8;
const answerMs = 100_000;
/** Questions of one peer. */
const asksPerSecond = 20;

/** What a node gives to its peers. */
export interface BlobShelf {
  /** The digests that begin with a byte, in hex. */
  digests(firstByte: string): Promise<readonly string[]>;
  open(digest: string): Promise<{ readonly size: number; readonly ageMs: number; read(): AsyncIterable<Uint8Array> } | null>;
}

/** What this node gives: what was put here, and its copies. */
export const shelfOf = (blobs: Blobs, copies: BlobCopies | null): BlobShelf => ({
  digests: async (firstByte) => [...(await blobs.digests(firstByte)), ...(copies?.digests(firstByte) ?? [])],
  async open(digest) {
    const own = await blobs.find(digest);
    if (own) return { ...own, read: () => blobs.read(digest) as AsyncIterable<Uint8Array> };
    const size = copies?.has(digest) ?? null;
    return copies && size !== null
      ? { size, ageMs: copies.ageOf(digest), read: () => copies.read(digest) as AsyncIterable<Uint8Array> }
      : null;
  },
});

const hashOf = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Answers peers from what this node keeps; for them it asks nobody. */
export function serveBlobs(host: Host, shelf: BlobShelf, clock: Clock, perSecond = asksPerSecond): Promise<void> {
  const asks = new RateLimiter('attachments for this peer', perSecond, clock);
  return host.handle(
    blobProtocol,
    async (stream, { remotePeer }) => {
      const signal = AbortSignal.timeout(answerMs);
      try {
        const request = Buffer.from(await readFrame(stream, haveLength));
        asks.spend(remotePeer.toString(), 1);
        if (request.length === haveLength && request[0] === 0) await writeFrame(stream, await answer(shelf, request), signal);
        else if (request.length === giveLength && request[0] === 1) {
          const found = await shelf.open(request.subarray(1).toString('hex'));
          if (!found) throw new Error('it is not here');
          for await (const piece of found.read()) await writeAll(stream, piece, signal);
        } else throw new Error('the request does not parse');
        await stream.close({ signal });
      } catch (error) {
        stream.abort(error as Error);
      }
    },
    { maxInboundStreams: 32 },
  );
}

/** Nothing, or the proof that it is here. */
async function answer(shelf: BlobShelf, request: Buffer): Promise<Buffer> {
  const nonce = request.subarray(1, 1 + nonceLength);
  const asked = request.subarray(2 + nonceLength);
  for (const digest of await shelf.digests(request.subarray(1 + nonceLength, 2 + nonceLength).toString('hex'))) {
    const bytes = Buffer.from(digest, 'hex');
    if (!hashOf(nonce, bytes).equals(asked)) continue;
    const found = await shelf.open(digest);
    if (!found) break;
    const numbers = Buffer.alloc(16);
    numbers.writeBigUInt64BE(BigInt(found.size));
    numbers.writeBigUInt64BE(BigInt(Math.max(0, Math.floor(found.ageMs))), 8);
    return Buffer.concat([hashOf(bytes, nonce), numbers]);
  }
  return Buffer.alloc(0);
}

/** A peer as a place to look for attachments. */
export function blobsOf(host: Host, peer: PeerId): BlobSource {
  const ask = async (question: Uint8Array, signal: AbortSignal): Promise<Stream> => {
    const stream = await host.dialProtocol(peer, blobProtocol, { signal });
    signal.addEventListener('abort', () => stream.abort(new Error('it takes too long')), { once: true });
    try {
      await writeFrame(stream, question, signal);
    } catch (error) {
      stream.abort(error as Error);
      throw error;
    }
    return stream;
  };
  return {
    name: `…${peer.toString().slice(-8)}`,
    async find(digest, signal) {
      const bytes = Buffer.from(digest, 'hex');
      const nonce = randomBytes(nonceLength);
      const stream = await ask(Buffer.concat([Uint8Array.of(0), nonce, bytes.subarray(0, 1), hashOf(nonce, bytes)]), signal);
      try {
        const found = Buffer.from(await readFrame(stream, answerLength));
        await stream.close({ signal });
        if (found.length === 0) return null;
        if (found.length !== answerLength || !timingSafeEqual(found.subarray(0, 32), hashOf(bytes, nonce)))
          throw new Error('it says that it has what it has not');
        return { size: Number(found.readBigUInt64BE(32)), ageMs: Number(found.readBigUInt64BE(40)) };
      } catch (error) {
        stream.abort(error as Error);
        throw error;
      }
    },
    async *read(digest, signal) {
      const stream = await ask(Buffer.concat([Uint8Array.of(1), Buffer.from(digest, 'hex')]), signal);
      let isWhole = false;
      try {
        for await (const chunk of stream) yield chunk instanceof Uint8Array ? chunk : chunk.subarray();
        isWhole = true;
        await stream.close({ signal });
      } finally {
        if (!isWhole) stream.abort(new Error('not wanted any more'));
      }
    },
  };
}
