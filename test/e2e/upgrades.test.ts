import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../support/browsers/browser.ts';
import { button } from '../support/browsers/person.ts';
import { browserNames, World } from './world.ts';

describe.each(browserNames)('in %s', (name) => {
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    world = await World.start(`upgrades-${name}`);
    browser = await world.browser(name);
  });
  afterAll(() => world?.end());

  test('another page that holds older data open is told of, and Parley goes on once it has let go', async () => {
    const holder = await browser.openExtension('/welcome');
    await holder.see(button('Create a new wallet'));
    await holder.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          // Both in one turn: nobody else comes in between.
          indexedDB.deleteDatabase('parley-records');
          const opening = indexedDB.open('parley-records', 4);
          opening.onerror = () => reject(opening.error);
          opening.onupgradeneeded = () => {
            const db = opening.result;
            for (const store of ['vault', 'keys', 'settings', 'grants', 'drafts', 'sent', 'pins', 'notes', 'files'])
              db.createObjectStore(store);
            db.createObjectStore('tasks', { keyPath: 'name' });
            const outbox = db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true });
            outbox.createIndex('id', 'id', { unique: true });
            outbox.createIndex('conversation', 'conversation');
          };
          opening.onsuccess = () => {
            Object.assign(window, { held: opening.result });
            resolve();
          };
        }),
    );
    await browser.stopBackground();
    const page = await browser.openExtension('/welcome');
    await page.seeText('Close other Parley tabs, or restart the browser.');
    await holder.evaluate(() => (window as unknown as { held: IDBDatabase }).held.close());
    await page.click(button('Try again'));
    await page.see(button('Create a new wallet'));
    await holder.close();
    await page.close();
  });

  test('data that a newer Parley has written are left as they are, and that is said', async () => {
    const before = await browser.openExtension('/welcome');
    await before.see(button('Create a new wallet'));
    const raise = (to: number) =>
      before.evaluate(
        (version) =>
          new Promise<number>((resolve, reject) => {
            const opening = version === 0 ? indexedDB.open('parley-records') : indexedDB.open('parley-records', version);
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const { version: now } = opening.result;
              opening.result.close();
              resolve(now);
            };
          }),
        to,
      );
    await raise(99);
    await browser.stopBackground();
    const page = await browser.openExtension('/');
    await page.seeText('The data in this browser was written by a newer Parley. Update the extension.');
    expect(await page.sees(button('Repair and begin anew'))).toBe(false);
    expect(await raise(0)).toBe(99);
  });
});
