import { type Response, write } from './http.ts';

/** How long streams are written to before calls have their turn, ms. */
const sliceMs = 1;

/** Those that have something to send, in the order in which they got it. */
let waiting: Outlet[] = [];
let scheduled = false;

/** Sends what waits, for a moment; what comes for a stream before its next turn leaves with it. So a message to many keeps nobody waiting, and many messages to many cost few writes. */
function sendWaiting(): void {
  const until = performance.now() + sliceMs;
  let at = 0;
  while (at < waiting.length) {
    (waiting[at++] as Outlet).flush();
    if (at % 16 === 0 && performance.now() > until) break;
  }
  waiting = waiting.slice(at);
  scheduled = waiting.length > 0;
  if (scheduled) setImmediate(sendWaiting);
}

/** The body of one stream. */
export class Outlet {
  readonly #response: Response;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(response: Response) {
    this.#response = response;
  }

  /** Bytes that have not left yet. */
  get length(): number {
    return this.#bytes + this.#response.writableLength;
  }

  /** Sends this soon, after what was pushed before. */
  push(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#pieces.push(bytes) > 1) return;
    waiting.push(this);
    if (scheduled) return;
    scheduled = true;
    setImmediate(sendWaiting);
  }

  /** Sends what was pushed now. */
  flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    this.#pieces = [];
    this.#bytes = 0;
    const { destroyed, writableEnded } = this.#response;
    if (destroyed || writableEnded) return;
    try {
      write(this.#response, pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
    } catch {
      // Thrown on, it would keep all the others waiting for good.
      this.#response.destroy();
    }
  }
}
