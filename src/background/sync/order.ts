import { NoSequenceError, OtherStoreError, type Place } from '../../network/sequence.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import type { Clock } from '../../protocol/time.ts';
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
  /** That end, where it was told just now: a stream begins there. */
  fresh(): Place | null;
  /**
   * What comes from where the order was told to end: in the order of the node, where what has died is noticed, else as it is. It may be opened before everything else was
   * read. The last argument is called when it has begun, and with each word that is heard after that.
   */
  live: NodeAccess['subscribe'];
  /** Notes where the order ends now. Once everything before was asked for by times, what this answers has the next reading begin there. */
  mark(): Promise<() => Promise<void>>;
}

/** How long the end of the order counts as told just now. */
const toldLastsMs = 60_000;

interface Deps {
  readonly cache: Pick<Cache, 'cursors'>;
  readonly node: Pick<NodeAccess, 'url' | 'place' | 'since' | 'live' | 'subscribe'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function createOrder({ cache, node, clock, signal }: Deps): Order {
  const name = `order ${node.url}`;
  /** This node tells no order; until the next session it is not asked for one. */
  let none = false;
  /** Where the order ended, as the node told last. */
  let told: { readonly place: Place; readonly at: number } | null = null;

  const tell = (place: Place): void => {
    told = { place, at: clock() };
  };
  const toldJustNow = (): Place | null => (told && Math.abs(clock() - told.at) < toldLastsMs ? told.place : null);

  let asking: Promise<Place | null> | null = null;
  /** Where the order ends now, or a moment ago where that was told then: to begin too early costs what came since once more, which is little, and loses nothing. */
  const end = async (): Promise<Place | null> => {
    const known = toldJustNow();
    if (known) return known;
    asking ??= node.place().finally(() => {
      asking = null;
    });
    const place = await asking;
    if (place) tell(place);
    return place;
  };

  async function* pages(topics: readonly string[], from: Place, ended: AbortSignal): AsyncGenerator<Ordered, void, undefined> {
    let reached = from;
    for await (const { envelopes, place } of node.since(topics, from, ended)) {
      reached = place;
      yield { envelopes, cursor: { name, value: toCursor(place) } };
    }
    tell(reached);
  }

  /** What comes after the end of the order. */
  async function* fromEnd(topics: readonly string[], ended: AbortSignal, heard?: () => void): AsyncGenerator<Envelope, void, undefined> {
    const known = toldJustNow();
    try {
      const place = await end();
      if (place) yield* node.live(topics, place, ended, heard);
    } catch (error) {
      // Another store may be there meanwhile, which has an end of its own.
      if (!(error instanceof OtherStoreError && known)) throw error;
      told = null;
      yield* fromEnd(topics, ended, heard);
    }
  }

  const place = async (): Promise<bigint | undefined> => (none ? undefined : cache.cursors.get(name));

  return {
    known: async () => (await place()) !== undefined,
    told: () => told !== null && !none,
    fresh: () => (none ? null : toldJustNow()),
    async read(topics, take) {
      const value = await place();
      if (value === undefined) return 'none';
      const reading = new AbortController();
      const stop = (): void => reading.abort();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await take(pages(topics(), toPlace(value), reading.signal));
        return 'read';
      } catch (error) {
        // Where it stood stays until everything was asked for in another way.
        if (error instanceof OtherStoreError) {
          told = null;
          return 'anew';
        }
        if (!(error instanceof NoSequenceError)) throw error;
        none = true;
        return 'none';
      } finally {
        signal.removeEventListener('abort', stop);
        // A stream whose pages nobody takes any more would stay open.
        stop();
      }
    },
    async *live(topics, ended, heard) {
      try {
        if (!none) yield* fromEnd(topics, ended, heard);
      } catch (error) {
        if (!(error instanceof NoSequenceError || error instanceof OtherStoreError)) throw error;
        none ||= error instanceof NoSequenceError;
      }
      if (!ended.aborted) yield* node.subscribe(topics, ended, heard);
    },
    async mark() {
      const place = none ? null : await end();
      none = place === null;
      return async () => {
        if (place) await cache.cursors.put(name, toCursor(place));
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
