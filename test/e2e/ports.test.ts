import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { root } from '../cli/processes.ts';
import { until } from '../support/browsers/browser.ts';
import { PipedChromium } from '../support/browsers/chromium-pipe.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { portPages } from './port-pages.ts';
import { Site } from './site.ts';

/** As much of a browser as the pages need that nobody watches. */
interface Unwatched {
  open(url: string): Promise<unknown>;
  removeExtension(): Promise<void>;
  close(): Promise<void>;
}

const open: Record<'chromium' | 'firefox', () => Promise<Unwatched>> = {
  async chromium() {
    const profile = mkdtempSync(join(tmpdir(), 'parley-chromium-'));
    const args = ['--headless=new', `--user-data-dir=${profile}`, '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    const browser = new PipedChromium(findBrowser('chromium').path, [...args, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]);
    const id = await browser.loadExtension(join(root, 'dist/chromium'));
    return {
      open: (url) => browser.open(url),
      removeExtension: () => browser.send('Extensions.uninstall', { id }),
      async close() {
        const gone = new Promise((resolve) => browser.process.once('exit', resolve));
        await browser.send('Browser.close').catch(() => undefined);
        await gone;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },
  firefox: launchFirefox,
};

describe.each(['chromium', 'firefox'] as const)('the port of a page in %s', (name) => {
  let site: Site;
  let browser: Unwatched;

  beforeAll(async () => {
    site = await Site.start({}, portPages);
    browser = await open[name]();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** What the pages told, in order. */
  const told = (): Record<string, unknown>[] =>
    site.asked.filter((path) => path.startsWith('/told?')).map((path) => JSON.parse(decodeURIComponent(path.slice('/told?'.length))));

  test('opens again when the page comes back from the cache', async () => {
    await browser.open(site.url('/kept'));
    const back = await until(() => told().find((each) => 'persisted' in each) ?? null, Boolean, 40_000);
    expect(back).toEqual({ persisted: true, first: [], again: [], same: [], events: ['connect'] });
  });

  test('is gone with the extension: every call rejects with 4900, and the page hears it once', async () => {
    await browser.open(site.url('/left'));
    await until(() => told().find((each) => 'before' in each) ?? null, Boolean, 40_000);
    await browser.removeExtension();
    expect(await until(() => told().find((each) => 'after' in each) ?? null, Boolean, 40_000)).toEqual({
      after: 4900,
      again: 4900,
      events: [{ code: 1011 }],
    });
  });
});
