import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Code, type ConnectError } from '@connectrpc/connect';
import type { Exchange } from './exchange.ts';
import { collect } from './exchange.ts';

/** Both versions of HTTP, through Node's common interface. */
export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** Where a request comes from, and what it says of that itself. */
export interface Origin {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

export const originOf = ({ headers, socket }: Request): Origin => ({ headers, remoteAddress: socket.remoteAddress });

/** The path without the query. */
export const pathOf = (request: Request): string => (request.url ?? '').split('?', 1)[0] ?? '';

/** One value of a header; of a repeated one the first. */
export function header(request: Pick<Origin, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The whole body. @throws ConnectError resource exhausted when it is longer than `maxLength` */
export const readBody = (request: Request, maxLength: number): Promise<Buffer> => collect(request, maxLength);

/** Sends the headers now. */
export const flushHeaders = (response: Response): void => (response as ServerResponse).flushHeaders();

/** Appends to the body. */
export const write = (response: Response, bytes: Uint8Array): boolean => (response as ServerResponse).write(bytes);

/** Writes a complete answer. */
export function send(response: Response, status: number, contentType: string, body: string | Uint8Array): void {
  if (response.writableEnded) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.statusCode = status;
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', bytes.length);
  response.end(bytes);
}

/** The error body of the JSON gateway (SPEC 15.3). When to try again is a header. */
export const errorJson = (code: Code, message: string): string => JSON.stringify({ code, message, details: [] });

export function sendError(response: Response, error: ConnectError, status = httpStatus[error.code]): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of error.metadata) response.setHeader(name, value);
  send(response, status, 'application/json', errorJson(error.code, error.rawMessage));
}

/** As grpc-gateway maps them (SPEC 13.8). */
export const httpStatus: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

const corsMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** Those of existing nodes (SPEC 15.5), then those of Connect, gRPC-web and gRPC. */
const corsRequestHeaders = [
  'Content-Type, Accept, Authorization, X-Client-Version, X-App-Version, Baggage, DNT, Sec-CH-UA, Sec-CH-UA-Mobile, Sec-CH-UA-Platform',
  'Sentry-Trace, User-Agent, X-Libxmtp-Version, Connect-Protocol-Version, Connect-Timeout-Ms, Connect-Accept-Encoding',
  'Connect-Content-Encoding, X-Grpc-Web, X-User-Agent, Grpc-Timeout, Grpc-Accept-Encoding, Grpc-Encoding',
].join(', ');
/** `date` lets a client correct its clock; a page reads only what is named here. */
const corsResponseHeaders = [
  'date, retry-after, subscribed, grpc-metadata-subscribed, grpc-status, grpc-message, grpc-status-details-bin, grpc-encoding',
  'connect-content-encoding, content-encoding',
].join(', ');

/** Any page of any origin may use the API: nothing here rests on cookies or on where a page comes from. */
export const originHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': corsResponseHeaders,
} as const;

export function allowOrigins(response: Response): void {
  for (const [name, value] of Object.entries(originHeaders)) response.setHeader(name, value);
}

/** Answers a preflight. */
export const answerPreflight = (exchange: Exchange): void =>
  exchange.answer(204, {
    ...originHeaders,
    'access-control-allow-methods': corsMethods,
    'access-control-allow-headers': corsRequestHeaders,
    'access-control-max-age': '7200',
    // Chromium asks before a page of the internet reaches a node on this machine or in this network.
    ...(exchange.headers['access-control-request-private-network'] === 'true' && { 'access-control-allow-private-network': 'true' }),
  });
