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
import type { Caller } from './admission.ts';
import type { Exchange } from './exchange.ts';
import { frame, webTrailerFlag } from './framing.ts';
import { originHeaders } from './http.ts';
import { maxRequestLength } from './limits.ts';
import { refuse, toRefusal } from './refusal.ts';

/** A call with one request and one answer, as a service implements it. */
export interface UnaryCall {
  readonly input: DescMessage;
  readonly output: DescMessage;
  run(request: unknown, caller: Caller): Promise<MessageInitShape<DescMessage>>;
  /** Reads the request in place of the library. @throws Error when these are not the bytes of one */
  readonly read?: (bytes: Uint8Array) => unknown;
}

/** Ties a method of a service to what answers it. */
export const unaryCall = <I extends DescMessage, O extends DescMessage>(
  { input, output }: DescMethodUnary<I, O>,
  run: (request: MessageShape<I>, caller: Caller) => Promise<MessageInitShape<O>>,
): UnaryCall => ({ input, output, run: run as unknown as UnaryCall['run'] });

/** The same of a request that is read by hand. */
export const unaryCallBy = <Request, I extends DescMessage, O extends DescMessage>(
  { input, output }: DescMethodUnary<I, O>,
  read: (bytes: Uint8Array) => Request,
  run: (request: Request, caller: Caller) => Promise<MessageInitShape<O>>,
): UnaryCall => ({ input, output, read, run: run as unknown as UnaryCall['run'] });

/**
 * Serves a call in the forms that nearly everybody uses: protobuf without compression over Connect, gRPC-web and gRPC. Framed here and not by
 * connect-node, which takes five times as long. Answers null, with nothing read, for every other form; else a promise that never rejects.
 */
export function serveUnary(call: UnaryCall, caller: () => Caller, exchange: Exchange): Promise<void> | null {
  const { headers } = exchange;
  const type = headers['content-type'] ?? '';
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined;
  if (!form || (form === grpc && !exchange.trailers)) return null;
  if (headers['content-encoding'] !== undefined || headers['grpc-encoding'] === 'gzip') return null;
  return answer(call, caller, form, type, exchange);
}

async function answer(
  { input, output, run, read = (bytes) => fromBinary(input, bytes, { readUnknownFields: false }) }: UnaryCall,
  caller: () => Caller,
  form: Form,
  type: string,
  exchange: Exchange,
): Promise<void> {
  let message: Uint8Array;
  try {
    const body = form.payload(await exchange.body(maxRequestLength + 5));
    let parsed: unknown;
    try {
      parsed = read(body);
    } catch (cause) {
      throw refuse(Code.InvalidArgument, 'the message does not parse', cause);
    }
    message = toBinary(output, create(output, await run(parsed, caller())));
  } catch (thrown) {
    form.fail(exchange, type, toRefusal(thrown));
    return;
  }
  form.succeed(exchange, type, message);
}

interface Form {
  /** The message within a body. @throws ConnectError */
  payload(body: Buffer): Buffer;
  succeed(exchange: Exchange, type: string, message: Uint8Array): void;
  fail(exchange: Exchange, type: string, error: ConnectError): void;
}

const connect: Form = {
  payload: (body) => body,
  succeed: (exchange, type, message) => exchange.answer(200, { ...originHeaders, 'content-type': type }, message),
  fail(exchange, _type, error) {
    const headers = { ...originHeaders, ...Object.fromEntries(error.metadata), 'content-type': 'application/json' };
    exchange.answer(codeToHttpStatus(error.code), headers, Buffer.from(JSON.stringify(errorToJson(error, undefined))));
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
  succeed: (exchange, type, message) =>
    exchange.answer(200, { ...originHeaders, 'content-type': type }, Buffer.concat([frame(0, message), webOk])),
  fail: (exchange, type, error) => exchange.answer(200, { ...originHeaders, 'content-type': type }, webTrailers(error)),
};

function webTrailers(error: ConnectError | undefined): Buffer {
  const lines = [...trailersOf(error)].map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(webTrailerFlag, Buffer.from(lines.join('')));
}

// An error too comes as trailers, after a body of nothing: some clients look for the status there alone.
const grpc: Form = {
  payload: oneFrame,
  succeed: (exchange, type, message) => exchange.answer(200, { ...originHeaders, 'content-type': type }, frame(0, message), grpcOk),
  fail: (exchange, type, error) =>
    exchange.answer(200, { ...originHeaders, 'content-type': type }, new Uint8Array(0), Object.fromEntries(trailersOf(error))),
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
