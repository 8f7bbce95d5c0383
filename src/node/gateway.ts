import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import {
  BatchQueryRequestSchema,
  PublishRequestSchema,
  QueryRequestSchema,
  SubscribeRequestSchema,
} from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Caller } from './admission.ts';
import type { Encoder, Subscription, Topics } from './dispatcher.ts';
import type { Exchange } from './exchange.ts';
import {
  batchQueryResponseJson,
  envelopeJson,
  parseBody,
  queryResponseJson,
  readBatchQuery,
  readPlainPublish,
  readPublish,
  readQuery,
} from './gateway-json.ts';
import {
  errorJson,
  flushHeaders,
  header,
  httpStatus,
  originHeaders,
  type Request,
  type Response,
  readBody,
  send,
  sendError,
} from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { MessageService, Publish } from './message-service.ts';
import { Outlet } from './outlet.ts';
import { refuse, toRefusal } from './refusal.ts';
import { sinkOf } from './streams.ts';

/** A space without a line feed: the line readers of existing clients carry it along and JSON.parse skips it. */
const heartbeat = Buffer.from(' ');
const heartbeatMs = 15_000;
/** The first comes soon: a proxy may hold headers back until something follows them (nginx does, of HTTP/2 over TLS). */
const firstBeatMs = 1_000;
/** Below this an answer is not worth packing. */
const gzipMinLength = 1024;
const gzipAsync = promisify(gzip);

const line: Encoder = (envelope) => Buffer.from(`{"result":${envelopeJson(envelope)}}\n`);

/** The paths of the JSON gateway (SPEC 15.1). */
export const gatewayPrefix = '/message/v1/';

/** Serves a call of the API as existing clients of the web speak it: JSON by POST (SPEC 15). Answers null, with nothing read, for everything else. */
export function serveGatewayCall(service: MessageService, caller: () => Caller, exchange: Exchange): Promise<void> | null {
  const { method, target } = exchange;
  if (method !== 'POST' || !target.startsWith(gatewayPrefix)) return null;
  const call = calls.get(target.slice(gatewayPrefix.length).split('?', 1)[0] as string);
  return call ? answer(service, call, caller, exchange) : null;
}

type Call = (service: MessageService, body: Buffer, caller: Caller) => Promise<Answer>;

interface Answer {
  readonly json: string;
  /** Whether existing nodes pack it (SPEC 15.5). */
  readonly packed?: boolean;
}

const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  [
    'publish',
    async (service, body, caller) => {
      await service.publish(readPlainPublish(body) ?? readAnyPublish(parseRequest(body)), caller);
      return published;
    },
  ],
  [
    'query',
    async (service, body, caller) => {
      const json = parseRequest(body);
      return { json: queryResponseJson(await service.query(readQuery(json) ?? read(QueryRequestSchema, json), caller)), packed: true };
    },
  ],
  [
    'batch-query',
    async (service, body, caller) => {
      const json = parseRequest(body);
      const answer = await service.batchQuery(readBatchQuery(json) ?? read(BatchQueryRequestSchema, json), caller);
      return { json: batchQueryResponseJson(answer), packed: true };
    },
  ],
]);

const published: Answer = { json: '{}' };

const readAnyPublish = (json: JsonValue): Publish => readPublish(json) ?? read(PublishRequestSchema, json);

const plainHeaders = Object.freeze({ ...originHeaders, 'content-type': 'application/json' });
const packedHeaders = Object.freeze({ ...plainHeaders, vary: 'accept-encoding' });

async function answer(service: MessageService, call: Call, caller: () => Caller, exchange: Exchange): Promise<void> {
  try {
    const { json, packed } = await call(service, await exchange.body(maxRequestLength), caller());
    const bytes = Buffer.from(json);
    if (!packed) exchange.answer(200, plainHeaders, bytes);
    else if (bytes.length < gzipMinLength || !takesGzip(exchange)) exchange.answer(200, packedHeaders, bytes);
    else exchange.answer(200, { ...packedHeaders, 'content-encoding': 'gzip' }, await gzipAsync(bytes, { level: 3 }));
  } catch (error) {
    const { code, rawMessage, metadata } = toRefusal(error);
    exchange.answer(httpStatus[code], { ...plainHeaders, ...Object.fromEntries(metadata) }, Buffer.from(errorJson(code, rawMessage)));
  }
}

const takesGzip = (exchange: Exchange): boolean =>
  /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(header(exchange, 'accept-encoding') ?? '');

/** Serves the rest of the gateway: streams as lines of JSON, and what is not there. */
export async function serveGateway(
  service: MessageService,
  path: string,
  caller: Caller,
  request: Request,
  response: Response,
): Promise<void> {
  try {
    const name = path.slice(gatewayPrefix.length);
    if (request.method !== 'POST' && (streams.has(name) || calls.has(name))) {
      response.setHeader('allow', 'POST, OPTIONS');
      send(response, 405, 'application/json', errorJson(Code.Unimplemented, 'Method Not Allowed'));
      return;
    }
    if (!streams.has(name)) throw refuse(Code.NotFound, 'Not Found');
    const body = parseRequest(await readBody(request, maxRequestLength));
    stream(service, name === 'subscribe-all' ? 'all' : read(SubscribeRequestSchema, body).contentTopics, caller, response);
  } catch (error) {
    sendError(response, toRefusal(error));
  }
}

const streams: ReadonlySet<string> = new Set(['subscribe', 'subscribe-all']);

function stream(service: MessageService, topics: Topics, caller: Caller, response: Response): void {
  const outlet = new Outlet(response);
  let subscription: Subscription | undefined;
  let beat: NodeJS.Timeout | undefined;
  let first: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(first);
    clearInterval(beat);
    subscription?.close();
  };
  const end = (error: ConnectError): void => {
    stop();
    outlet.flush();
    response.end(`{"error":${errorJson(error.code, error.rawMessage)}}\n`);
  };
  subscription = service.subscribe(topics, caller, sinkOf(response, outlet, line, end));
  response.on('error', () => {}); // its close follows
  response.on('close', stop);
  response.setHeader('content-type', 'application/json');
  response.setHeader('grpc-metadata-subscribed', 'true');
  response.setHeader('x-accel-buffering', 'no'); // nginx would hold lines back
  flushHeaders(response);
  first = setTimeout(() => outlet.push(heartbeat), firstBeatMs);
  beat = setInterval(() => outlet.push(heartbeat), heartbeatMs);
  if (response.destroyed) stop();
}

function parseRequest(body: Buffer): JsonValue {
  try {
    return parseBody(body.toString()) as JsonValue;
  } catch (cause) {
    throw refuse(Code.InvalidArgument, 'the body is not JSON', cause);
  }
}

function read<D extends DescMessage>(schema: D, body: JsonValue): MessageShape<D> {
  try {
    return fromJson(schema, body, { ignoreUnknownFields: true });
  } catch (cause) {
    throw refuse(Code.InvalidArgument, (cause as Error).message, cause);
  }
}
