import browser from 'webextension-polyfill';
import type { Cell } from '../keystore/vault-store.ts';
import { fromBase64, toBase64, utf8 } from '../protocol/bytes.ts';
import type { Notices } from './notifications.ts';
import type { PromptWindow } from './sites/approvals.ts';

let shown: number | null = null;

/** The window in which sites' questions are shown. */
export const promptWindow: PromptWindow = {
  async show() {
    if (shown !== null) {
      try {
        // A minimised window may take the focus and stay where it is.
        const { state } = await browser.windows.get(shown);
        await browser.windows.update(shown, { focused: true, ...(state === 'minimized' && { state: 'normal' }) });
        return shown;
      } catch {
        // It was closed; open another.
      }
    }
    const window = await browser.windows.create({
      url: browser.runtime.getURL('popup.html#/approve'),
      type: 'popup',
      width: 400,
      height: 632,
    });
    if (window.id === undefined) throw new Error('the browser did not open a window');
    shown = window.id;
    return shown;
  },
  async close(id) {
    if (shown === id) shown = null;
    await browser.windows.remove(id);
  },
};

/** A text in an area of the browser that does not go with the databases. */
export const localText = (name: string): Cell<string> => ({
  async get() {
    const { [name]: text } = await browser.storage.local.get(name);
    return typeof text === 'string' ? text : undefined;
  },
  put: (text) => browser.storage.local.set({ [name]: text }),
  delete: () => browser.storage.local.remove(name),
});

/** Bytes in the same place. What is no text of bytes was damaged: it is handed out as it is, for whoever knows what it should be. */
export function localBytes(name: string): Cell<Uint8Array> {
  const kept = localText(name);
  return {
    async get() {
      const text = await kept.get();
      if (text === undefined) return undefined;
      try {
        return fromBase64(text);
      } catch {
        return utf8(text);
      }
    },
    put: (bytes) => kept.put(toBase64(bytes)),
    delete: kept.delete,
  };
}

/** What a tab of ours may show that is left for something else: lists and conversations, and no step of anything. */
const leavable = /^(#\/?|#\/conversation\/.*)?$/;

/** Shows a route of our page: in a tab that is open with it, before another one is opened. */
export async function showPage(route: string): Promise<void> {
  const page = browser.runtime.getURL('popup.html');
  const url = `${page}#${route}`;
  const tabs = await browser.tabs.query({});
  const ours = tabs.filter((tab) => tab.url?.startsWith(page) && leavable.test(tab.url.slice(page.length)));
  const tab = ours.find(({ active }) => active) ?? ours[0];
  if (tab?.id === undefined) {
    await browser.tabs.create({ url });
    return;
  }
  await browser.tabs.update(tab.id, { active: true, url });
  if (tab.windowId !== undefined) await browser.windows.update(tab.windowId, { focused: true });
}

/** Notifications of the system, as far as its user lets the browser show them. */
export const notices: Notices = {
  show: (id, { title, message }) =>
    browser.notifications.create(id, { type: 'basic', iconUrl: browser.runtime.getURL('icons/icon-128.png'), title, message }),
  clear: (id) => browser.notifications.clear(id),
};

/** Tells the content scripts of these origins that there is somebody to talk to again. */
export async function wakePages(origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  // A match pattern has no port: what it finds is compared once more.
  const tabs = await browser.tabs.query({ url: origins.map((origin) => `${new URL(origin).protocol}//${new URL(origin).hostname}/*`) });
  for (const { id, url } of tabs) {
    if (id === undefined || !origins.includes(originOf(url) ?? '')) continue;
    // Pages without our script do not answer.
    browser.tabs.sendMessage(id, 'parley:wake').catch(() => undefined);
  }
}

/** The origins that have a tab open. */
export async function openOrigins(): Promise<ReadonlySet<string>> {
  const tabs = await browser.tabs.query({});
  return new Set(tabs.flatMap(({ url, pendingUrl }) => [originOf(url), originOf(pendingUrl)].filter((origin) => origin !== null)));
}

/** The address of the tab that the user looks at beside our own pages, where the browser lets us know it. */
export async function tabInFront(): Promise<string | null> {
  const [tab] = await browser.tabs.query({ active: true, lastFocusedWindow: true });
  return tab?.url ?? null;
}

/** Content scripts live in the process of their page: keep the areas of storage from them. Firefox knows this for the session alone. */
export async function trustOnly(): Promise<void> {
  type Area = { setAccessLevel?(options: { accessLevel: 'TRUSTED_CONTEXTS' }): Promise<void> };
  for (const area of [browser.storage.local, browser.storage.session] as Area[]) {
    try {
      await area.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' });
    } catch {
      // The session area is closed to them by default, and what the local one holds is sealed.
    }
  }
}

function originOf(url: string | undefined): string | null {
  try {
    return url === undefined ? null : new URL(url).origin;
  } catch {
    return null;
  }
}
