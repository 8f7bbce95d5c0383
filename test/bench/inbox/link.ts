import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was asked of a node. */
export interface Asked {
  readonly requests: number;
  readonly waves: number;
  readonly streams: number;
  /** When the first was, by `performance.now()`. */
  readonly firstAt: number | null;
}

export const inWords = ({ requests, waves, streams }: Asked): string =>
  `${requests} requests${streams > 0 ? ` and ${streams} streams` : ''} in ${waves} waves`;

/** The way from a browser to the node: it counts requests, and holds each answer back as a longer way would. */
export class Link {
  readonly url: string;
  /** Held back, milliseconds there and back. */
  delayMs = 0;
  #requests = 0;
  #waves = 0;
  #streams = 0;
  #open = 0;
  /** When the first was asked since the last time, by `performance.now()`. */
  #firstAt: number | null = null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `port`: where it listens; without it, anywhere. */
  static async to(nodeUrl: string, port = 0): Promise<Link> {
    let link: Link | undefined;
    const target = new URL(nodeUrl);
    const server = createServer((asked, answer) => {
      const stream = /subscribe|follow/i.test(asked.url ?? '');
      const done = link?.began(asked.url ?? '', stream) ?? (() => undefined);
      const { method, url, headers } = asked;
      const there = request({ host: target.hostname, port: target.port, method, path: url, headers }, (came) => {
        answer.writeHead(came.statusCode ?? 502, came.headers);
        answer.flushHeaders();
        came.pipe(answer);
        // Of a stream the first word is the answer.
        came.once(stream ? 'data' : 'end', done);
      });
      there.once('error', () => {
        done();
        answer.destroy();
      });
      answer.once('close', () => there.destroy());
      setTimeout(() => asked.pipe(there), link?.delayMs ?? 0);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    link = new Link(server);
    return link;
  }

  /** What was asked since the last time: requests, streams, and how many times one had to wait for those before it. Health does not count. */
  take(): Asked {
    const taken = { requests: this.#requests, waves: this.#waves, streams: this.#streams, firstAt: this.#firstAt };
    this.#requests = 0;
    this.#waves = 0;
    this.#streams = 0;
    this.#firstAt = null;
    return taken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  began(path: string, stream = false): () => void {
    if (/healthz/i.test(path)) return () => undefined;
    this.#firstAt ??= performance.now();
    if (this.#open === 0) this.#waves += 1;
    this.#open += 1;
    if (stream) this.#streams += 1;
    else this.#requests += 1;
    let ended = false;
    return () => {
      if (!ended) this.#open -= 1;
      ended = true;
    };
  }
}
