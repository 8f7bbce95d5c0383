import { describe, expect, test, vi } from 'vitest';
import { call, hear, load, page, read, use, write } from './bridge.ts';
import { arrive, TestPage } from './page.ts';

describe('the meeting of the two scripts', () => {
  test('is not seen by the page', async () => {
    use(new TestPage());
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
    await use(new TestPage()).load('bridge');
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
    await use(new TestPage()).load('inpage');
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
    await use(new TestPage({ origin: 'null' })).load('bridge');
    const heard = vi.fn();
    page.window.addEventListener('message', heard);
    await arrive();
    expect(heard).not.toHaveBeenCalled();
  });
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
