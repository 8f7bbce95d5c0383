import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { Code } from '@connectrpc/connect';
import { refuse } from './refusal.ts';

/** One request and its whole answer, by the shortest way that each version of HTTP has: what Node puts on top of it costs more than a small call. */
export interface Exchange {
  readonly method: string | undefined;
  /** The path, as it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** Whether answers may end with trailers. */
  readonly trailers: boolean;
  /** The whole body. @throws ConnectError resource exhausted, canceled */
  body(maxLength: number): Promise<Buffer>;
  /** Nothing is sent to somebody who has gone. */
  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array, trailers?: OutgoingHttpHeaders): void;
}

/** Bytes up to which copying a body costs less than another piece to write. */
export const joinedBelow = 16_384;

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

export class Http1Exchange implements Exchange {
  readonly trailers = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get method(): string | undefined {
    return this.#request.method;
  }

  get target(): string {
    return this.#request.url ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  body(maxLength: number): Promise<Buffer> {
    return collect(this.#request, maxLength);
  }

  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#response.writeHead(status, body ? { ...headers, 'content-length': body.length } : headers);
    // As text it leaves together with the head, in one write and not in two.
    if (!body || body.length < joinedBelow) this.#response.end(body && latin1(body), 'latin1');
    else this.#response.end(body);
  }
}

export class Http2Exchange implements Exchange {
  readonly trailers = true;
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: Http2Headers) {
    this.#stream = stream;
    this.headers = headers;
  }

  get method(): string | undefined {
    return this.headers[':method'] as string | undefined;
  }

  get target(): string {
    return (this.headers[':path'] as string | undefined) ?? '';
  }

  get remoteAddress(): string | undefined {
    return this.#stream.session?.socket.remoteAddress;
  }

  body(maxLength: number): Promise<Buffer> {
    return collect(this.#stream, maxLength);
  }

  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array, trailers?: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': status, ...headers }, { waitForTrailers: trailers !== undefined });
    if (trailers) stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(body);
  }
}

/** Reads to the end. @throws ConnectError resource exhausted when it is longer than `maxLength`, canceled when it was broken off */
export function collect(stream: Readable, maxLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    stream.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= maxLength) pieces.push(piece);
      else {
        stream.pause();
        reject(refuse(Code.ResourceExhausted, `request of more than ${maxLength} bytes`));
      }
    });
    stream.on('end', () => resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, length)));
    const brokenOff = (cause?: Error): void => reject(refuse(Code.Canceled, 'the request was broken off', cause));
    stream.on('error', brokenOff);
    stream.on('aborted', brokenOff);
  });
}
