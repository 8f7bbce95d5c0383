import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { drop, readFiles, shownIn } from './file-hands.ts';
import { at, objections } from './page.ts';

describe('files', () => {
  test('that came show pictures at once, and larger; other kinds when they are asked for', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('button', { name: 'Show evening.png larger' }).click();
      const dialog = page.getByRole('dialog', { name: 'evening.png' });
      await dialog.getByRole('button', { name: 'Save' }).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Load film.mp4' }).click();
      await page.getByText('The file is not there any more.').waitFor();
      await page.getByRole('button', { name: 'Show voice.ogg' }).click();
      await page.locator('audio').waitFor();
      expect(await page.getByRole('button', { name: /^Save minutes of/ }).count()).toBe(1);
    }));

  test('of strangers show nothing until they are asked for', () =>
    at({ scene: 'files', route: '#/conversation/r7' }, async (page) => {
      await page.getByRole('button', { name: 'Show evening.png', exact: true }).waitFor();
      expect(await page.locator('.log img, .log audio, .log video').count()).toBe(0);
      await page.getByText('this browser asks files.example').waitFor();
    }));

  /** Asks for another place for what stands at `nth`. */
  const forward = async (page: Page, nth: number) => {
    await page.getByRole('article').nth(nth).getByRole('button', { name: 'Message' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Forward' }).press('Enter');
    return page.getByRole('dialog', { name: 'Forward to' });
  };

  test('are forwarded among those to send in another conversation, where they wait', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      const dialog = await forward(page, 27);
      await dialog.getByText('evening.png goes among the files to send there').waitFor();
      await dialog.getByRole('listitem').first().waitFor();
      expect(await objections(page)).toEqual([]);
      await dialog.getByRole('listitem').first().getByRole('button').press('Enter');
      await dialog.waitFor({ state: 'detached' });
      // Not where it is already.
      expect(new URL(page.url()).hash).toBe('#/conversation/c1');
      await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').filter({ hasText: 'evening.png' }).waitFor();
    }));

  test('that cannot be had to be forwarded say why, and stay where they are', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      const dialog = await forward(page, 29);
      await dialog.getByRole('listitem').first().getByRole('button').press('Enter');
      await dialog.getByText('The file is not there any more. Ask whoever sent it to send it again.').waitFor();
      expect(await objections(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(new URL(page.url()).hash).toBe('#/conversation/c0');
    }));

  test('that are on their way to be forwarded show how far, and are called off', () =>
    at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
      const dialog = await forward(page, 28);
      await dialog.getByRole('listitem').first().getByRole('button').press('Enter');
      await expect.poll(() => dialog.getByRole('progressbar', { name: /^Loading minutes/ }).getAttribute('value')).toBe('3700000');
      expect(await objections(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(new URL(page.url()).hash).toBe('#/conversation/c0');
    }));

  test('of strangers cannot be forwarded', () =>
    at({ scene: 'files', route: '#/conversation/r7' }, async (page) => {
      await page.getByRole('article').nth(27).getByRole('button', { name: 'Message' }).press('Enter');
      await page.getByRole('menuitem', { name: 'Delete here' }).waitFor();
      expect(await page.getByRole('menuitem', { name: 'Forward' }).count()).toBe(0);
    }));

  test('that are chosen, dropped or pasted stand above the field, and can be left out', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const chosen = page.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
      await page.locator('input[type="file"]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
      await drop(page, ['b.pdf', 'c.pdf']);
      await chosen.nth(2).waitFor();
      expect(await objections(page)).toEqual([]);
      await page.getByRole('button', { name: 'Leave out b.pdf' }).click();
      expect(await chosen.count()).toBe(2);
      expect(await page.getByRole('button', { name: 'Send', exact: true }).isEnabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Message', exact: true }).press('Enter');
      await chosen.first().waitFor({ state: 'detached' });
    }));

  test('that are empty, or more than are meant, are told of', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await drop(page, ['empty.pdf'], 0);
      await page.getByText('empty.pdf is empty.').waitFor();
      await drop(
        page,
        Array.from({ length: 11 }, (_, index) => `${index}.pdf`),
      );
      await page.getByText('10 files at once are enough.').waitFor();
      expect(await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').count()).toBe(10);
    }));

  test('that were chosen in a page which is gone stand there still, before those that are chosen now', () =>
    at({ scene: 'kept files', route: '#/conversation/c0' }, async (page) => {
      const chosen = page.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
      await chosen.filter({ hasText: 'of before.txt' }).waitFor();
      await drop(page, ['of now.pdf']);
      await chosen.nth(2).waitFor();
      expect(await chosen.allInnerTexts()).toEqual([
        expect.stringMatching(/of before\.txt\s+1 byte/),
        expect.stringMatching(/evening\.png\s+2 kB/),
        expect.stringContaining('of now.pdf'),
      ]);
      // What is drawn is read, and what is sent.
      await chosen.nth(1).locator('img').waitFor();
      expect(await readFiles(page)).toEqual(['p']);
      await page.getByRole('button', { name: 'Leave out of before.txt' }).click();
      expect(await chosen.count()).toBe(2);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await chosen.first().waitFor({ state: 'detached' });
      expect(await readFiles(page)).toEqual(['p']);
    }));

  test('that another window adds or takes away come and go here at once', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const chosen = page.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
      await shownIn(page).first().waitFor();
      await drop(page, ['mine.pdf']);
      await chosen.filter({ hasText: 'mine.pdf' }).waitFor();
      const elsewhere = (what: 'layFile' | 'takeFile') =>
        page.evaluate((done) => {
          const known = window as unknown as Record<string, (...told: unknown[]) => void>;
          known[done]?.('theirs.txt');
          known['tellEvent']?.('files', { conversation: 'c0' });
        }, what);
      await elsewhere('layFile');
      await chosen.filter({ hasText: 'theirs.txt' }).waitFor();
      await elsewhere('takeFile');
      await chosen.filter({ hasText: 'theirs.txt' }).waitFor({ state: 'detached' });
    }));

  test('that find no room say so, and can be sent all the same', () =>
    at({ scene: 'no room', route: '#/conversation/c0' }, async (page) => {
      await drop(page, ['one too many.pdf']);
      await page.getByText('one too many.pdf stays only as long as this page is open').waitFor();
      expect(await page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').count()).toBe(1);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByRole('list', { name: 'Files to send' }).waitFor({ state: 'hidden' });
    }));
});
