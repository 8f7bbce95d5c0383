import { backoffMs } from '../network/retry.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Awake } from './awake.ts';
import { createSingle, pause } from './exclusive.ts';
import { noteStop } from './log.ts';
import type { NodeAccess } from './node-access.ts';
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
  readonly node: Pick<NodeAccess, 'subscribe'>;
  readonly sync: Sync;
  readonly awake: Awake;
  readonly signal: AbortSignal;
  /** Every topic is known from here on. */
  readonly ready: () => Promise<void>;
}

/** What a stream may pile up; beyond it a catch-up is cheaper. */
const longestQueue = 1_000;

export function createFollow({ node, sync, awake, signal, ready }: Deps): Follow {
  let running = false;
  let open = false;
  let waiting = false;
  /** Ends the stream, or the wait for the next. */
  let current = new AbortController();
  let queue: Envelope[] = [];

  const drain = createSingle(async () => {
    while (queue.length > 0 && !signal.aborted) {
      const envelopes = queue;
      queue = [];
      await sync.take(envelopes);
    }
  });

  const receive = (envelope: Envelope): void => {
    if (queue.length >= longestQueue) return void sync.catchUp().catch(report);
    queue.push(envelope);
    void drain().catch(report);
  };

  /** One stream, from its opening to its end; answers whether it was ever open. */
  const once = async (control: AbortSignal): Promise<boolean> => {
    const release = awake.hold();
    let opened = false;
    try {
      const onOpen = (): void => {
        opened = open = true;
        // First subscribed, then asked: nothing falls between the two.
        void sync.catchUp().catch(report);
      };
      for await (const envelope of node.subscribe(sync.topics(), control, onOpen)) receive(envelope);
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
      const control = AbortSignal.any([signal, current.signal]);
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

const report = (error: unknown): void => noteStop('following', error);
