import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, createClient } from '../../src/rpc/client.ts';
import { type TestPort, testPort } from './ports.ts';

interface Methods {
  read: (params: { readonly id: number }) => Promise<string>;
  write: (params: object) => Promise<string>;
}
interface Events {
  changed: { readonly id: number };
}

let ports: TestPort[];
let client: Client<Methods, Events>;
let gone: boolean;
const port = (): TestPort => ports.at(-1) as TestPort;

beforeEach(() => {
  vi.useFakeTimers();
  ports = [];
  gone = false;
  client = createClient<Methods, Events>({
    connect: () => {
      if (gone) throw new Error('Extension context invalidated.');
      ports.push(testPort());
      return port();
    },
    repeatable: (method) => method === 'read',
  });
});
afterEach(() => vi.useRealTimers());

/** What became of a promise so far. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waiting' };
  promise.then(
    (result) => (watched.outcome = { result }),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

test('opens its port before anything is asked, once, and bears that the extension is gone', () => {
  client.open();
  client.open();
  void client.call('read', { id: 1 });
  expect(ports).toHaveLength(1);
});

test('bears that the extension is gone when it opens its port', () => {
  gone = true;
  expect(() => client.open()).not.toThrow();
});

describe('the client', () => {
  test('opens one port, when it is first needed', async () => {
    expect(ports).toHaveLength(0);
    const calls = [client.call('read', { id: 1 }), client.call('read', { id: 2 })];
    expect(port().sent).toEqual([
      { id: 1, method: 'read', params: { id: 1 } },
      { id: 2, method: 'read', params: { id: 2 } },
    ]);
    port().receive({ id: 2, result: 'second' });
    port().receive({ id: 1, result: 'first' });
    expect(await Promise.all(calls)).toEqual(['first', 'second']);
    expect(ports).toHaveLength(1);
  });

  test('rejects with code, reason and data of the error', async () => {
    const call = watch(client.call('write', {}));
    port().receive({ id: 1, error: { code: 4100, message: 'Locked.', data: { reason: 'locked' } } });
    await vi.advanceTimersByTimeAsync(0);
    expect(call.outcome).toMatchObject({ name: 'RpcError', code: 4100, message: 'Locked.', reason: 'locked' });
  });

  test('passes over what is no answer to a call of its own', async () => {
    const call = watch(client.call('read', { id: 1 }));
    for (const message of [null, 'x', { id: 9, result: 'x' }, { id: 1 }, { id: 1, error: 'x' }, { id: '1', result: 'x' }])
      port().receive(message);
    await vi.advanceTimersByTimeAsync(0);
    expect(call.outcome).toBe('waiting');
  });

  test('makes a read again when the background died during it', async () => {
    const call = client.call('read', { id: 5 });
    port().break();
    await vi.advanceTimersByTimeAsync(100);
    expect(ports).toHaveLength(2);
    expect(port().sent).toEqual([{ id: 2, method: 'read', params: { id: 5 } }]);
    port().receive({ id: 2, result: 'after all' });
    expect(await call).toBe('after all');
  });

  test('never makes a write again, and tells of it within 5 seconds', async () => {
    const call = watch(client.call('write', {}));
    port().break();
    await vi.advanceTimersByTimeAsync(5000);
    expect(call.outcome).toMatchObject({ code: 4901 });
    expect(ports.flatMap(({ sent }) => sent)).toHaveLength(1);
  });

  test('gives up on a read when the background dies again and again', async () => {
    const call = watch(client.call('read', { id: 1 }));
    for (let deaths = 0; deaths < 8; deaths++) {
      expect(call.outcome).toBe('waiting');
      port().break();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(call.outcome).toMatchObject({ code: 4901 });
  });

  test('sends what is asked while the background is away to the next one', async () => {
    watch(client.call('read', { id: 1 }));
    port().break();
    const write = watch(client.call('write', {}));
    expect(ports).toHaveLength(2);
    expect(port().sent).toMatchObject([{ method: 'write' }]);
    // And does not take it for one that was interrupted.
    await vi.advanceTimersByTimeAsync(100);
    expect(port().sent).toMatchObject([{ method: 'write' }, { method: 'read' }]);
    expect(ports).toHaveLength(2);
    expect(write.outcome).toBe('waiting');
  });

  test('rejects with 4900 once the extension is gone', async () => {
    gone = true;
    await expect(client.call('read', { id: 1 })).rejects.toMatchObject({ code: 4900 });
  });

  test('hears events, also over the port that follows, until it stops listening', async () => {
    const heard = vi.fn();
    const off = client.on('changed', heard);
    port().receive({ event: 'changed', payload: { id: 1 } });
    port().receive({ event: 'other', payload: { id: 2 } });
    port().break();
    await vi.advanceTimersByTimeAsync(100);
    port().receive({ event: 'changed', payload: { id: 3 } });
    off();
    port().receive({ event: 'changed', payload: { id: 4 } });
    expect(heard.mock.calls).toEqual([[{ id: 1 }], [{ id: 3 }]]);
  });

  test('tells that what was heard before may be old', async () => {
    const told = vi.fn();
    client.onReconnect(told);
    watch(client.call('read', { id: 1 }));
    expect(told).not.toHaveBeenCalled();
    port().break();
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toHaveBeenCalledOnce();
  });
});
