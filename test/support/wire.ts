import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** From who dials to who listens, or back. */
export type Way = 'there' | 'back';

/** A TCP connection through which two nodes reach each other, that can be cut and mended, held in one direction, or made slow. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held = new Set<Way>();
  #waiting: (() => void)[] = [];
  #to: { readonly host: string; readonly port: number };
  #cut = false;
  #bytesPerSecond = 0;

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

  /** What goes this way does not arrive, and nobody is told: the connection stays. */
  hold(way: Way): void {
    this.#held.add(way);
  }

  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  mend(): void {
    this.#cut = false;
    this.#held.clear();
    this.#bytesPerSecond = 0;
    for (const go of this.#waiting.splice(0)) go();
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
    for (const [from, into, way] of [
      [near, far, 'there'],
      [far, near, 'back'],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(this.#passage(way)).pipe(into);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
    }
  }

  #passage(way: Way): Transform {
    const pass = (piece: Buffer, done: (error: null, piece: Buffer) => void): void => {
      if (this.#held.has(way)) this.#waiting.push(() => pass(piece, done));
      else if (this.#bytesPerSecond > 0) setTimeout(() => done(null, piece), (1000 * piece.length) / this.#bytesPerSecond).unref();
      else done(null, piece);
    };
    return new Transform({ transform: (piece: Buffer, _, done) => pass(piece, done) });
  }
}
