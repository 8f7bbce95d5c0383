import type { Address } from '../../protocol/address.ts';
import type { PageCaller } from '../../rpc/caller.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Resumed, Wanted } from '../../rpc/views/page.ts';
import type { Cache } from '../../storage/cache.ts';
import { createExclusive } from '../exclusive.ts';
import { noteStop } from '../log.ts';
import type { SiteUse } from './ledger.ts';
import type { Need, SiteGate } from './site-gate.ts';
import type { SiteReading } from './site-reading.ts';

/** What has come to be here, for the account that is open. */
export interface Arrivals extends Pick<Cache['arrivals'], 'after' | 'last'> {
  readonly account: Address;
}

/**
 * Subscriptions of pages. Each goes through the arrivals from its cursor on, and every event carries the cursor behind it to the content script, which
 * hands it back to the next life of the background: nothing comes twice and nothing is missed. What is no longer granted ends.
 */
export interface SiteStreams {
  open(caller: PageCaller, wanted: Wanted): Promise<string>;
  resume(caller: PageCaller, subscriptions: readonly Resumed[]): void;
  /** Whether there was one. */
  close(caller: PageCaller, subscription: string): boolean;
  /** Something came to be here, was granted or taken back, or Parley was unlocked. */
  arrived(): void;
}

interface Deps {
  readonly gate: Pick<SiteGate, 'isOpen'>;
  readonly reading: Pick<SiteReading, 'showMessage' | 'showConversation'>;
  /** null: locked. */
  readonly arrivals: () => Arrivals | null;
  /** An event goes out when this has resolved. */
  readonly used: (origin: string, account: Address, use: SiteUse) => Promise<void>;
}

interface Stream extends Wanted {
  readonly caller: PageCaller;
  /** null until it is known whose it is. */
  account: Address | null;
  cursor: number;
}

const mostOfOne = 64;
const pageSize = 200;

export function createSiteStreams({ gate, reading, arrivals, used }: Deps): SiteStreams {
  const streams = new Map<string, Stream>();
  const inTurn = createExclusive();

  const ofCaller = (caller: PageCaller): [string, Stream][] => [...streams].filter(([, stream]) => stream.caller === caller);

  function add(subscription: string, stream: Stream): void {
    if (ofCaller(stream.caller).length >= mostOfOne) throw new RefusalError('too-many', 'too many subscriptions', { retryAfterMs: 1000 });
    if (stream.caller.gone.aborted || streams.has(subscription)) return;
    streams.set(subscription, stream);
    stream.caller.gone.addEventListener('abort', () => streams.delete(subscription), { once: true });
  }

  const needOf = ({ conversation }: Wanted): Need => ({ kind: 'read', ...(conversation !== null && { conversation }) });

  async function eventOf(
    { caller: { origin }, kind, conversation }: Stream,
    account: Address,
    arrival: { conversation: string; message: string | null },
  ) {
    if (kind === 'conversations') {
      if (arrival.message !== null) return null;
      const shown = await reading.showConversation(origin, account, arrival.conversation);
      return shown && (conversation === null || shown.id === conversation)
        ? { event: 'conversation', payload: { conversation: shown } }
        : null;
    }
    if (arrival.message === null) return null;
    const shown = await reading.showMessage(origin, account, arrival.message);
    return shown && (conversation === null || shown.conversation === conversation)
      ? { event: 'message', payload: { message: shown } }
      : null;
  }

  async function pump(subscription: string, stream: Stream): Promise<void> {
    const source = arrivals();
    if (!source) return;
    stream.account ??= source.account;
    // Another account is open: it goes on when its own is again.
    if (stream.account !== source.account) return;
    for (;;) {
      const page = await source.after(stream.cursor, pageSize);
      if (page.length === 0) return;
      for (const arrival of page) {
        if (!streams.has(subscription)) return;
        const found = await eventOf(stream, source.account, arrival).catch((error: unknown) => {
          // It has gone since, or cannot be read any more: the others go on.
          if (error instanceof RefusalError && error.reason === 'not-found') return null;
          throw error;
        });
        stream.cursor = arrival.seq;
        if (!found) continue;
        await used(stream.caller.origin, source.account, found.event === 'message' ? { messages: 1 } : { conversations: 1 });
        stream.caller.emit('stream', {
          subscription,
          cursor: stream.cursor,
          event: found.event,
          payload: { subscription, ...found.payload },
        });
      }
    }
  }

  async function run(): Promise<void> {
    for (const [subscription, stream] of [...streams]) {
      try {
        if (!arrivals()) return;
        if (await gate.isOpen(stream.caller.origin, needOf(stream))) await pump(subscription, stream);
        else if (arrivals()) end(subscription, stream);
      } catch (error) {
        if (error instanceof RefusalError && error.reason === 'not-found') end(subscription, stream);
        else noteStop('a subscription', error);
      }
    }
  }

  function end(subscription: string, { caller }: Stream): void {
    streams.delete(subscription);
    caller.emit('stream', { subscription, ended: true });
  }

  let waiting = false;
  const arrived = (): void => {
    if (waiting || streams.size === 0) return;
    waiting = true;
    void inTurn(async () => {
      waiting = false;
      await run();
    });
  };

  return {
    async open(caller, wanted) {
      const source = arrivals();
      if (!source) throw new RefusalError('locked', 'Parley is locked.');
      const subscription = crypto.randomUUID();
      const cursor = await source.last();
      add(subscription, { ...wanted, caller, account: source.account, cursor });
      // Before the answer, so that whoever knows of the subscription knows where it begins.
      caller.emit('stream', { subscription, cursor, ...wanted });
      return subscription;
    },
    resume(caller, subscriptions) {
      for (const { subscription, cursor, kind, conversation } of subscriptions)
        add(subscription, { caller, account: null, cursor, kind, conversation });
      arrived();
    },
    close: (caller, subscription) => streams.get(subscription)?.caller === caller && streams.delete(subscription),
    arrived,
  };
}
