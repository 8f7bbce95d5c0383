import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { root } from '../cli/processes.ts';
import { Bidi } from '../support/browsers/bidi.ts';
import { installExtension } from '../support/browsers/firefox.ts';

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

// What the panel shows is tested beside the questions of sites, in both browsers; headless Chromium shows no developer tools.
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
