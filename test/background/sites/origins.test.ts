import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodedHost, pageOrigin, type Sender } from '../../../src/background/sites/origins.ts';
import { RefusalError } from '../../../src/rpc/errors.ts';
import { originRows } from '../../e2e/origin-rows.ts';

/** The top document of an ordinary tab. */
const sender = (origin: string | undefined, more: Partial<Sender> = {}): Sender => ({
  origin,
  url: `${origin}/some/page`,
  frameId: 0,
  documentLifecycle: 'active',
  tab: { incognito: false },
  ...more,
});

describe('a page is served', () => {
  test.each([
    'https://shop.example',
    'https://shop.example:8443',
    'https://xn--bcher-kva.example',
    'http://localhost',
    'http://localhost:3000',
    'http://127.0.0.1:5555',
    'http://[::1]:5555',
  ])('at %s', (origin) => {
    expect(pageOrigin(sender(origin))).toBe(origin);
  });

  test('where the browser says nothing of the life of documents', () => {
    const { documentLifecycle: _, ...firefox } = sender('https://shop.example');
    expect(pageOrigin(firefox)).toBe('https://shop.example');
  });
});

describe('a page gets nothing', () => {
  test.each<[string, Sender]>([
    ['on plain http elsewhere', sender('http://shop.example')],
    ['on an address of the local network', sender('http://192.168.1.7')],
    ['on a name that only looks like this machine', sender('http://localhost.example')],
    ['on a name below localhost', sender('http://app.localhost')],
    ['on another loopback address', sender('http://127.0.0.2')],
    ['without an origin of its own', sender('null')],
    ['of which the browser names no origin, whatever its address', sender(undefined, { url: 'https://shop.example/' })],
    ['in a file', sender('file://')],
    ['of another extension', sender('chrome-extension://abcdefghijklmnop')],
    ['with more than an origin for an origin', sender('https://shop.example/')],
    ['with a user in its origin', sender('https://a@shop.example')],
    ['with letters that a browser would not write', sender('https://SHOP.example')],
    ['in a frame', sender('https://shop.example', { frameId: 3 })],
    ['in an unknown frame', sender('https://shop.example', { frameId: undefined })],
    ['that is prepared unseen', sender('https://shop.example', { documentLifecycle: 'prerender' })],
    ['that is kept for going back', sender('https://shop.example', { documentLifecycle: 'cached' })],
    ['outside a tab', sender('https://shop.example', { tab: undefined })],
    ['in a private window', sender('https://shop.example', { tab: { incognito: true } })],
  ])('%s', (_, from) => {
    expect(() => pageOrigin(from)).toThrow(RefusalError);
  });
});

describe('a host', () => {
  test.each([
    ['https://xn--bcher-kva.example', 'bücher.example'],
    ['https://xn--80ak6aa92e.com', 'аррӏе.com'],
    ['https://shop.xn--fiqs8s:8443', 'shop.中国:8443'],
    ['https://xn--n3h.example', '☃.example'],
    ['https://xn--ihqwcrb4cv8a8dqg056pqjye.example', '他们为什么不说中文.example'],
    ['https://xn--maana-pta.xn--p1ai', 'mañana.рф'],
  ])('at %s reads %s', (origin, host) => {
    expect(decodedHost(origin)).toBe(host);
  });

  test.each([
    'https://shop.example',
    'http://localhost:3000',
    'http://[::1]:5555',
    'https://xn--.example',
    'https://xn--99999999999.example',
    'nonsense',
  ])('at %s is as it reads', (origin) => {
    expect(decodedHost(origin)).toBeNull();
  });
});

describe('the table of the contract', () => {
  const [, table = ''] = readFileSync('docs/provider.md', 'utf8').split('| page | `window.xmtp` |\n| --- | --- |\n');

  test('has a row for each place that is tried in the browsers, and no other', () => {
    const rows = table.slice(0, table.indexOf('\n\n')).split('\n');
    expect(rows).toEqual(originRows.map(({ page, has }) => `| ${page} | ${has ? 'yes' : 'no'} |`));
  });

  test('has a test in the browsers for each row', () => {
    const tests = readFileSync('test/e2e/origins.test.ts', 'utf8');
    for (const { page, urls = [], tried } of originRows)
      expect(urls.length > 0 || tests.includes(`test('${tried}'`), `${page} is tried nowhere`).toBe(true);
  });

  test.each(originRows.flatMap(({ urls = [], has }) => urls.map((url) => [url, has] as const)))(
    'is the rule for a port too: %s, %s',
    (url, has) => {
      const ask = () => pageOrigin(sender(url));
      if (has) expect(ask()).toBe(url);
      else expect(ask).toThrow(RefusalError);
    },
  );
});
