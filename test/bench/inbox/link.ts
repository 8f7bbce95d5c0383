import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The way from a browser to the node: it counts requests, and holds each answer back as a longer way would. */
export class Link {
  readonly url: string;
  /** Held back, milliseconds there and back. */
  delayMs = 0;
  #requests = 0;
  #waves = 0;
  #open = 0;
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
      const done = link?.began(asked.url ?? '') ?? (() => undefined);
      const { method, url, headers } = asked;
      const there = request({ host: target.hostname, port: target.port, method, path: url, headers }, (came) => {
        answer.writeHead(came.statusCode ?? 502, came.headers);
        answer.flushHeaders();
        came.pipe(answer);
        came.once('end', done);
      });
      there.once('error', () => answer.destroy());
      answer.once('close', () => there.destroy());
      setTimeout(() => asked.pipe(there), link?.delayMs ?? 0);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    link = new Link(server);
    return link;
  }

  /** What was asked since the last time: requests, and how many times one had to wait for those before it. Streams and health do not count. */
  take(): { readonly requests: number; readonly waves: number } {
    const taken = { requests: this.#requests, waves: this.#waves };
    this.#requests = 0;
    this.#waves = 0;
    return taken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  began(path: string): () => void {
    if (/subscribe|follow|healthz/i.test(path)) return () => undefined;
    if (this.#open === 0) this.#waves += 1;
    this.#open += 1;
    this.#requests += 1;
    return () => {
      this.#open -= 1;
    };
  }
}
