import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './limits.ts';

/** How often it is looked for those that were silent too long. */
const lookEveryMs = 1000;
/** How long the last words may take to leave. */
const farewellMs = 1000;

/** Why a connection that asks nothing is ended: it had its time, its network has too many such, or all networks together have. */
export type SilenceEnd = 'late' | 'crowded' | 'full';

/** What part of all that may be silent goes at once when they are too many, so that they are not counted again at every connection. */
const cleared = 1 / 16;

/** What speaks on a connection. */
export interface Speaker {
  /** Whether it is a lane, whose connection nobody else closes. */
  readonly lane?: true;
  /** Whether it waits for the other side: nothing that was asked to the end is being answered. */
  silent(): boolean;
  /** Whether a request has begun that is not whole. */
  half(): boolean;
  /** Ends of what it carries what was begun too long ago and is not whole, and leaves the rest. */
  look?(nowMs: number): void;
  /** Reads nothing any more, and says so in its own way; answers whether that was all that there is to say. */
  stop(why: SilenceEnd): boolean;
}

interface ConnectionsOptions {
  /** Connections of one network that may ask nothing at a time; 0: any number. */
  readonly most: number;
  /** The same of all networks together; 0: any number. */
  readonly mostInAll: number;
  readonly seconds: number;
  /** Whether the connections of this address are those of many people. */
  readonly isShared: (address: string) => boolean;
  readonly onEnded: (why: SilenceEnd) => void;
}

/** All connections of the node, and how long and how many of them may ask nothing. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #all = new Map<Socket, Connection>();
  readonly #networks = new Map<string, Network>();
  readonly #looking: NodeJS.Timeout;
  /** How many may come before it is counted again how many are silent in all. */
  #room: number;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#room = options.mostInAll;
    this.#looking = setInterval(() => this.#look(), lookEveryMs);
    this.#looking.unref();
  }

  get size(): number {
    return this.#all.size;
  }

  /** How many of them ask nothing. */
  silent(): number {
    return [...this.#all.values()].filter(({ speaker }) => speaker.silent()).length;
  }

  of(socket: Socket): Connection | undefined {
    return this.#all.get(socket);
  }

  /** Ends those that are in a lane. */
  endLanes(): void {
    for (const [socket, { speaker }] of this.#all) if (speaker.lane) socket.end();
  }

  sockets(): Iterable<Socket> {
    return this.#all.keys();
  }

  /** Takes a new connection in view, until it is closed; others of its network may have to go for it. */
  add(socket: Socket): Connection {
    const connection = new Connection(socket);
    this.#all.set(socket, connection);
    socket.once('close', () => this.remove(socket));
    const { most, mostInAll, isShared } = this.#options;
    const address = socket.remoteAddress ?? '';
    if (most + mostInAll === 0 || isShared(address)) return connection;
    const name = networkOf(address);
    let network = this.#networks.get(name);
    if (!network) {
      network = { members: new Set(), room: most };
      this.#networks.set(name, network);
    }
    network.members.add(connection);
    connection.network = name;
    if (most > 0 && --network.room < 0) this.#makeRoom(network);
    if (mostInAll > 0 && --this.#room < 0) this.#makeRoomInAll();
    return connection;
  }

  /** Forgets a connection that another one goes on with. */
  remove(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (!connection || !this.#all.delete(socket) || connection.network === undefined) return;
    const network = this.#networks.get(connection.network);
    network?.members.delete(connection);
    if (network?.members.size === 0) this.#networks.delete(connection.network);
  }

  close(): void {
    clearInterval(this.#looking);
  }

  /** Those that were silent longest go. They are counted again only when as many have come as there was room for. */
  #makeRoom(network: Network): void {
    const { most } = this.#options;
    const silent = [...network.members].filter(({ ending, speaker }) => !ending && speaker.silent());
    const over = silent.length - most;
    if (over > 0) silent.sort((a, b) => a.quietMs - b.quietMs);
    for (const connection of silent.slice(0, Math.max(0, over)))
      this.#end(connection, 'crowded', `more than ${most} connections of this network ask nothing`);
    network.room = Math.max(0, -over);
  }

  /** Those of the networks that have most of them go, of each what was silent longest: who fills the node from a few networks keeps nobody else out. */
  #makeRoomInAll(): void {
    const { mostInAll } = this.#options;
    const ranked: { readonly connection: Connection; readonly rank: number }[] = [];
    for (const { members } of this.#networks.values()) {
      const silent = [...members].filter(({ ending, speaker }) => !ending && speaker.silent()).sort((a, b) => b.quietMs - a.quietMs);
      for (const [rank, connection] of silent.entries()) ranked.push({ connection, rank });
    }
    const over = ranked.length - mostInAll;
    this.#room = Math.max(0, -over);
    if (over <= 0) return;
    ranked.sort((a, b) => b.rank - a.rank || a.connection.quietMs - b.connection.quietMs);
    this.#room = Math.floor(mostInAll * cleared);
    for (const { connection } of ranked.slice(0, over + this.#room))
      this.#end(connection, 'full', `more than ${mostInAll} connections ask nothing`);
  }

  #look(): void {
    const { seconds } = this.#options;
    const nowMs = performance.now();
    for (const connection of this.#all.values()) {
      if (connection.ending) continue;
      connection.speaker.look?.(nowMs);
      if (connection.askingMs === null) {
        if (connection.speaker.half()) connection.askingMs = nowMs;
      } else if (nowMs - connection.askingMs > seconds * 1000)
        this.#end(connection, 'late', `no whole request within ${seconds} second${seconds === 1 ? '' : 's'}`);
    }
  }

  #end(connection: Connection, why: SilenceEnd, words: string): void {
    this.#options.onEnded(why);
    connection.end(why, words);
  }
}

interface Network {
  readonly members: Set<Connection>;
  /** How many may come before it is counted again who of them is silent. */
  room: number;
}

/** One connection; who speaks on it is told as soon as its first bytes say it. */
export class Connection {
  readonly #socket: Socket;
  speaker: Speaker = unknownYet;
  network: string | undefined;
  /** Since when a whole request is waited for; null while none is due. */
  askingMs: number | null;
  /** When it last did something. */
  quietMs: number;
  ending = false;
  #asked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.askingMs = this.quietMs = performance.now();
  }

  /** A whole request has come. */
  heard(): void {
    this.#asked = true;
    this.askingMs = null;
  }

  /** It was answered. */
  rests(): void {
    this.quietMs = performance.now();
  }

  end(why: SilenceEnd, words: string): void {
    this.ending = true;
    const socket = this.#socket;
    // After an answer and without half of a request, what comes unasked could be taken for the answer to the next one.
    const mute = this.#asked && !this.speaker.half();
    if (!this.speaker.stop(why)) socket.end(mute ? '' : refusal(why === 'late' ? 408 : 429, `${words}\n`));
    const gone = setTimeout(() => socket.destroy(), farewellMs);
    socket.once('close', () => clearTimeout(gone));
  }
}

const refusal = (status: number, words: string): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: text/plain\r\ncontent-length: ${words.length}\r\nconnection: close\r\n\r\n${words}`;

const unknownYet: Speaker = { silent: () => true, half: () => false, stop: () => false };
