import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { Code, type ConnectError } from '@connectrpc/connect';
import { type FollowRequest, FollowRequestSchema, FollowResponseSchema } from '../gen/parley/node/v1/node_pb.ts';
import { fromHex, toHex } from '../protocol/bytes.ts';
import type { Caller } from './admission.ts';
import type { Dispatcher, Encoder, Subscription } from './dispatcher.ts';
import { compressedFlag, FrameReader, frame, inflate } from './framing.ts';
import { flushHeaders, header, originOf, type Request, type Response, send } from './http.ts';
import { maxRequestLength } from './limits.ts';
import type { MessageService } from './message-service.ts';
import { Outlet } from './outlet.ts';
import { refuse, toRefusal } from './refusal.ts';
import type { SavedTopics } from './saved-topics.ts';
import type { Store } from './store/store.ts';
import { formOf, sinkOf, timeoutOf } from './streams.ts';

/** Well below the 20 seconds that clients are promised. */
const heartbeatMs = 15_000;
/** How long a client that is ahead of this node waits for it. */
const behindMs = 1000;
/** Bytes that wait for a reader before reading the store goes on only when they have left. */
const pauseAt = 1 << 20;

export interface FollowDeps {
  readonly service: MessageService;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly saved: SavedTopics;
}

/**
 * Serves `Follow`: what is stored after a sequence number, then what comes, each once and in order. It counts as subscribed first; what comes while the store is
 * still being read is found there, and only when nothing is left does it go over to what comes.
 */
export async function serveFollow(deps: FollowDeps, caller: Caller, request: Request, response: Response): Promise<void> {
  const form = formOf(header(request, 'content-type') ?? '');
  if (!form) {
    send(response, 415, 'text/plain', 'unsupported media type');
    return;
  }
  for (const [name, value] of Object.entries(form.headers)) response.setHeader(name, value);
  const follower = new Follower(deps, response, form.json);
  const end = (error?: ConnectError): void => {
    clearTimeout(deadline);
    follower.close();
    if (response.writableEnded || response.destroyed) return;
    follower.flush();
    form.end(response, error);
  };
  const timeout = timeoutOf(request);
  const deadline =
    timeout === undefined ? undefined : setTimeout(() => end(refuse(Code.DeadlineExceeded, 'the deadline has passed')), timeout);
  response.on('error', () => {}); // its close follows
  response.on('close', () => {
    clearTimeout(deadline);
    follower.close();
  });
  try {
    const asked = readRequest(await oneMessage(request, form.compression), form.json);
    await follower.follow(asked, caller, end);
  } catch (error) {
    if (!response.destroyed) end(toRefusal(error));
  }
}

class Follower {
  readonly #deps: FollowDeps;
  readonly #response: Response;
  readonly #outlet: Outlet;
  readonly #encode: (message: MessageInitShape<typeof FollowResponseSchema>) => Buffer;
  readonly #live: Encoder;
  #subscription: Subscription | undefined;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: FollowDeps, response: Response, json: boolean) {
    this.#deps = deps;
    this.#response = response;
    this.#outlet = new Outlet(response);
    this.#encode = json ? jsonFrame : protoFrame;
    this.#live = json ? liveJson : liveProto;
  }

  async follow(
    { topics: named, savedTopics, since, storeId }: FollowRequest,
    caller: Caller,
    end: (error?: ConnectError) => void,
  ): Promise<void> {
    const { service, store, dispatcher, saved } = this.#deps;
    const topics = savedTopics.length > 0 ? [...new Set([...named, ...saved.topicsOf(toHex(savedTopics))])] : named;
    if (topics.length === 0) throw refuse(Code.InvalidArgument, 'topics required');
    if (topics.includes('*')) throw refuse(Code.InvalidArgument, 'following names its topics');
    // Another node on the same store may have told a client of what is on its way to this one.
    for (let waited = 0; since > BigInt(dispatcher.head) && toHex(storeId) === store.id && waited < behindMs; waited += 20)
      await new Promise((resolve) => setTimeout(resolve, 20));
    let last = placeIn(store, dispatcher.head, since, storeId);

    let live = false;
    const sink = sinkOf(this.#response, this.#outlet, this.#live, end);
    this.#subscription = service.subscribe(topics, caller, {
      deliver(delivery) {
        const { seq } = delivery.envelope;
        if (!live || (seq !== undefined && seq <= last)) return true;
        if (seq !== undefined) last = seq;
        return sink.deliver(delivery);
      },
      end: (error) => sink.end(error),
    });
    flushHeaders(this.#response);
    this.#send({ step: { case: 'opened', value: { storeId: fromHex(store.id), head: BigInt(dispatcher.head) } } });
    for (;;) {
      const upTo = dispatcher.head;
      if (last >= upTo) break;
      for await (const rows of store.since({ topics, after: last, upTo })) {
        if (this.#closed) return;
        for (const row of rows) this.#send(stepOf(row));
        await this.#room();
        if (this.#closed) return;
      }
      last = upTo;
    }
    // In the turn in which nothing was left: what is dispatched from here on comes through the sink.
    live = true;
    const beat = (): void => {
      this.#send({ step: { case: 'heartbeat', value: { head: BigInt(dispatcher.head) } } });
    };
    beat();
    this.#beat = setInterval(beat, heartbeatMs);
  }

  /** Sends what waits now. */
  flush(): void {
    this.#outlet.flush();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#beat);
    this.#subscription?.close();
  }

  #send(message: MessageInitShape<typeof FollowResponseSchema>): void {
    if (!this.#closed) this.#outlet.push(this.#encode(message));
  }

  /** Resolves when the reader has taken enough of what it was sent, or has gone. */
  #room(): Promise<void> {
    const response = this.#response;
    this.#outlet.flush();
    if (response.writableLength < pauseAt) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const go = (): void => {
        response.off('drain', go).off('close', go);
        resolve();
      };
      response.on('drain', go).on('close', go);
    });
  }
}

/** Where a client stands in this store. @throws ConnectError failed precondition when its number is from another store, or from a later state of this one */
function placeIn(store: Store, head: number, since: bigint, storeId: Uint8Array): number {
  if (since === 0n) return 0;
  if (toHex(storeId) !== store.id) throw refuse(Code.FailedPrecondition, 'the sequence number is from another store; begin from 0');
  if (since > BigInt(head)) throw refuse(Code.FailedPrecondition, 'the sequence number is ahead of this store; begin from 0');
  return Number(since);
}

const protoFrame = (message: MessageInitShape<typeof FollowResponseSchema>): Buffer =>
  frame(0, toBinary(FollowResponseSchema, create(FollowResponseSchema, message)));
const jsonFrame = (message: MessageInitShape<typeof FollowResponseSchema>): Buffer =>
  frame(0, Buffer.from(JSON.stringify(toJson(FollowResponseSchema, create(FollowResponseSchema, message)))));
const stepOf = ({ seq = 0, topic, timestampNs, message }: Parameters<Encoder>[0]): MessageInitShape<typeof FollowResponseSchema> => ({
  step: { case: 'envelope', value: { sequence: BigInt(seq), envelope: { contentTopic: topic, timestampNs, message } } },
});
const liveProto: Encoder = (envelope) => protoFrame(stepOf(envelope));
const liveJson: Encoder = (envelope) => jsonFrame(stepOf(envelope));

async function oneMessage(request: Request, compression: string): Promise<Buffer> {
  const reader = new FrameReader(maxRequestLength);
  for await (const piece of request as AsyncIterable<Buffer>) {
    const [first] = reader.push(piece);
    if (first)
      return first.flags & compressedFlag
        ? inflate(first.payload, header(originOf(request), compression), maxRequestLength)
        : first.payload;
  }
  throw refuse(Code.InvalidArgument, 'Follow takes a request');
}

const readRequest = (payload: Buffer, json: boolean): FollowRequest => parse(FollowRequestSchema, payload, json);

function parse<D extends DescMessage>(schema: D, payload: Buffer, json: boolean): MessageShape<D> {
  try {
    return json
      ? fromJson(schema, JSON.parse(payload.toString()), { ignoreUnknownFields: true })
      : fromBinary(schema, payload, { readUnknownFields: false });
  } catch (cause) {
    throw refuse(Code.InvalidArgument, 'the request does not parse', cause);
  }
}
