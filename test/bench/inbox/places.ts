import { type Browser, type Page, until } from '../../support/browsers/browser.ts';

/**
 * What is timed in the extension's page: by the page's own clock, so that driving it costs nothing. It ends with a task after the frame in which the thing stands there:
 * that frame is painted by then.
 */

/** Milliseconds from the navigation until the first row is painted, the background awake. */
export async function toFirstRow(page: Page): Promise<number> {
  await page.reload({ wait: 'started' });
  return firstRow(page);
}

/** The same with the background asleep. No page of ours is open before: it would wake it at once. */
export async function toFirstRowAsleep(browser: Browser, page: Page): Promise<number> {
  const url = await page.url();
  await page.goto('about:blank');
  await browser.stopBackground();
  await page.evaluate(() => new Promise((later) => setTimeout(later, 300)));
  await page.goto(url, { wait: 'started' });
  return firstRow(page);
}

const firstRow = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const look = (): void => {
          if (document.querySelector('[aria-label="Conversations"] li')) setTimeout(() => resolve(performance.now()));
          else if (performance.now() > 30_000) reject(new Error('no row'));
          else requestAnimationFrame(look);
        };
        look();
      }),
  );

/** Milliseconds from the press of Unlock, with the passphrase typed, until the first row is painted. */
export const toUnlocked = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const unlock = document.querySelector<HTMLButtonElement>('form button[type="submit"]');
        if (!unlock) return reject(new Error('no button'));
        const began = performance.now();
        unlock.click();
        const look = (): void => {
          if (document.querySelector('[aria-label="Conversations"] li')) setTimeout(() => resolve(performance.now() - began));
          else if (performance.now() - began > 30_000) reject(new Error('no row'));
          else requestAnimationFrame(look);
        };
        look();
      }),
  );

/** Milliseconds from the press of Continue, with a new passphrase typed, until so many rows are painted, each with words that were said. */
export const toRestoredRows = (page: Page, count: number): Promise<number> =>
  page.evaluate(
    (count: number) =>
      new Promise<number>((resolve, reject) => {
        const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent?.trim() === 'Continue');
        if (!button) return reject(new Error('no button'));
        const began = performance.now();
        button.click();
        const look = (): void => {
          const rows = [...document.querySelectorAll('[aria-label="Conversations"] li')].slice(0, count);
          if (rows.length === count && rows.every(({ textContent }) => textContent?.includes('message ')))
            setTimeout(() => resolve(performance.now() - began));
          else if (performance.now() - began > 300_000) reject(new Error('no rows'));
          else requestAnimationFrame(look);
        };
        look();
      }),
    count,
  );

/** Milliseconds until the background has answered that it is unlocked. */
export const toUnlockedByCall = (page: Page, passphrase: string): Promise<number> =>
  page.evaluate(
    (passphrase: string) =>
      new Promise<number>((resolve, reject) => {
        const port = chrome.runtime.connect({ name: 'own' });
        let began = 0;
        port.onMessage.addListener(({ id, error }: { id?: number; error?: { message: string } }) => {
          if (error) reject(new Error(error.message));
          if (id === 1) {
            began = performance.now();
            port.postMessage({ id: 2, method: 'unlock', params: { passphrase } });
          }
          if (id !== 2) return;
          resolve(performance.now() - began);
          port.disconnect();
        });
        port.postMessage({ id: 1, method: 'status', params: {} }); // the background is awake from here on
      }),
    passphrase,
  );

/** Milliseconds from the navigation until a row that says this is painted. */
export const toRowSaying = (page: Page, text: string): Promise<number> =>
  page.evaluate(
    (text: string) =>
      new Promise<number>((resolve, reject) => {
        const look = (): void => {
          if ([...document.querySelectorAll('a.row')].some((each) => each.textContent?.includes(text)))
            setTimeout(() => resolve(performance.now()));
          else if (performance.now() > 120_000) reject(new Error(`no row says ${text}`));
          else requestAnimationFrame(look);
        };
        look();
      }),
    text,
  );

/** Milliseconds from the call that begins a conversation until its first message has left. */
export const toFirstSent = (page: Page, peer: string): Promise<number> =>
  page.evaluate(
    (peer: string) =>
      new Promise<number>((resolve, reject) => {
        const port = chrome.runtime.connect({ name: 'own' });
        const waiting = new Map<number, (result: unknown) => void>();
        let last = 0;
        port.onMessage.addListener(({ id, result, error }: { id?: number; result?: unknown; error?: { message: string } }) => {
          if (error) reject(new Error(error.message));
          else if (id !== undefined) waiting.get(id)?.(result);
        });
        const call = <T>(method: string, params: object): Promise<T> =>
          new Promise((answer) => {
            waiting.set(++last, answer as (result: unknown) => void);
            port.postMessage({ id: last, method, params });
          });
        void (async () => {
          await call('status', {}); // the background is awake from here on
          const began = performance.now();
          const { id } = await call<{ id: string }>('startConversation', { peer });
          await call('sendMessage', { id, text: 'hello', clientId: `first ${peer}` });
          for (;;) {
            const { messages } = await call<{ messages: { state: string }[] }>('listMessages', { id });
            if (messages.every(({ state }) => state === 'sent')) break;
            await new Promise((later) => setTimeout(later, 2));
          }
          resolve(performance.now() - began);
          port.disconnect();
        })();
      }),
    peer,
  );

/** A page that was just brought forward draws its first frames late. */
export async function inFront(page: Page): Promise<void> {
  await page.toFront();
  await page.evaluate(() => new Promise((later) => setTimeout(later, 300)));
}

/** Waits for a row that says this. */
export const rowWith = (page: Page, text: string): Promise<void> =>
  until(
    () => page.evaluate((text: string) => [...document.querySelectorAll('a.row')].some((each) => each.textContent?.includes(text)), text),
    Boolean,
    60_000,
  ).then(() => undefined);

/** Milliseconds from the click that opens a conversation. */
export interface Opened {
  /** Until its newest messages are painted, from one end of the window to the other. */
  readonly window: number;
  /** Until the newest fifty are there, or all where it has fewer, and painted where they are in sight. */
  readonly fifty: number;
}

/** A click on a row, which nothing announces: as long before it as `pressedMs` the button of the mouse goes down, as it does under a hand. */
export const toOpened = (page: Page, text: string, fifty: number, pressedMs = 0): Promise<Opened> =>
  page.evaluate(
    async (text: string, fifty: number, pressedMs: number) => {
      const row = [...document.querySelectorAll<HTMLAnchorElement>('a.row')].find((each) => each.textContent?.includes(text));
      if (!row) throw new Error(`no row says ${text}`);
      if (pressedMs > 0) {
        row.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
        await new Promise((later) => setTimeout(later, pressedMs));
      }
      return new Promise<Opened>((resolve, reject) => {
        const began = performance.now();
        let window = 0;
        row.click();
        const look = (): void => {
          const log = document.querySelector('[aria-label="Messages"]');
          const shown = log?.querySelectorAll('[data-id]') ?? [];
          const [first] = shown;
          const full = log && first && (shown.length >= fifty || first.getBoundingClientRect().top <= log.getBoundingClientRect().top);
          const there = full && log.textContent?.includes(text);
          if (there && window === 0) {
            window = Number.NaN;
            setTimeout(() => {
              window = performance.now() - began;
            });
          }
          if (there && shown.length >= fifty) setTimeout(() => resolve({ window, fifty: performance.now() - began }));
          else if (performance.now() - began > 30_000) reject(new Error('no messages'));
          else requestAnimationFrame(look);
        };
        look();
      });
    },
    text,
    fifty,
    pressedMs,
  );

/** Milliseconds from Enter until the message is painted in the conversation. */
export const toOwnMessage = (page: Page, text: string): Promise<number> =>
  page.evaluate(
    (text: string) =>
      new Promise<number>((resolve, reject) => {
        const field = document.querySelector<HTMLTextAreaElement>('.composer textarea');
        if (!field) return reject(new Error('no field'));
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        requestAnimationFrame(() => {
          const began = performance.now();
          field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
          const look = (): void => {
            if (document.querySelector('[aria-label="Messages"]')?.textContent?.includes(text))
              setTimeout(() => resolve(performance.now() - began));
            else if (performance.now() - began > 30_000) reject(new Error('not shown'));
            else requestAnimationFrame(look);
          };
          look();
        });
      }),
    text,
  );

/** Milliseconds from a typed word until what was found is painted. The field is entered a little before, as by a person who then thinks of a word. */
export const toFound = (page: Page, word: string): Promise<number> =>
  page.evaluate(async (word: string) => {
    const field = document.querySelector<HTMLInputElement>('#search');
    if (!field) throw new Error('no field');
    field.focus();
    await new Promise((later) => setTimeout(later, 300));
    return new Promise<number>((resolve, reject) => {
      const began = performance.now();
      field.value = word;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      const look = (): void => {
        // What was found for the word before this one stays until there is an answer: its marks are of another word.
        if (document.querySelector('.results mark')?.textContent?.toLowerCase() === word)
          setTimeout(() => resolve(performance.now() - began));
        else if (performance.now() - began > 30_000) reject(new Error('nothing found'));
        else requestAnimationFrame(look);
      };
      look();
    });
  }, word);

/** What scrolling from the top down and back came to. */
export interface Scrolled {
  /** Frames under 50 ms are not told of by the browser, and count as 0. */
  readonly longestMs: number;
  /** Frames that came later than the one after the last, of all. */
  readonly late: number;
  readonly frames: number;
  /** The most that were in the page. */
  readonly rows: number;
}

export const scrolled = (page: Page): Promise<Scrolled> =>
  page.evaluate(async () => {
    const outer = document.querySelector('#lists');
    if (!outer) throw new Error('no list');
    let longestMs = 0;
    let [rows, late, last] = [0, 0, 0];
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    const watcher = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
    });
    watcher.observe({ type: 'long-animation-frame', buffered: false });
    for (const way of [1, -1])
      for (let step = 0; step < 120; step++) {
        outer.scrollBy(0, way * 400);
        const now = await frame();
        if (last > 0 && now - last > 25) late += 1;
        last = now;
        rows = Math.max(rows, outer.querySelectorAll('li').length);
      }
    await frame();
    watcher.disconnect();
    return { longestMs, late, frames: 240, rows };
  });
