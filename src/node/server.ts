import { createServer as createHttp1Server, type Server as Http1Server } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, BlockList, createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { Code } from '@connectrpc/connect';
import type { Caller } from './admission.ts';
import type { BlobCopies } from './blob-copies.ts';
import { type Blobs, blobPrefix, serveBlob } from './blobs.ts';
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
import { refuse, toRefusal } from './refusal.ts';
import { version } from './version.ts';

/** A connection that says nothing for so long is closed. */
const silenceMs = 60_000;
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
  /** null: this node keeps none. */
  readonly blobs: Blobs | null;
  /** Attachments that others keep; null: this node fetches none. */
  readonly copies?: BlobCopies | null;
  readonly log: Log;
  /** Directory of static pages. */
  readonly pages?: string | undefined;
  /** Addresses or ranges (`10.0.0.0/8`) whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** A certificate with its chain and its key, PEM; without them the port is in the clear. */
  readonly tls?: TlsFiles | undefined;
  /** Whether the store answers. */
  readonly ready: () => Promise<void>;
}

/** Everything that the node serves, on one cleartext port: HTTP/1.1, and HTTP/2 by prior knowledge as gRPC speaks it. */
export class NodeServer {
  readonly #options: ServerOptions;
  readonly #listener: Server;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #busy = new Set<Response | ServerHttp2Stream>();
  readonly #proxies: BlockList;
  readonly #messageApi: ReturnType<typeof createMessageApi>;
  readonly #nodeApi: ReturnType<typeof createNodeApi>;
  readonly #healthApi: ReturnType<typeof createHealthApi>;
  /** Connections that are in a lane. */
  readonly #lanes = new Set<Socket>();
  /** Calls in lanes that are being answered. */
  #inLanes = 0;
  #stopping = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#proxies = blockListOf(options.trustedProxies);
    this.#messageApi = createMessageApi(options.service, (from) => this.#callerOf(from));
    this.#nodeApi = options.nodeApi((from) => this.#callerOf(from));
    this.#healthApi = createHealthApi({
      ready: options.ready,
      openStream: (caller) => options.service.openStream(caller),
      callerOf: (from) => this.#callerOf(from),
    });
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#listener = options.tls ? createTlsServer({ ...options.tls, ALPNProtocols: ['h2', 'http/1.1'] }, accept) : createServer(accept);
    const serve = (request: Request, response: Response): void => {
      this.#hold(response);
      void this.#serve(request, response).catch((error: unknown) => {
        options.log.error('a request failed', error);
        response.destroy();
      });
    };
    this.#http1 = createHttp1Server({ keepAliveTimeout: 65_000 }, (request, response) => {
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
    this.#http2.on('session', (session) => this.#watch(session));
    for (const server of [this.#http1, this.#http2])
      server.on('error', (error) => options.log.warn('connection failed', { why: error.message }));
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
      this.#busy.size + this.#inLanes > 0 || [...this.#sockets].some(({ writableLength }) => writableLength > 0);
    while (unsent() && Date.now() < limit) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const session of this.#sessions) session.close();
    this.#http1.close();
    this.#http1.closeIdleConnections();
    for (const socket of this.#lanes) socket.end();
    await new Promise((resolve) => setTimeout(resolve, 20)); // for the last bytes to leave
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Hands the connection to the protocol whose first bytes it sends. */
  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#lanes.delete(socket);
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000); // finds readers that vanished
    const giveUp = (): unknown => socket.destroy();
    const sniff = (): void => {
      const start = socket.read(3) as Buffer | null;
      if (start === null || start.length < 3) {
        if (socket.readableEnded || socket.destroyed || start !== null) giveUp();
        else socket.once('readable', sniff);
        return;
      }
      socket.unshift(start);
      socket.off('error', giveUp).off('end', giveUp).off('timeout', giveUp).setTimeout(0);
      const isHttp2 = start.toString('latin1') === 'PRI';
      socket.allowHalfOpen = !isHttp2; // as the servers would have it if they had accepted it
      if (isHttp2) this.#http2.emit('connection', socket);
      else {
        this.#lanes.add(socket);
        openLane(socket, { serve: (exchange) => this.#serveInLane(exchange), handOver: (unread) => this.#leaveLane(socket, unread) });
      }
    };
    socket.on('error', giveUp).on('end', giveUp).on('timeout', giveUp).setTimeout(silenceMs);
    sniff();
  }

  #serveInLane(exchange: Exchange): Promise<void> | null {
    const served = this.#serveCall(exchange);
    if (!served) return null;
    this.#inLanes += 1;
    return served.finally(() => {
      this.#inLanes -= 1;
    });
  }

  /** What has no place in the lane is for Node's own HTTP, from here on all that comes by this connection. */
  #leaveLane(socket: Socket, unread: Buffer): void {
    this.#lanes.delete(socket);
    if (unread.length > 0) socket.unshift(unread);
    this.#http1.emit('connection', socket);
    socket.resume();
  }

  #watch(session: ServerHttp2Session): void {
    this.#sessions.add(session);
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
    answering.once('close', () => this.#busy.delete(answering));
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
      const { blobs, copies = null, service } = this.#options;
      await serveBlob(blobs, copies, (caller) => service.walletOf(caller), this.#callerOf(originOf(request)), path, request, response);
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
    return { authorization: header(from, 'authorization'), network: networkOf(this.#addressOf(from)) };
  }

  /** The peer, or whom the nearest proxies that we trust name. */
  #addressOf(from: Origin): string {
    let address = from.remoteAddress ?? '';
    if (this.#options.trustedProxies.length === 0) return address;
    const chain = (header(from, 'x-forwarded-for') ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
    while (this.#isProxy(address)) {
      const next = chain.pop();
      if (next === undefined || isIP(next) === 0) break;
      address = next;
    }
    return address;
  }

  #isProxy(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && this.#proxies.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
