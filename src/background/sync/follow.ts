import { backoffMs } from '../../network/retry.ts';
import type { Place } from '../../network/sequence.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import type { Clock } from '../../protocol/time.ts';
import type { Awake } from '../awake.ts';
import { createSingle, pause } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { Order } from './order.ts';
import type { Sync } from './sync.ts';

/** The live stream. It only makes messages sooner: what it misses comes with the next catch-up. */
export interface Follow {
  /** Follows, unless it does already; a wait between two tries ends. */
  start(): void;
  /** Follows the topics as they are now. */
  restart(): void;
  isOpen(): boolean;
  /** Whether the node was heard a moment ago by a stream in its order, which may give way to one with more topics just now: what it took until then is here. */
  isHeard(): boolean;
}

interface Deps {
  readonly order: Pick<Order, 'known' | 'told' | 'fresh' | 'live'>;
  readonly sync: Pick<Sync, 'topics' | 'take' | 'reach' | 'reached' | 'catchUp'>;
  readonly awake: Awake;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Every topic is known from here on. */
  readonly ready: () => Promise<void>;
}

/** What a stream may pile up; beyond it a catch-up is cheaper. */
const longestQueue = 1_000;
/** A node in whose order we read says something every 20 seconds. After a sleep of the machine the stream looks open, and nothing was heard for long. */
const heardLastsMs = 25_000;

/**
 * To follow other topics costs the node and us all of them: the more conversations there are, the longer those wait that came soon after others, ms. Only where the
 * node tells its order (`told`): elsewhere no catch-up finds what is said in a new one meanwhile with an older time, and nothing may wait.
 */
export const followAgainMs = (conversations: number, told: boolean): number =>
  told ? Math.min(10_000, Math.max(250, 4 * conversations)) : 0;

export function createFollow({ order, sync, awake, clock, signal, ready }: Deps): Follow {
  let running = false;
  let open = false;
  let waiting = false;
  /** Topics are named later. */
  let reaching = false;
  let heardAt = Number.NEGATIVE_INFINITY;
  /** Ends the stream, or the wait for the next. */
  let current = new AbortController();
  signal.addEventListener('abort', () => current.abort(), { once: true });
  let queue: Envelope[] = [];

  const drain = createSingle(async () => {
    while (queue.length > 0 && !signal.aborted) {
      const envelopes = queue;
      queue = [];
      await sync.take(envelopes);
    }
  });

  const receive = (envelope: Envelope): void => {
    if (queue.length < longestQueue) queue.push(envelope);
    else catchUp();
    drain().catch((error: unknown) => {
      report(error);
      catchUp(); // what could not be written is still at the node
    });
  };

  const report = (error: unknown): void => {
    if (!signal.aborted) noteStop('following', error);
  };
  const catchUp = (): void =>
    void sync.catchUp().catch((error: unknown) => {
      if (!signal.aborted) noteStop('catching up', error);
    });

  /** Where the node tells its order all that came is asked for first, and the stream begins where that ended. Answers that place. */
  const reach = async (over: Promise<null>): Promise<Place | null> => {
    if (!(await order.known())) return null;
    if (order.fresh() && sync.reached()) return order.fresh();
    reaching = true;
    try {
      await Promise.race([sync.reach(), over]);
    } finally {
      reaching = false;
    }
    return (await order.known()) ? order.fresh() : null;
  };

  /** One stream, from its opening to its end; answers whether it was ever open. */
  const once = async (control: AbortSignal): Promise<boolean> => {
    const release = awake.hold();
    let opened = false;
    try {
      // An abort ends our waiting by itself: a connection may fail to tell of it (Node 20 forgets it when memory is collected).
      const over = new Promise<null>((resolve) => control.addEventListener('abort', () => resolve(null), { once: true }));
      const joined = await reach(over);
      if (control.aborted) return false;
      const heard = (): void => {
        heardAt = clock();
        if (opened) return;
        opened = open = true;
        // First subscribed, then asked: nothing falls between the two. Nothing does either where the stream begins at the place up to which all is here.
        if (joined === null || order.fresh() !== joined) catchUp();
      };
      const stream = order.live(sync.topics(), control, heard);
      for (let next = await Promise.race([stream.next(), over]); next && !next.done; next = await Promise.race([stream.next(), over]))
        receive(next.value);
    } catch (error) {
      if (!control.aborted) report(error);
    } finally {
      open = false;
      release();
    }
    return opened;
  };

  const run = async (): Promise<void> => {
    await ready();
    let tries = 0;
    while (!signal.aborted) {
      current = new AbortController();
      const control = current.signal;
      tries = (await once(control)) ? 1 : tries + 1;
      if (control.aborted) continue;
      waiting = true;
      await pause(backoffMs(tries), control);
      waiting = false;
    }
  };

  return {
    start() {
      if (!running) {
        running = true;
        void run()
          .catch(report)
          .finally(() => {
            running = false;
          });
      } else if (waiting) current.abort();
    },
    restart() {
      if (!reaching) current.abort();
    },
    isOpen: () => open,
    isHeard: () => order.told() && Math.abs(clock() - heardAt) < heardLastsMs,
  };
}
