import type { Page } from 'playwright-core';

/** Which kept files were read so far. */
export const readFiles = (page: Page) => page.evaluate(() => (window as unknown as { readFiles?: string[] }).readFiles ?? []);
/** Lets files fall onto the page, as from a folder. */
export const drop = (page: Page, names: readonly string[], size = 3) =>
  page.evaluate(
    ([all, bytes]) => {
      const dropped = new DataTransfer();
      for (const name of all) dropped.items.add(new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
      const screen = document.querySelector('main.screen');
      screen?.dispatchEvent(new DragEvent('dragover', { dataTransfer: dropped, bubbles: true, cancelable: true }));
      screen?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
    },
    [names, size] as const,
  );

export const leaving = (page: Page) => page.getByRole('log', { name: 'Messages' }).getByRole('group');
export const shownIn = (page: Page) => page.getByRole('log', { name: 'Messages' }).getByRole('article');
export const said = (page: Page) => page.locator('.conversation-foot [aria-live="polite"] p').allInnerTexts();
/** Ends the sending that the scene holds back. */
export const end = (page: Page, how: 'sent' | 'failed') =>
  page.evaluate((what) => (window as unknown as { endUpload(how: string): void }).endUpload(what), how);
