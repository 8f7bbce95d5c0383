import { Code, ConnectError } from '@connectrpc/connect';
import type { Address } from '../protocol/address.ts';
import type { Caller } from './admission.ts';
import type { BlobCopies, FoundBlob } from './blob-copies.ts';
import { type BlobParts, mostPartBytes, type UploadName } from './blob-parts.ts';
import { type Blobs, BlobTooLargeError } from './blobs.ts';
import { originHeaders, type Request, type Response, send, sendError } from './http.ts';
import { refuse, toRefusal } from './refusal.ts';

/** Where sealed attachments are put and fetched, by the SHA-256 of their bytes in hex. */
export const blobPrefix = '/blob/';

/** What a node has of attachments. */
export interface BlobStores {
  readonly blobs: Blobs;
  readonly parts: BlobParts;
  /** Attachments that others keep; null: this node fetches none. */
  readonly copies: BlobCopies | null;
}

/** Serves `/blob/DIGEST` and, for one that comes in parts, `/blob/DIGEST/parts`; `null` keeps none. */
export async function serveBlob(
  stores: BlobStores | null,
  walletOf: (caller: Caller) => Address,
  caller: Caller,
  path: string,
  request: Request,
  response: Response,
): Promise<void> {
  try {
    const [, digest = '', inParts] = /^([^/]*)(\/parts)?$/.exec(path.slice(blobPrefix.length)) ?? [];
    if (!/^[0-9a-f]{64}$/.test(digest)) throw refuse(Code.InvalidArgument, 'a blob is named by its SHA-256, 64 hex digits in lower case');
    if (!stores || stores.blobs.maxBytes === 0) throw refuse(Code.Unimplemented, 'this node keeps no blobs');
    const { blobs, copies } = stores;
    if (inParts !== undefined) await servePart(stores.parts, digest, () => walletOf(caller), caller.network, request, response);
    else if (request.method === 'PUT') {
      await blobs.put(digest, walletOf(caller), request as AsyncIterable<Buffer>, lengthOf(request));
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
    if (error instanceof BlobTooLargeError) sendError(response, refuse(Code.ResourceExhausted, error.message), 413);
    else sendError(response, error instanceof ConnectError ? error : toRefusal(error));
  }
}

/** `POST ?size=` begins or asks what has come, `PATCH ?at=` is a part, `PUT` finishes, `DELETE` calls off. */
async function servePart(
  parts: BlobParts,
  digest: string,
  walletOf: () => Address,
  network: string,
  request: Request,
  response: Response,
): Promise<void> {
  const told = (held: number): void => send(response, 200, 'application/json', JSON.stringify({ held, part: mostPartBytes }));
  const done = (): void => {
    response.statusCode = 204;
    response.end();
  };
  const name = (): UploadName => ({ digest, wallet: walletOf() });
  const number = (key: string): number => {
    const text = new URLSearchParams((request.url ?? '').split('?')[1]).get(key) ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  };
  if (request.method === 'POST') {
    const held = await parts.begin(name(), network, number('size'));
    if (held === null) done();
    else told(held);
  } else if (request.method === 'PATCH')
    told(await parts.append(name(), number('at'), request as AsyncIterable<Buffer>, lengthOf(request)));
  else if (request.method === 'PUT') {
    await parts.finish(name());
    done();
  } else if (request.method === 'DELETE') {
    await parts.cancel(name());
    done();
  } else {
    response.setHeader('allow', 'POST, PATCH, PUT, DELETE, OPTIONS');
    throw refuse(Code.Unimplemented, 'parts are begun, sent, finished and called off');
  }
}

function lengthOf({ headers }: Request): number | undefined {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return Number.isFinite(length) ? length : undefined;
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
