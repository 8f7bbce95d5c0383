/** Counts the bytes of a body as it comes, by jumping from head to head: a reader that looked at every byte would take longer than the server, and then the bench would compare the reader with itself. */
export interface CountedBody {
  /** How many pieces with a head of their own have begun. */
  readonly chunks: number;
  /** How many bytes of the body are in what came. */
  push(piece: Buffer): number;
}

/** A body that comes in chunks of HTTP/1.1. */
export class ChunkedBody implements CountedBody {
  chunks = 0;
  /** What is read of the head of the answer, or of a chunk. */
  #head: string | null = '';
  #answered = false;
  /** Bytes of the chunk that are still to come, with the end of its line. */
  #left = 0;

  push(piece: Buffer): number {
    let [at, count] = [0, 0];
    while (at < piece.length) {
      if (this.#head === null) {
        const here = Math.min(this.#left, piece.length - at);
        count += Math.max(0, Math.min(here, this.#left - 2));
        this.#left -= here;
        at += here;
        if (this.#left === 0) this.#head = '';
        continue;
      }
      this.#head += String.fromCharCode(piece[at++] as number);
      if (!this.#head.endsWith(this.#answered ? '\r\n' : '\r\n\r\n')) continue;
      if (this.#answered) {
        this.#left = Number.parseInt(this.#head, 16) + 2;
        this.#head = null;
        this.chunks += 1;
      } else [this.#answered, this.#head] = [true, ''];
    }
    return count;
  }
}

const [headLength, data, settings, ping, acknowledged] = [9, 0, 4, 6, 1];

/** The body of the only stream of a connection of HTTP/2. */
export class Http2Body implements CountedBody {
  chunks = 0;
  readonly #answer: (frame: Buffer) => void;
  /** What is read of the head of a frame, or of a frame that has to be answered. */
  #waiting: Buffer = Buffer.alloc(0);
  /** Bytes of the frame that are still to come. */
  #left = 0;
  #counts = false;

  /** `answer` sends what a client owes to the server. */
  constructor(answer: (frame: Buffer) => void) {
    this.#answer = answer;
  }

  push(piece: Buffer): number {
    let bytes = this.#waiting.length === 0 ? piece : Buffer.concat([this.#waiting, piece]);
    this.#waiting = Buffer.alloc(0);
    let count = 0;
    while (bytes.length > 0) {
      if (this.#left > 0) {
        const here = Math.min(this.#left, bytes.length);
        if (this.#counts) count += here;
        this.#left -= here;
        bytes = bytes.subarray(here);
        continue;
      }
      if (bytes.length < headLength) break;
      const [length, type, flags] = [bytes.readUIntBE(0, 3), bytes[3], bytes[4] as number];
      if (type === ping || type === settings) {
        if (bytes.length < headLength + length) break;
        if ((flags & acknowledged) === 0)
          this.#answer(frame(type, acknowledged, 0, type === ping ? bytes.subarray(headLength, headLength + length) : ''));
      }
      this.#counts = type === data;
      if (this.#counts) this.chunks += 1;
      this.#left = length;
      bytes = bytes.subarray(headLength);
    }
    this.#waiting = bytes;
    return count;
  }
}

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(headLength);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** All that a client sends that asks one thing by a connection of its own and takes as much as comes. */
export function http2Request(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const fields = Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]);
  // POST, http, and by the numbers of their names :path and :authority (RFC 7541, appendix A); nothing is longer than 126 bytes.
  const block = Buffer.concat([Buffer.from([0x83, 0x86, 0x04]), text(path), Buffer.from([0x01]), text('127.0.0.1'), ...fields]);
  const window = Buffer.from([0x7f, 0xff, 0x00, 0x00]);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), window])),
    frame(8, 0, 0, window),
    frame(1, 4, 1, block),
    frame(data, 1, 1, body),
  ]);
}
