import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { messageMe } from '../../src/sdk/button.ts';

const peer = '0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A' as const;
const composer = 'https://node.example/write/';

/** A page, and the window that it opens. */
let page: EventTarget & { open: ReturnType<typeof vi.fn> };
let opened: { closed: boolean; postMessage: ReturnType<typeof vi.fn> };

beforeEach(() => {
  vi.useFakeTimers();
  opened = { closed: false, postMessage: vi.fn() };
  page = Object.assign(new EventTarget(), { open: vi.fn(() => opened) });
  vi.stubGlobal('window', page);
  vi.stubGlobal('navigator', { userActivation: { isActive: true } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const say = (data: unknown, { source = opened as unknown, origin = 'https://node.example' } = {}): void =>
  void page.dispatchEvent(Object.assign(new Event('message'), { source, origin, data }));
const state = (state: string) => ({ type: 'parley:composer', state });

describe('messageMe', () => {
  test('opens the composer to the peer, says who asks, and answers that it was sent', async () => {
    const outcome = messageMe({ peer, composer });
    expect(page.open).toHaveBeenCalledWith(`${composer}#to=${peer}`, '_blank', expect.any(String));
    say(state('ready'));
    expect(opened.postMessage).toHaveBeenCalledWith({ type: 'parley:button' }, 'https://node.example');
    say(state('sent'));
    expect(await outcome).toBe('sent');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('answers cancelled when it is told so, and when the window is gone', async () => {
    const told = messageMe({ peer, composer });
    say(state('cancelled'));
    expect(await told).toBe('cancelled');
    const closed = messageMe({ peer, composer });
    opened.closed = true;
    await vi.advanceTimersByTimeAsync(700);
    expect(await closed).toBe('cancelled');
  });

  test('hears a last word of a window that closes', async () => {
    const outcome = messageMe({ peer, composer });
    opened.closed = true;
    await vi.advanceTimersByTimeAsync(350);
    say(state('sent'));
    expect(await outcome).toBe('sent');
  });

  test('believes nobody but the composer', async () => {
    const outcome = messageMe({ peer, composer });
    say(state('sent'), { source: {} });
    say(state('sent'), { origin: 'https://evil.example' });
    say({ type: 'other', state: 'sent' });
    say(null);
    say(state('anything'));
    say(state('cancelled'));
    expect(await outcome).toBe('cancelled');
  });

  test.each([
    ['a peer that is none', { peer: 'bob.eth' as never, composer }],
    ['a composer without https', { peer, composer: 'http://node.example/write/' }],
    ['a composer that is a script', { peer, composer: 'javascript:alert(1)' }],
    ['a composer that is no address', { peer, composer: 'write' }],
  ])('refuses %s, and opens nothing', async (_, options) => {
    await expect(messageMe(options)).rejects.toThrow(TypeError);
    expect(page.open).not.toHaveBeenCalled();
  });

  test('opens nothing without a click', async () => {
    vi.stubGlobal('navigator', { userActivation: { isActive: false } });
    await expect(messageMe({ peer, composer })).rejects.toThrow('in answer to a click');
    expect(page.open).not.toHaveBeenCalled();
  });

  test('says when the browser opens no window', async () => {
    page.open.mockReturnValue(null);
    await expect(messageMe({ peer, composer })).rejects.toThrow('did not open a window');
  });

  test('takes a composer of this machine', async () => {
    const outcome = messageMe({ peer, composer: 'http://127.0.0.1:5555/write/' });
    say(state('sent'), { origin: 'http://127.0.0.1:5555' });
    expect(await outcome).toBe('sent');
  });
});
