import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type CDPSession, chromium, type Page as PlaywrightPage } from 'playwright-core';
import { findBrowser } from '../../cli/find-browsers.ts';
import { root } from '../../cli/processes.ts';
import {
  type ActionPopup,
  type Browser,
  type LaunchOptions,
  Page,
  popupSize,
  type Size,
  showActionPopup,
  type Tab,
  tabSize,
  until,
} from './browser.ts';

/** Arguments that keep the browser quiet and the test's pages the only ones. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--screen-info={1600x1200}', // the default headless screen of 800x600 would cut a popup of 600 px
];

interface WithHeap {
  /** All texts in the memory of the page at this address, those of the content script beside it among them; the longest are cut. */
  heapOf(url: string): Promise<string>;
  /** Bytes that the scripts of the page at this address hold, once what nobody holds is gone. */
  heapUsed(url: string): Promise<number>;
}

/** Starts Chromium with the built extension. @throws CommandError when there is no browser. */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser & WithHeap> {
  const executablePath = findBrowser('chromium').path;
  const profile = options.profile ?? (await mkdtemp(join(tmpdir(), 'parley-chromium-')));
  const extension = options.extension ?? join(root, 'dist/chromium');
  const started = new ChromiumBrowser(profile, options.profile === undefined, () =>
    chromium.launchPersistentContext(profile, {
      executablePath,
      headless: options.headless ?? true,
      viewport: tabSize,
      args: [
        `--disable-extensions-except=${extension}`,
        `--load-extension=${extension}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ...quiet,
        ...(options.anyCertificate ? ['--ignore-certificate-errors'] : []),
      ],
    }),
  );
  await started.start();
  return started;
}

class ChromiumBrowser implements Browser, WithHeap {
  readonly name = 'chromium';
  version = '';
  base = '';
  readonly #profile: string;
  readonly #temporary: boolean;
  readonly #launch: () => Promise<BrowserContext>;
  #context: BrowserContext | undefined;

  constructor(profile: string, temporary: boolean, launch: () => Promise<BrowserContext>) {
    this.#profile = profile;
    this.#temporary = temporary;
    this.#launch = launch;
  }

  async start(): Promise<void> {
    this.#context = await this.#launch();
    this.version = this.#browser.version();
    const worker = this.#context.serviceWorkers()[0] ?? (await this.#context.waitForEvent('serviceworker', { timeout: 20_000 }));
    this.base = `chrome-extension://${new URL(worker.url()).host}/`;
  }

  get #tabs(): BrowserContext {
    if (!this.#context) throw new Error('the browser is closed');
    return this.#context;
  }

  get #browser() {
    const browser = this.#tabs.browser();
    if (!browser) throw new Error('no browser');
    return browser;
  }

  async open(url: string, size: Size = tabSize): Promise<Page> {
    const tab = await this.#tabs.newPage();
    await tab.setViewportSize(size);
    await tab.goto(url);
    return new Page(await tabOf(tab));
  }

  openExtension(route = '/', size: Size = popupSize): Promise<Page> {
    return this.open(`${this.base}popup.html#${route}`, size);
  }

  async openActionPopup(): Promise<ActionPopup> {
    const opener = await this.openExtension('/', tabSize); // a small window would cut the popup
    await opener.toFront();
    await opener.evaluate(showActionPopup);
    const session = await this.#browser.newBrowserCDPSession();
    // Playwright does not attach to the popup by itself; speak to it through the browser's own session.
    const target = await until(async () => {
      const { targetInfos } = await session.send('Target.getTargets');
      return targetInfos.find((info) => info.type === 'page' && !info.attached && info.url.startsWith(`${this.base}popup.html?toolbar`));
    });
    const send = await attach(session, target?.targetId ?? '');
    const evaluate = async (expression: string): Promise<unknown> =>
      ((await send('Runtime.evaluate', { expression, returnByValue: true })) as { result: { value: unknown } }).result.value;
    const text = await until(
      async () => String(await evaluate('document.body ? document.body.innerText : ""')),
      (shown) => shown.trim().length > 20,
    );
    let last = '';
    await until(async () => {
      const size = String(await evaluate('[innerWidth, innerHeight].join()'));
      const still = size === last;
      last = size;
      return still;
    });
    const [width = 0, height = 0] = last.split(',').map(Number);
    const { data } = (await send('Page.captureScreenshot', { format: 'png' })) as { data: string };
    await evaluate('window.close()').catch(() => {});
    await session.detach();
    await opener.close();
    return { width, height, text, png: Buffer.from(data, 'base64') };
  }

  async waitForPage(part: string, ms = 20_000): Promise<Page> {
    const tab = await until(() => this.#tabs.pages().find((page) => page.url().includes(part)), Boolean, ms);
    // Playwright gives every window the size of a tab; a window of the extension has the size of its popup.
    if (tab?.url().startsWith(this.base)) await tab.setViewportSize(popupSize);
    return new Page(await tabOf(tab as PlaywrightPage));
  }

  async countPages(part: string): Promise<number> {
    return this.#tabs.pages().filter((page) => page.url().includes(part)).length;
  }

  async stopBackground(): Promise<void> {
    const session = await this.#tabs.newCDPSession(this.#tabs.pages()[0] ?? (await this.#tabs.newPage()));
    const stopped = new Promise<void>((resolve) => {
      session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
        const ours = versions.filter((version) => version.scriptURL.startsWith(this.base));
        if (ours.length > 0 && ours.every((version) => version.runningStatus === 'stopped')) resolve();
      });
    });
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await stopped;
    await session.detach();
  }

  async serve(origins: readonly string[], html: string): Promise<void> {
    await this.#tabs.route(
      (url) => origins.includes(url.origin),
      (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }),
    );
  }

  async openPrivate(url: string): Promise<Pick<Page, 'evaluate'>> {
    const session = await this.#browser.newBrowserCDPSession();
    const { browserContextId } = await session.send('Target.createBrowserContext');
    const { targetId } = await session.send('Target.createTarget', { url, browserContextId });
    const send = await attach(session, targetId);
    const page: Pick<Page, 'evaluate'> = {
      async evaluate(run, ...args) {
        const expression = `(${run})(...${JSON.stringify(args)})`;
        const { result } = (await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })) as {
          result: { value: never };
        };
        return result.value;
      },
    };
    await until(() => page.evaluate(() => document.readyState === 'complete' && location.href !== 'about:blank'));
    return page;
  }

  async heapOf(url: string): Promise<string> {
    const tab = this.#tabs.pages().find((page) => page.url() === url);
    if (!tab) throw new Error(`no page at ${url}`);
    const session = await tab.context().newCDPSession(tab);
    const chunks: string[] = [];
    session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => void chunks.push(chunk));
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    await session.detach();
    return (JSON.parse(chunks.join('')) as { strings: string[] }).strings.join('\n');
  }

  async heapUsed(url: string): Promise<number> {
    const tab = this.#tabs.pages().find((page) => page.url() === url);
    if (!tab) throw new Error(`no page at ${url}`);
    const session = await tab.context().newCDPSession(tab);
    await session.send('HeapProfiler.enable');
    for (let pass = 0; pass < 3; pass++) await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    return usedSize;
  }

  async setColourScheme(scheme: 'light' | 'dark'): Promise<void> {
    for (const page of this.#tabs.pages()) await page.emulateMedia({ colorScheme: scheme });
  }

  async restart(): Promise<void> {
    await this.#tabs.close();
    await this.start();
  }

  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
    if (this.#temporary) await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function tabOf(tab: PlaywrightPage): Promise<Tab> {
  const session = await tab.context().newCDPSession(tab);
  return {
    // Runtime.evaluate itself, since Playwright's own way uses eval, which the extension's content security policy may refuse.
    async evaluate<R>(expression: string): Promise<R> {
      const reply = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (reply.exceptionDetails) throw new Error(reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text);
      return reply.result.value as R;
    },
    goto: async (url, wait) => void (await tab.goto(url, { waitUntil: wait === 'started' ? 'commit' : 'load' })),
    reload: async (wait) => void (await tab.reload({ waitUntil: wait === 'started' ? 'commit' : 'load' })),
    mouse: (x, y) => tab.mouse.click(x, y),
    type: (text) => tab.keyboard.type(text),
    insert: (text) => tab.keyboard.insertText(text),
    press: (key) => tab.keyboard.press(key),
    screenshot: () => tab.screenshot(),
    setSize: (size) => tab.setViewportSize(size),
    toFront: () => tab.bringToFront(),
    close: () => tab.close(),
  };
}

async function attach(browser: CDPSession, targetId: string) {
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: false });
  type Reply = { id?: number; result?: unknown; error?: { message: string } };
  const waiting = new Map<number, (reply: Reply) => void>();
  let id = 0;
  browser.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId !== sessionId) return;
    const reply = JSON.parse(event.message) as Reply;
    waiting.get(reply.id ?? 0)?.(reply);
    waiting.delete(reply.id ?? 0);
  });
  return (method: string, params: object = {}) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(++id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
      browser.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) }).catch(reject);
    });
}
