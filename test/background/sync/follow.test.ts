import { describe, expect, it, vi } from 'vitest';
import { createAwake } from '../../../src/background/awake.ts';
import { createFollow, followAgainMs } from '../../../src/background/sync/follow.ts';
import type { Order } from '../../../src/background/sync/order.ts';
import { NodeError } from '../../../src/network/errors.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';

const envelope = (text: string): Envelope => ({ contentTopic: 'a', timestampNs: 1n, message: new TextEncoder().encode(text) });

/** A node whose streams are in the hands of the test. `deaf` ones do not notice that they were aborted. */
function streams({ deaf = false } = {}) {
  const opened: {
    topics: readonly string[];
    send: (envelope: Envelope) => void;
    fail: (error: Error) => void;
    heard: () => void;
    signal: AbortSignal;
  }[] = [];
  async function* subscribe(
    topics: readonly string[],
    signal: AbortSignal,
    onOpen?: () => void,
  ): AsyncGenerator<Envelope, void, undefined> {
    const waiting: Envelope[] = [];
    let wake: () => void = () => undefined;
    let failure: Error | null = null;
    const send = (each: Envelope): void => {
      waiting.push(each);
      wake();
    };
    const fail = (error: Error): void => {
      failure = error;
      wake();
    };
    if (!deaf) signal.addEventListener('abort', () => wake());
    opened.push({ topics, send, fail, heard: () => onOpen?.(), signal });
    onOpen?.();
    for (;;) {
      for (let next = waiting.shift(); next; next = waiting.shift()) yield next;
      if (failure) throw failure;
      if (signal.aborted && !deaf) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return { opened, subscribe };
}

type Place = NonNullable<ReturnType<Order['fresh']>>;

/** `order`: as the node tells it; else it tells none. */
function following(node: ReturnType<typeof streams>, order?: Pick<Order, 'told' | 'fresh'> & { readonly now?: () => number }) {
  const topics = ['invitations'];
  const sync = {
    topics: () => [...topics],
    take: vi.fn(async () => undefined),
    catchUp: vi.fn(async () => undefined),
    reach: vi.fn(async () => undefined),
    reached: () => true,
  };
  const ping = vi.fn(async () => undefined);
  const awake = createAwake({ createAlarm: () => undefined, clearAlarm: () => undefined, ping });
  const session = new AbortController();
  const follow = createFollow({
    order: { told: () => false, fresh: () => null, ...order, known: async () => order !== undefined, live: node.subscribe },
    sync,
    awake,
    clock: order?.now ?? Date.now,
    signal: session.signal,
    ready: async () => undefined,
  });
  return { follow, sync, topics, session, ping };
}

describe('following', () => {
  it('subscribes first and asks then', async () => {
    const node = streams();
    const { follow, sync, session } = following(node);
    follow.start();
    await vi.waitFor(() => expect(sync.catchUp).toHaveBeenCalledTimes(1));
    expect(node.opened[0]?.topics).toEqual(['invitations']);
    expect(follow.isOpen()).toBe(true);
    follow.start(); // follows already
    node.opened[0]?.send(envelope('one'));
    await vi.waitFor(() => expect(sync.take).toHaveBeenCalledWith([envelope('one')]));
    expect(node.opened).toHaveLength(1);
    session.abort();
    await vi.waitFor(() => expect(follow.isOpen()).toBe(false));
  });

  it.each([{ deaf: false }, { deaf: true }])(
    'takes up new topics at once, also when the old stream does not notice its end ($deaf)',
    async (kind) => {
      const node = streams(kind);
      const { follow, sync, topics, session } = following(node);
      follow.start();
      await vi.waitFor(() => expect(node.opened).toHaveLength(1));
      topics.push('conversation');
      follow.restart();
      await vi.waitFor(() => expect(node.opened).toHaveLength(2));
      expect(node.opened[1]?.topics).toEqual(['invitations', 'conversation']);
      expect(node.opened[0]?.signal.aborted).toBe(true);
      await vi.waitFor(() => expect(sync.catchUp).toHaveBeenCalledTimes(2));
      node.opened[1]?.send(envelope('two'));
      await vi.waitFor(() => expect(sync.take).toHaveBeenCalledWith([envelope('two')]));
      session.abort();
    },
  );

  it('names each new topic at once, however many come: what is said in it before that, with an older time, no catch-up would find', async () => {
    const node = streams();
    const { follow, topics, session } = following(node);
    follow.start();
    await vi.waitFor(() => expect(node.opened).toHaveLength(1));
    for (const each of ['first', 'second', 'third']) {
      topics.push(each);
      follow.restart();
      // No timer is waited for.
      for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
      expect(node.opened.at(-1)?.topics).toEqual(topics);
    }
    session.abort();
  });

  it('has other topics wait for those that came soon before only where the node tells its order', () => {
    expect([1, 1_000, 100_000].map((conversations) => followAgainMs(conversations, false))).toEqual([0, 0, 0]);
    expect([1, 1_000, 100_000].map((conversations) => followAgainMs(conversations, true))).toEqual([250, 4_000, 10_000]);
  });

  describe('where the node tells its order', () => {
    const place: Place = { store: '00', sequence: 7n };

    it('asks first, and has nothing to ask for once the stream begins where that ended', async () => {
      const node = streams();
      let fresh: Place | null = null;
      const { follow, sync, session } = following(node, { told: () => fresh !== null, fresh: () => fresh });
      sync.reach.mockImplementation(async () => {
        expect(node.opened).toEqual([]);
        follow.restart(); // topics that came with it: they are named all the same
        fresh = place;
        return undefined;
      });
      follow.start();
      await vi.waitFor(() => expect(follow.isHeard()).toBe(true));
      expect([sync.reach, sync.catchUp].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
      expect(node.opened).toHaveLength(1);
      // And does not ask where it was told just now.
      follow.restart();
      await vi.waitFor(() => expect(node.opened).toHaveLength(2));
      expect([sync.reach, sync.catchUp].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
      session.abort();
    });

    it.each([
      ['the node has another store by then', { store: '01', sequence: 1n }],
      ['its order cannot be had any more', null],
    ])('asks once more where %s', async (_, later) => {
      const node = streams();
      let fresh: Place | null = place;
      const { follow, sync, session } = following(node, { told: () => true, fresh: () => fresh });
      const reached = fresh;
      sync.topics = () => {
        // Between the two.
        fresh = later;
        return [];
      };
      follow.start();
      await vi.waitFor(() => expect(sync.catchUp).toHaveBeenCalledTimes(1));
      expect(reached).toBe(place);
      session.abort();
    });

    it('is open and not heard after a sleep of the machine', async () => {
      const node = streams();
      let now = 0;
      const { follow, session } = following(node, { told: () => true, fresh: () => place, now: () => now });
      follow.start();
      await vi.waitFor(() => expect(follow.isHeard()).toBe(true));
      now = 30_000;
      expect([follow.isOpen(), follow.isHeard()]).toEqual([true, false]);
      node.opened[0]?.heard();
      expect(follow.isHeard()).toBe(true);
      session.abort();
    });

    it('asks where what came was not taken in the last time, though the end was told just now', async () => {
      const node = streams();
      const { follow, sync, session } = following(node, { told: () => true, fresh: () => place });
      sync.reached = () => false;
      follow.start();
      await vi.waitFor(() => expect(node.opened).toHaveLength(1));
      expect(sync.reach).toHaveBeenCalledTimes(1);
      session.abort();
    });

    it('waits and tries again where it cannot be asked', async () => {
      const node = streams();
      let fresh: Place | null = null;
      const { follow, sync, session } = following(node, { told: () => fresh !== null, fresh: () => fresh });
      sync.reach.mockRejectedValueOnce(new NodeError('unreachable', 'gone'));
      follow.start();
      await vi.waitFor(() => expect(sync.reach).toHaveBeenCalledTimes(1));
      fresh = place;
      await vi.waitFor(() => {
        follow.start();
        expect(follow.isOpen()).toBe(true);
      });
      session.abort();
    });
  });

  it('comes back after a stream that broke, sooner when it is woken', async () => {
    const node = streams();
    const { follow, session } = following(node);
    follow.start();
    await vi.waitFor(() => expect(node.opened).toHaveLength(1));
    node.opened[0]?.fail(new NodeError('unreachable', 'gone'));
    await vi.waitFor(() => expect(follow.isOpen()).toBe(false));
    follow.start();
    await vi.waitFor(() => expect(node.opened).toHaveLength(2));
    session.abort();
  });

  it('asks the node for what it could not write down', async () => {
    const node = streams();
    const { follow, sync, session } = following(node);
    sync.take.mockRejectedValueOnce(new NodeError('failed', 'as if the disk had been full'));
    follow.start();
    await vi.waitFor(() => expect(sync.catchUp).toHaveBeenCalledTimes(1));
    node.opened[0]?.send(envelope('one'));
    await vi.waitFor(() => expect(sync.catchUp).toHaveBeenCalledTimes(2));
    session.abort();
  });

  it('keeps the background awake while the stream is there, and lets it sleep afterwards', async () => {
    vi.useFakeTimers();
    try {
      const node = streams();
      const { follow, session, ping } = following(node);
      follow.start();
      await vi.advanceTimersByTimeAsync(100_000);
      expect(ping).toHaveBeenCalledTimes(5);
      session.abort();
      await vi.advanceTimersByTimeAsync(100_000);
      expect(ping).toHaveBeenCalledTimes(5);
    } finally {
      vi.useRealTimers();
    }
  });
});
