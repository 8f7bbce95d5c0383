import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createEvents } from '../../src/background/events.ts';
import { methods } from '../../src/background/methods.ts';
import type { Background } from '../../src/background/platform.ts';
import { type ConnectedPort, createPorts } from '../../src/background/ports.ts';
import { createTraces } from '../../src/background/sites/traces.ts';
import type { PageCaller } from '../../src/rpc/caller.ts';
import { tracePort } from '../../src/rpc/trace.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { type TestPort, testPort, turns } from '../rpc/ports.ts';
import { shop } from './sites/callers.ts';

const id = 'abcdefghijklmnop';
const ownUrl = `chrome-extension://${id}/`;

let accept: (port: ConnectedPort) => void;
let attached: PageCaller[];
let asked: string[];
/** What is in the way of a start, if anything is. */
let fault: Error | null;
const events = createEvents();

beforeEach(() => {
  attached = [];
  asked = [];
  fault = null;
  const background = {
    services: {
      accounts: { status: async () => ({ phase: 'ready', language: 'de' }) },
      sites: {
        attach: (caller: PageCaller) => void attached.push(caller),
        accounts: async ({ origin }: PageCaller) => {
          asked.push(origin);
          return [];
        },
      },
    },
    events,
    lock: { check: async () => undefined },
  } as unknown as Background;
  const traces = createTraces(() => 0);
  const start = async (): Promise<Background> => {
    if (fault) throw fault;
    return background;
  };
  accept = createPorts({ background: start, id, ownUrl, visible: async (tabId) => tabId === 1, traces });
});

type Sender = NonNullable<ConnectedPort['sender']>;

function connect(name: string, sender: Partial<Sender>): TestPort {
  const port = Object.assign(testPort(name), { sender: { id, ...sender } });
  accept(port);
  return port;
}

const page = (more: Partial<Sender> = {}): TestPort =>
  connect('page', {
    origin: shop,
    url: `${shop}/`,
    frameId: 0,
    documentId: 'D',
    documentLifecycle: 'active',
    tab: { id: 1, title: 'Shop' },
    ...more,
  });

async function ask(port: TestPort, method: string, params: unknown = {}): Promise<unknown> {
  port.sent.length = 0;
  port.receive({ id: 1, method, params });
  await turns();
  return port.sent[0];
}

describe('a port', () => {
  test('of one of our own pages may ask everything of ours, and hears events until it closes', async () => {
    const port = connect('own', { url: `${ownUrl}popup.html#/` });
    expect(await ask(port, 'status')).toMatchObject({ id: 1, result: { phase: 'ready' } });
    expect(await ask(port, 'xmtp_accounts')).toMatchObject({ error: { code: 4200 } });
    port.sent.length = 0;
    events.emit('prompts', null);
    expect(port.sent).toEqual([{ event: 'prompts', payload: null }]);
    port.break();
    events.emit('prompts', null);
    expect(port.sent).toHaveLength(1);
  });

  test('tells why Parley does not start, and serves once it does, without having been opened anew', async () => {
    fault = new StorageError('blocked', 'another page holds the stored data open');
    const [own, site] = [connect('own', { url: `${ownUrl}popup.html#/` }), page()];
    expect(await ask(own, 'status')).toMatchObject({ error: { data: { reason: 'storage-failed' } } });
    expect(await ask(site, 'xmtp_accounts')).toMatchObject({ error: {} });
    fault = null;
    expect(await ask(own, 'status')).toMatchObject({ result: { phase: 'ready' } });
    expect(await ask(own, 'status')).toMatchObject({ result: { phase: 'ready' } });
    own.sent.length = 0;
    events.emit('prompts', null);
    expect(own.sent).toEqual([{ event: 'prompts', payload: null }]);
    expect(await ask(site, 'xmtp_accounts')).toEqual({ id: 1, result: [] });
    expect(attached).toHaveLength(1);
  });

  test.each<[string, string, Partial<Sender>]>([
    ['a content script that calls itself our page', 'own', { url: `${shop}/`, origin: shop, tab: { id: 1 } }],
    ['a page whose address only looks like ours', 'own', { url: `${shop}/${ownUrl}` }],
    ['no address', 'own', { url: undefined }],
    ['another extension', 'own', { id: 'other', url: `${ownUrl}popup.html` }],
    ['another extension as a page', 'page', { id: 'other', origin: shop, frameId: 0, tab: { id: 1 } }],
    ['another name', 'admin', { url: `${ownUrl}popup.html` }],
  ])('of %s is hung up on', async (_, name, sender) => {
    const port = connect(name, sender);
    expect(port.broken).toBe(true);
    expect(await ask(port, 'status')).toBeUndefined();
  });

  test('of the panel in the developer tools hears which language it speaks, and of its tab', async () => {
    const port = connect(tracePort, { url: `${ownUrl}panel.html` });
    await turns();
    expect(port.sent).toEqual([{ what: 'language', language: 'de' }]);
    page();
    port.receive({ tab: 1, content: false });
    expect(port.sent.at(-1)).toMatchObject({ what: 'page', origin: shop });
  });

  test('of a page is served for the origin that the browser names', async () => {
    const port = page();
    expect(await ask(port, 'xmtp_accounts')).toEqual({ id: 1, result: [] });
    expect(asked).toEqual([shop]);
    expect(attached).toMatchObject([{ origin: shop, tabId: 1, documentId: 'D', title: 'Shop' }]);
    expect(await attached[0]?.visible()).toBe(true);
    port.break();
    expect(attached[0]?.gone.aborted).toBe(true);
  });

  test('of our own page keeps a draft as long as the longest message, with another on its way before it', () => {
    const longest = 'x'.repeat(524_288);
    const long = (id: string) => ({ id, words: longest });
    expect(() => methods.sendMessage.params({ id: 'c', text: longest, clientId: '1' }, '')).not.toThrow();
    expect(() =>
      methods.saveDraft.params(
        { id: 'c', writer: 'w', seq: 2, base: 1, parts: [long('a'), long('b'), { id: '', words: `${longest}\n${longest}` }] },
        '',
      ),
    ).not.toThrow();
  });

  test('of a page asks for none of our own methods', async () => {
    for (const [name, { access }] of Object.entries(methods)) {
      if (access !== 'own') continue;
      expect(await ask(page({ tab: { id: Math.random() } }), name)).toMatchObject({ error: { code: 4200 } });
    }
  });

  test.each<[string, Partial<Sender>]>([
    ['in a frame', { frameId: 1 }],
    ['without an origin', { origin: 'null' }],
    ['on plain http', { origin: 'http://shop.example' }],
    ['that is prepared unseen', { documentLifecycle: 'prerender' }],
  ])('of a page %s is answered, and gets nothing', async (_, sender) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const port = page(sender);
    expect(await ask(port, 'xmtp_accounts')).toMatchObject({ error: { code: 4100 } });
    expect(await ask(port, 'status')).toMatchObject({ error: { code: 4100 } });
    expect(attached).toEqual([]);
  });

  test('is one of eight in a tab', async () => {
    const ports = Array.from({ length: 8 }, () => page());
    expect(await ask(page(), 'xmtp_accounts')).toMatchObject({ error: { code: -32005, data: { retryAfterMs: expect.any(Number) } } });
    expect(await ask(page({ tab: { id: 2 } }), 'xmtp_accounts')).toEqual({ id: 1, result: [] });
    ports[0]?.break();
    expect(await ask(page(), 'xmtp_accounts')).toEqual({ id: 1, result: [] });
  });

  test('that comes and goes a hundred times leaves nothing behind', async () => {
    for (let cycle = 0; cycle < 100; cycle++) {
      const [theirs, ours] = [page({ documentId: `D${cycle}` }), connect('own', { url: `${ownUrl}popup.html` })];
      await turns();
      for (const port of [theirs, ours]) port.break();
    }
    expect(attached).toHaveLength(100);
    expect(attached.every(({ gone }) => gone.aborted)).toBe(true);
    // Nobody listens any more, and the tab has room for eight as at first.
    const listening = connect('own', { url: `${ownUrl}popup.html` });
    await turns();
    events.emit('prompts', null);
    expect(listening.sent).toHaveLength(1);
    for (let count = 0; count < 8; count++) page();
    expect(await ask(page(), 'xmtp_accounts')).toMatchObject({ error: { code: -32005 } });
  });

  test('carries ten calls a second for one origin, over whichever ports', async () => {
    for (let count = 0; count < 10; count++)
      expect(await ask(page({ tab: { id: count } }), 'xmtp_accounts')).toEqual({ id: 1, result: [] });
    expect(await ask(page({ tab: { id: 99 } }), 'xmtp_accounts')).toMatchObject({
      error: { code: -32005, data: { retryAfterMs: expect.any(Number) } },
    });
    expect(await ask(page({ tab: { id: 99 }, origin: 'https://game.example' }), 'xmtp_accounts')).toEqual({ id: 1, result: [] });
  });

  test('carries at most 1 MiB in a call, in bytes', async () => {
    const call = (content: string) => ask(page({ tab: { id: Math.random() } }), 'xmtp_accounts', { content });
    const words = 'params: expected plain JSON of at most 1 MiB';
    expect(await call('x'.repeat(1024 * 1024))).toMatchObject({ error: { code: -32602, message: words } });
    expect(await call('€'.repeat(400 * 1024))).toMatchObject({ error: { code: -32602, message: words } });
    expect(await call('x'.repeat(400 * 1024))).toMatchObject({
      error: { code: -32602, message: 'params.content: expected no such member' },
    });
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(await ask(page({ tab: { id: 5 } }), 'xmtp_accounts', circle)).toMatchObject({ error: { code: -32602, message: words } });
  });
});
