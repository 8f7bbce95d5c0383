import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, type Page, sleep, until } from '../support/browsers/browser.ts';
import { button, type Person } from '../support/browsers/person.ts';
import { request, Site } from './site.ts';
import { browserNames, World } from './world.ts';

const approval = 'popup.html#/approve';
const nobody = '0x000000000000000000000000000000000000dEaD';

interface Flood {
  readonly xmtp: { request(call: object): Promise<unknown> };
  settled: Record<string, number>;
}

describe.each(browserNames)('the prompt in %s', (name) => {
  let world: World;
  let site: Site;
  let me: Person;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    world = await World.start(`prompts-${name}`);
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

  test('takes nothing for a yes that no person did, nor the Enter key', async () => {
    await page.toFront();
    const asked = request(page, 'xmtp_requestAccounts');
    const prompt = await browser.waitForPage(approval);
    await until(
      () => prompt.find(button('Allow')),
      ([allow]) => allow?.disabled === false,
    );
    for (let times = 0; times < 5; times++) await prompt.press('Enter');
    await prompt.evaluate(() => {
      const allow = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Allow');
      allow?.click();
      for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'])
        allow?.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, composed: true, button: 0 }));
      for (const type of ['keydown', 'keypress', 'keyup']) allow?.dispatchEvent(new KeyboardEvent(type, { key: 'Enter', bubbles: true }));
    });
    await sleep(500);
    expect(await browser.countPages(approval)).toBe(1);
    await prompt.click(button('Refuse'));
    expect(await asked).toMatchObject({ code: 4001 });
    await noWindow();
  });

  test('cannot be drawn into a page, nor found by one', async () => {
    const found = await page.evaluate(async (base: string) => {
      const frame = Object.assign(document.createElement('iframe'), { src: `${base}popup.html#/approve` });
      document.body.append(frame);
      const reached = await Promise.all(
        ['popup.html', 'inpage.js', 'icons/icon-16.png', 'manifest.json'].map((path) =>
          fetch(base + path).then(
            () => path,
            () => null,
          ),
        ),
      );
      await new Promise((later) => setTimeout(later, 500));
      const drawn = (() => {
        try {
          return frame.contentDocument === null ? 'foreign' : (frame.contentDocument.body?.childElementCount ?? 0);
        } catch {
          return 'foreign';
        }
      })();
      frame.remove();
      return { reached: reached.filter((each) => each !== null), drawn };
    }, browser.base);
    expect(found.reached).toEqual([]);
    // What a browser shows in its place is its own page, or an empty one.
    expect(['foreign', 0]).toContain(found.drawn);
    expect(
      await page.evaluate(() => [document.documentElement.attributes.length, document.querySelectorAll('[class],[data-parley]').length]),
    ).toEqual([0, 0]);
  });

  test('is one window for five hundred questions at once, which all settle', async () => {
    await page.reload();
    await page.toFront();
    await page.evaluate((address: string) => {
      const here = window as unknown as Flood;
      here.settled = {};
      for (let n = 0; n < 500; n++) {
        const peer = `${address.slice(0, -4)}${n.toString(16).padStart(4, '0')}`.toLowerCase();
        const note = (how: string): void => {
          here.settled[how] = (here.settled[how] ?? 0) + 1;
        };
        here.xmtp.request({ method: 'xmtp_newConversation', params: { peer } }).then(
          () => note('yes'),
          ({ code }: { code: number }) => note(String(code)),
        );
      }
    }, nobody);
    const prompt = await browser.waitForPage(approval);
    const settled = (): Promise<Record<string, number>> => page.evaluate(() => (window as unknown as Flood).settled);
    // All but the three that wait are refused at once.
    await until(settled, (counts) => counts['-32005'] === 497);
    expect(await browser.countPages(approval)).toBe(1);
    await prompt.click(button('Refuse'));
    await until(settled, (counts) => counts['4001'] === 1);
    expect(await browser.countPages(approval)).toBe(1);
    // The third refusal, with that of the test before, is enough: what waits is refused unseen.
    await prompt.click(button('Refuse'));
    expect(await until(settled, (counts) => counts['4100'] === 1)).toEqual({ '-32005': 497, '4001': 2, '4100': 1 });
    await noWindow();
  });

  test('serves the pages of two windows, one after the other, in one window of its own', async () => {
    const other = await Site.start();
    try {
      const own = await browser.openExtension('/');
      const first = await browser.open(other.url('/?first')); // in the window that is there
      await own.evaluate(async (url: string) => void (await chrome.windows.create({ url })), other.url('/?second', 'localhost'));
      const second = await browser.waitForPage('/?second');
      await until(() => second.evaluate(() => 'xmtp' in window).catch(() => false));
      const answers: Promise<unknown>[] = [];
      for (const [asking, host] of [
        [first, '127.0.0.1'],
        [second, 'localhost'],
      ] as const) {
        answers.push(request(asking, 'xmtp_requestAccounts'));
        if (host === '127.0.0.1') await (await browser.waitForPage(approval)).seeText(new URL(other.url()).host);
      }
      expect(await Promise.race([answers[1], sleep(1_000)])).toBeUndefined();
      expect(await browser.countPages(approval)).toBe(1);
      const prompt = await browser.waitForPage(approval);
      await prompt.seeText('1 more');
      await prompt.click(button('Allow'));
      expect(await answers[0]).toEqual({ result: [me.address] });
      // The answer to the one is none to the other.
      await prompt.seeText(new URL(other.url('/', 'localhost')).host);
      expect(await request(second, 'xmtp_accounts')).toEqual({ result: [] });
      await prompt.click(button('Refuse'));
      expect(await answers[1]).toMatchObject({ code: 4001 });
      await noWindow();
      expect(await request(first, 'xmtp_accounts')).toEqual({ result: [me.address] });
      await own.close();
    } finally {
      await other.close();
    }
  });
});
