import { backoffMs } from '../../network/retry.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import type { Awake } from '../awake.ts';
import { createSingle, pause } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import type { Sync } from './sync.ts';

/** The live stream. It only makes messages sooner: what it misses comes with the next catch-up. */
export interface Follow {
  /** Follows, unless it does already; a wait between two tries ends. */
  start(): void;
  /** Follows the topics as they are now. */
  restart(): void;
  isOpen(): boolean;
}

interface Deps {
  readonly subscribe: NodeAccess['subscribe'];
  readonly sync: Pick<Sync, 'topics' | 'take' | 'catchUp'>;
  readonly awake: Awake;
  readonly signal: AbortSignal;
  /** Every topic is known from here on. */
  readonly ready: () => Promise<void>;
}

/** What a stream may pile up; beyond it a catch-up is cheaper. */
const longestQueue = 1_000;

/**
 * To follow other topics costs the node and us all of them: the more conversations there are, the longer those wait that came soon after others, ms. Only where the
 * node tells its order (`told`): elsewhere no catch-up finds what is said in a new one meanwhile with an older time, and nothing may wait.
 */
export const followAgainMs = (conversations: number, told: boolean): number =>
  told ? Math.min(10_000, Math.max(250, 4 * conversations)) : 0;

export function createFollow({ subscribe, sync, awake, signal, ready }: Deps): Follow {
  let running = false;
  let open = false;
  let waiting = false;
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

  /** One stream, from its opening to its end; answers whether it was ever open. */
  const once = async (control: AbortSignal): Promise<boolean> => {
    const release = awake.hold();
    let opened = false;
    try {
      const onOpen = (): void => {
        opened = open = true;
        // First subscribed, then asked: nothing falls between the two.
        catchUp();
      };
      const stream = subscribe(sync.topics(), control, onOpen);
      // An abort ends our waiting by itself: a connection may fail to tell of it (Node 20 forgets it when memory is collected).
      const over = new Promise<null>((resolve) => control.addEventListener('abort', () => resolve(null), { once: true }));
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
    restart: () => current.abort(),
    isOpen: () => open,
  };
}
