import { type IncomingHttpHeaders, type OutgoingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Code } from '@connectrpc/connect';
import type { Speaker } from './connections.ts';
import { type Exchange, joinedBelow, latin1 } from './exchange.ts';
import { refuse } from './refusal.ts';

/** A connection that says nothing for so long is closed; the same as clients are told. */
const idleMs = 65_000;
/** Bytes of a request with its head; larger ones are for Node. */
const maxWaiting = 65_536;
/** Bytes of the head of a request, as Node has it. */
const maxHead = 16_384;
/** Bytes of a head up to which it is remembered. */
const maxKnownHead = 2_048;
/** Pieces in which a request may come: one for the head and one for the body are usual, more are not waited for. */
const maxPieces = 3;

export interface LaneOptions {
  /** Answers a request, or null, with nothing done, when it is none for this lane. */
  readonly serve: (exchange: Exchange) => Promise<void> | null;
  /** Takes the connection over, with everything that was read and not answered, for good. */
  readonly handOver: (unread: Buffer) => void;
}

/**
 * Serves the whole small requests of one connection of HTTP/1.1, one after the other, at half of what Node's own parser and streams cost. Whatever is not
 * plainly such a request, in its form or by its path, is handed over to them together with the connection: what is read here is refused nowhere.
 */
export function openLane(socket: Socket, { serve, handOver }: LaneOptions): Speaker {
  let waiting: Buffer | null = null;
  let pieces = 0;
  let answering = false;
  const parse = rememberingParser();

  const letGo = (): Socket => socket.off('data', read).off('end', end).off('timeout', giveUp).off('drain', next).setTimeout(0);
  const leave = (): void => {
    letGo().off('error', ignore);
    if (socket.readableEnded)
      socket.end(); // nobody could read on
    else handOver(waiting ?? Buffer.alloc(0));
  };
  const next = (): void => {
    if (answering || socket.destroyed) return;
    if (waiting) leave();
    else if (socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const read = (chunk: Buffer): void => {
    waiting = waiting ? Buffer.concat([waiting, chunk]) : chunk;
    pieces += 1;
    if (answering) {
      socket.pause(); // it does not wait for answers: when this one has gone, Node sees to the rest
      return;
    }
    take(waiting);
  };
  const take = (bytes: Buffer): void => {
    const request = bytes.length > maxWaiting ? 'other' : parse(bytes);
    if (request === 'part' && pieces < maxPieces && !socket.readableEnded) return;
    const exchange = typeof request === 'string' ? null : new LaneExchange(socket, request);
    const served = exchange && serve(exchange);
    if (!served) {
      leave();
      return;
    }
    [waiting, pieces, answering] = [null, 0, true];
    served.then(
      () => {
        answering = false;
        if (!socket.readableEnded) next();
        else if (waiting) take(waiting);
        else socket.end();
      },
      () => socket.destroy(), // told by whoever serves
    );
  };
  const end = (): void => {
    if (!answering) socket.end();
  };
  const giveUp = (): unknown => (answering ? null : socket.destroy());
  const ignore = (): void => {}; // its close follows
  socket.on('data', read).on('end', end).on('error', ignore).on('timeout', giveUp).on('drain', next).setTimeout(idleMs);
  return {
    lane: true,
    silent: () => !answering,
    half: () => !answering && waiting !== null,
    stop() {
      letGo().resume(); // what still comes is for nobody
      return false;
    },
  };
}

interface WholeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What comes before the body. */
type Head = Omit<WholeRequest, 'body'>;

/** Reads the requests of one connection: clients mostly send the head that they sent before. */
function rememberingParser(): (bytes: Buffer) => WholeRequest | 'part' | 'other' {
  let known: Buffer = Buffer.alloc(0);
  let head: Head | 'other' = 'other';
  return (bytes) =>
    parseRequest(bytes, (end) => {
      if (end === known.length && bytes.compare(known, 0, end, 0, end) === 0) return head;
      const read = readHead(bytes.toString('latin1', 0, end));
      if (end <= maxKnownHead) [known, head] = [Buffer.from(bytes.subarray(0, end)), read];
      return read;
    });
}

/**
 * The one whole request that these bytes are; `part` when more of it has to come. `other` for everything that leaves a question: two headers of one name, other
 * codings than a length, line ends or characters that are not as they should be. `headOf` reads the head, which ends at `end`.
 */
export function parseRequest(
  bytes: Buffer,
  headOf = (end: number): Head | 'other' => readHead(bytes.toString('latin1', 0, end)),
): WholeRequest | 'part' | 'other' {
  if (bytes[0] !== 0x50 && bytes[0] !== 0x4f) return 'other'; // neither P nor O begins it
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd > maxHead || (headEnd < 0 && bytes.length > maxHead)) return 'other';
  if (headEnd < 0) return 'part';
  const head = headOf(headEnd);
  if (head === 'other') return 'other';
  const bodyStart = headEnd + 4;
  const missing = bodyStart + lengthOf(head) - bytes.length;
  if (missing !== 0) return missing > 0 ? 'part' : 'other';
  const { method, target, headers } = head;
  return { method, target, headers, body: bytes.subarray(bodyStart) };
}

/** Of its body. */
const lengthOf = ({ headers }: Head): number => Number(headers['content-length'] ?? 0);

function readHead(text: string): Head | 'other' {
  const lines = text.split('\r\n');
  const [, method, target] = /^(POST|OPTIONS) (\/[\x21-\x7e]*) HTTP\/1\.1$/.exec(lines[0] as string) ?? [];
  if (method === undefined || target === undefined) return 'other';
  const headers: Record<string, string> = {};
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || headers[name] !== undefined || unusual.has(name)) return 'other';
    const value = withoutEnds(line, colon + 1);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return 'other';
    headers[name] = value;
  }
  if (headers['host'] === undefined || !/^(?:keep-alive)?$/i.test(headers['connection'] ?? '')) return 'other';
  if (!/^\d{1,5}$/.test(headers['content-length'] ?? (method === 'OPTIONS' ? '0' : ''))) return 'other';
  return { method, target, headers };
}

/** What of a line begins at `from`, without the blanks around it. */
function withoutEnds(line: string, from: number): string {
  let [start, end] = [from, line.length];
  while (start < end && (line[start] === ' ' || line[start] === '\t')) start++;
  while (end > start && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  return line.slice(start, end);
}

/** Headers that change how a request is read, or what may follow it. */
const unusual: ReadonlySet<string> = new Set(['transfer-encoding', 'upgrade', 'expect', 'trailer', 'te']);

class LaneExchange implements Exchange {
  readonly trailers = false;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly #socket: Socket;
  readonly #body: Buffer;

  constructor(socket: Socket, { method, target, headers, body }: WholeRequest) {
    this.#socket = socket;
    this.#body = body;
    this.method = method;
    this.target = target;
    this.headers = headers;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  body(maxLength: number): Promise<Buffer> {
    if (this.#body.length > maxLength) return Promise.reject(refuse(Code.ResourceExhausted, `request of more than ${maxLength} bytes`));
    return Promise.resolve(this.#body);
  }

  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    let head = headText(status, headers);
    if (body) head += `content-length: ${body.length}\r\n`;
    head += `date: ${date()}\r\nconnection: keep-alive\r\nkeep-alive: timeout=${idleMs / 1000}\r\n\r\n`;
    if (!body || body.length < joinedBelow) socket.write(body ? head + latin1(body) : head, 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }
}

/** The first lines of answers whose headers never change: they are told by the object that holds them. */
const headTexts = new WeakMap<OutgoingHttpHeaders, { readonly status: number; readonly text: string }>();

function headText(status: number, headers: OutgoingHttpHeaders): string {
  const known = headTexts.get(headers);
  if (known?.status === status) return known.text;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
  if (Object.isFrozen(headers)) headTexts.set(headers, { status, text });
  return text;
}

let [dateSecond, dateText] = [0, ''];

/** The time as HTTP writes it, made once a second. */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) [dateSecond, dateText] = [second, new Date(second * 1000).toUTCString()];
  return dateText;
}
