import { createServer as createHttp1Server, type Server as Http1Server, type IncomingMessage, ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { Code } from '@connectrpc/connect';
import type { Caller } from './admission.ts';
import { type BlobStores, blobPrefix, serveBlob } from './blob-service.ts';
import { type Connection, Connections, type SilenceEnd } from './connections.ts';
import { type Exchange, Http1Exchange, Http2Exchange } from './exchange.ts';
import { gatewayPrefix, serveGateway, serveGatewayCall } from './gateway.ts';
import { createHealthApi, healthApiPrefix } from './health-api.ts';
import {
  allowOrigins,
  answerPreflight,
  header,
  type Origin,
  originOf,
  pathOf,
  type Request,
  type Response,
  send,
  sendError,
} from './http.ts';
import { openLane } from './lane.ts';
import { networkOf } from './limits.ts';
import type { Log } from './log.ts';
import { apiPrefix, createMessageApi } from './message-api.ts';
import type { MessageService } from './message-service.ts';
import { type createNodeApi, nodeApiPrefix } from './node-api.ts';
import { servePage } from './pages.ts';
import { Proxies } from './proxies.ts';
import { refuse, toRefusal } from './refusal.ts';
import { Http1Speaker, Http2Speaker, TlsSpeaker } from './speakers.ts';
import { version } from './version.ts';

/** How often a long-lived HTTP/2 connection is asked whether it is still there. */
const pingMs = 60_000;
/** How long requests may take to end after the stop; what is still open then is cut off. */
const drainMs = 5000;

/** PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface ServerOptions {
  readonly service: MessageService;
  /** Makes what serves our own API, given how callers are told apart. */
  readonly nodeApi: (callerOf: (from: Origin) => Caller) => ReturnType<typeof createNodeApi>;
  /** null: this node keeps no attachments. */
  readonly blobs: BlobStores | null;
  readonly log: Log;
  /** Directory of static pages. */
  readonly pages?: string | undefined;
  /** Addresses or ranges (`10.0.0.0/8`) whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** A certificate with its chain and its key, PEM; without them the port is in the clear. */
  readonly tls?: TlsFiles | undefined;
  /** Whether the store answers. */
  readonly ready: () => Promise<void>;
  /** How many connections of one network and of all may ask nothing at a time (0: any number), and for how long. */
  readonly silence: {
    readonly most: number;
    readonly mostInAll: number;
    readonly seconds: number;
    readonly onEnded: (why: SilenceEnd) => void;
  };
}

/** Everything that the node serves, on one cleartext port: HTTP/1.1, and HTTP/2 by prior knowledge as gRPC speaks it. */
export class NodeServer {
  readonly #options: ServerOptions;
  readonly #listener: Server;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #connections: Connections;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #busy = new Set<Response | ServerHttp2Stream>();
  readonly #proxies: Proxies;
  readonly #messageApi: ReturnType<typeof createMessageApi>;
  readonly #nodeApi: ReturnType<typeof createNodeApi>;
  readonly #healthApi: ReturnType<typeof createHealthApi>;
  /** Calls in lanes that are being answered. */
  #inLanes = 0;
  #stopping = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#proxies = new Proxies(options.trustedProxies);
    this.#messageApi = createMessageApi(options.service, (from) => this.#callerOf(from));
    this.#nodeApi = options.nodeApi((from) => this.#callerOf(from));
    this.#healthApi = createHealthApi({
      ready: options.ready,
      openStream: (caller) => options.service.openStream(caller),
      callerOf: (from) => this.#callerOf(from),
    });
    this.#connections = new Connections({ ...options.silence, isShared: (address) => this.#proxies.has(address) });
    this.#listener = options.tls ? this.#listenByTls(options.tls) : createServer((socket) => this.#accept(socket));
    const serve = (request: Request, response: Response): void => {
      this.#hold(response);
      void this.#serve(request, response).catch((error: unknown) => {
        options.log.error('a request failed', error);
        response.destroy();
      });
    };
    this.#http1 = createHttp1Server({ keepAliveTimeout: 65_000 }, (request, response) => {
      this.#hears(request, response);
      const served = this.#serveCall(new Http1Exchange(request, response));
      if (!served) return serve(request, response);
      this.#hold(response);
      served.catch(() => response.destroy());
    });
    // It does not listen itself, so it must be told to begin to look after slow and dead connections.
    this.#http1.emit('listening');
    this.#http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1000 } });
    this.#http2.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      const served = this.#serveCall(new Http2Exchange(stream, headers));
      if (served) {
        this.#hold(stream);
        served.catch(() => stream.destroy());
        return;
      }
      const [request, response] = [new Http2ServerRequest(stream, headers, {}, rawHeaders), new Http2ServerResponse(stream)];
      if (headers.expect === '100-continue') response.writeContinue();
      serve(request, response);
    });
    for (const server of [this.#http1, this.#http2])
      server.on('error', (error) => options.log.warn('connection failed', { why: error.message }));
  }

  /** How many connections there are, and how many of them ask nothing. */
  connections(): { readonly all: number; readonly silent: number } {
    return { all: this.#connections.size, silent: this.#connections.silent() };
  }

  /** Resolves with the port. @throws the system's error, such as EADDRINUSE */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen({ host, port, backlog: 1024 }, () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
    this.#listener.on('error', (error) => this.#options.log.error('cannot accept connections', error));
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Uses another certificate for the connections that come from now on. @throws the system's error when it is none */
  renewTls(tls: TlsFiles): void {
    if (this.#listener instanceof TlsServer) this.#listener.setSecureContext(tls);
  }

  /** Takes no more requests, lets those that run come to their end, then closes every connection. Streams are ended by whoever feeds them. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#healthApi.close();
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    const limit = Date.now() + drainMs;
    const unsent = (): boolean =>
      this.#busy.size + this.#inLanes > 0 || [...this.#connections.sockets()].some(({ writableLength }) => writableLength > 0);
    while (unsent() && Date.now() < limit) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const session of this.#sessions) session.close();
    this.#http1.close();
    this.#http1.closeIdleConnections();
    this.#connections.endLanes();
    await new Promise((resolve) => setTimeout(resolve, 20)); // for the last bytes to leave
    for (const socket of this.#connections.sockets()) socket.destroy();
    this.#connections.close();
    await closed;
  }

  /** Connections count from their first byte on, and not only when both sides have agreed on TLS. */
  #listenByTls(tls: TlsFiles): TlsServer {
    const agreeing = new Map<string, Socket>();
    const server = createTlsServer({ ...tls, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      const agreed = agreeing.get(endsOf(socket));
      if (agreed) this.#connections.remove(agreed);
      this.#accept(socket);
    });
    return server.on('connection', (socket: Socket) => {
      const ends = endsOf(socket);
      agreeing.set(ends, socket);
      socket.once('close', () => agreeing.delete(ends));
      this.#connections.add(socket).speaker = new TlsSpeaker(socket);
    });
  }

  /** Hands the connection to the protocol whose first bytes it sends. */
  #accept(socket: Socket): void {
    const connection = this.#connections.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000); // finds readers that vanished
    const giveUp = (): unknown => socket.destroy();
    const sniff = (): void => {
      if (connection.ending) return;
      const start = socket.read(3) as Buffer | null;
      if (start === null || start.length < 3) {
        if (socket.readableEnded || socket.destroyed || start !== null) giveUp();
        else socket.once('readable', sniff);
        return;
      }
      socket.unshift(start);
      socket.off('error', giveUp).off('end', giveUp);
      const isHttp2 = start.toString('latin1') === 'PRI';
      socket.allowHalfOpen = !isHttp2; // as the servers would have it if they had accepted it
      if (isHttp2) {
        const watch = (session: ServerHttp2Session): void => this.#watch(session, connection);
        this.#http2.once('session', watch).emit('connection', socket); // which makes the session at once
        this.#http2.off('session', watch);
      } else {
        connection.speaker = openLane(socket, {
          serve: (exchange) => this.#serveInLane(exchange, connection),
          handOver: (unread) => this.#leaveLane(socket, unread, connection),
        });
      }
    };
    socket.on('error', giveUp).on('end', giveUp);
    sniff();
  }

  #serveInLane(exchange: Exchange, connection: Connection): Promise<void> | null {
    const served = this.#serveCall(exchange);
    if (!served) return null;
    connection.heard();
    this.#inLanes += 1;
    return served.finally(() => {
      this.#inLanes -= 1;
      connection.rests();
    });
  }

  /** What has no place in the lane is for Node's own HTTP, from here on all that comes by this connection. */
  #leaveLane(socket: Socket, unread: Buffer, connection: Connection): void {
    connection.speaker = new Http1Speaker();
    if (unread.length > 0) socket.unshift(unread);
    this.#http1.emit('connection', socket);
    socket.resume();
  }

  #hears(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.of(request.socket);
    connection?.heard();
    if (connection?.speaker instanceof Http1Speaker) connection.speaker.takes(response);
  }

  #watch(session: ServerHttp2Session, connection: Connection): void {
    this.#sessions.add(session);
    const speaker = new Http2Speaker(session, () => connection.rests());
    connection.speaker = speaker;
    session.on('stream', (stream) => {
      connection.heard();
      speaker.takes(stream);
    });
    session.on('error', () => {}); // its close follows
    let answered = true;
    const asking = setInterval(() => {
      if (!answered) return session.destroy();
      answered = false;
      session.ping(() => {
        answered = true;
      });
    }, pingMs);
    session.once('close', () => {
      clearInterval(asking);
      this.#sessions.delete(session);
    });
  }

  /** Keeps what is being answered in view until it is closed. */
  #hold(answering: Response | ServerHttp2Stream): void {
    answering.on('error', () => {}); // its close follows
    this.#busy.add(answering);
    answering.once('close', () => {
      this.#busy.delete(answering);
      if (answering instanceof ServerResponse) this.#connections.of(answering.req.socket)?.rests();
    });
  }

  /** Serves a call of the API if it has one of its usual forms; what is left over goes the long way. Rejects, and has told so, when even refusing failed. */
  #serveCall(exchange: Exchange): Promise<void> | null {
    if (this.#stopping) return null;
    if (exchange.method === 'OPTIONS') {
      answerPreflight(exchange);
      return Promise.resolve();
    }
    const { service, log } = this.#options;
    const served =
      this.#messageApi.unary(exchange) ??
      serveGatewayCall(service, () => this.#callerOf(exchange), exchange) ??
      this.#nodeApi.unary(exchange);
    // What can be foreseen is answered. The rest ends one exchange, and not the program.
    served?.catch((error: unknown) => log.error('a call failed', error));
    return served;
  }

  async #serve(request: Request, response: Response): Promise<void> {
    const path = pathOf(request);
    allowOrigins(response);
    if (this.#stopping) {
      if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
      sendError(response, refuse(Code.Unavailable, 'this node is stopping'));
    } else if (path.startsWith(gatewayPrefix))
      await serveGateway(this.#options.service, path, this.#callerOf(originOf(request)), request, response);
    else if (path.startsWith(apiPrefix)) this.#messageApi.any(path, request, response);
    else if (path.startsWith(nodeApiPrefix)) this.#nodeApi.any(path, request, response);
    else if (path.startsWith(healthApiPrefix)) this.#healthApi.any(request, response);
    else if (path.startsWith(blobPrefix)) {
      const { blobs, service } = this.#options;
      await serveBlob(blobs, (caller) => service.walletOf(caller), this.#callerOf(originOf(request)), path, request, response);
    } else if (path === '/healthz')
      send(response, 200, 'application/json', `${JSON.stringify({ status: 'ok', name: 'parley', version })}\n`);
    else if (path === '/readyz') await this.#sendReadiness(response);
    else await servePage(this.#options.pages, path, request, response);
  }

  async #sendReadiness(response: Response): Promise<void> {
    try {
      await this.#options.ready();
      send(response, 200, 'text/plain', 'ready\n');
    } catch (error) {
      send(response, 503, 'text/plain', `not ready: ${toRefusal(error).rawMessage}\n`);
    }
  }

  #callerOf(from: Origin): Caller {
    return { authorization: header(from, 'authorization'), network: networkOf(this.#proxies.addressOf(from)) };
  }
}

/** What tells one connection of this port from all others. */
const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket): string => `${remoteAddress} ${remotePort} ${localAddress}`;
