import { type Aim, type Found, findInPage, type Query } from './find.ts';

/** What both browsers can do for a test; each runs the built extension in a profile of its own. */
export interface Browser {
  readonly name: 'chromium' | 'firefox';
  readonly version: string;
  /** `chrome-extension://…/` or `moz-extension://…/`. */
  readonly base: string;
  /** A new tab. */
  open(url: string, size?: Size): Promise<Page>;
  /** The extension's page in a tab: `route` is what follows `popup.html#`. */
  openExtension(route?: string, size?: Size): Promise<Page>;
  /** The popup under the toolbar button. */
  openActionPopup(): Promise<ActionPopup>;
  /** Waits for a page that something else opened, such as the approval window, by a part of its address. */
  waitForPage(part: string, ms?: number): Promise<Page>;
  /** How many pages have this part in their address. */
  countPages(part: string): Promise<number>;
  /** Kills the service worker or event page, as the browser does when it wants the memory back. */
  stopBackground(): Promise<void>;
  /** Answers everything at these origins with a page, as if the network had them; pages opened from now on. */
  serve(origins: readonly string[], html: string): Promise<void>;
  /** A page in a private window. */
  openPrivate(url: string): Promise<Pick<Page, 'evaluate'>>;
  setColourScheme(scheme: 'light' | 'dark'): Promise<void>;
  /** Closes and starts the browser with the same profile. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ActionPopup {
  readonly width: number;
  readonly height: number;
  readonly text: string;
  readonly png: Buffer;
}

export interface LaunchOptions {
  /** A profile to use and keep; without it a fresh one, removed at close. */
  readonly profile?: string;
  readonly headless?: boolean;
  /** Takes certificates that nobody signed. */
  readonly anyCertificate?: boolean;
  /** The unpacked extension. */
  readonly extension?: string;
  /** Of Firefox alone: what `about:config` has. */
  readonly preferences?: Readonly<Record<string, string | number | boolean>>;
}

/** Until when a page that is opened is waited for; `started` is as early as the browser tells, for measuring what follows. */
export type Wait = 'loaded' | 'started';

/** What a driver brings for one page; `Page` makes the rest of it. */
export interface Tab {
  evaluate<R>(expression: string): Promise<R>;
  goto(url: string, wait: Wait): Promise<void>;
  reload(wait: Wait): Promise<void>;
  mouse(x: number, y: number): Promise<void>;
  /** Types each character as a key. */
  type(text: string): Promise<void>;
  /** Inserts text at once, as an input method or a paste does. */
  insert(text: string): Promise<void>;
  press(key: string): Promise<void>;
  screenshot(): Promise<Buffer>;
  setSize(size: Size): Promise<void>;
  toFront(): Promise<void>;
  close(): Promise<void>;
}

export const tabSize: Size = { width: 1280, height: 860 };
export const popupSize: Size = { width: 400, height: 600 };

/** How long a person waits for something to show before the test calls it missing. */
const patience = 20_000;

/** A page in a browser, used as a person uses it: by what is shown, with the mouse and the keys. */
export class Page {
  readonly #tab: Tab;

  constructor(tab: Tab) {
    this.#tab = tab;
  }

  /** Runs a function in the page; it and its arguments travel as text, and its result as JSON. */
  evaluate<A extends unknown[], R>(run: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.#tab.evaluate<Awaited<R>>(`(${run})(...${JSON.stringify(args)})`);
  }

  /** Runs a script in the page, whatever the page's policy says. */
  run(script: string): Promise<null> {
    return this.#tab.evaluate<null>(`(() => {${script}\nreturn null; })()`);
  }

  goto(url: string, { wait = 'loaded' }: { readonly wait?: Wait } = {}): Promise<void> {
    return this.#tab.goto(url, wait);
  }

  reload({ wait = 'loaded' }: { readonly wait?: Wait } = {}): Promise<void> {
    return this.#tab.reload(wait);
  }

  url(): Promise<string> {
    return this.evaluate(() => location.href);
  }

  /** Everything on the page that matches, now. */
  async find(query: Query): Promise<Found[]> {
    return (await this.#look(query, 'read')) as Found[];
  }

  /** Waits until something matches, and answers the first match. */
  async see(query: Query, ms = patience): Promise<Found> {
    const [first] = await until(
      () => this.find(query),
      (found) => found.length > 0,
      ms,
      () => this.#missing(query),
    );
    return first as Found;
  }

  async sees(query: Query): Promise<boolean> {
    return (await this.find(query)).length > 0;
  }

  /** Waits until nothing matches any more. */
  async gone(query: Query, ms = patience): Promise<void> {
    await until(
      () => this.find(query),
      (found) => found.length === 0,
      ms,
    );
  }

  /** Waits until the page shows this text anywhere. */
  async seeText(text: string, ms = patience): Promise<void> {
    await until(
      () => this.text(),
      (shown) => shown.includes(text),
      ms,
    );
  }

  text(): Promise<string> {
    // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what a person sees
    return this.evaluate(() => document.body?.innerText ?? '');
  }

  /** Clicks with the mouse, once the element can really be hit. */
  async click(query: Query, ms = patience): Promise<void> {
    let last: Aim = { problem: '' };
    let still = false;
    const aim = await until(
      async () => {
        const now = (await this.#look(query, 'aim')) as Aim;
        // The same place twice: a moving target is not clicked.
        still = 'x' in now && 'x' in last && now.x === last.x && now.y === last.y;
        last = now;
        return now;
      },
      () => still,
      ms,
      () => this.#missing(query),
    );
    if (!('x' in aim)) throw new Error(aim.problem);
    await this.#tab.mouse(aim.x, aim.y);
  }

  /** Clicks into a field, empties it and enters the text: short plain text key by key, anything else as a paste. */
  async fill(query: Query, text: string): Promise<void> {
    await this.click(query);
    await until(
      () => this.see(query),
      (field) => field.focused,
    );
    await this.evaluate(() => (document.activeElement as HTMLInputElement | null)?.select?.());
    if (text === '') await this.press('Backspace');
    else if (/^[\x20-\x7e]{1,60}$/.test(text)) await this.#tab.type(text);
    else await this.#tab.insert(text);
  }

  press(key: string): Promise<void> {
    return this.#tab.press(key);
  }

  screenshot(): Promise<Buffer> {
    return this.#tab.screenshot();
  }

  setSize(size: Size): Promise<void> {
    return this.#tab.setSize(size);
  }

  toFront(): Promise<void> {
    return this.#tab.toFront();
  }

  close(): Promise<void> {
    return this.#tab.close();
  }

  /** A page that is just navigating has no answer; it is asked again by whoever waits. */
  async #look(query: Query, mode: 'read' | 'aim'): Promise<Found[] | Aim> {
    try {
      return await this.evaluate(findInPage, query, mode);
    } catch (error) {
      if (/navigat|context was destroyed|no such frame|Actor .* destroyed|discarded/i.test(String(error)))
        return mode === 'read' ? [] : { problem: 'navigating' };
      throw error;
    }
  }

  async #missing(query: Query): Promise<string> {
    const text = await this.text().catch(() => '(no answer)');
    return `looking for ${JSON.stringify(query)} at ${await this.url().catch(() => '?')}, which shows:\n${text.slice(0, 1500)}`;
  }
}

/** Runs in a page of the extension: its own window has to be the focused one before the toolbar popup may open there. */
export async function showActionPopup(): Promise<void> {
  const { id: windowId } = await chrome.windows.getCurrent();
  if (windowId === undefined) throw new Error('no window');
  for (let tries = 0; ; tries++) {
    try {
      await chrome.windows.update(windowId, { focused: true });
      await chrome.action.openPopup({ windowId });
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer is good. @throws Error with the last answer when time is up. */
export async function until<T>(
  read: () => T | Promise<T>,
  good: (value: T) => boolean = Boolean,
  ms = patience,
  explain?: () => string | Promise<string>,
): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(40)) {
    const value = await read();
    if (good(value)) return value;
    if (Date.now() > end)
      throw new Error(`still ${JSON.stringify(value)?.slice(0, 600)} after ${ms} ms${explain ? `, ${await explain()}` : ''}`);
  }
}
