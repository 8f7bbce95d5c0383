import { describe, expect, test, vi } from 'vitest';
import { call, hear, load, page, peer, read, watch, write } from './bridge.ts';
import { arrive } from './page.ts';

describe('events', () => {
  const state = (accounts: string[], permissions: object[] = []): void =>
    page.port.receive({ event: 'state', payload: { accounts, permissions } });

  test('are the changes of what the background tells', async () => {
    await load();
    const heard = hear('accountsChanged', 'permissionsChanged');
    await arrive();
    state([]);
    state([peer]);
    state([peer], [{ kind: 'send' }]);
    state([peer], [{ kind: 'send' }]);
    state([]);
    await arrive();
    expect(heard).toEqual([
      ['accountsChanged', [peer]],
      ['permissionsChanged', [{ kind: 'send' }]],
      ['accountsChanged', []],
      ['permissionsChanged', []],
    ]);
  });

  test('that happened while the background was away are not missed, and none comes twice', async () => {
    await load();
    const heard = hear('connect', 'accountsChanged');
    await arrive();
    state([peer]);
    page.port.break();
    page.wake();
    state([peer]);
    page.port.break();
    page.wake();
    state([]);
    await arrive();
    expect(page.ports).toHaveLength(3);
    expect(heard).toEqual([
      ['connect', {}],
      ['accountsChanged', []],
    ]);
  });

  test('of the background’s coming back wake pages that listen, and no others', async () => {
    await load();
    page.wake();
    expect(page.ports).toHaveLength(0);
    hear('accountsChanged');
    await arrive();
    page.port.break();
    page.wake('something else');
    expect(page.ports).toHaveLength(1);
    page.wake();
    page.wake();
    expect(page.ports).toHaveLength(2);
  });
});

describe('a page', () => {
  const leave = (): boolean => page.window.dispatchEvent(new Event('pagehide'));
  const comeBack = (persisted: boolean): boolean => page.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));

  test('that is left closes its port', async () => {
    await load();
    await call(read);
    leave();
    expect(page.port.broken).toBe(true);
  });

  test('that comes back from the cache connects again; its reads are made again, its writes were interrupted', async () => {
    await load();
    const [accounts, sent] = [await call(read), await call(write)];
    leave();
    comeBack(true);
    await arrive(200);
    page.answer('xmtp_accounts', { result: [] });
    await arrive();
    expect(accounts.outcome).toEqual({ result: [] });
    expect(sent.outcome).toMatchObject({ code: 4901 });
    expect(page.ports).toHaveLength(2);
  });

  test('that is shown for the first time, or never called, connects to nothing', async () => {
    await load();
    comeBack(false);
    leave();
    comeBack(true);
    expect(page.ports).toHaveLength(0);
  });

  test('that is prepared unseen is served once it is shown', async () => {
    await load({ prerendering: true });
    const accounts = await call(read);
    hear('accountsChanged');
    await arrive(2000);
    expect(page.ports).toHaveLength(0);
    expect(accounts.outcome).toBe('waiting');
    page.document.dispatchEvent(new Event('prerenderingchange'));
    page.answer('xmtp_accounts', { result: [] });
    await arrive();
    expect(accounts.outcome).toEqual({ result: [] });
  });

  test('has at most 256 calls waiting', async () => {
    await load();
    const calls = Array.from({ length: 256 }, () => watch(page.provider.request(read)));
    const last = await call(read);
    expect(last.outcome).toMatchObject({ code: -32005, data: { retryAfterMs: expect.any(Number) } });
    expect(calls.map(({ outcome }) => outcome)).toEqual(Array(256).fill('waiting'));
  });
});

describe('a subscription', () => {
  const subscribe = { method: 'xmtp_subscribe', params: { kind: 'messages' } };
  const stream = (payload: object): void => page.port.receive({ event: 'stream', payload });
  async function subscribed(): Promise<unknown[][]> {
    await load();
    const heard = hear('message');
    const asked = await call(subscribe);
    stream({ subscription: 's', cursor: 3, kind: 'messages', conversation: null });
    page.answer('xmtp_subscribe', { result: 's' });
    await arrive();
    expect(asked.outcome).toEqual({ result: 's' });
    return heard;
  }

  test('goes on where it was when the background comes back, without a word from the page', async () => {
    const heard = await subscribed();
    stream({ subscription: 's', cursor: 4, event: 'message', payload: { subscription: 's', message: 'one' } });
    page.port.break();
    await vi.advanceTimersByTimeAsync(200);
    expect(page.ports).toHaveLength(2);
    expect(page.asked).toEqual([
      { id: -1, method: 'resume', params: { subscriptions: [{ subscription: 's', kind: 'messages', conversation: null, cursor: 4 }] } },
    ]);
    stream({ subscription: 's', cursor: 4, event: 'message', payload: { subscription: 's', message: 'one' } });
    stream({ subscription: 's', cursor: 6, event: 'message', payload: { subscription: 's', message: 'two' } });
    await arrive();
    expect(heard).toEqual([
      ['message', { subscription: 's', message: 'one' }],
      ['message', { subscription: 's', message: 'two' }],
    ]);
  });

  test('that was given up, or ended, is not gone on with', async () => {
    await subscribed();
    await call({ method: 'xmtp_unsubscribe', params: { subscription: 's' } });
    page.answer('xmtp_unsubscribe', { result: true });
    page.port.break();
    await vi.advanceTimersByTimeAsync(200);
    expect(page.ports).toHaveLength(1);
  });

  test('the answer to the call of our own reaches no page', async () => {
    await subscribed();
    page.port.break();
    await vi.advanceTimersByTimeAsync(200);
    const heard = vi.fn();
    page.window.addEventListener('message', heard);
    page.port.receive({ id: -1, result: null });
    await arrive();
    expect(heard).not.toHaveBeenCalled();
  });
});
