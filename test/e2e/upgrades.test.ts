import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, sleep } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button } from '../support/browsers/person.ts';
import { Profile } from '../support/browsers/profile.ts';
import { browserNames, World } from './world.ts';

interface Older {
  makeFourth(db: IDBDatabase): void;
}

/** Has a page know the stores of the records as their fourth version left them. */
const knowFourth = (): void => {
  const older: Older = {
    makeFourth(db) {
      for (const store of ['vault', 'keys', 'settings', 'grants', 'drafts', 'sent', 'pins', 'notes', 'files']) db.createObjectStore(store);
      db.createObjectStore('tasks', { keyPath: 'name' });
      const outbox = db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true });
      outbox.createIndex('id', 'id', { unique: true });
      outbox.createIndex('conversation', 'conversation');
    },
  };
  Object.assign(window, older);
};

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
    await holder.evaluate(knowFourth);
    await holder.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          // Both in one turn: nobody else comes in between.
          indexedDB.deleteDatabase('parley-records');
          const opening = indexedDB.open('parley-records', 4);
          opening.onerror = () => reject(opening.error);
          opening.onupgradeneeded = () => (window as unknown as Older).makeFourth(opening.result);
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

  test('an upgrade in which the browser was killed has changed nothing, and is done by the next start with all rows', {
    timeout: 90_000,
  }, async () => {
    const profile = new Profile(name);
    const launch = (): Promise<Browser> => (name === 'chromium' ? launchChromium : launchFirefox)({ profile: profile.path });
    let mine = await launch();
    try {
      const page = await mine.openExtension('/welcome');
      await page.see(button('Create a new wallet'));
      await page.evaluate(knowFourth);
      const from = await page.evaluate(
        () =>
          new Promise<number>((resolve, reject) => {
            // All in one turn: nobody else comes in between.
            indexedDB.deleteDatabase('parley-records');
            const before = indexedDB.open('parley-records', 4);
            before.onerror = () => reject(before.error);
            before.onupgradeneeded = () => {
              const db = before.result;
              (window as unknown as Older).makeFourth(db);
              before.transaction?.objectStore('drafts').put(new Uint8Array([1, 2, 3]), 'a conversation');
              before.transaction
                ?.objectStore('outbox')
                .put({ order: 7, id: 'm', conversation: 'a conversation', sealed: new Uint8Array([4, 5]) });
              // It gives way to what comes next, which waits for it already.
              db.onversionchange = () => db.close();
            };
            const upgrade = indexedDB.open('parley-records', 5);
            upgrade.onerror = () => reject(upgrade.error);
            upgrade.onupgradeneeded = ({ oldVersion }) => {
              upgrade.result.createObjectStore('fileHeads');
              const settings = upgrade.transaction?.objectStore('settings');
              settings?.put('half', 'an upgrade');
              // It goes on for as long as something is asked for.
              const ask = (): void => {
                const asked = settings?.get('an upgrade');
                if (asked) asked.onsuccess = ask;
              };
              ask();
              setTimeout(() => resolve(oldVersion), 300);
            };
          }),
      );
      expect(from).toBe(4);
      await profile.kill();
      await Promise.race([mine.close().catch(() => undefined), sleep(5_000)]);

      mine = await launch();
      const after = await mine.openExtension('/welcome');
      await after.see(button('Create a new wallet'));
      const kept = await after.evaluate(
        () =>
          new Promise<unknown>((resolve, reject) => {
            const opening = indexedDB.open('parley-records');
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const db = opening.result;
              const rows = db.transaction(['drafts', 'outbox', 'settings', 'fileHeads']);
              const asked = {
                draft: rows.objectStore('drafts').get('a conversation'),
                waiting: rows.objectStore('outbox').get(7),
                half: rows.objectStore('settings').get('an upgrade'),
                heads: rows.objectStore('fileHeads').count(),
              };
              rows.oncomplete = () => {
                const { draft, waiting, half, heads } = asked;
                resolve([db.version, [...draft.result], waiting.result.id, half.result ?? null, heads.result]);
                db.close();
              };
            };
          }),
      );
      expect(kept).toEqual([5, [1, 2, 3], 'm', null, 0]);
    } finally {
      await mine.close().catch(() => undefined);
      profile.remove();
    }
  });
});
