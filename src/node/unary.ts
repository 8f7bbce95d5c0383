import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { frame, webTrailerFlag } from './framing.ts';
import { flushHeaders, header, type Request, type Response, readBody, send, write } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { Caller } from './message-service.ts';
import { refuse, toRefusal } from './refusal.ts';

/** A call with one request and one answer, as a service implements it. */
export interface UnaryCall {
  readonly input: DescMessage;
  readonly output: DescMessage;
  run(request: MessageShape<DescMessage>, caller: Caller): Promise<MessageInitShape<DescMessage>>;
}

/** Ties a method of a service to what answers it. */
export const unaryCall = <I extends DescMessage, O extends DescMessage>(
  { input, output }: DescMethodUnary<I, O>,
  run: (request: MessageShape<I>, caller: Caller) => Promise<MessageInitShape<O>>,
): UnaryCall => ({ input, output, run: run as unknown as UnaryCall['run'] });

/**
 * Serves a call in the forms that nearly everybody uses: protobuf without compression over Connect, gRPC-web and gRPC. Framed here and not by
 * connect-node, which takes five times as long. Answers false, with nothing read, for every other form.
 */
export function serveUnary(call: UnaryCall, caller: () => Caller, request: Request, response: Response): boolean {
  const type = request.headers['content-type'] ?? '';
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined;
  if (!form || header(request, 'content-encoding') !== undefined || header(request, 'grpc-encoding') === 'gzip') return false;
  response.on('error', () => {}); // its close follows
  void answer(call, caller, form, type, request, response);
  return true;
}

async function answer(
  { input, output, run }: UnaryCall,
  caller: () => Caller,
  form: Form,
  type: string,
  request: Request,
  response: Response,
): Promise<void> {
  let error: ConnectError | undefined;
  let message: Uint8Array | undefined;
  try {
    const body = form.payload(await readBody(request, maxRequestLength + 5));
    let parsed: MessageShape<DescMessage>;
    try {
      parsed = fromBinary(input, body, { readUnknownFields: false });
    } catch (cause) {
      throw refuse(Code.InvalidArgument, 'the message does not parse', cause);
    }
    message = toBinary(output, create(output, await run(parsed, caller())));
  } catch (thrown) {
    error = toRefusal(thrown);
  }
  if (response.destroyed || response.writableEnded) return;
  if (error) form.fail(response, type, error);
  else form.succeed(response, type, message as Uint8Array);
}

interface Form {
  /** The message within a body. @throws ConnectError */
  payload(body: Buffer): Buffer;
  succeed(response: Response, type: string, message: Uint8Array): void;
  fail(response: Response, type: string, error: ConnectError): void;
}

const connect: Form = {
  payload: (body) => body,
  succeed: (response, type, message) => send(response, 200, type, message),
  fail(response, _type, error) {
    for (const [name, value] of error.metadata) response.setHeader(name, value);
    send(response, codeToHttpStatus(error.code), 'application/json', JSON.stringify(errorToJson(error, undefined)));
  },
};

/** The one frame of a body. @throws ConnectError */
function oneFrame(body: Buffer): Buffer {
  if (body.length < 5) throw refuse(Code.InvalidArgument, 'the request is no frame');
  if (body[0] !== 0) throw refuse(Code.Unimplemented, 'compressed messages need a grpc-encoding that this node has: gzip');
  const length = body.readUInt32BE(1);
  if (length !== body.length - 5) throw refuse(Code.InvalidArgument, 'the frame is not as long as it says');
  return body.subarray(5);
}

const grpcWeb: Form = {
  payload: oneFrame,
  succeed: (response, type, message) => send(response, 200, type, Buffer.concat([frame(0, message), webOk])),
  fail: (response, type, error) => send(response, 200, type, webTrailers(error)),
};

function webTrailers(error: ConnectError | undefined): Buffer {
  const lines = [...trailersOf(error)].map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(webTrailerFlag, Buffer.from(lines.join('')));
}

const grpc: Form = {
  payload: oneFrame,
  succeed(response, type, message) {
    response.setHeader('content-type', type);
    response.addTrailers(grpcOk);
    write(response, frame(0, message));
    response.end();
  },
  fail(response, type, error) {
    response.setHeader('content-type', type);
    // As trailers even though nothing was sent before: some clients look for the status there alone.
    flushHeaders(response);
    response.addTrailers(Object.fromEntries(trailersOf(error)));
    response.end();
  },
};

function trailersOf(error: ConnectError | undefined): Headers {
  const trailers = new Headers();
  setTrailerStatus(trailers, error);
  return trailers;
}

const webOk = webTrailers(undefined);
const grpcOk = Object.fromEntries(trailersOf(undefined));

const forms: Readonly<Record<string, Form>> = {
  'application/proto': connect,
  'application/grpc-web': grpcWeb,
  'application/grpc-web+proto': grpcWeb,
  'application/grpc': grpc,
  'application/grpc+proto': grpc,
};
