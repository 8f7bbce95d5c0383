import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { pageParams } from '../../src/rpc/schemas.ts';
import { arrive, TestPage } from './page.ts';

let page: TestPage;
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

const load = async (options: ConstructorParameters<typeof TestPage>[0] = {}): Promise<TestPage> => {
  page = await new TestPage(options).load();
  await arrive();
  return page;
};

const peer = `0x${'ab'.repeat(20)}`;
const read = { method: 'xmtp_accounts' };
const write = { method: 'xmtp_sendMessage', params: { peer, content: 'x', clientId: '1' } };

/** A good call of each method. */
const calls: Record<keyof typeof pageParams, object> = {
  xmtp_accounts: {},
  xmtp_requestAccounts: {},
  xmtp_getPermissions: {},
  xmtp_requestPermissions: { permissions: [{ kind: 'read', peers: [peer] }] },
  xmtp_revokePermissions: {},
  xmtp_canMessage: { peers: [peer] },
  xmtp_newConversation: { peer },
  xmtp_listConversations: {},
  xmtp_sendMessage: { peer, content: 'x' },
  xmtp_listMessages: { conversation: 'c' },
  xmtp_subscribe: { kind: 'messages' },
  xmtp_unsubscribe: { subscription: 's' },
  xmtp_keystore: { method: 'getPublicKeyBundle' },
};
const [, repeated = ''] =
  /When the background dies during a call, (.*?) are asked again by themselves/s.exec(readFileSync('docs/provider.md', 'utf8')) ?? [];
const askedAgain = new Set(repeated.match(/xmtp_\w+/g));

/** What became of a promise so far. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waiting' };
  promise.then(
    (result) => (watched.outcome = { result }),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

/** Calls, and lets the call reach the background. */
async function call(args: object): Promise<{ outcome: unknown }> {
  const watched = watch(page.provider.request(args));
  await arrive();
  return watched;
}

function hear(...events: string[]): unknown[][] {
  const heard: unknown[][] = [];
  for (const event of events) page.provider.on(event, (payload) => heard.push([event, payload]));
  return heard;
}

describe('the meeting of the two scripts', () => {
  test('is not seen by the page', async () => {
    page = new TestPage();
    await page.load();
    const heard = vi.fn();
    page.window.addEventListener('message', heard); // the first script of the page, before any message has come
    await arrive();
    expect((await call(read)).outcome).toBe('waiting');
    expect(page.asked).toHaveLength(1);
    expect(heard).not.toHaveBeenCalled();
  });

  test.each<[string, (page: TestPage, port: MessagePort) => void]>([
    ['after the meeting', (forged, port) => forged.window.postMessage('parley:offer mine', forged.window.origin, [port])],
    ['with a port and any name', (forged, port) => forged.window.postMessage('parley:port mine', forged.window.origin, [port])],
    ['from another window', (forged, port) => forged.window.deliver('parley:port ', {}, [port])],
    [
      'under an offer of its own',
      (forged, port) => {
        forged.window.postMessage('parley:offer mine', forged.window.origin);
        forged.window.postMessage('parley:port mine', forged.window.origin, [port]);
      },
    ],
  ])('takes no port that is forged %s', async (_, forge) => {
    await load();
    const { port1, port2 } = new MessageChannel();
    const forged = vi.fn();
    port1.onmessage = forged;
    forge(page, port2);
    await arrive();
    port1.postMessage({ id: 1, method: 'xmtp_requestAccounts', params: {} });
    await arrive();
    expect(page.ports).toHaveLength(0);
    await call(read);
    expect(page.asked).toMatchObject([{ method: 'xmtp_accounts' }]);
    expect(forged).not.toHaveBeenCalled();
  });

  test.each<[string, (page: TestPage, port: MessagePort) => void]>([
    ['a port that nobody offered', (forged, port) => forged.window.postMessage('parley:port ', forged.window.origin, [port])],
    [
      'an offer of a frame',
      (forged, port) => {
        forged.window.deliver('parley:offer one', {});
        forged.window.deliver('parley:port one', {}, [port]);
      },
    ],
  ])('does not take %s for the page’s script', async (_, forge) => {
    page = await new TestPage().load('bridge');
    const { port1, port2 } = new MessageChannel();
    forge(page, port2);
    await arrive();
    port1.postMessage({ id: 1, method: 'xmtp_accounts', params: {} });
    await arrive();
    expect(page.ports).toHaveLength(0);
    port1.close();
    await page.load('inpage');
    await arrive();
    await call(read);
    expect(page.asked).toHaveLength(1);
  });

  test('gives the port to nobody who only pretends to ask', async () => {
    page = await new TestPage().load('inpage');
    await arrive();
    const ports: unknown[] = [];
    const offers: unknown[] = [];
    page.window.addEventListener('message', (event) => {
      const { data, ports: given } = event as MessageEvent;
      ports.push(...given);
      if (String(data).startsWith('parley:offer')) offers.push(data);
    });
    for (const word of ['parley:ask ', 'parley:ask mine']) page.window.postMessage(word, page.window.origin);
    page.window.deliver('parley:hello', {}); // a frame
    await arrive();
    expect(ports).toEqual([]);
    expect(offers).toEqual([]);
    await page.load('bridge');
    await arrive();
    expect((await call(read)).outcome).toBe('waiting');
    expect(page.asked).toHaveLength(1);
  });

  test('does not happen in a document without an origin', async () => {
    page = await new TestPage({ origin: 'null' }).load('bridge');
    const heard = vi.fn();
    page.window.addEventListener('message', heard);
    await arrive();
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('when the background dies', () => {
  test('during a read, the read is made again', async () => {
    await load();
    const accounts = await call(read);
    page.port.break();
    await arrive(200);
    expect(page.ports).toHaveLength(2);
    page.answer('xmtp_accounts', { result: ['0x'] });
    await arrive();
    expect(accounts.outcome).toEqual({ result: ['0x'] });
  });

  test('during a write, the write is never made again, and its promise rejects within 5 seconds', async () => {
    await load();
    const sent = await call(write);
    page.port.break();
    await arrive(5000);
    expect(sent.outcome).toMatchObject({ code: 4901 });
    expect(page.ports.flatMap(({ sent: messages }) => messages)).toHaveLength(1);
  });

  test.each(Object.entries(calls))('during %s, what the contract says comes of it', async (method, params) => {
    await load();
    const asked = await call({ method, params });
    page.port.break();
    await arrive(5000);
    const times = page.ports.flatMap(({ sent }) => sent).filter((each) => (each as { method?: string }).method === method).length;
    if (!askedAgain.has(method)) {
      expect(times).toBe(1);
      expect(asked.outcome).toMatchObject({ code: 4901 });
      return;
    }
    expect(times).toBe(2);
    page.answer(method, { result: 'answered' });
    await arrive();
    expect(asked.outcome).toEqual({ result: 'answered' });
  });

  test('again and again, a read gives up', async () => {
    await load();
    const accounts = await call(read);
    for (let deaths = 0; deaths < 3; deaths++) {
      page.port.break();
      await arrive(200);
    }
    expect(accounts.outcome).toMatchObject({ code: 4901 });
  });

  test('what is asked meanwhile waits for it', async () => {
    await load();
    await call(read);
    page.port.break();
    const sent = await call(write);
    await arrive(200);
    page.answer('xmtp_sendMessage', { result: 'sent' });
    await arrive();
    expect(sent.outcome).toEqual({ result: 'sent' });
  });

  test('while nobody waits, that is no news, and no reason to start it again', async () => {
    await load();
    const heard = hear('connect', 'disconnect');
    await arrive();
    page.port.break();
    await arrive(5000);
    expect(heard).toEqual([['connect', {}]]);
    expect(page.ports).toHaveLength(1);
  });

  test('while somebody waits, the page hears that it will come back, and that it has', async () => {
    await load();
    const heard = hear('connect', 'disconnect');
    await call(read);
    page.port.break();
    await arrive(200);
    expect(heard).toEqual([
      ['connect', {}],
      ['disconnect', { code: 1013 }],
      ['connect', {}],
    ]);
  });
});

test('a hundred lives of the background leave one port, and nothing that waits', async () => {
  await load();
  const heard = hear('connect', 'disconnect');
  for (let life = 0; life < 100; life++) {
    const asked = await call(read);
    page.answer('xmtp_accounts', { result: [life] });
    await arrive();
    expect(asked.outcome).toEqual({ result: [life] });
    expect(page.asked).toHaveLength(1);
    page.port.break();
    await arrive(200);
  }
  expect(page.ports).toHaveLength(100);
  expect(page.ports.every(({ broken }) => broken)).toBe(true);
  // Its coming and going without a call under way was no news.
  expect(heard).toEqual([['connect', {}]]);
});

describe('when the extension is updated or removed', () => {
  test('calls under way and calls to come reject with 4900, and the page hears it once', async () => {
    await load();
    const heard = hear('disconnect');
    const before = await call(write);
    page.runtime.id = undefined;
    page.extensionGone = true;
    page.port.break();
    await arrive(200);
    expect(before.outcome).toMatchObject({ code: 4900 });
    expect((await call(read)).outcome).toMatchObject({ code: 4900 });
    expect(heard).toEqual([['disconnect', { code: 1011 }]]);
  });

  test('before a page has shown any interest, its first call is told so, too', async () => {
    await load();
    page.runtime.id = undefined;
    page.extensionGone = true;
    expect((await call(read)).outcome).toMatchObject({ code: 4900 });
    expect((await call(write)).outcome).toMatchObject({ code: 4900 });
    expect(page.ports).toHaveLength(0);
  });
});

test('a page without interest costs no channel, and nothing of the browser’s extension machinery', async () => {
  await load();
  expect([page.channels, page.touched]).toEqual([0, 0]);
  await call(read);
  await call(read);
  expect([page.channels, page.touched]).toEqual([1, 1]);
});

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
