import { describe, expect, test, vi } from 'vitest';
import { object, oneOf, string } from '../../src/parse.ts';
import type { Caller, PageCaller } from '../../src/rpc/caller.ts';
import { RefusalError } from '../../src/rpc/errors.ts';
import { entriesFor } from '../../src/rpc/method.ts';
import { servePort } from '../../src/rpc/server.ts';
import { type TestPort, testPort, turns } from './ports.ts';

interface Services {
  readonly log: string[];
}

const { own, page } = entriesFor<Services>();
const table = {
  secret: own(object({}), async () => 'for our own pages'),
  greet: own(object({ name: string() }), async ({ name }, { log }) => {
    log.push(name);
    return `hello ${name}`;
  }),
  nothing: own(object({}), async () => undefined),
  fail: own(object({ how: oneOf('refuse', 'break') }), async ({ how }) => {
    throw how === 'refuse' ? new RefusalError('locked', 'Locked.') : new Error('at /home/somebody/secret.ts');
  }),
  xmtp_who: page(object({}), async (_, __, caller) => caller.origin),
};

const ownCaller: Caller = { kind: 'own', emit: () => undefined };
const pageCaller: PageCaller = {
  kind: 'page',
  origin: 'https://shop.example',
  tabId: 1,
  documentId: 'd',
  title: '',
  gone: new AbortController().signal,
  visible: async () => true,
  emit: () => undefined,
};

function serve(caller: Caller, more: Partial<Parameters<typeof servePort<Services>>[2]> = {}) {
  const port = testPort();
  const services: Services = { log: [] };
  const log = vi.fn();
  servePort(port, caller, { table, services: async () => services, log, ...more });
  return { port, services, log };
}

/** Asks and answers what came back. */
async function ask(port: TestPort, method: string, params?: unknown): Promise<unknown> {
  port.receive({ id: 7, method, params });
  await turns();
  expect(port.sent).toHaveLength(1);
  return port.sent.pop();
}

describe('the server of a port', () => {
  test('answers under the id of the request', async () => {
    const { port, services } = serve(ownCaller);
    expect(await ask(port, 'greet', { name: 'Alice' })).toEqual({ id: 7, result: 'hello Alice' });
    expect(services.log).toEqual(['Alice']);
  });

  test('answers null where there is nothing to say', async () => {
    expect(await ask(serve(ownCaller).port, 'nothing')).toEqual({ id: 7, result: null });
  });

  test.each(['secret', 'greet', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'xmtp_none', ''])(
    'has no method %j for a page',
    async (method) => {
      expect(await ask(serve(pageCaller).port, method, {})).toMatchObject({ id: 7, error: { code: 4200 } });
    },
  );

  test.each(['xmtp_who', 'constructor', '__proto__'])('has no method %j for our own pages', async (method) => {
    expect(await ask(serve(ownCaller).port, method, {})).toMatchObject({ id: 7, error: { code: 4200 } });
  });

  test('gives a page its own methods, with the caller that the browser names', async () => {
    expect(await ask(serve(pageCaller).port, 'xmtp_who')).toEqual({ id: 7, result: 'https://shop.example' });
  });

  test('refuses parameters by their path, before anything runs', async () => {
    const { port, services } = serve(ownCaller);
    expect(await ask(port, 'greet', { name: 1 })).toMatchObject({ error: { code: -32602, message: 'name: expected a string' } });
    expect(await ask(serve(pageCaller).port, 'xmtp_who', { x: 1 })).toMatchObject({
      error: { code: -32602, message: expect.stringMatching(/^params\.x/) },
    });
    expect(services.log).toEqual([]);
  });

  test('tells a refusal with its reason, and keeps what broke to itself', async () => {
    const { port, log } = serve(ownCaller);
    expect(await ask(port, 'fail', { how: 'refuse' })).toEqual({
      id: 7,
      error: { code: 4100, message: 'Locked.', data: { reason: 'locked' } },
    });
    expect(log).not.toHaveBeenCalled();
    expect(await ask(port, 'fail', { how: 'break' })).toEqual({ id: 7, error: { code: -32603, message: 'internal error' } });
    expect(log).toHaveBeenCalledOnce();
  });

  test('runs nothing that is not admitted', async () => {
    const { port, services } = serve(ownCaller, {
      admit: () => {
        throw new RefusalError('too-many', 'too many calls', { retryAfterMs: 50 });
      },
    });
    expect(await ask(port, 'greet', { name: 'Alice' })).toMatchObject({ error: { code: -32005, data: { retryAfterMs: 50 } } });
    expect(services.log).toEqual([]);
  });

  test('lets calls wait for the background to start, and tells when it does not', async () => {
    let started: (services: Services) => void = () => undefined;
    const { port } = serve(ownCaller, { services: () => new Promise((resolve) => (started = resolve)) });
    port.receive({ id: 1, method: 'secret' });
    await turns();
    expect(port.sent).toEqual([]);
    started({ log: [] });
    await turns();
    expect(port.sent).toEqual([{ id: 1, result: 'for our own pages' }]);

    const failed = Promise.reject(new Error('no disk'));
    expect(await ask(serve(ownCaller, { services: () => failed }).port, 'secret')).toMatchObject({ error: { code: -32603 } });
  });

  test.each<[string, unknown]>([
    ['no object', 'secret'],
    ['null', null],
    ['no id', { method: 'secret' }],
    ['a fraction for an id', { id: 1.5, method: 'secret' }],
    ['no method', { id: 1 }],
    ['a method that is no text', { id: 1, method: ['secret'] }],
    ['a method of great length', { id: 1, method: 'x'.repeat(129) }],
  ])('passes over a message that is %s', async (_, message) => {
    const { port } = serve(ownCaller);
    port.receive(message);
    await turns();
    expect(port.sent).toEqual([]);
  });

  test('answers nobody once the other side has gone', async () => {
    const { port, log } = serve(ownCaller);
    port.receive({ id: 1, method: 'secret' });
    port.break();
    await turns();
    expect(port.sent).toEqual([]);
    expect(log).not.toHaveBeenCalled();
  });
});
