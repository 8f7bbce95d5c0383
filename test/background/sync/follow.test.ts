import { describe, expect, it, vi } from 'vitest';
import { createAwake } from '../../../src/background/awake.ts';
import { createFollow, followAgainMs } from '../../../src/background/sync/follow.ts';
import { NodeError } from '../../../src/network/errors.ts';
import type { Envelope } from '../../../src/protocol/envelope.ts';

const envelope = (text: string): Envelope => ({ contentTopic: 'a', timestampNs: 1n, message: new TextEncoder().encode(text) });

/** A node whose streams are in the hands of the test. `deaf` ones do not notice that they were aborted. */
function streams({ deaf = false } = {}) {
  const opened: { topics: readonly string[]; send: (envelope: Envelope) => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
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
    opened.push({ topics, send, fail, signal });
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

function following(node: ReturnType<typeof streams>) {
  const topics = ['invitations'];
  const sync = { topics: () => [...topics], take: vi.fn(async () => undefined), catchUp: vi.fn(async () => undefined) };
  const ping = vi.fn(async () => undefined);
  const awake = createAwake({ createAlarm: () => undefined, clearAlarm: () => undefined, ping });
  const session = new AbortController();
  const follow = createFollow({ subscribe: node.subscribe, sync, awake, signal: session.signal, ready: async () => undefined });
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
