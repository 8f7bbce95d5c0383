import { connect, type Socket } from 'node:net';

/** What came of a load: answers per second, and how long one took (milliseconds). */
export interface Load {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/** Makes the n-th request: the bytes of an HTTP/1.1 request that keeps its connection. They are sent when the next one is asked for, and may become that. */
export type MakeRequest = (n: number) => Buffer;

/**
 * Sends requests over so many connections, one at a time on each, for so many seconds. Plain sockets and the least of parsing: what drives a server
 * must cost less than the server.
 */
export async function load(port: number, make: MakeRequest, { connections = 64, seconds = 3 } = {}): Promise<Load> {
  const times: number[] = [];
  let sent = 0;
  let failed = 0;
  const end = performance.now() + seconds * 1000;
  const begun = performance.now();
  const next = (): Buffer | null => (performance.now() > end ? null : make(sent++));
  const answered = (status: number, ms: number): void => {
    if (status !== 200) failed++;
    times.push(ms);
  };
  await Promise.all(Array.from({ length: connections }, () => converse(port, next, answered)));
  const took = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  return {
    rate: times.length / took,
    p50: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    failed,
  };
}

/** Sends so many requests over some connections. @throws Error when one is not answered with 200 */
export async function sendAll(
  port: number,
  make: MakeRequest,
  { requests, connections = 4 }: { requests: number; connections?: number },
): Promise<void> {
  let sent = 0;
  const next = (): Buffer | null => (sent === requests ? null : make(sent++));
  const answered = (status: number): void => {
    if (status !== 200) throw new Error(`a request was answered with ${status}`);
  };
  await Promise.all(Array.from({ length: connections }, () => converse(port, next, answered)));
}

/**
 * Sends so many requests at a steady rate, whatever becomes of those before, as far as connections are free. Answers how long each took, ms.
 * @throws Error when one is not answered with 200
 */
export async function sendSteadily(
  port: number,
  make: MakeRequest,
  { requests, perSecond, connections = 64 }: { requests: number; perSecond: number; connections?: number },
): Promise<number[]> {
  const times: number[] = [];
  const idle: (() => void)[] = [];
  const begun = performance.now();
  let sent = 0;
  const due = (): number => Math.min(requests, ((performance.now() - begun) / 1000) * perSecond);
  const next = (resume: () => void): Buffer | null | undefined => {
    if (sent === requests) return null;
    if (sent < due()) return make(sent++);
    idle.push(resume);
    return undefined;
  };
  const answered = (status: number, ms: number): void => {
    if (status !== 200) throw new Error(`a request was answered with ${status}`);
    times.push(ms);
  };
  const clock = setInterval(() => {
    while (idle.length > 0 && (sent === requests || sent < due())) idle.pop()?.();
  }, 1);
  try {
    await Promise.all(Array.from({ length: connections }, () => converse(port, next, answered)));
  } finally {
    clearInterval(clock);
  }
  return times;
}

/** The next request; null when there is none, and nothing when there is none yet: then `resume` is called. */
type Next = (resume: () => void) => Buffer | null | undefined;

/** One request after the other on a connection of its own, until there is none. */
const converse = (port: number, next: Next, answered: (status: number, ms: number) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const answers = new Answers();
    let at = 0;
    const send = (): void => {
      at = performance.now();
      const bytes = next(send);
      if (bytes === undefined) return;
      if (!bytes) {
        socket.destroy();
        resolve();
        return;
      }
      socket.write(bytes);
      if (socket.writableLength > 0) socket.destroy(new Error('a request did not leave at once'));
    };
    // One buffer for all that comes: a fresh one for each piece costs more than everything else that is done with it.
    const onread = {
      buffer: Buffer.allocUnsafe(65_536),
      callback(length: number, bytes: Uint8Array): boolean {
        const status = answers.push(bytes as Buffer, length);
        if (status === null) return true;
        try {
          answered(status, performance.now() - at);
          send();
        } catch (error) {
          socket.destroy(error as Error);
        }
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread }, send);
    socket.once('error', reject);
  });

export const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });

export function request(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n${lines.join('')}\r\n`),
    body,
  ]);
}

/** Finds where an answer ends: by its length, or by the last of its chunks. */
class Answers {
  #waiting: Buffer | null = null;
  /** The last whole one: within a second most answers are the same to the byte. */
  #last = { bytes: Buffer.alloc(0), status: 0 };

  /** The status of the answer that these first bytes of a buffer complete, or null. The buffer may be used for others afterwards. */
  push(buffer: Buffer, length: number): number | null {
    const piece = buffer.subarray(0, length);
    if (!this.#waiting && piece.equals(this.#last.bytes)) return this.#last.status;
    const answer = this.#waiting ? Buffer.concat([this.#waiting, piece]) : Buffer.from(piece);
    const whole = isWhole(answer);
    this.#waiting = whole ? null : answer;
    if (!whole) return null;
    this.#last = { bytes: answer, status: Number(answer.toString('latin1', 9, 12)) };
    return this.#last.status;
  }
}

function isWhole(answer: Buffer): boolean {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  for (const name of lengthNames) {
    const at = answer.indexOf(name);
    if (at < 0 || at > head) continue;
    const from = at + name.length;
    return answer.length >= head + 4 + Number.parseInt(answer.toString('latin1', from, from + 10), 10);
  }
  return answer.subarray(-5).equals(lastChunk);
}

const lengthNames = ['\r\ncontent-length: ', '\r\nContent-Length: '].map((name) => Buffer.from(name));
const lastChunk = Buffer.from('0\r\n\r\n');
