import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { type FollowResponse, NodeApi } from '../gen/parley/node/v1/node_pb.ts';
import { fromHex, toHex } from '../protocol/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { NodeError, toNodeError } from './errors.ts';
import { createTopicLists } from './topic-lists.ts';

/** How far somebody has read what a store took, in the order in which it took it. */
export interface Place {
  /** The store's id, 16 bytes in hex; a sequence number means something together with it alone. */
  readonly store: string;
  readonly sequence: bigint;
}

/** What a store took after a place, and the place up to which that is all of it. */
export interface Stored {
  readonly envelopes: readonly Envelope[];
  readonly place: Place;
}

/** The node cannot be read in the order of its store: it keeps none, or its way there does not carry streams. */
export class NoSequenceError extends NodeError {
  override readonly name = 'NoSequenceError';
}

/** The place is of another store than the node has now, or of a later state of it: it was made anew, or brought back from a backup. */
export class OtherStoreError extends NodeError {
  override readonly name = 'OtherStoreError';
}

/** Reading by the order of a node's store (package parley.node.v1). No time that a sender gave an envelope hides it here. */
export interface Sequence {
  /** The end of the order now: what is asked for from here on has everything up to it. Null where the node keeps no order. */
  place(): Promise<Place | null>;
  /** Everything of these topics that was stored after a place, each once, a hundred at most at a time. @throws NoSequenceError, OtherStoreError, NodeError */
  since(topics: readonly string[], place: Place, signal?: AbortSignal): AsyncGenerator<Stored, void, undefined>;
  /**
   * What comes in these topics after a place, as it comes. `heard` is called with each word of the node, a heartbeat too, and first when it has begun. Ends when the
   * signal aborts, else with an error; a connection that has died without a word is known by the heartbeats that fail to come.
   * @throws NoSequenceError, OtherStoreError before it has begun, NodeError
   */
  live(topics: readonly string[], place: Place, signal: AbortSignal, heard?: () => void): AsyncGenerator<Envelope, void, undefined>;
}

const idLength = 16;

interface Deps {
  readonly transport: Transport;
  /** Without a word for so long a reading is given up, and a call. */
  readonly timeoutMs: number;
  /** And a stream of what comes, in which something is heard every 20 seconds. */
  readonly silentMs: number;
  /** What of a node's envelope is taken over. */
  readonly plain: (envelope: Envelope) => Envelope;
}

const pageLength = 100;
/** Rows of one reading; whoever sends more never comes to an end. */
const mostRows = 1_000_000;

export function createSequence({ transport, timeoutMs, silentMs, plain }: Deps): Sequence {
  const api = createClient(NodeApi, transport);

  const listed = createTopicLists((topics, signal) => api.saveTopics({ topics: [...topics] }, { signal, timeoutMs }));

  /** The steps of a stream that has begun. */
  const begin = async (topics: readonly string[], { store, sequence }: Place, signal: AbortSignal): Promise<Steps> => {
    const { steps, first } = await listed(topics, signal, async (list) => {
      const stream = api.follow({ ...list, since: sequence, storeId: fromHex(store) }, { signal });
      const steps = stream[Symbol.asyncIterator]();
      return { steps, first: await unlessSilent(steps, timeoutMs, noWord) };
    });
    const opened = first.done ? undefined : first.value.step;
    if (opened?.case !== 'opened') throw new NodeError('wrong', 'the node does not say whose order it tells');
    if (toHex(opened.value.storeId) !== store) throw new OtherStoreError('refused', 'the node has another store now');
    return steps;
  };

  async function* listen(topics: readonly string[], from: Place, signal: AbortSignal, heard?: () => void) {
    const steps = await begin(topics, from, signal);
    heard?.();
    const wanted = new Set(topics);
    for (;;) {
      const { done, value } = await unlessSilent(steps, silentMs, () => new NodeError('unreachable', 'the node fell silent'));
      if (done) throw new NodeError('failed', 'the node ended the stream');
      heard?.();
      const envelope = value.step.case === 'envelope' ? value.step.value.envelope : undefined;
      if (envelope && wanted.has(envelope.contentTopic)) yield plain(envelope);
    }
  }

  async function* read(topics: readonly string[], from: Place, signal: AbortSignal): AsyncGenerator<Stored, void, undefined> {
    const steps = await begin(topics, from, signal);
    const wanted = new Set(topics);
    let sequence = from.sequence;
    let envelopes: Envelope[] = [];
    for (let rows = 0; rows <= mostRows; rows++) {
      const { done, value } = await unlessSilent(steps, timeoutMs, noWord);
      if (done) throw new NodeError('failed', 'the node ended the stream');
      const { step } = value;
      if (step.case === 'heartbeat') {
        if (step.value.head < sequence) break;
        yield { envelopes, place: { store: from.store, sequence: step.value.head } };
        return;
      }
      if (step.case !== 'envelope' || step.value.sequence <= sequence) break;
      const { envelope } = step.value;
      sequence = step.value.sequence;
      if (envelope && wanted.has(envelope.contentTopic)) envelopes.push(plain(envelope));
      if (envelopes.length < pageLength) continue;
      yield { envelopes, place: { store: from.store, sequence } };
      envelopes = [];
    }
    throw new NodeError('wrong', 'the node tells an order that is none');
  }

  return {
    async place() {
      try {
        const { storeId, head } = await api.info({}, { timeoutMs });
        return storeId.length === idLength ? { store: toHex(storeId), sequence: head } : null;
      } catch (thrown) {
        const error = toNodeError(thrown);
        if (error.reason === 'wrong' || error.reason === 'refused') return null;
        throw error;
      }
    },
    since: (topics, place, signal) => ending(signal, (inner) => read(topics, place, inner)),
    live: (topics, place, signal, heard) => ending(signal, (inner) => listen(topics, place, inner, heard)),
  };
}

/** What a stream tells, until the signal aborts; then it is closed, as it is when nobody takes more of it. */
async function* ending<T>(
  signal: AbortSignal | undefined,
  stream: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const control = new AbortController();
  const stop = (): void => control.abort();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (!signal?.aborted) yield* stream(control.signal);
  } catch (error) {
    if (!signal?.aborted) throw toSequenceError(error);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** What cannot be asked again in the same way becomes an error of its own: the caller has other ways. */
function toSequenceError(thrown: unknown): NodeError {
  if (thrown instanceof NodeError) return thrown;
  if (ConnectError.from(thrown).code === Code.FailedPrecondition)
    return new OtherStoreError('refused', 'the place is of another store', { cause: thrown });
  const error = toNodeError(thrown);
  return error.reason === 'wrong' || error.reason === 'refused'
    ? new NoSequenceError(error.reason, 'the node tells no order', { cause: thrown })
    : error;
}

type Steps = AsyncIterator<FollowResponse>;

const noWord = (): NodeError => new NoSequenceError('unreachable', 'the node fell silent');

/** The next step, or an error where none comes for so long. What is waited for is left behind: an abort does not end every wait (Node 20 forgets it when memory is collected). */
function unlessSilent(steps: Steps, ms: number, fault: () => NodeError): Promise<IteratorResult<FollowResponse>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(fault()), ms);
  });
  const next = steps.next();
  next.catch(() => undefined); // told below
  return Promise.race([next, silence]).finally(() => clearTimeout(timer));
}
