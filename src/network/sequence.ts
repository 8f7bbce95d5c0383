import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { type FollowResponse, NodeApi } from '../gen/parley/node/v1/node_pb.ts';
import { fromHex, toHex, utf8 } from '../protocol/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { NodeError, toNodeError } from './errors.ts';

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
}

const idLength = 16;

interface Deps {
  readonly transport: Transport;
  /** Without a word for so long a stream is given up, and a call. */
  readonly timeoutMs: number;
  /** What of a node's envelope is taken over. */
  readonly plain: (envelope: Envelope) => Envelope;
}

const pageLength = 100;
/** Rows of one reading; whoever sends more never comes to an end. */
const mostRows = 1_000_000;
/** With more topics than these the node is left the list, and asked by its name. */
const longList = 200;

export function createSequence({ transport, timeoutMs, plain }: Deps): Sequence {
  const api = createClient(NodeApi, transport);

  /** The steps of a stream, and the first of them. */
  const begin = async (topics: readonly string[], { store, sequence }: Place, signal: AbortSignal) => {
    const list = topics.length > longList ? { savedTopics: await nameOf(topics) } : { topics: [...topics] };
    const follow = async () => {
      const stream = api.follow({ ...list, since: sequence, storeId: fromHex(store) }, { signal });
      const steps = unlessSilent(stream[Symbol.asyncIterator](), timeoutMs);
      return { steps, first: await steps.next() };
    };
    try {
      return await follow();
    } catch (error) {
      if (!list.savedTopics || ConnectError.from(error).code !== Code.NotFound) throw error;
      await api.saveTopics({ topics: [...topics] }, { signal, timeoutMs });
      return await follow();
    }
  };

  async function* read(topics: readonly string[], from: Place, signal: AbortSignal): AsyncGenerator<Stored, void, undefined> {
    const { steps, first } = await begin(topics, from, signal);
    const opened = first.done ? undefined : first.value.step;
    if (opened?.case !== 'opened') throw new NodeError('wrong', 'the node does not say whose order it tells');
    if (toHex(opened.value.storeId) !== from.store) throw new OtherStoreError('refused', 'the node has another store now');
    const wanted = new Set(topics);
    let sequence = from.sequence;
    let envelopes: Envelope[] = [];
    for (let rows = 0; rows <= mostRows; rows++) {
      const { done, value } = await steps.next();
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
    async *since(topics, place, signal) {
      const control = new AbortController();
      const stop = (): void => control.abort();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        if (!signal?.aborted) yield* read(topics, place, control.signal);
      } catch (error) {
        if (!signal?.aborted) throw toSequenceError(error);
      } finally {
        signal?.removeEventListener('abort', stop);
        stop();
      }
    },
  };
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

/** The same, with an error where nothing comes for so long. What it waits for is left behind: an abort does not end every wait (Node 20 forgets it when memory is collected). */
function unlessSilent(steps: AsyncIterator<FollowResponse>, ms: number): { next(): Promise<IteratorResult<FollowResponse>> } {
  return {
    async next() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new NoSequenceError('unreachable', 'the node fell silent')), ms);
      });
      const next = steps.next();
      next.catch(() => undefined); // told below
      return Promise.race([next, silence]).finally(() => clearTimeout(timer));
    },
  };
}

/** What a node calls a list of topics that is left with it: SHA-256 of the sorted topics, each ended by a line feed. */
async function nameOf(topics: readonly string[]): Promise<Uint8Array> {
  const list = [...new Set(topics)].sort().map((topic) => `${topic}\n`);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(list.join(''))));
}
