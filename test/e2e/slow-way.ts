import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../support/browsers/browser.ts';

/** A way to a node over https, which can be made slow for attachments, or closed for what comes in parts. */
export class SlowWay {
  readonly #server: Server;
  /** What is asked about attachments, in order: the method and what follows the digest. */
  readonly asked: string[] = [];
  /** How long each request about an attachment waits before it goes on, ms. */
  delayMs = 0;
  /** Parts beyond this many are not answered. */
  partsLeft = Number.POSITIVE_INFINITY;
  /** Whether the node is one that has no parts. */
  older = false;
  /** Whether the node takes no attachment at all. */
  unwilling = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(node: string): Promise<SlowWay> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-way-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...name], {
      stdio: 'ignore',
    });
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    rmSync(folder, { recursive: true });
    const way = new SlowWay(server);
    server.on('request', (asked, answer) => void way.#pass(node, asked, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Of them the parts. */
  get parts(): readonly string[] {
    return this.asked.filter((each) => each.startsWith('PATCH'));
  }

  async #pass(node: string, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = asked.url ?? '';
    if (url.startsWith('/blob/') && asked.method !== 'OPTIONS') {
      this.asked.push(`${asked.method} ${url.slice('/blob/'.length + 64)}`);
      if (this.unwilling || (this.older && url.includes('/parts'))) {
        asked.resume();
        answer.writeHead(this.unwilling ? 503 : 400).end('{}');
        return;
      }
      if (asked.method === 'PATCH' && --this.partsLeft < 0) return;
      await sleep(this.delayMs);
    }
    const onward: ClientRequest = request(`${node}${url}`, { method: asked.method, headers: asked.headers }, (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
