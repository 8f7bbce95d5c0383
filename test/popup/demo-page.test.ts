import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentTypes, fromPage } from '../../src/content-types/index.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import type { Parser } from '../../src/parse.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import { findBrowser } from '../cli/find-browsers.ts';
import { goodParams, membersOf } from '../support/schema.ts';

const peer = '0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A';
let node: RunningNode;
let browser: Browser;

beforeAll(async () => {
  node = await startNode({ pages: fileURLToPath(new URL('../../public', import.meta.url)) });
  browser = await chromium.launch({
    executablePath: findBrowser('chromium').path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await node?.close();
});

interface Call {
  readonly method: string;
  readonly params?: unknown;
}

type Fake = Window & { calls: Call[]; tell(event: string, payload: unknown): void };

/** A provider that answers each call with itself, refuses `xmtp_keystore`, and tells what it is made to tell. */
function fakeProvider(): void {
  const here = window as unknown as Fake;
  here.calls = [];
  const listeners: [string, (payload: unknown) => void][] = [];
  here.tell = (event, payload) => {
    for (const [name, listener] of listeners) if (name === event) listener(payload);
  };
  const provider = {
    isParley: true,
    version: '9.9.9',
    request: async (call: Call) => {
      here.calls.push(structuredClone(call));
      if (call.method === 'xmtp_keystore') throw Object.assign(new Error('not granted'), { code: 4100 });
      return call.method === 'xmtp_newConversation' ? { id: 'opaque' } : call;
    },
    on(event: string, listener: (payload: unknown) => void) {
      listeners.push([event, listener]);
      return provider;
    },
  };
  const detail = { info: { uuid: 'u', name: 'Fake', icon: 'data:,', rdns: 'app.fake' }, provider };
  window.addEventListener('xmtp:requestProvider', () => window.dispatchEvent(new CustomEvent('xmtp:announceProvider', { detail })));
}

async function at(query: string, work: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  try {
    const failures: string[] = [];
    page.on('pageerror', ({ message }) => failures.push(message));
    await page.addInitScript(fakeProvider);
    await page.goto(`${node.url}/demo/${query}`);
    await page.getByText('Fake 9.9.9 is here').waitFor();
    await work(page);
    expect(failures).toEqual([]);
  } finally {
    await page.close();
  }
}

const calls = (page: Page): Promise<Call[]> => page.evaluate(() => (window as unknown as Fake).calls);

describe('the sample site', () => {
  test('has a form for every method, with a field for every member that it takes and no other', () =>
    at('', async (page) => {
      const forms = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLFormElement>('form.call')].map((form) => ({
          id: form.id,
          method: form.dataset['method'] ?? '',
          wrap: form.dataset['wrap'],
          fields: [...form.querySelectorAll<HTMLInputElement>('[data-kind]')].map(({ id, name }) => ({ id, name })),
        })),
      );
      const known = forms.filter(({ method }) => method !== '');
      expect(known.map(({ method }) => method).sort()).toEqual(Object.keys(pageParams).sort());
      for (const { id, method, wrap, fields } of known) {
        const members = membersOf(pageParams[method as PageMethod] as Parser<unknown>, goodParams[method as PageMethod]);
        const names = fields.map(({ name }) => (wrap ? `${wrap}[].${name}` : name));
        expect([method, (wrap ? [wrap, ...names] : names).sort()]).toEqual([method, members.filter((each) => !each.endsWith('[]')).sort()]);
        expect(id).toBe(`call-${method}`);
        for (const field of fields) expect(field.id).toBe(`${method}-${field.name}`);
        for (const control of [`run-${method}`, `code-${method}`, `link-${method}`, `answer-${method}`])
          expect([control, await page.locator(`#${control}`).count()]).toEqual([control, 1]);
      }
      expect(await calls(page)).toEqual([]);
    }));

  test('offers every type of content that can be sent, with an example that is taken', () =>
    at('', async (page) => {
      await page.locator('#call-xmtp_sendMessage summary').click();
      const type = page.locator('#xmtp_sendMessage-contentType');
      const offered = await type.locator('option').evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
      const sendable = contentTypes.map(({ id }) => id).filter((id) => id !== 'parley.chat/groupUpdate:1.0');
      expect(offered.filter(Boolean).sort()).toEqual([...sendable].sort());
      for (const each of offered) {
        await type.selectOption(each);
        await page.locator('#run-xmtp_sendMessage').click();
        const [call] = (await calls(page)).slice(-1) as unknown as [{ params: { content: unknown; contentType?: string } }];
        const { content, contentType } = call.params;
        expect(contentType ?? '').toBe(each);
        expect(() => fromPage(contentType, content, 'params')).not.toThrow();
      }
    }));

  test('shows answers and errors as JSON, and what an answer names is what the next call is about', () =>
    at('', async (page) => {
      await page.locator('#xmtp_newConversation-peer').fill(peer);
      await page.locator('#run-xmtp_newConversation').press('Enter');
      await page.locator('#answer-xmtp_newConversation[data-outcome="answer"]').waitFor();
      expect(JSON.parse((await page.locator('#result-xmtp_newConversation').textContent()) ?? '')).toEqual({ id: 'opaque' });
      for (const field of ['xmtp_sendMessage', 'xmtp_listMessages', 'xmtp_subscribe'])
        expect(await page.locator(`#${field}-conversation`).inputValue()).toBe('opaque');
      await page.locator('#run-xmtp_keystore').click();
      await page.locator('#answer-xmtp_keystore[data-outcome="error"]').waitFor();
      expect(JSON.parse((await page.locator('#result-xmtp_keystore').textContent()) ?? '')).toEqual({ code: 4100, message: 'not granted' });
      await page.evaluate((message) => (window as unknown as Fake).tell('message', { subscription: 's', message }), { id: 'm' });
      await page.locator('#events li[data-event="message"]').waitFor();
      expect((await calls(page)).map(({ method }) => method)).toEqual(['xmtp_newConversation', 'xmtp_keystore']);
    }));
});

describe('a link with a call in it', () => {
  const linked: readonly (readonly [call: Call, form: string])[] = [
    [{ method: 'xmtp_accounts' }, 'xmtp_accounts'],
    [{ method: 'xmtp_canMessage', params: { peers: [peer, peer] } }, 'xmtp_canMessage'],
    [{ method: 'xmtp_sendMessage', params: { peer, content: 'a & b = "c"\nd', clientId: 'one' } }, 'xmtp_sendMessage'],
    [
      { method: 'xmtp_sendMessage', params: { peer, content: { reference: 'ab', content: 'yes' }, contentType: 'xmtp.org/reply:1.0' } },
      'xmtp_sendMessage',
    ],
    [{ method: 'xmtp_newConversation', params: { peers: [peer], metadata: { title: 'a=b' } } }, 'xmtp_newConversation'],
    [
      { method: 'xmtp_requestPermissions', params: { permissions: [{ kind: 'read', peers: '*', since: 'all', expiresIn: 60 }] } },
      'xmtp_requestPermissions',
    ],
    [{ method: 'xmtp_listMessages', params: { conversation: 'c', order: 'asc', limit: 2, after: 0 } }, 'xmtp_listMessages'],
    // What its form cannot say goes as JSON.
    [
      {
        method: 'xmtp_requestPermissions',
        params: {
          permissions: [
            { kind: 'read', peers: '*' },
            { kind: 'send', peers: '*' },
          ],
        },
      },
      'any',
    ],
    [{ method: 'xmtp_accounts', params: { surplus: true } }, 'any'],
    [{ method: 'xmtp_listConversations', params: { limit: '5' } }, 'any'],
    [{ method: 'eth_sign', params: ['x'] }, 'any'],
  ];

  test('fills its form in, and calls it after a click alone', () =>
    at('', async (page) => {
      for (const [call, form] of linked) {
        const query = new URLSearchParams({ method: call.method, ...('params' in call && { params: JSON.stringify(call.params) }) });
        await page.goto(`${node.url}/demo/?${query}`);
        await page.getByText(`A link has filled in ${call.method}. Nothing has been called`).waitFor();
        await page.getByText('Fake 9.9.9 is here').waitFor();
        expect(await calls(page)).toEqual([]);
        // The page's own link to it says the same.
        const link = new URLSearchParams((await page.locator(`#link-${form}`).getAttribute('href')) ?? '');
        const params = link.get('params');
        expect({ method: link.get('method'), ...(params !== null && { params: JSON.parse(params) as unknown }) }).toEqual(call);
        await page.locator(`#run-${form}`).click();
        expect(await calls(page)).toEqual([call]);
      }
    }));

  test('that is none is said to be so', () =>
    at('?method=xmtp_accounts&params={', async (page) => {
      await page.getByText('parameters that are no JSON').waitFor();
      expect(await calls(page)).toEqual([]);
    }));

  test('cannot bring markup or a script along', () =>
    at(`?${new URLSearchParams({ method: '<img src=x onerror=alert(1)>', params: '{"x":"</pre><b id=planted>"}' })}`, async (page) => {
      await page.getByText('A link has filled in <img').waitFor();
      expect(await page.locator('#planted, main img').count()).toBe(0);
    }));
});

describe('the composer of the button', () => {
  /** A site that opens the composer, as the package's button does, and notes what it is told. */
  const open = async (page: Page, hash: string): Promise<Page> => {
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate(
        (url) => {
          const told: unknown[] = [];
          Object.assign(window, { told });
          const opened = window.open(url, '_blank', 'width=480,height=620');
          window.addEventListener('message', ({ source, data }) => {
            if (source !== opened) return;
            told.push(data);
            opened?.postMessage({ type: 'parley:button' }, '*');
          });
        },
        `${node.url.replace('127.0.0.1', 'localhost')}/write/${hash}`,
      ),
    ]);
    return popup;
  };
  const told = (page: Page): Promise<unknown> => page.evaluate(() => (window as unknown as { told: unknown }).told);

  async function opened(hash: string, work: (composer: Page, opener: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext();
    try {
      await context.addInitScript(fakeProvider);
      const page = await context.newPage();
      await page.goto(`${node.url}/demo/`);
      await work(await open(page, hash), page);
    } finally {
      await context.close();
    }
  }

  test('sends what was typed, once, and tells its opener that and nothing else', () =>
    opened(`#to=${peer}`, async (composer, opener) => {
      await composer.getByText('has sent you here').waitFor();
      await composer.getByText(peer).waitFor();
      const field = composer.getByRole('textbox', { name: 'Message' });
      await field.fill('Hello you');
      await composer.getByRole('button', { name: 'Send' }).click();
      await composer.getByText('Sent. You can close this window.').waitFor();
      expect(await calls(composer)).toEqual([
        { method: 'xmtp_sendMessage', params: { peer, content: 'Hello you', clientId: expect.stringMatching(/^[\w-]{36}$/) } },
      ]);
      await composer.waitForEvent('close');
      expect(await told(opener)).toEqual(['ready', 'sent'].map((state) => ({ type: 'parley:composer', state })));
    }));

  test('is cancelled by its button', () =>
    opened(`#to=${peer}`, async (composer, opener) => {
      await composer.getByText('has sent you here').waitFor();
      await composer.getByRole('button', { name: 'Cancel' }).click();
      await opener.waitForFunction(() => (window as unknown as { told: unknown[] }).told.length === 2);
      expect(await told(opener)).toEqual(['ready', 'cancelled'].map((state) => ({ type: 'parley:composer', state })));
    }));

  test('writes to nobody where the link names no address', () =>
    opened('#to=<b>bob</b>', async (composer) => {
      await composer.getByText('names no address').waitFor();
      expect(await composer.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    }));
});

test('nothing in the page makes markup of texts', () => {
  for (const file of ['demo/demo', 'demo/calls', 'demo/provider', 'demo/samples', 'write/write'])
    expect(readFileSync(new URL(`../../public/${file}.js`, import.meta.url), 'utf8')).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/,
    );
});
