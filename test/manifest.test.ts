import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Browser, browsers, manifestFor } from '../vite.config.ts';

type Manifest = Record<string, unknown>;
const source = JSON.parse(readFileSync(new URL('../manifest.json', import.meta.url), 'utf8')) as never;
const manifests = Object.fromEntries(browsers.map((browser) => [browser, manifestFor(browser, source) as Manifest])) as Record<
  Browser,
  Manifest
>;

describe('the manifest', () => {
  test.each(browsers)('of %s has the one content security policy, word for word', (browser) => {
    // The developer tools draw our panel in a frame of theirs; nobody else may, and no page of the web could: nothing of ours is accessible to it.
    expect(manifests[browser]['content_security_policy']).toEqual({
      extension_pages:
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; " +
        "connect-src 'self' https: http:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors devtools:; require-trusted-types-for 'script'",
    });
  });

  test.each(browsers)('of %s asks for these permissions and no more', (browser) => {
    expect(manifests[browser]['permissions']).toEqual([
      'storage',
      'unlimitedStorage',
      'alarms',
      'scripting',
      'idle',
      'activeTab',
      'notifications',
      // To stand beside a page: a place, and no more than that.
      ...(browser === 'chromium' ? ['sidePanel'] : []),
    ]);
    expect(manifests[browser]['host_permissions']).toEqual(['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*', 'http://[::1]/*']);
    // Firefox would ask everybody at install for what few want; there it is switched on among the permissions of the extension.
    expect(manifests[browser]['optional_permissions']).toEqual(browser === 'firefox' ? ['devtools'] : undefined);
    expect(manifests[browser]['devtools_page']).toBe('devtools.html');
    expect(manifests[browser]['optional_host_permissions']).toBeUndefined();
    expect(manifests[browser]['web_accessible_resources']).toBeUndefined();
    expect(manifests[browser]['externally_connectable']).toBeUndefined();
    expect(manifests[browser]['incognito']).toBe('not_allowed');
  });

  test('gives each browser its own background and identity', () => {
    expect(manifests.chromium['background']).toEqual({ service_worker: 'background.js' });
    expect(manifests.chromium['minimum_chrome_version']).toBe('124');
    expect(manifests.chromium['key']).toBeTypeOf('string');
    expect(manifests.chromium['browser_specific_settings']).toBeUndefined();
    expect(manifests.firefox['background']).toEqual({ scripts: ['background.js'] });
    expect(manifests.firefox['key']).toBeUndefined();
    expect(manifests.firefox['browser_specific_settings']).toEqual({
      gecko: {
        id: 'parley@parley.app',
        strict_min_version: '142.0',
        data_collection_permissions: { required: ['personalCommunications'] },
      },
    });
  });

  test('lets Parley stand beside the pages of either', () => {
    expect(manifests.chromium['side_panel']).toEqual({ default_path: 'popup.html?side' });
    expect(manifests.firefox['sidebar_action']).toMatchObject({ default_panel: 'popup.html?side', open_at_install: false });
    expect(manifests.chromium['sidebar_action'] ?? manifests.firefox['side_panel']).toBeUndefined();
  });

  test('leaves no key of the other browser in either', () => {
    expect(JSON.stringify(manifests)).not.toMatch(/"(chromium|firefox):/);
  });

  test('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(manifests.chromium['version']).toBe(version);
  });
});
