import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../cli/processes.ts';
import { peerOf } from '../interop/peer.ts';
import { type Browser, type Page, sleep, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { person } from '../support/people.ts';
import { request, Site } from './site.ts';
import { browserNames, World } from './world.ts';

const approval = 'popup.html#/approve';
const nobody = '0x000000000000000000000000000000000000dEaD';

interface Listening {
  readonly xmtp: { on(event: string, listener: (payload: unknown) => void): void };
  heard: unknown[];
}

describe.each(browserNames)('the questions of a site in %s', (name) => {
  let world: World;
  let site: Site;
  let me: Person;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    world = await World.start(`questions-${name}`);
    site = await Site.start();
    me = await world.person('Alice', name);
    browser = me.browser;
    page = await browser.open(site.url());
  });

  afterAll(async () => {
    await site?.close();
    await world?.end();
  });

  const noWindow = (): Promise<number> =>
    until(
      () => browser.countPages(approval),
      (count) => count === 0,
    );

  const allow = async (): Promise<void> => {
    const window = await browser.waitForPage(approval);
    await window.click(button('Allow'));
    await noWindow();
  };

  /** Notes the events of the provider from now on. */
  const listen = (): Promise<void> =>
    page.evaluate(() => {
      const here = window as unknown as Listening;
      here.heard = [];
      for (const event of ['connect', 'disconnect', 'accountsChanged'])
        here.xmtp.on(event, (payload) => void here.heard.push([event, payload]));
    });
  const heard = (): Promise<unknown[]> => page.evaluate(() => (window as unknown as Listening).heard);
  const waitForEvents = (count: number): Promise<unknown[]> => until(heard, (list) => list.length >= count);

  test('begin with a provider that was there first, of whose making the page heard nothing', async () => {
    const early = await browser.open(site.url('/early'));
    await sleep(300);
    const seen = await early.evaluate(() => {
      const { had, overheard } = window as unknown as { had: boolean; overheard: unknown[] };
      return { had, overheard };
    });
    expect(seen).toEqual({ had: true, overheard: [] });
    await early.close();
  });

  test('are followed by the event that tells of the yes', async () => {
    await page.toFront();
    await listen();
    const asked = request(page, 'xmtp_requestAccounts');
    await allow();
    expect(await asked).toEqual({ result: [me.address] });
    expect(await waitForEvents(2)).toEqual([
      ['connect', {}],
      ['accountsChanged', [me.address]],
    ]);
  });

  test('settle within 5 seconds when the background dies, and what is read goes on', async () => {
    await browser.stopBackground();
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [me.address] });
    const asked = request(page, 'xmtp_newConversation', { peer: nobody });
    await browser.waitForPage(approval);
    const killed = Date.now();
    await browser.stopBackground();
    expect(await asked).toMatchObject({ code: 4901 });
    expect(Date.now() - killed).toBeLessThan(5000);
    await noWindow();
  });

  test('wait for the passphrase while Parley is locked, and go on by themselves', async () => {
    await me.open('/');
    await me.inbox();
    await me.lock();
    await page.toFront();
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
    const asked = request(page, 'xmtp_canMessage', { peers: [nobody] });
    const window = await browser.waitForPage(approval);
    await window.fill(field('Passphrase'), me.passphrase);
    await window.click(button('Unlock'));
    expect(await asked).toEqual({ result: { [nobody]: false } });
    await noWindow();
    const events = await until(heard, (list) => JSON.stringify(list.at(-1)) === JSON.stringify(['accountsChanged', [me.address]]));
    expect(events.at(-2)).toEqual(['accountsChanged', []]);
  });

  test('are refused by closing the window, and not put again to the same document', async () => {
    await page.reload();
    await page.toFront();
    const asked = request(page, 'xmtp_newConversation', { peer: nobody });
    const window = await browser.waitForPage(approval);
    await window.see(button('Refuse'));
    await window.close();
    expect(await asked).toMatchObject({ code: 4001 });
    expect(await request(page, 'xmtp_newConversation', { peer: nobody })).toMatchObject({ code: 4100 });
    expect(await browser.countPages(approval)).toBe(0);
  });

  test('go when the page does; and with the last tab goes the connection', async () => {
    const second = await browser.open(site.url());
    void request(second, 'xmtp_newConversation', { peer: nobody }).catch(() => undefined);
    await browser.waitForPage(approval);
    await second.close();
    await noWindow();
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [me.address] });
    await page.close();
    await sleep(1000); // opened at once, the next tab would be one of the same
    page = await browser.open(site.url());
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
  });

  test('are put by the sample site, which shows the answers', async () => {
    const demo = await browser.open(`${world.node.url}/demo`);
    await demo.seeText('Parley 0.');
    await demo.click(button('Call xmtp_requestAccounts'));
    await allow();
    await demo.seeText('Answered in');
    await demo.seeText(me.address);
    await demo.close();
  });

  test('are put by the page of the guide, as it stands there', async () => {
    const [, html = ''] = /```html\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/guide.md'), 'utf8')) ?? [];
    const own = await Site.start({}, { '/': html });
    const friend = await peerOf(person(`a reader in ${name}`), world.node.url);
    const guide = await browser.open(own.url());
    try {
      await guide.click(button('Connect'));
      await allow();
      await guide.seeText(`You are ${me.address}.`);
      await guide.fill({ role: 'textbox', name: 'To' }, nobody);
      await guide.fill({ role: 'textbox', name: 'Message' }, 'Is anybody there?');
      await guide.click(button('Send'));
      await allow();
      await guide.seeText('Nobody can be reached at this address yet.');
      await guide.fill({ role: 'textbox', name: 'To' }, friend.address);
      await guide.click(button('Send'));
      await allow();
      await guide.seeText('You: Is anybody there?');
      await guide.click(button('Show what they answer'));
      await allow();
      await guide.seeText('Listening.');
      const [theirs] = await until(
        () => friend.conversations.list(),
        (list) => list.length > 0,
      );
      await theirs?.send('I am.');
      await guide.seeText(`${friend.address}: I am.`);
    } finally {
      await guide.close();
      await friend.close();
      await own.close();
    }
  });

  test('are put by the composer that a button of another site opens, which learns only that something was sent', async () => {
    const script = readFileSync(join(root, 'dist/sdk/button.js'));
    const friend = await peerOf(person(`somebody with a button in ${name}`), world.node.url);
    const html = `<!doctype html><title>A blog</title><message-me peer="${friend.address}" composer="${world.node.url}/write/">Message me</message-me>
      <script type="module">
        import { defineMessageMe } from '/button.js';
        defineMessageMe();
        window.heard = [];
        for (const type of ['messageme', 'error']) addEventListener(type, ({ detail }) => heard.push([type, detail.outcome ?? String(detail.error)]));
        addEventListener('message', ({ data }) => heard.push(data));
      </script>`;
    const own = await Site.start({ '/button.js': script }, { '/': html });
    const blog = await browser.open(own.url('/', 'localhost'));
    try {
      await until(() => blog.evaluate(() => document.querySelector('message-me')?.shadowRoot !== null));
      await blog.evaluate(() => document.querySelector<HTMLElement>('message-me')?.focus());
      await blog.press('Enter');
      const composer = await browser.waitForPage('/write/');
      await composer.seeText(friend.address);
      await composer.seeText(`${new URL(own.url('/', 'localhost')).host} has sent you here.`);
      await composer.fill({ role: 'textbox', name: 'Message' }, 'I like your blog');
      await composer.click(button('Send'));
      await allow();
      const read = async (): Promise<unknown[]> => {
        const [theirs] = await friend.conversations.list();
        return ((await theirs?.messages()) ?? []).map(({ content }) => content);
      };
      expect(await until(read, (texts) => texts.length > 0)).toEqual(['I like your blog']);
      const told = await until(
        () => blog.evaluate(() => (window as unknown as Listening).heard),
        (list) => list.length >= 3,
      );
      expect(told).toEqual([
        { type: 'parley:composer', state: 'ready' },
        { type: 'parley:composer', state: 'sent' },
        ['messageme', 'sent'],
      ]);
      expect(await request(blog, 'xmtp_accounts')).toEqual({ result: [] });
    } finally {
      await blog.close();
      await friend.close();
      await own.close();
    }
  });

  test('and its calls show in the panel of the developer tools, without what is written', async () => {
    const tools = await browser.open(`${browser.base}panel.html`);
    const here = await browser.open(site.url('/?looked-at'));
    const tab = await tools.evaluate(async () => (await chrome.tabs.query({})).find(({ url }) => url?.includes('?looked-at'))?.id);
    await tools.goto(`${browser.base}panel.html?tab=${tab}`);
    await tools.seeText('Listening.');
    await request(here, 'xmtp_accounts');
    await tools.seeText('xmtp_accounts');
    await tools.seeText(new URL(site.url()).origin);
    await tools.toFront();
    const call = { peer: nobody, content: 'written by somebody' };
    expect(await request(here, 'xmtp_sendMessage', call)).toMatchObject({ code: 4100 }); // it is hidden
    await tools.seeText('4100 in');
    await tools.click({ role: 'button', name: 'xmtp_sendMessage', part: true });
    await tools.seeText('[text of 19 characters]');
    await tools.click({ role: 'checkbox', name: 'Show what people write' });
    await request(here, 'xmtp_sendMessage', call);
    await until(
      () => tools.evaluate(() => document.body.textContent?.includes('written by somebody')),
      (shown) => shown === true,
    );
    await here.close();
    await tools.seeText('Nothing on this page has talked to Parley yet.');
    await tools.close();
  });
});
