import { NoSequenceError, OtherStoreError, type Place } from '../../network/sequence.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import type { Cache } from '../../storage/cache.ts';
import type { NodeAccess } from '../nodes/node-access.ts';

/** What came, and the cursor that stands behind it. */
export interface Ordered {
  readonly envelopes: readonly Envelope[];
  readonly cursor: { readonly name: string; readonly value: bigint };
}

/** How reading in the order of a node's store came out. `none`: the node is asked by times; `anew`: by times too, and from the beginning, for it has another store. */
export type Outcome = 'read' | 'none' | 'anew';

/** Reading on in the order in which the node took things. What it took is found whatever time its sender gave it. */
export interface Order {
  /** Hands over all that came in these topics since the last time. */
  read(topics: () => readonly string[], take: (pages: AsyncIterable<Ordered>) => Promise<void>): Promise<Outcome>;
  /** Whether this node is read in its order. */
  known(): Promise<boolean>;
  /** Whether it has told in this session where its order ends: what a stream missed is found by the next reading then, whatever time it bears. */
  told(): boolean;
  /** What comes from now on: in the order of the node, where what has died is noticed, else as it is. It may be opened before everything else was read. */
  live: NodeAccess['subscribe'];
  /** Notes where the order ends now. Once everything before was asked for by times, what this answers has the next reading begin there. */
  mark(): Promise<() => Promise<void>>;
}

/** How long the end of the order counts as told just now. */
const toldLastsMs = 60_000;

interface Deps {
  readonly cache: Pick<Cache, 'cursors'>;
  readonly node: Pick<NodeAccess, 'url' | 'place' | 'since' | 'live' | 'subscribe'>;
  readonly signal: AbortSignal;
}

export function createOrder({ cache, node, signal }: Deps): Order {
  const name = `order ${node.url}`;
  /** This node tells no order; until the next session it is not asked for one. */
  let none = false;
  /** Where the order ended, as the node told last. */
  let told: { readonly place: Place; readonly at: number } | null = null;

  const tell = (place: Place): void => {
    told = { place, at: performance.now() };
  };

  const ask = async (): Promise<Place | null> => {
    const end = await node.place();
    if (end) tell(end);
    return end;
  };

  async function* pages(topics: readonly string[], from: Place, ended: AbortSignal): AsyncGenerator<Ordered, void, undefined> {
    let reached = from;
    for await (const { envelopes, place } of node.since(topics, from, ended)) {
      reached = place;
      yield { envelopes, cursor: { name, value: toCursor(place) } };
    }
    tell(reached);
  }

  /** What comes after the end of the order. Where that was told just now it is not asked for: what came since comes once more, which is little. */
  async function* fromEnd(topics: readonly string[], ended: AbortSignal, onOpen?: () => void): AsyncGenerator<Envelope, void, undefined> {
    const known = told && performance.now() - told.at < toldLastsMs ? told.place : null;
    try {
      const end = known ?? (await ask());
      if (end) yield* node.live(topics, end, ended, onOpen);
    } catch (error) {
      // Another store may be there meanwhile, which has an end of its own.
      if (!(error instanceof OtherStoreError && known)) throw error;
      told = null;
      yield* fromEnd(topics, ended, onOpen);
    }
  }

  const place = async (): Promise<bigint | undefined> => (none ? undefined : cache.cursors.get(name));

  return {
    known: async () => (await place()) !== undefined,
    told: () => told !== null && !none,
    async read(topics, take) {
      const value = await place();
      if (value === undefined) return 'none';
      const reading = new AbortController();
      const end = (): void => reading.abort();
      signal.addEventListener('abort', end, { once: true });
      try {
        await take(pages(topics(), toPlace(value), reading.signal));
        return 'read';
      } catch (error) {
        // Where it stood stays until everything was asked for in another way.
        if (error instanceof OtherStoreError) return 'anew';
        if (!(error instanceof NoSequenceError)) throw error;
        none = true;
        return 'none';
      } finally {
        signal.removeEventListener('abort', end);
        // A stream whose pages nobody takes any more would stay open.
        end();
      }
    },
    async *live(topics, ended, onOpen) {
      try {
        if (!none) yield* fromEnd(topics, ended, onOpen);
      } catch (error) {
        if (!(error instanceof NoSequenceError || error instanceof OtherStoreError)) throw error;
        none ||= error instanceof NoSequenceError;
      }
      if (!ended.aborted) yield* node.subscribe(topics, ended, onOpen);
    },
    async mark() {
      const end = none ? null : await ask();
      none = end === null;
      return async () => {
        if (end) await cache.cursors.put(name, toCursor(end));
      };
    },
  };
}

const sequenceBits = 64;
const storeDigits = 32;
const toCursor = ({ store, sequence }: Place): bigint => (BigInt(`0x${store}`) << BigInt(sequenceBits)) | sequence;
const toPlace = (cursor: bigint): Place => ({
  store: (cursor >> BigInt(sequenceBits)).toString(16).padStart(storeDigits, '0'),
  sequence: BigInt.asUintN(sequenceBits, cursor),
});
