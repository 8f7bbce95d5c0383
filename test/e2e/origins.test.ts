import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { root } from '../cli/processes.ts';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { PipedChromium } from '../support/browsers/chromium-pipe.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { originRows } from './origin-rows.ts';
import { request, Site } from './site.ts';

const open = { chromium: launchChromium, firefox: launchFirefox };
const has = (page: Pick<Page, 'evaluate'>): Promise<boolean> => page.evaluate(() => 'xmtp' in window);

/** The extension has to be there first: its scripts are for pages that are loaded from then on. */
const appears = (page: Page): Promise<boolean> =>
  until(async () => {
    if (await has(page)) return true;
    await page.reload();
    return false;
  });

describe.each(['chromium', 'firefox'] as const)('window.xmtp in %s', (name) => {
  let browser: Browser;
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    site = await Site.start();
    browser = await open[name]();
    const served = originRows.flatMap(({ urls = [] }) => urls);
    await browser.serve(served, '<!doctype html><title>Served</title><h1>A page</h1>');
    page = await browser.open(site.url());
    await appears(page);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test.each(originRows.flatMap(({ page: words, has: should, urls = [] }) => urls.map((url) => [url, should, words] as const)))(
    'at %s: %s',
    async (url, should) => {
      await page.goto(`${url}/`);
      expect(await page.evaluate(() => location.origin)).toBe(url);
      expect(await has(page)).toBe(should);
      // There is an account to see only for who asked, and none in this browser.
      if (should) expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
    },
  );

  test('in frames, sandboxed documents and the empty page: nothing', async () => {
    await page.goto(site.url('/frames'));
    const heard = await until(
      () => page.evaluate(() => (window as unknown as { heard: Record<string, boolean> }).heard),
      (found) => Object.keys(found).length === 7,
    );
    expect(heard).toEqual({ same: false, sandboxed: false, srcdoc: false, data: false, blank: false, blob: false, other: false });
    expect(await has(page)).toBe(true);
    await page.goto(site.url('/sandboxed'));
    expect(await has(page)).toBe(false);
    await page.goto('about:blank');
    expect(await has(page)).toBe(false);
  });

  test('in what a page with window.xmtp opens out of itself: nothing', async () => {
    await page.goto(site.url());
    expect(
      await page.evaluate(async () => {
        const blank = window.open('about:blank');
        await new Promise((later) => setTimeout(later, 500));
        const found = blank === null ? 'no window' : 'xmtp' in blank;
        blank?.close();
        return found;
      }),
    ).toBe(false);
    await page.evaluate(() => {
      location.href = URL.createObjectURL(new Blob(['<!doctype html><title>Blob</title><h1>Blob</h1>'], { type: 'text/html' }));
    });
    await until(() => page.evaluate(() => document.title === 'Blob').catch(() => false));
    expect(await page.evaluate(() => location.protocol)).toBe('blob:');
    expect(await has(page)).toBe(false);
    const data = await browser.open('data:text/html,<title>Data</title>');
    expect(await data.evaluate(() => ['xmtp' in window, location.protocol])).toEqual([false, 'data:']);
    await data.close();
  });

  test('in a file: nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-file-'));
    try {
      writeFileSync(join(folder, 'page.html'), '<!doctype html><title>File</title>');
      const file = await browser.open(pathToFileURL(join(folder, 'page.html')).href);
      expect(await file.evaluate(() => ['xmtp' in window, document.title])).toEqual([false, 'File']);
      await file.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('in a private window: nothing', async () => {
    const hidden = await browser.openPrivate(site.url('/framed'));
    expect(await hidden.evaluate(() => ['xmtp' in window, document.body.textContent?.trim()])).toEqual([false, 'In a frame']);
  });
});

// Firefox prerenders nothing, and Chromium nothing where a page is watched: here nobody does.
test('a page that is prerendered has window.xmtp, and its calls wait until it is shown', async () => {
  const site = await Site.start();
  const profile = mkdtempSync(join(tmpdir(), 'parley-chromium-'));
  const args = ['--headless=new', `--user-data-dir=${profile}`, '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const browser = new PipedChromium(findBrowser('chromium').path, [...args, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]);
  try {
    await browser.loadExtension(join(root, 'dist/chromium'));
    await browser.open(site.url('/before'));
    const told = await until(() => site.asked.find((path) => path.startsWith('/found?')) ?? '');
    expect(JSON.parse(decodeURIComponent(told.slice('/found?'.length)))).toEqual({
      begun: [true, true],
      later: [true, false],
      answered: [false, []],
    });
  } finally {
    const gone = new Promise((resolve) => browser.process.once('exit', resolve));
    await browser.send('Browser.close').catch(() => undefined);
    await gone;
    await site.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
