import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '../../cli/find-browsers.ts';
import { root } from '../../cli/processes.ts';
import { Bidi } from './bidi.ts';
import {
  type ActionPopup,
  type Browser,
  type LaunchOptions,
  Page,
  popupSize,
  type Size,
  showActionPopup,
  sleep,
  type Tab,
  tabSize,
  until,
} from './browser.ts';

const extensionId = 'parley@parley.app';

/** Under remote control Firefox already silences updates, telemetry and first-run pages (remote.prefs.recommended). */
const preferences = {
  'extensions.webextOptionalPermissionPrompts': false, // permissions.request() is granted without a doorhanger
  'dom.disable_open_during_load': false,
};

/** Starts Firefox with the built extension. @throws CommandError when there is no browser. */
export async function launchFirefox(options: LaunchOptions = {}): Promise<Browser & Removable & WithProcesses> {
  const path = findBrowser('firefox').path;
  const profile = options.profile ?? (await mkdtemp(join(tmpdir(), 'parley-firefox-')));
  const started = new FirefoxBrowser(path, profile, options);
  await started.start();
  return started;
}

interface Removable {
  /** Installs what lies in the extension's folder now over what runs, under the pages that are open. */
  updateExtension(): Promise<void>;
  /** Takes the extension out of the browser, under the pages that are open. */
  removeExtension(): Promise<void>;
}

interface WithProcesses {
  /** The process in which the page at this address lives. */
  processOf(url: string): Promise<number>;
}

class FirefoxBrowser implements Browser, Removable, WithProcesses {
  readonly name = 'firefox';
  version = '';
  base = '';
  readonly #path: string;
  readonly #profile: string;
  readonly #options: LaunchOptions;
  #connection: Bidi | undefined;
  #window = '';

  constructor(path: string, profile: string, options: LaunchOptions) {
    this.#path = path;
    this.#profile = profile;
    this.#options = options;
  }

  get #bidi(): Bidi {
    if (!this.#connection) throw new Error('the browser is closed');
    return this.#connection;
  }

  async start(): Promise<void> {
    await mkdir(this.#profile, { recursive: true });
    const lines = Object.entries({ ...preferences, ...this.#options.preferences }).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    await writeFile(join(this.#profile, 'user.js'), lines.join(''));
    this.#connection = await Bidi.launch(this.#path, this.#profile, this.#options.headless ?? true, this.#options.anyCertificate);
    try {
      // A temporary add-on is gone after a restart and installed anew; its id, its UUID and its storage stay with the profile.
      this.base = await installExtension(this.#bidi, this.#options.extension ?? join(root, 'dist/firefox'));
      this.#window = await browserWindow(this.#bidi);
      this.version = await this.#inWindow<string>('Services.appinfo.version');
    } catch (error) {
      await this.#bidi.close();
      throw error;
    }
  }

  /** Evaluates in the browser's own window, with the browser's own rights. */
  #inWindow<R>(expression: string): Promise<R> {
    return this.#bidi.evaluate<R>(this.#window, expression);
  }

  async open(url: string, size: Size = tabSize): Promise<Page> {
    const { context } = await this.#bidi.send<{ context: string }>('browsingContext.create', { type: 'tab' });
    const tab = this.#tab(context);
    await tab.setSize(size);
    await tab.goto(url, 'loaded');
    return new Page(tab);
  }

  openExtension(route = '/', size: Size = popupSize): Promise<Page> {
    return this.open(`${this.base}popup.html#${route}`, size);
  }

  async openActionPopup(): Promise<ActionPopup> {
    const opener = await this.openExtension('/', tabSize); // a small window would cut the popup
    await opener.toFront();
    await this.#inWindow(`Services.prefs.setBoolPref('ui.popup.disable_autohide', true)`); // a headless window may lose the focus at once
    await opener.evaluate(showActionPopup);
    // The panel is not in the BiDi tree: its text comes through the opener, its size and picture from the browser's window.
    const text = await until(
      () =>
        opener.evaluate(() => {
          const [view] = chrome.extension.getViews({ type: 'popup' });
          // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what a person sees
          return view?.document.body?.innerText ?? '';
        }),
      (shown) => shown.trim().length > 20,
    );
    const shot = await until(() =>
      this.#inWindow<{ width: number; height: number; base64: string } | null>(`(async () => {
          const views = [...Services.wm.getEnumerator('navigator:browser')].map((window) => window.document.querySelector('.webextension-popup-browser'));
          const view = views.find((one) => one !== null && one.getBoundingClientRect().height > 100);
          if (!view) return null;
          const image = await view.browsingContext.currentWindowGlobal.drawSnapshot(null, 1, 'white');
          if (image.width < 100 || image.height < 100) return null; // not laid out yet
          const canvas = new OffscreenCanvas(image.width, image.height);
          canvas.getContext('2d').drawImage(image, 0, 0);
          const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
          let binary = '';
          for (const byte of bytes) binary += String.fromCharCode(byte);
          return { width: image.width, height: image.height, base64: btoa(binary) };
        })()`),
    );
    if (!shot) throw new Error('no popup');
    await opener.evaluate(() => {
      for (const view of chrome.extension.getViews({ type: 'popup' })) view.close();
    });
    await this.#inWindow(`Services.prefs.clearUserPref('ui.popup.disable_autohide')`);
    await opener.close();
    return { width: shot.width, height: shot.height, text, png: Buffer.from(shot.base64, 'base64') };
  }

  async #contexts(part: string): Promise<{ context: string; url: string }[]> {
    const { contexts } = await this.#bidi.send<{ contexts: { context: string; url: string }[] }>('browsingContext.getTree', {
      maxDepth: 0,
    });
    return contexts.filter(({ url }) => url.includes(part));
  }

  async waitForPage(part: string, ms = 20_000): Promise<Page> {
    const [found] = await until(
      () => this.#contexts(part),
      (contexts) => contexts.length > 0,
      ms,
    );
    return new Page(this.#tab(found?.context ?? ''));
  }

  async countPages(part: string): Promise<number> {
    return (await this.#contexts(part)).length;
  }

  async stopBackground(): Promise<void> {
    const options = '{ ignoreDevToolsAttached: true, disableResetIdleForTest: true }';
    await this.#inWindow(`WebExtensionPolicy.getByID('${extensionId}').extension.terminateBackground(${options})`);
  }

  async serve(origins: readonly string[], html: string): Promise<void> {
    const bidi = this.#bidi;
    await bidi.on<{ isBlocked: boolean; request: { request: string } }>(
      'network.beforeRequestSent',
      ({ isBlocked, request: { request } }) => {
        if (!isBlocked) return;
        const headers = [{ name: 'content-type', value: { type: 'string', value: 'text/html; charset=utf-8' } }];
        bidi
          .send('network.provideResponse', { request, statusCode: 200, reasonPhrase: 'OK', headers, body: { type: 'string', value: html } })
          .catch(() => undefined); // the page has gone
      },
    );
    const urlPatterns = origins.map((origin) => {
      const { protocol, hostname, port } = new URL(origin);
      return { type: 'pattern', protocol: protocol.slice(0, -1), hostname, ...(port !== '' && { port }) };
    });
    await bidi.send('network.addIntercept', { phases: ['beforeRequestSent'], urlPatterns });
  }

  async openPrivate(url: string): Promise<Pick<Page, 'evaluate'>> {
    await this.#inWindow(`(async () => {
      const opened = OpenBrowserWindow({ private: true });
      await new Promise((loaded) => opened.addEventListener('load', loaded, { once: true }));
      await opened.delayedStartupPromise;
      opened.gBrowser.fixupAndLoadURIString(${JSON.stringify(url)}, { triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal() });
    })()`);
    const page = await this.waitForPage(url);
    await until(() => page.evaluate(() => document.readyState === 'complete'));
    return page;
  }

  async updateExtension(): Promise<void> {
    await installExtension(this.#bidi, this.#options.extension ?? join(root, 'dist/firefox'));
  }

  processOf(url: string): Promise<number> {
    return this.#inWindow(`gBrowser.browsers.find(({ currentURI }) => currentURI.spec === ${JSON.stringify(url)})
      .browsingContext.currentWindowGlobal.osPid`);
  }

  async removeExtension(): Promise<void> {
    await this.#bidi.send('webExtension.uninstall', { extension: extensionId });
  }

  async setColourScheme(scheme: 'light' | 'dark'): Promise<void> {
    await this.#inWindow(`Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', ${scheme === 'dark' ? 0 : 1})`);
  }

  async restart(): Promise<void> {
    await this.#bidi.close();
    await this.start();
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
    if (this.#options.profile === undefined) await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #tab(context: string): Tab {
    const bidi = this.#bidi;
    const perform = (actions: object[]): Promise<void> => bidi.send('input.performActions', { context, actions });
    const keys = (characters: string[]): Promise<void> =>
      perform([
        {
          type: 'key',
          id: 'keyboard',
          actions: characters.flatMap((value) => [
            { type: 'keyDown', value },
            { type: 'keyUp', value },
          ]),
        },
      ]);
    return {
      evaluate: (expression) => bidi.evaluate(context, expression),
      goto: (url, wait) => bidi.send('browsingContext.navigate', { context, url, wait: wait === 'started' ? 'interactive' : 'complete' }),
      reload: (wait) => bidi.send('browsingContext.reload', { context, wait: wait === 'started' ? 'interactive' : 'complete' }),
      mouse: (x, y) =>
        perform([
          {
            type: 'pointer',
            id: 'mouse',
            actions: [
              { type: 'pointerMove', x, y },
              { type: 'pointerDown', button: 0 },
              { type: 'pointerUp', button: 0 },
            ],
          },
        ]),
      type: (text) => keys([...text]),
      // BiDi has no paste; this editing command goes through the field as one does, with the events that belong to it.
      insert: (text) => bidi.evaluate(context, `document.execCommand('insertText', false, ${JSON.stringify(text)})`),
      press: (key) => keys([named[key] ?? key]),
      screenshot: async () =>
        Buffer.from((await bidi.send<{ data: string }>('browsingContext.captureScreenshot', { context })).data, 'base64'),
      setSize: (viewport) => bidi.send('browsingContext.setViewport', { context, viewport }),
      // The driver waits for ever where the page itself, or another, comes to the front meanwhile.
      toFront: () => Promise.race([bidi.send<void>('browsingContext.activate', { context }), sleep(5_000)]),
      close: () => bidi.send('browsingContext.close', { context }),
    };
  }
}

/** WebDriver's codes of keys without a character. */
const named: Record<string, string> = {
  Enter: '\uE007',
  Tab: '\uE004',
  Backspace: '\uE003',
  Escape: '\uE00C',
  ArrowDown: '\uE015',
  ArrowUp: '\uE013',
};

/** Loads the unpacked extension until Firefox closes, and answers the address of its pages. */
export async function installExtension(bidi: Bidi, path: string): Promise<string> {
  await bidi.send('webExtension.install', { extensionData: { type: 'path', path } });
  const host = await bidi.evaluate<string>(await browserWindow(bidi), `WebExtensionPolicy.getByID('${extensionId}').mozExtensionHostname`);
  return `moz-extension://${host}/`;
}

/** The browser's own window, where expressions have the browser's own rights. */
async function browserWindow(bidi: Bidi): Promise<string> {
  const { contexts } = await bidi.send<{ contexts: { context: string }[] }>('browsingContext.getTree', { 'moz:scope': 'chrome' });
  return contexts[0]?.context ?? '';
}
