import { browser } from './browser.ts';

/** Where else the same page can be: all of them show one state, live. */

interface SidePanel {
  open(options: { readonly windowId: number }): Promise<void>;
}

// The panel beside the page is Chrome's own; the sidebar is Firefox's.
const sidePanel = (): SidePanel | undefined => (globalThis as { chrome?: { sidePanel?: SidePanel } }).chrome?.sidePanel;
const sidebar = (): { open(): Promise<void> } | undefined => (browser as { sidebarAction?: { open(): Promise<void> } }).sidebarAction;

/** Whether Parley can stand beside the pages, and does not already. */
export const canStandBeside = (): boolean =>
  document.documentElement.dataset['view'] !== 'side' && (sidePanel() !== undefined || sidebar() !== undefined);

/** The browser's window that this page is in; known before somebody presses, since the press is good for a moment only. */
export const ownWindow = async (): Promise<number | null> => (await browser.windows.getCurrent()).id ?? null;

/** Shows Parley beside the pages of a window. Within the press of a button. */
export async function openBeside(windowId: number | null): Promise<void> {
  const panel = sidePanel();
  if (panel && windowId !== null) await panel.open({ windowId });
  else await sidebar()?.open();
}

/** Shows what is looked at now in a window of its own. */
export async function openWindow(): Promise<void> {
  await browser.windows.create({ url: browser.runtime.getURL(`popup.html${location.hash}`), type: 'popup', width: 420, height: 720 });
}

export async function openTab(): Promise<void> {
  await browser.tabs.create({ url: browser.runtime.getURL(`popup.html${location.hash}`) });
}
