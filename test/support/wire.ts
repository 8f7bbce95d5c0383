import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP connection through which two nodes reach each other, that can be cut and mended. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #to: { readonly host: string; readonly port: number };
  #cut = false;

  private constructor(host: string, port: number) {
    this.#to = { host, port };
    this.#server = createServer((near) => this.#join(near));
  }

  static async to(port: number, host = '127.0.0.1'): Promise<Wire> {
    const wire = new Wire(host, port);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What is open breaks off, and nothing new gets through. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  /** Leads elsewhere from now on. */
  point(port: number): void {
    this.#to = { ...this.#to, port };
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket): void {
    if (this.#cut) {
      near.destroy();
      return;
    }
    const far = connect(this.#to);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(into);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
    }
  }
}
