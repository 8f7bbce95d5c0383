import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { button, conversations, field, type Person } from '../support/browsers/person.ts';
import { Site } from './site.ts';
import { browserNames, keepPicture, World } from './world.ts';

const filePassphrase = 'a passphrase of the file';
const has = (page: Page): Promise<boolean> => page.evaluate(() => 'xmtp' in window);
const provided = (page: Page): Promise<string> => page.evaluate(() => typeof (window as { xmtp?: object }).xmtp);

describe.each(browserNames)('the settings in %s', (name) => {
  let world: World;
  let other: World;
  let browser: Browser;
  let me: Person;
  let peer: Person;
  let site: Site;
  /** The backup that the browser downloaded, in base64. */
  let file = '';

  beforeAll(async () => {
    [world, other, site] = await Promise.all([World.start(`settings-${name}`), World.start(`settings-other-${name}`), Site.start()]);
    [me, peer] = await Promise.all([world.person('Alice', name), world.person('Bob', name === 'chromium' ? 'firefox' : 'chromium')]);
    browser = me.browser;
  });

  afterAll(async () => {
    await site?.close();
    await other?.end();
    await world?.end();
  });

  test('keep several nodes, test them, and change to one with the passphrase alone', async () => {
    const page = await me.open('/settings/node');
    const [mine, theirs] = [world.node.url, other.node.url].map((url) => url.replace('http://', ''));
    await page.fill(field('Another node’s address'), other.node.url);
    await page.click(button('Keep this address'));
    await page.click(button(`Test ${theirs}`));
    await page.seeText('round trip');
    await page.seeText('its clock agrees with yours');
    expect(await page.sees(button(`Remove ${mine}`))).toBe(false);
    await page.click(button(`Use ${theirs}`));
    await page.fill(field('Passphrase'), 'not the passphrase');
    await page.click(button('Use this node'));
    await page.seeText('That is not the passphrase');
    await page.fill(field('Passphrase'), me.passphrase);
    await page.click(button('Use this node'));
    await page.see(button(`Use ${mine}`));
    // And back, so that the peer is there; the other one is not needed any more.
    await page.click(button(`Use ${mine}`));
    await page.fill(field('Passphrase'), me.passphrase);
    await page.click(button('Use this node'));
    await page.click(button(`Remove ${theirs}`));
    await page.gone(button(`Test ${theirs}`));
  });

  test('Parley stands beside the page, and in a window of its own, where somebody asks for it', async () => {
    const page = await me.open('/');
    const choose = async (item: string): Promise<void> => {
      await page.click(button('Open elsewhere'));
      await page.click({ role: 'menuitem', name: item });
    };
    await choose('Beside the page');
    await until(() =>
      page.evaluate(async () => {
        type Chrome = { runtime: { getContexts(filter: { contextTypes: string[] }): Promise<unknown[]> } };
        type Firefox = { sidebarAction: { isOpen(details: object): Promise<boolean> } };
        const { browser, chrome } = globalThis as unknown as { browser?: Firefox; chrome: Chrome };
        if (browser?.sidebarAction) return browser.sidebarAction.isOpen({});
        return (await chrome.runtime.getContexts({ contextTypes: ['SIDE_PANEL'] })).length === 1;
      }),
    );
    await choose('In a window of its own');
    await until(() =>
      page.evaluate(async () => {
        type Api = { windows: { getAll(filter: object): Promise<{ id: number }[]>; remove(id: number): Promise<void> } };
        const { browser, chrome } = globalThis as unknown as { browser?: Api; chrome: Api };
        const api = browser ?? chrome;
        const [popup] = await api.windows.getAll({ windowTypes: ['popup'] });
        if (popup) await api.windows.remove(popup.id);
        return popup !== undefined;
      }),
    );
  });

  test('say where pages see window.xmtp: nowhere, on a chosen site, where it is asked for, everywhere', async () => {
    const settings = await me.open('/settings/privacy');
    const page = await browser.open(site.url('/early'));
    await until(() => has(page));
    await settings.toFront();
    await settings.click({ role: 'radio', name: 'Sites I choose' });
    await settings.seeText('None yet');
    await page.reload();
    expect(await has(page)).toBe(false);
    await settings.toFront();
    await settings.fill(field('Another site'), 'http://127.0.0.1');
    await settings.click(button('Show there'));
    await settings.see(button('Hide from http://127.0.0.1'));
    await page.reload();
    await until(() => has(page));
    await page.goto(site.url('/early', 'localhost'));
    expect(await has(page)).toBe(false);

    await settings.toFront();
    await settings.click({ role: 'radio', name: 'When asked for' });
    await settings.seeText('until they ask');
    await page.goto(site.url('/early'));
    expect(await has(page)).toBe(false);
    // Nothing of how that is done shows in the page.
    expect(await page.evaluate(() => Object.keys(window).filter((key) => key.startsWith('parley')))).toEqual([]);
    const announced = await page.evaluate(() => {
      const rdns: string[] = [];
      addEventListener('xmtp:announceProvider', (event) => rdns.push((event as CustomEvent).detail.info.rdns));
      dispatchEvent(new Event('xmtp:requestProvider'));
      return rdns;
    });
    expect(announced).toEqual(['app.parley']);
    expect(await provided(page)).toBe('object');
    expect(
      await page.evaluate(() =>
        (window as unknown as { xmtp: { request(call: object): Promise<unknown> } }).xmtp.request({ method: 'xmtp_accounts' }),
      ),
    ).toEqual([]);

    await settings.toFront();
    await settings.click({ role: 'radio', name: 'Every site' });
    await settings.seeText('Every secure page');
    await page.reload();
    await until(() => has(page));
    await page.close();
  });

  test('tell what Parley is made of', async () => {
    const page = await me.open('/settings/about');
    await page.click(button('Show licences of what is inside'));
    const list = { role: 'list', name: 'Licences' };
    const { text } = await page.see(list);
    for (const bundled of ['preact', '@noble/curves', '@bufbuild/protobuf', '@bitauth/libauth', 'hash-wasm'])
      expect(text).toContain(bundled);
    for (const tool of ['vite', 'playwright-core', '@xmtp/xmtp-js', 'libsql']) expect(text).not.toContain(tool);
  });

  test('make a backup file, which the browser downloads', async () => {
    await me.open('/');
    await me.startConversation(peer.address);
    await me.write('kept in a file');
    await me.waitUntilSent('kept in a file');
    const page = await me.open('/settings/backup');
    await page.evaluate(() => {
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob: Blob) => {
        void blob.arrayBuffer().then((bytes) => {
          let text = '';
          for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
          (window as unknown as { made: string }).made = btoa(text);
        });
        return make(blob);
      };
    });
    await page.click(button('Make a backup file…'));
    await page.fill(field('Your passphrase'), me.passphrase);
    await page.fill(field('Passphrase of the file'), filePassphrase);
    await page.fill(field('Repeat the file’s passphrase'), filePassphrase);
    await page.click(button('Make and download'));
    await page.seeText('is in your downloads');
    file = await until(() => page.evaluate(() => (window as unknown as { made?: string }).made ?? ''));
    keepPicture(`backup-made-${name}`, await page.screenshot());
    await me.open('/');
    await me.inbox();
    // What the page shows first is of last time.
    await until(async () => !(await me.page.text()).includes('not on paper yet'));
  });

  test('bring it back after everything was removed', async () => {
    const settings = await me.open('/settings/wipe');
    await settings.click(button('Remove everything…'));
    await settings.fill(field('Passphrase'), me.passphrase);
    await settings.click(button('Remove everything'));
    await settings.see(button('I already have a wallet'));

    const page = await me.open('/welcome');
    await page.click(button('I already have a wallet'));
    await page.click({ role: 'link', name: 'A backup file of Parley', part: true });
    await page.see(field('Passphrase of the file'));
    await page.evaluate((base64) => {
      const input = document.querySelector<HTMLInputElement>('input[type=file]') as HTMLInputElement;
      const chosen = new DataTransfer();
      chosen.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], 'mine.parley'));
      input.files = chosen.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, file);
    await page.fill(field('Passphrase of the file'), 'not this passphrase');
    await page.click(button('Open'));
    await page.seeText('It has one of its own');
    await page.fill(field('Passphrase of the file'), filePassphrase);
    await page.click(button('Open'));
    await page.seeText('The file opens.');
    await page.seeText('1 conversation, 1 message');
    await page.fill(field('Passphrase'), me.passphrase);
    await page.fill(field('Repeat passphrase'), me.passphrase);
    await page.click(button('Bring it back'));
    await page.see(conversations, 60_000);
    await me.openConversation();
    await me.waitForMessages(1);
    expect((await me.messages()).map(({ text }) => text)).toEqual(['kept in a file']);
    expect(await me.readAddress()).toBe(me.address);
    // And it goes on: the peer's answer arrives, once.
    await peer.openConversation();
    await peer.waitForMessages(1);
    await peer.write('welcome back');
    await me.waitForMessages(2);
    await until(
      async () => (await me.messages()).map(({ text }) => text).toSorted(),
      (texts) => texts.length === 2 && texts.includes('welcome back'),
    );
  });
});
