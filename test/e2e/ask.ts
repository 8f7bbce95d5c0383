import type { Page } from '../support/browsers/browser.ts';

/** Asks the background by the port of our own page: for what a person has no button for, such as a secret that a test goes on with. */
export function ask(page: Page, method: string, params: object = {}): Promise<unknown> {
  return page.evaluate(
    (method: string, params: object) =>
      new Promise<unknown>((resolve, reject) => {
        const port = chrome.runtime.connect({ name: 'own' });
        port.onMessage.addListener((message: { id?: number; result?: unknown; error?: { message: string } }) => {
          if (message.id !== 7777) return;
          port.disconnect();
          if (message.error) reject(new Error(message.error.message));
          else resolve(message.result);
        });
        port.postMessage({ id: 7777, method, params });
      }),
    method,
    params,
  );
}
