import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { type Delivery, Dispatcher, type Sink } from '../../src/node/dispatcher.ts';

const envelope = (topic: string) => ({ topic, timestampNs: 1n, message: new Uint8Array(3) });
class Reader implements Sink {
  readonly seen: Delivery[] = [];
  ended: ConnectError | undefined;
  room = Number.POSITIVE_INFINITY;

  deliver(delivery: Delivery): boolean {
    this.seen.push(delivery);
    return this.seen.length < this.room;
  }

  end(error: ConnectError): void {
    this.ended = error;
  }

  get topics(): string[] {
    return this.seen.map(({ envelope: { topic } }) => topic);
  }
}
const open = () => new Dispatcher(() => new ConnectError('too slow', Code.ResourceExhausted));

describe('the dispatcher', () => {
  test('brings each reader what it asked for, once, also when it asks twice', () => {
    const dispatcher = open();
    const [a, both, all] = [new Reader(), new Reader(), new Reader()];
    dispatcher.subscribe(['/xmtp/0/a', '/xmtp/0/a'], a);
    dispatcher.subscribe(['/xmtp/0/a', '/xmtp/0/b'], both);
    dispatcher.subscribe('all', all);
    for (const topic of ['/xmtp/0/a', '/xmtp/0/b', '/xmtp/0/c', 'elsewhere']) dispatcher.dispatch(envelope(topic));
    expect(a.topics).toEqual(['/xmtp/0/a']);
    expect(both.topics).toEqual(['/xmtp/0/a', '/xmtp/0/b']);
    expect(all.topics).toEqual(['/xmtp/0/a', '/xmtp/0/b', '/xmtp/0/c']);
  });

  test('takes a star among the topics for all', () => {
    const dispatcher = open();
    const reader = new Reader();
    dispatcher.subscribe(['/xmtp/0/a', '*'], reader);
    for (const topic of ['/xmtp/0/a', '/xmtp/0/b']) dispatcher.dispatch(envelope(topic));
    expect(reader.topics).toEqual(['/xmtp/0/a', '/xmtp/0/b']);
  });

  test('encodes an envelope once, however many read it', () => {
    const dispatcher = open();
    const readers = Array.from({ length: 5 }, () => new Reader());
    for (const reader of readers) dispatcher.subscribe(['a'], reader);
    dispatcher.dispatch(envelope('a'));
    let encoded = 0;
    const encoder = () => {
      encoded++;
      return Buffer.from('x');
    };
    expect(new Set(readers.map(({ seen: [delivery] }) => delivery?.as(encoder))).size).toBe(1);
    expect(encoded).toBe(1);
  });

  test('lets topics be replaced, and forgets who has gone', () => {
    const dispatcher = open();
    const reader = new Reader();
    const subscription = dispatcher.subscribe(['a', 'b'], reader);
    subscription.setTopics(['c']);
    for (const topic of ['a', 'b', 'c']) dispatcher.dispatch(envelope(topic));
    expect(reader.topics).toEqual(['c']);
    subscription.close();
    subscription.setTopics(['c']);
    dispatcher.dispatch(envelope('c'));
    expect(reader.topics).toEqual(['c']);
    expect(dispatcher.size).toBe(0);
  });

  test('brings a topic to whoever follows it at the time, as they come and go', () => {
    const dispatcher = open();
    const readers = Array.from({ length: 4 }, () => new Reader());
    const subscriptions = new Map<number, ReturnType<Dispatcher['subscribe']>>();
    const expected = readers.map(() => 0);
    for (let step = 0; step < 400; step++) {
      const which = ((step * 7919) % 13) % 4;
      const there = subscriptions.get(which);
      if (!there) subscriptions.set(which, dispatcher.subscribe(step % 3 ? ['a'] : ['b', 'a', 'a'], readers[which] as Reader));
      else if (step % 5) there.setTopics(step % 2 ? ['a', 'c'] : ['a']);
      else {
        there.close();
        subscriptions.delete(which);
      }
      dispatcher.dispatch(envelope('a'));
      for (const index of subscriptions.keys()) expected[index] = (expected[index] ?? 0) + 1;
      expect(readers.map(({ seen }) => seen.length)).toEqual(expected);
    }
    for (const subscription of subscriptions.values()) subscription.close();
    expect([dispatcher.size, dispatcher.topics]).toEqual([0, 0]);
  });

  test('ends a reader that does not keep up, with words, and none of the others', () => {
    const dispatcher = open();
    const [slow, other] = [new Reader(), new Reader()];
    slow.room = 2;
    dispatcher.subscribe(['a'], slow);
    dispatcher.subscribe(['a'], other);
    for (let count = 0; count < 4; count++) dispatcher.dispatch(envelope('a'));
    expect(slow.seen).toHaveLength(2);
    expect(slow.ended?.code).toBe(Code.ResourceExhausted);
    expect(other.seen).toHaveLength(4);
    expect(other.ended).toBeUndefined();
    expect(dispatcher.size).toBe(1);
  });

  test('ends all when the node stops', () => {
    const dispatcher = open();
    const readers = [new Reader(), new Reader()];
    dispatcher.subscribe(['a'], readers[0] as Reader);
    dispatcher.subscribe('all', readers[1] as Reader);
    dispatcher.endAll(() => new ConnectError('stopping', Code.Unavailable));
    expect(readers.map(({ ended }) => ended?.code)).toEqual([Code.Unavailable, Code.Unavailable]);
    expect(dispatcher.size).toBe(0);
  });
});
