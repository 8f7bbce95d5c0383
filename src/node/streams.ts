import { fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import { endStreamToJson } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { EnvelopeSchema, type SubscribeRequest, SubscribeRequestSchema } from '../gen/xmtp/message_api/v1/message_api_pb.ts';
import type { Caller } from './admission.ts';
import type { Encoder, Sink, Subscription, Topics } from './dispatcher.ts';
import { compressedFlag, connectEndFlag, FrameReader, frame, inflate, webTrailerFlag } from './framing.ts';
import { envelopeJson } from './gateway-json.ts';
import { flushHeaders, header, type Request, type Response, send } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { MessageService } from './message-service.ts';
import { Outlet } from './outlet.ts';
import { refuse, toRefusal } from './refusal.ts';

/** Bytes that may wait for a reader before it is given up. */
const maxWaiting = 4 << 20;
/** How long a reader that was given up may take to read why. */
const farewellMs = 10_000;

export type StreamMethod = 'Subscribe' | 'Subscribe2' | 'SubscribeAll';

/** How one protocol carries a stream, whatever is in it. Errors come last in the body or after it; the status of HTTP is 200 in any case. */
export interface StreamForm {
  readonly json: boolean;
  readonly compression: string;
  readonly headers: Readonly<Record<string, string>>;
  end(response: Response, error: ConnectError | undefined): void;
}

const protoFrame: Encoder = ({ topic, timestampNs, message }) =>
  frame(0, toBinary(EnvelopeSchema, { $typeName: EnvelopeSchema.typeName, contentTopic: topic, timestampNs, message }));
const jsonFrame: Encoder = (envelope) => frame(0, Buffer.from(envelopeJson(envelope)));

/**
 * Serves the streams over Connect, gRPC and gRPC-web. Framed here and not by connect-node, because that holds the headers back until the
 * first message, so that a client cannot know from when on it is subscribed, and encodes each message anew for each of its readers.
 */
export async function serveStream(
  service: MessageService,
  method: StreamMethod,
  caller: Caller,
  request: Request,
  response: Response,
): Promise<void> {
  const form = formOf(header(request, 'content-type') ?? '');
  if (!form) {
    response.setHeader('accept-post', 'application/grpc, application/grpc-web, application/connect+proto, application/connect+json');
    send(response, 415, 'text/plain', 'unsupported media type');
    return;
  }
  for (const [name, value] of Object.entries(form.headers)) response.setHeader(name, value);
  response.setHeader('subscribed', 'true');

  const outlet = new Outlet(response);
  let subscription: Subscription | undefined;
  const end = (error?: ConnectError): void => {
    clearTimeout(deadline);
    subscription?.close();
    if (response.writableEnded || response.destroyed) return;
    outlet.flush();
    form.end(response, error);
  };
  const timeout = timeoutOf(request);
  const deadline =
    timeout === undefined ? undefined : setTimeout(() => end(refuse(Code.DeadlineExceeded, 'the deadline has passed')), timeout);
  response.on('error', () => {}); // its close follows
  response.on('close', () => {
    clearTimeout(deadline);
    subscription?.close();
  });
  try {
    const sink = sinkOf(response, outlet, form.json ? jsonFrame : protoFrame, end);
    const reader = new FrameReader(maxRequestLength);
    for await (const piece of request as AsyncIterable<Buffer>) {
      for (const { flags, payload } of reader.push(piece)) {
        const topics = topicsOf(
          method,
          form,
          flags & compressedFlag ? inflate(payload, header(request, form.compression), maxRequestLength) : payload,
        );
        if (subscription && method !== 'Subscribe2') throw refuse(Code.InvalidArgument, `${method} takes one request`);
        if (subscription) subscription.setTopics(topics);
        else {
          subscription = service.subscribe(topics, caller, sink);
          flushHeaders(response);
        }
      }
    }
    if (!subscription && !response.destroyed) throw refuse(Code.InvalidArgument, `${method} takes a request`);
  } catch (error) {
    if (!response.destroyed) end(toRefusal(error));
  }
}

/** Sends what is delivered, as long as the reader keeps up. `end` tells it the reason when not. */
export function sinkOf(response: Response, outlet: Outlet, encoder: Encoder, end: (error: ConnectError) => void): Sink {
  return {
    deliver(delivery) {
      outlet.push(delivery.as(encoder));
      return outlet.length < maxWaiting;
    },
    end(error) {
      end(error);
      const patience = setTimeout(() => response.destroy(), farewellMs);
      patience.unref();
      response.on('close', () => clearTimeout(patience));
    },
  };
}

function topicsOf(method: StreamMethod, form: StreamForm, payload: Buffer): Topics {
  if (method === 'SubscribeAll') return 'all';
  let request: SubscribeRequest;
  try {
    request = form.json
      ? fromJson(SubscribeRequestSchema, JSON.parse(payload.toString()), { ignoreUnknownFields: true })
      : fromBinary(SubscribeRequestSchema, payload, { readUnknownFields: false });
  } catch (cause) {
    throw refuse(Code.InvalidArgument, 'the request does not parse', cause);
  }
  return request.contentTopics;
}

/** The form of a stream by the content type of its request. */
export function formOf(contentType: string): StreamForm | undefined {
  const [, protocol, codec = 'proto'] = /^application\/(grpc-web|grpc|connect)(?:\+(proto|json))?(?:\s*;.*)?$/i.exec(contentType) ?? [];
  if (!protocol) return undefined;
  const json = codec.toLowerCase() === 'json';
  const type = { 'content-type': contentType };
  switch (protocol.toLowerCase()) {
    case 'connect':
      return {
        json,
        compression: 'connect-content-encoding',
        headers: { ...type, 'connect-accept-encoding': 'gzip' },
        end(response, error) {
          const last = endStreamToJson(error?.metadata ?? new Headers(), error, undefined);
          response.end(frame(connectEndFlag, Buffer.from(JSON.stringify(last))));
        },
      };
    case 'grpc-web':
      return {
        json,
        compression: 'grpc-encoding',
        headers: { ...type, 'grpc-accept-encoding': 'gzip' },
        end(response, error) {
          const lines = [...statusTrailers(error)].map(([name, value]) => `${name}: ${value}\r\n`);
          response.end(frame(webTrailerFlag, Buffer.from(lines.join(''))));
        },
      };
    default:
      return {
        json,
        compression: 'grpc-encoding',
        headers: { ...type, 'grpc-accept-encoding': 'gzip', ...(json ? {} : { trailer: 'grpc-status, grpc-message' }) },
        end(response, error) {
          // As trailers even when nothing was sent before: some clients look for the status there alone.
          flushHeaders(response);
          response.addTrailers(Object.fromEntries(statusTrailers(error)));
          response.end();
        },
      };
  }
}

function statusTrailers(error: ConnectError | undefined): Headers {
  const trailers = new Headers();
  setTrailerStatus(trailers, error);
  return trailers;
}

/** The client's own deadline, ms. */
export function timeoutOf(request: Request): number | undefined {
  const connect = /^\d{1,10}$/.exec(header(request, 'connect-timeout-ms') ?? '')?.[0];
  if (connect !== undefined) return bounded(Number(connect));
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(header(request, 'grpc-timeout') ?? '') ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const inMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
  return bounded(Number(amount) * (inMs[unit] as number));
}

/** A longer one is none: timers count in 31 bits. */
const bounded = (ms: number): number | undefined => (ms < 2 ** 31 ? ms : undefined);
