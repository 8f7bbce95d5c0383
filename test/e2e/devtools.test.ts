import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { root } from '../cli/processes.ts';
import { Bidi } from '../support/browsers/bidi.ts';
import { until } from '../support/browsers/browser.ts';
import { PipedChromium } from '../support/browsers/chromium-pipe.ts';
import { installExtension } from '../support/browsers/firefox.ts';
import { Site } from './site.ts';

let profile: string;
let firefox: Bidi;

beforeAll(async () => {
  profile = mkdtempSync(join(tmpdir(), 'parley-firefox-'));
  firefox = await Bidi.launch(findBrowser('firefox').path, profile, true);
  await installExtension(firefox, join(root, 'dist/firefox'));
});
afterAll(async () => {
  await firefox?.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

// What else the panel shows is tested beside the questions of sites, in both browsers.
/** Runs in the developer tools of Chromium: clicks on our tab there, once it is there. They must have begun themselves, as the frame of an extension tells. */
const showPanel = `(async () => {
  if (document.querySelector('iframe') === null) return false;
  const { InspectorView } = await import('devtools://devtools/bundled/ui/legacy/legacy.js');
  const { tabbedPane } = InspectorView.InspectorView.instance();
  const ours = tabbedPane.tabs.find(({ title }) => title === 'Parley');
  return ours !== undefined && tabbedPane.selectTab(ours.id, true) !== false;
})()`;

test('the developer tools of Chromium have the panel, which hears what the page beside it asks', async () => {
  const site = await Site.start();
  const folder = mkdtempSync(join(tmpdir(), 'parley-chromium-'));
  const args = ['--headless=new', `--user-data-dir=${folder}`, '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const browser = new PipedChromium(findBrowser('chromium').path, [
    ...args,
    '--auto-open-devtools-for-tabs',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]);
  try {
    const id = await browser.loadExtension(join(root, 'dist/chromium'));
    await browser.open(site.url());
    const [page = ''] = await browser.attach(site.url());
    await until(async () => {
      if (await browser.evaluate<boolean>(page, `'xmtp' in window`)) return true;
      await browser.send('Page.reload', {}, page);
      return false;
    });
    // Every tab has developer tools of its own, also the empty one at the start, where extensions have no part in them.
    const tools = await browser.attach('devtools://devtools/');
    await until(async () => (await Promise.all(tools.map((each) => browser.evaluate<boolean>(each, showPanel)))).includes(true));
    const [panel = ''] = await browser.attach(`chrome-extension://${id}/panel.html`);
    await until(async () => (await browser.evaluate<string>(panel, 'document.body?.innerText ?? ""')).includes('Listening.'));
    expect(await browser.evaluate(page, `xmtp.request({ method: 'xmtp_accounts' })`)).toEqual([]);
    const text = await until(
      () => browser.evaluate<string>(panel, 'document.body?.innerText ?? ""'),
      (words) => /xmtp_accounts.*answered in/s.test(words),
    );
    expect(text).toContain(new URL(site.url()).origin);
  } finally {
    const gone = new Promise((resolve) => browser.process.once('exit', resolve));
    await browser.send('Browser.close').catch(() => undefined);
    await gone;
    await site.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test('the developer tools of Firefox get the panel when the user switches it on, and not before', async () => {
  const { contexts } = await firefox.send<{ contexts: { context: string }[] }>('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const found = await firefox.evaluate<string>(
    contexts[0]?.context ?? '',
    `(async () => {
      const { require } = ChromeUtils.importESModule('resource://devtools/shared/loader/Loader.sys.mjs');
      const { gDevTools } = require('devtools/client/framework/devtools');
      const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
      const { extension } = WebExtensionPolicy.getByID('parley@parley.app');
      const toolbox = await gDevTools.showToolboxForTab(gBrowser.selectedTab, { toolId: 'webconsole' });
      const panels = () => toolbox.getAdditionalTools().map(({ label }) => label);
      const until = async (count) => {
        for (let i = 0; i < 80 && panels().length !== count; i++) await new Promise((resolve) => setTimeout(resolve, 250));
        return panels();
      };
      const before = panels();
      await ExtensionPermissions.add('parley@parley.app', { permissions: ['devtools'], origins: [] }, extension);
      const on = await until(1);
      await ExtensionPermissions.remove('parley@parley.app', { permissions: ['devtools'], origins: [] }, extension);
      return JSON.stringify({ before, on, off: await until(0) });
    })()`,
  );
  expect(JSON.parse(found)).toEqual({ before: [], on: ['Parley'], off: [] });
});
