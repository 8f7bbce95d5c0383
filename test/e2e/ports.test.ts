import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Puts what lies in the extension's folder now into the place of what runs. */
  updateExtension(): Promise<void>;
  removeExtension(): Promise<void>;
  close(): Promise<void>;
}

const open: Record<'chromium' | 'firefox', (extension: string) => Promise<Unwatched>> = {
  async chromium(extension) {
    const profile = mkdtempSync(join(tmpdir(), 'parley-chromium-'));
    const args = ['--headless=new', `--user-data-dir=${profile}`, '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    const browser = new PipedChromium(findBrowser('chromium').path, [...args, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]);
    const id = await browser.loadExtension(extension);
    return {
      open: (url) => browser.open(url),
      async updateExtension() {
        expect(await browser.loadExtension(extension)).toBe(id);
      },
      removeExtension: () => browser.send('Extensions.uninstall', { id }),
      async close() {
        const gone = new Promise((resolve) => browser.process.once('exit', resolve));
        await browser.send('Browser.close').catch(() => undefined);
        await gone;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },
  firefox: (extension) => launchFirefox({ extension }),
};

describe.each(['chromium', 'firefox'] as const)('the port of a page in %s', (name) => {
  let site: Site;
  let browser: Unwatched;
  let folder: string;

  beforeAll(async () => {
    site = await Site.start({}, portPages);
    folder = mkdtempSync(join(tmpdir(), 'parley-extension-'));
    cpSync(join(root, 'dist', name), folder, { recursive: true });
    browser = await open[name](folder);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Gives the extension another version, as an update does. */
  const update = async (version: string): Promise<void> => {
    const path = join(folder, 'manifest.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version }));
    const script = join(folder, 'inpage.js');
    const built = readFileSync(script, 'utf8').replace(/(version:\s*)(["`'])[^"`']+\2/, `$1"${version}"`);
    writeFileSync(script, built);
    await browser.updateExtension();
  };

  /** What a page is told that first asks when the extension is gone. */
  const late = { call: 4900, again: 4900, events: [{ code: 1011 }] };

  /** What the pages told, in order. */
  const told = (): Record<string, unknown>[] =>
    site.asked.filter((path) => path.startsWith('/told?')).map((path) => JSON.parse(decodeURIComponent(path.slice('/told?'.length))));

  test('opens again when the page comes back from the cache', async () => {
    await browser.open(site.url('/kept'));
    const back = await until(() => told().find((each) => 'persisted' in each) ?? null, Boolean, 40_000);
    expect(back).toEqual({ persisted: true, first: [], again: [], same: [], events: ['connect'] });
  });

  test('is gone with an update: every call rejects with 4900, the page hears it once, and has the new one when it loads again', async () => {
    await browser.open(site.url('/renewed'));
    await browser.open(site.url('/quiet'));
    await browser.open(site.url('/late'));
    await until(() => told().find((each) => 'late' in each) ?? null, Boolean, 40_000);
    const { version } = await until(
      () => told().find((each) => 'renewing' in each) ?? { version: '' },
      ({ version }) => version !== '',
      40_000,
    );
    await until(() => told().find((each) => 'listening' in each) ?? null, Boolean, 40_000);
    await update('99.0.1');
    expect(await until(() => told().find((each) => 'renewed' in each) ?? null, Boolean, 40_000)).toEqual({
      renewed: 4900,
      again: 4900,
      still: version,
      events: [{ code: 1011 }],
    });
    expect(await until(() => told().find((each) => 'reloaded' in each) ?? null, Boolean, 40_000)).toEqual({ reloaded: [], now: '99.0.1' });
    expect(await until(() => told().find((each) => each['tooLate'] === 'renewed') ?? null, Boolean, 40_000)).toMatchObject(late);
    expect(await until(() => told().find((each) => 'quiet' in each) ?? null, Boolean, 40_000)).toEqual({
      quiet: { code: 1011 },
      call: 4900,
    });
  });

  test('is gone with the extension: every call rejects with 4900, and the page hears it once', async () => {
    await browser.open(site.url('/left'));
    await browser.open(site.url('/late'));
    await until(
      () =>
        told()
          .filter((each) => 'late' in each)
          .at(1) ?? null,
      Boolean,
      40_000,
    );
    await until(() => told().find((each) => 'before' in each) ?? null, Boolean, 40_000);
    await browser.removeExtension();
    expect(await until(() => told().find((each) => 'after' in each) ?? null, Boolean, 40_000)).toEqual({
      after: 4900,
      again: 4900,
      events: [{ code: 1011 }],
    });
    expect(await until(() => told().find((each) => each['tooLate'] === 'removed') ?? null, Boolean, 40_000)).toMatchObject(late);
  });
});
