import { afterEach, describe, expect, test, vi } from 'vitest';
import { arrive, TestPage } from './page.ts';

let page: TestPage;
afterEach(() => page.close());

const load = async (options: ConstructorParameters<typeof TestPage>[0] = {}, ...scripts: ('inpage' | 'bridge')[]): Promise<TestPage> => {
  page = await new TestPage(options).load(...scripts);
  return page;
};

const peer = `0x${'ab'.repeat(20)}`;

describe('window.xmtp', () => {
  test('is there before any script of the page, and stays what it is', async () => {
    const { window, provider } = await load();
    expect(Object.getOwnPropertyDescriptor(window, 'xmtp')).toMatchObject({ writable: false, configurable: false });
    expect(Object.isFrozen(provider)).toBe(true);
    expect(() => Object.assign(provider, { request: () => 'mine' })).toThrow();
    expect(() => Object.defineProperty(window, 'xmtp', { value: 'mine' })).toThrow();
    expect(Object.keys(provider).sort()).toEqual(['isParley', 'on', 'removeListener', 'request', 'version']);
    expect([provider.isParley, provider.version]).toEqual([true, '1.2.3']);
  });

  test.each<[string, ConstructorParameters<typeof TestPage>[0]]>([
    ['a document without an origin', { origin: 'null' }],
    ['a frame', { frame: true }],
  ])('is not in %s, and nothing is said there', async (_, options) => {
    const heard = vi.fn();
    page = new TestPage(options);
    page.window.addEventListener('xmtp:announceProvider', heard);
    await page.load('inpage');
    page.window.dispatchEvent(new Event('xmtp:requestProvider'));
    await arrive();
    expect('xmtp' in page.window).toBe(false);
    expect(heard).not.toHaveBeenCalled();
  });

  test('announces itself at the start, and again whenever it is asked, as the same', async () => {
    const heard: { info: Record<string, string>; provider: unknown }[] = [];
    page = new TestPage();
    page.window.addEventListener('xmtp:announceProvider', (event) => heard.push((event as CustomEvent).detail));
    await page.load();
    page.window.dispatchEvent(new Event('xmtp:requestProvider'));
    page.window.dispatchEvent(new Event('xmtp:requestProvider'));
    expect(heard).toHaveLength(3);
    for (const detail of heard) {
      expect(detail).toEqual(heard[0]);
      expect(detail.provider).toBe(page.provider);
      expect(Object.isFrozen(detail) && Object.isFrozen(detail.info)).toBe(true);
    }
    expect(heard[0]?.info).toEqual({
      uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      name: 'Parley',
      icon: expect.stringMatching(/^data:image\//),
      rdns: 'app.parley',
    });
  });
});

describe('a call', () => {
  test.each<[string, ('inpage' | 'bridge')[]]>([
    ['the page’s script', ['inpage', 'bridge']],
    ['the content script', ['bridge', 'inpage']],
  ])('reaches the background when %s runs first', async (_, scripts) => {
    const { provider } = await load({}, ...scripts);
    const call = provider.request({ method: 'xmtp_canMessage', params: { peers: [peer] } });
    await arrive();
    expect(page.asked).toEqual([{ id: 1, method: 'xmtp_canMessage', params: { peers: [peer] } }]);
    page.answer('xmtp_canMessage', { result: { [peer]: true } });
    expect(await call).toEqual({ [peer]: true });
  });

  test('that is made before the content script has come waits for it', async () => {
    const { provider } = await load({}, 'inpage');
    const call = provider.request({ method: 'xmtp_accounts' });
    await arrive();
    await page.load('bridge');
    await arrive();
    page.answer('xmtp_accounts', { result: [] });
    expect(await call).toEqual([]);
  });

  test('rejects with an Error that has code, message and data', async () => {
    const { provider } = await load();
    const call = provider.request({ method: 'xmtp_accounts' });
    await arrive();
    page.answer('xmtp_accounts', { error: { code: -32005, message: 'too many calls', data: { retryAfterMs: 5 } } });
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: -32005, message: 'too many calls', data: { retryAfterMs: 5 } });
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;

  test.each<[string, unknown, number, RegExp]>([
    ['no arguments', undefined, -32602, /expected one argument/],
    ['a name alone', 'xmtp_accounts', -32602, /expected one argument/],
    ['no name', {}, -32602, /method/],
    ['a name that is no text', { method: ['xmtp_accounts'] }, -32602, /method/],
    ['an unknown name', { method: 'xmtp_signDigest' }, 4200, /xmtp_signDigest/],
    ['a name of ours', { method: 'unlock' }, 4200, /unlock/],
    ['constructor', { method: 'constructor' }, 4200, /constructor/],
    ['__proto__', { method: '__proto__' }, 4200, /__proto__/],
    ['toString', { method: 'toString' }, 4200, /toString/],
    ['an unknown member', { method: 'xmtp_accounts', params: { all: true } }, -32602, /^params\.all/],
    ['a list for parameters', { method: 'xmtp_accounts', params: [] }, -32602, /^params/],
    ['null for parameters', { method: 'xmtp_accounts', params: null }, -32602, /^params/],
    ['a function for parameters', { method: 'xmtp_accounts', params: () => 1 }, -32602, /^params/],
    ['a wrong member', { method: 'xmtp_canMessage', params: { peers: ['x'] } }, -32602, /^params\.peers\[0\]/],
    [
      'a text that is none',
      { method: 'xmtp_sendMessage', params: { peer, content: {}, contentType: 'xmtp.org/text:1.0' } },
      -32602,
      /^params\.content/,
    ],
    ['what JSON cannot carry', { method: 'xmtp_sendMessage', params: { peer, content: circle } }, -32602, /plain JSON/],
    ['a bigint', { method: 'xmtp_sendMessage', params: { peer, content: 1n } }, -32602, /plain JSON/],
    ['more than 1 MiB', { method: 'xmtp_sendMessage', params: { peer, content: '€'.repeat(400_000) } }, -32602, /1 MiB/],
  ])('with %s is refused before anything leaves the page', async (_, args, code, words) => {
    const { provider } = await load();
    await expect(provider.request(args)).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    await arrive();
    expect(page.ports).toHaveLength(0);
  });

  test('cannot be changed while it is on its way', async () => {
    const { provider } = await load();
    const params = { peers: [peer] };
    void provider.request({ method: 'xmtp_canMessage', params }).catch(() => undefined);
    params.peers[0] = 'changed';
    await arrive();
    expect(page.asked).toMatchObject([{ params: { peers: [peer] } }]);
  });

  test('does not depend on what the page puts in place of the browser’s own', async () => {
    const { provider, window } = await load();
    await arrive(); // in a browser, the content script has globals of its own
    const used: string[] = [];
    const original = { parse: JSON.parse, stringify: JSON.stringify, postMessage: MessagePort.prototype.postMessage };
    const evil = (name: string) => () => {
      used.push(name);
      throw new Error('mine now');
    };
    let call: Promise<unknown>;
    try {
      for (const name of ['postMessage', 'addEventListener', 'dispatchEvent'] as const) window[name] = evil(name);
      JSON.parse = evil('parse');
      JSON.stringify = evil('stringify');
      MessagePort.prototype.postMessage = evil('port');
      call = provider.request({ method: 'xmtp_accounts' });
    } finally {
      Object.assign(JSON, { parse: original.parse, stringify: original.stringify });
      MessagePort.prototype.postMessage = original.postMessage;
    }
    await arrive();
    page.answer('xmtp_accounts', { result: [] });
    expect(await call).toEqual([]);
    expect(used).toEqual([]);
  });

  test('settles also when its content script has died without a word', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { provider } = await load({}, 'inpage'); // nobody at the other end
      const heard = vi.fn();
      provider.on('disconnect', heard);
      const call = expect(provider.request({ method: 'xmtp_accounts' })).rejects.toMatchObject({ code: 4900 });
      for (let second = 0; second < 5; second++) await arrive(1000);
      await call;
      expect(heard).toHaveBeenCalledExactlyOnceWith({ code: 1011 });
      await expect(provider.request({ method: 'xmtp_accounts' })).rejects.toMatchObject({ code: 4900 });
    } finally {
      vi.useRealTimers();
    }
  });

  test('is known to be gone to who only listens, a while after its content script has died without a word', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { provider } = await load({}, 'inpage'); // nobody at the other end
      const heard = vi.fn();
      provider.on('disconnect', heard);
      for (let second = 0; second < 40; second++) await arrive(1000);
      expect(heard).toHaveBeenCalledExactlyOnceWith({ code: 1011 });
      await expect(provider.request({ method: 'xmtp_accounts' })).rejects.toMatchObject({ code: 4900 });
    } finally {
      vi.useRealTimers();
    }
  });

  test('is asked for a sign of life by who listens, at which the background is left alone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { provider } = await load();
      const heard = vi.fn();
      provider.on('disconnect', heard);
      await arrive();
      page.port.break();
      for (let second = 0; second < 60; second++) await arrive(1000);
      expect(heard).not.toHaveBeenCalled();
      expect(page.ports).toHaveLength(1);
      page.runtime.id = undefined;
      for (let second = 0; second < 40; second++) await arrive(1000);
      expect(heard).toHaveBeenCalledExactlyOnceWith({ code: 1011 });
    } finally {
      vi.useRealTimers();
    }
  });

  test('may wait for the user as long as it takes, while the content script lives', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { provider } = await load();
      const call = provider.request({ method: 'xmtp_requestAccounts' });
      for (let minute = 0; minute < 10; minute++) for (let second = 0; second < 6; second++) await arrive(1000);
      page.answer('xmtp_requestAccounts', { result: [] });
      expect(await call).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('listeners', () => {
  test('hear their event until they are removed', async () => {
    const { provider } = await load();
    const [kept, removed, other] = [vi.fn(), vi.fn(), vi.fn()];
    expect(provider.on('message', kept).on('message', removed).on('conversation', other)).toBe(provider);
    await arrive();
    page.port.receive({ event: 'message', payload: 1 });
    await arrive();
    expect(provider.removeListener('message', removed)).toBe(provider);
    page.port.receive({ event: 'message', payload: 2 });
    await arrive();
    expect(kept.mock.calls).toEqual([[1], [2]]);
    expect(removed.mock.calls).toEqual([[1]]);
    expect(other).not.toHaveBeenCalled();
  });

  test('that throw stop nobody else', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] }); // holds back the error that is thrown for the page's console
    try {
      const { provider } = await load();
      const heard = vi.fn();
      provider
        .on('message', () => {
          throw new Error('of the page');
        })
        .on('message', heard);
      await arrive();
      page.port.receive({ event: 'message', payload: 1 });
      await arrive();
      expect(heard).toHaveBeenCalledOnce();
    } finally {
      vi.clearAllTimers();
      vi.useRealTimers();
    }
  });

  test('that are no functions are refused', async () => {
    const { provider } = await load();
    expect(() => provider.on('message', 'x' as never)).toThrow(TypeError);
    expect(provider.removeListener('none', 'x' as never)).toBe(provider);
  });

  test('open the port to the background, as calls do; a page that does neither costs it nothing', async () => {
    const { provider } = await load();
    await arrive();
    expect(page.ports).toHaveLength(0);
    provider.on('accountsChanged', () => undefined);
    await arrive();
    expect(page.ports).toHaveLength(1);
  });
});
