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
import { batchQueryResponseJson, envelopeJson, parseBody, queryResponseJson } from './gateway-json.ts';
import { errorJson, flushHeaders, header, type Request, type Response, readBody, send, sendError, write } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { MessageService } from './message-service.ts';
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

/** Serves the API as existing clients of the web speak it: JSON by POST, streams as lines of JSON (SPEC 15). */
export async function serveGateway(
  service: MessageService,
  path: string,
  caller: Caller,
  request: Request,
  response: Response,
): Promise<void> {
  try {
    const name = path.slice(gatewayPrefix.length);
    if (!Object.hasOwn(methods, name)) throw refuse(Code.NotFound, 'Not Found');
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST, OPTIONS');
      send(response, 405, 'application/json', errorJson(Code.Unimplemented, 'Method Not Allowed'));
      return;
    }
    const body = parseRequest(await readBody(request, maxRequestLength));
    await (methods[name] as Method)(service, body, caller, request, response);
  } catch (error) {
    sendError(response, toRefusal(error));
  }
}

type Method = (service: MessageService, body: JsonValue, caller: Caller, request: Request, response: Response) => Promise<void> | void;

const methods: Readonly<Record<string, Method>> = {
  async publish(service, body, caller, _request, response) {
    await service.publish(read(PublishRequestSchema, body), caller);
    send(response, 200, 'application/json', '{}');
  },
  async query(service, body, caller, request, response) {
    await sendPacked(request, response, queryResponseJson(await service.query(read(QueryRequestSchema, body), caller)));
  },
  async 'batch-query'(service, body, caller, request, response) {
    await sendPacked(request, response, batchQueryResponseJson(await service.batchQuery(read(BatchQueryRequestSchema, body), caller)));
  },
  subscribe(service, body, caller, _request, response) {
    stream(service, read(SubscribeRequestSchema, body).contentTopics, caller, response);
  },
  'subscribe-all'(service, _body, caller, _request, response) {
    stream(service, 'all', caller, response);
  },
};

function stream(service: MessageService, topics: Topics, caller: Caller, response: Response): void {
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
    response.end(`{"error":${errorJson(error.code, error.rawMessage)}}\n`);
  };
  subscription = service.subscribe(topics, caller, sinkOf(response, line, end));
  response.on('error', () => {}); // its close follows
  response.on('close', stop);
  response.setHeader('content-type', 'application/json');
  response.setHeader('grpc-metadata-subscribed', 'true');
  response.setHeader('x-accel-buffering', 'no'); // nginx would hold lines back
  flushHeaders(response);
  first = setTimeout(() => write(response, heartbeat), firstBeatMs);
  beat = setInterval(() => write(response, heartbeat), heartbeatMs);
  if (response.destroyed) stop();
}

/** Packs what existing nodes pack (SPEC 15.5). */
async function sendPacked(request: Request, response: Response, json: string): Promise<void> {
  response.setHeader('vary', 'accept-encoding');
  const accepted = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(header(request, 'accept-encoding') ?? '');
  if (!accepted || json.length < gzipMinLength) {
    send(response, 200, 'application/json', json);
    return;
  }
  const packed = await gzipAsync(json, { level: 3 });
  response.setHeader('content-encoding', 'gzip');
  send(response, 200, 'application/json', packed);
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
