import { connect, type Socket } from 'node:net';

/** What came of a load: answers per second, and how long one took (milliseconds). */
export interface Load {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/** Makes the n-th request: the bytes of an HTTP/1.1 request that keeps its connection. */
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
  const one = async (): Promise<void> => {
    const socket = await open(port);
    await new Promise<void>((resolve, reject) => {
      const answers = new Answers();
      let at = 0;
      const next = (): void => {
        at = performance.now();
        if (at > end) {
          socket.destroy();
          resolve();
          return;
        }
        socket.write(make(sent++));
      };
      socket.on('data', (chunk) => {
        const status = answers.push(chunk);
        if (status === null) return;
        if (status !== 200) failed++;
        times.push(performance.now() - at);
        next();
      });
      socket.on('error', reject);
      next();
    });
  };
  await Promise.all(Array.from({ length: connections }, one));
  const took = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  return {
    rate: times.length / took,
    p50: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    failed,
  };
}

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
  #waiting: Buffer = Buffer.alloc(0);

  /** The status of the answer that this chunk completes, or null. */
  push(chunk: Buffer): number | null {
    this.#waiting = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    const head = this.#waiting.indexOf('\r\n\r\n');
    if (head < 0) return null;
    const at = lengthNames.map((name) => this.#waiting.indexOf(name)).find((place) => place >= 0 && place < head);
    if (at !== undefined) {
      const length = Number.parseInt(this.#waiting.toString('latin1', at + lengthNameBytes, at + lengthNameBytes + 10), 10);
      if (this.#waiting.length < head + 4 + length) return null;
    } else if (!this.#waiting.subarray(-5).equals(lastChunk)) return null;
    const status = Number(this.#waiting.toString('latin1', 9, 12));
    this.#waiting = Buffer.alloc(0);
    return status;
  }
}

const lengthNames = ['\r\ncontent-length: ', '\r\nContent-Length: '];
const lengthNameBytes = 18;
const lastChunk = Buffer.from('0\r\n\r\n');
