import { type Response, write } from './http.ts';

/** The shortest and the longest time for which streams are written to before calls have their turn, ms. */
const [leastMs, mostMs] = [0.1, 1];

/**
 * How long streams are written to at a time: a tenth of what everything else took since the last time, so that neither keeps the other away. In short turns the next
 * message of a busy topic is there before the last one has left for all, and both leave by one write: with 1 ms, whatever else there was, a delivery took three times as long.
 */
export const sliceMs = (betweenMs: number): number => Math.min(mostMs, Math.max(leastMs, betweenMs / 10));

/** Those that have something to send, in the order in which they got it; those before `at` have sent it. */
let waiting: Outlet[] = [];
let at = 0;
let scheduled = false;
/** When streams were written to last, or the first of them began to wait. */
let lastMs = 0;

/** Sends what waits, for a moment; what comes for a stream before its next turn leaves with it. So a message to many keeps nobody waiting, and many messages to many cost few writes. */
function sendWaiting(): void {
  const begunMs = performance.now();
  const until = begunMs + sliceMs(begunMs - lastMs);
  while (at < waiting.length) {
    (waiting[at++] as Outlet).flush();
    if (at % 4 === 0 && performance.now() > until) break;
  }
  // Not at every turn: of very many, moving them up would take longer than the turn.
  if (at * 2 >= waiting.length) [waiting, at] = [waiting.slice(at), 0];
  lastMs = performance.now();
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
    lastMs = performance.now();
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
