import type { ServerResponse } from 'node:http';
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { SilenceEnd, Speaker } from './connections.ts';

/** How long a stream of HTTP/2 may take to be asked to its end; what Node gives a request of HTTP/1.1. */
const wholeMs = 300_000;

/** Both sides have not agreed on TLS yet, so that no word would be understood. */
export class TlsSpeaker implements Speaker {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  silent(): boolean {
    return true;
  }

  half(): boolean {
    return false;
  }

  stop(): boolean {
    this.#socket.destroy();
    return true;
  }
}

/** HTTP/1.1 as Node has it, which looks by itself after those that are slow, once it has heard of them. There is one for every stream, so it keeps little. */
export class Http1Speaker implements Speaker {
  #response: ServerResponse | null = null;

  takes(response: ServerResponse): void {
    this.#response = response;
  }

  silent(): boolean {
    const response = this.#response;
    return response === null || response.destroyed || response.writableFinished || (!response.req.complete && !response.headersSent);
  }

  half(): boolean {
    return false;
  }

  stop(): boolean {
    return false;
  }
}

/** HTTP/2, of whose streams each may be silent. */
export class Http2Speaker implements Speaker {
  readonly #session: ServerHttp2Session;
  readonly #rests: () => void;
  readonly #streams = new Map<ServerHttp2Stream, number>();

  constructor(session: ServerHttp2Session, rests: () => void) {
    this.#session = session;
    this.#rests = rests;
  }

  takes(stream: ServerHttp2Stream): void {
    this.#streams.set(stream, performance.now());
    stream.once('close', () => {
      this.#streams.delete(stream);
      this.#rests();
    });
  }

  silent(): boolean {
    for (const stream of this.#streams.keys()) if (!isHalf(stream)) return false;
    return true;
  }

  half(): boolean {
    return false;
  }

  look(nowMs: number): void {
    for (const [stream, sinceMs] of this.#streams) {
      if (nowMs - sinceMs < wholeMs) return; // those behind it are younger
      if (isHalf(stream)) stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  stop(why: SilenceEnd): boolean {
    this.#session.goaway(why === 'late' ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#session.close();
    return true;
  }
}

const isHalf = (stream: ServerHttp2Stream): boolean => !stream.headersSent && !stream.readableEnded && !stream.endAfterHeaders;
