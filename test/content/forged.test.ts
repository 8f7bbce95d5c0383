import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generator } from '../support/random.ts';
import { arrive, TestPage } from './page.ts';

let page: TestPage;
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

/** What a hostile page may send: words of ours, calls that are nearly right, and whatever else can be cloned. */
function forger(seed: number) {
  const random = generator(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const text = (): string =>
    pick([
      'parley:hello',
      'parley:offer ',
      'parley:offer x',
      'parley:ask ',
      'parley:port ',
      'parley:port x',
      'parley:wake',
      '',
      '__proto__',
      'resume',
      'xmtp_accounts',
      'status',
    ]) + (random() < 0.2 ? String.fromCharCode(Math.floor(random() * 0xffff)) : '');
  const number = (): unknown => pick([0, -0, -1, 1, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 0.5, Number.NaN, Number.POSITIVE_INFINITY, 7n]);
  const value = (depth: number): unknown => {
    switch (Math.floor(random() * (depth > 0 ? 9 : 5))) {
      case 0:
        return text();
      case 1:
        return number();
      case 2:
        return pick([null, undefined, true, false]);
      case 3:
        return pick([new Date(0), new Uint8Array(3), new Map([[1, 2]]), /x/, new Error('x')]);
      case 4:
        return JSON.parse('{"__proto__":{"method":"xmtp_accounts"},"id":3}');
      case 5:
        return Array.from({ length: Math.floor(random() * 3) }, () => value(depth - 1));
      case 6:
        return {
          type: pick(['reply', 'event', 'here', text()]),
          id: number(),
          result: value(depth - 1),
          event: text(),
          payload: value(depth - 1),
        };
      default:
        return {
          id: random() < 0.5 ? Math.floor(random() * 50) : number(),
          method: random() < 0.7 ? text() : value(depth - 1),
          params: value(depth - 1),
        };
    }
  };
  return { random, pick, value };
}

interface Call {
  readonly id: unknown;
  readonly method: unknown;
}

const isCall = ({ id, method }: Call): boolean => Number.isSafeInteger(id) && (id as number) >= -1 && typeof method === 'string';

describe('forged messages', () => {
  test('on the window, 3,000 of them before, during and after the meeting, change nothing between the two scripts', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { random, pick, value } = forger(seed);
      page = new TestPage();
      const stolen: unknown[] = [];
      const forge = (count: number): void => {
        for (let n = 0; n < count; n++) {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => void stolen.push(data);
          page.window.deliver(value(3), pick([page.window, {}, null]), random() < 0.5 ? [port2] : []);
          setImmediate(() => port1.close());
        }
      };
      forge(100);
      await page.load();
      forge(100);
      await arrive();
      forge(300);
      await arrive();
      const answered = page.provider.request({ method: 'xmtp_accounts' });
      await arrive();
      page.answer('xmtp_accounts', { result: [] });
      expect(await answered).toEqual([]);
      expect(page.asked.map(({ method }) => method)).toEqual(['xmtp_accounts']);
      expect(stolen).toEqual([]);
      page.close();
    }
  });

  test('at the port itself, 3,000 of them, reach the background as calls or not at all, and get no more than an answer each', async () => {
    const { value } = forger(7);
    page = new TestPage();
    await page.load('bridge');
    // The page plays the part of our script.
    const { port1, port2 } = new MessageChannel();
    const heard: { type?: unknown; id?: unknown }[] = [];
    port1.onmessage = ({ data }) => void heard.push(data as never);
    const { window } = page;
    window.postMessage('parley:offer mine', window.origin);
    await arrive();
    window.postMessage('parley:port mine', window.origin, [port2 as never]);
    await arrive();
    for (let n = 0; n < 3_000; n++) {
      port1.postMessage(value(3));
      if (n % 100 !== 99) continue;
      await arrive();
      // The background answers all that it was asked, and some that it was not.
      for (const call of page.asked.splice(0)) {
        expect(isCall(call), JSON.stringify(call)).toBe(true);
        page.port.receive({ id: call.id, error: { code: -32602, message: 'no' } });
        page.port.receive({ id: call.id, result: 'again' });
      }
      await arrive();
    }
    const replies = heard.filter(({ type }) => type === 'reply');
    expect(replies.length).toBeGreaterThan(100);
    expect(heard.every(({ type }) => type === 'reply' || type === 'event' || type === 'here')).toBe(true);
    expect(replies.filter((each) => (each as { result?: unknown }).result === 'again')).toEqual([]);
    port1.close();
  });
});
