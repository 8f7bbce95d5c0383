import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';

describe('files', () => {
  /** Which kept files were read so far. */
  const readFiles = (page: Page) => page.evaluate(() => (window as unknown as { readFiles?: string[] }).readFiles ?? []);
  /** Lets files fall onto the page, as from a folder. */
  const drop = (page: Page, names: readonly string[], size = 3) =>
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

  const leaving = (page: Page) => page.getByRole('log', { name: 'Messages' }).getByRole('group');
  const shownIn = (page: Page) => page.getByRole('log', { name: 'Messages' }).getByRole('article');
  const said = (page: Page) => page.locator('.conversation-foot [aria-live="polite"] p').allInnerTexts();
  /** Ends the sending that the scene holds back. */
  const end = (page: Page, how: 'sent' | 'failed') =>
    page.evaluate((what) => (window as unknown as { endUpload(how: string): void }).endUpload(what), how);

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

  describe('on their way', () => {
    const sendTwo = async (page: Page) => {
      await drop(page, ['b.pdf', 'c.pdf']);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await leaving(page).filter({ hasText: '37% sent' }).waitFor();
    };

    test('stand where their messages will stand, each with how much of it has gone', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        expect(await leaving(page).allInnerTexts()).toEqual([
          expect.stringMatching(/b\.pdf\s+3 bytes, 37% sent/),
          expect.stringMatching(/c\.pdf\s+3 bytes, waiting/),
        ]);
        await page.getByRole('list', { name: 'Files to send' }).waitFor({ state: 'hidden' });
        const bar = page.getByRole('progressbar', { name: 'Sending b.pdf' });
        expect(await bar.evaluate((element: HTMLProgressElement) => [element.value, element.max])).toEqual([0.37, 1]);
        expect(await page.getByRole('progressbar').count()).toBe(1);
        const tops = await page
          .locator('.log .message')
          .evaluateAll((all) => all.slice(-3).map((each) => each.className.includes('leaving')));
        expect(tops).toEqual([false, true, true]);
        await page.waitForFunction(() => {
          const log = document.querySelector('[role="log"]');
          return log && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
        });
        expect(await objections(page)).toEqual([]);
      }));

    test('tell who listens that they begin and that they are there, and not each per cent', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        expect(await said(page)).toEqual(['Sending b.pdf']);
        expect(await leaving(page).evaluateAll((all) => all.map((each) => each.getAttribute('aria-live')))).toEqual(['off', 'off']);
        await end(page, 'sent');
        await shownIn(page).filter({ hasText: 'b.pdf' }).waitFor();
        await leaving(page).filter({ hasText: 'c.pdf' }).filter({ hasText: '37% sent' }).waitFor();
        expect(await leaving(page).count()).toBe(1);
        await end(page, 'sent');
        await leaving(page).waitFor({ state: 'detached' });
        expect(await said(page)).toEqual([
          'Sending b.pdf',
          'b.pdf is in the conversation now.',
          'Sending c.pdf',
          'c.pdf is in the conversation now.',
        ]);
        expect(await shownIn(page).count()).toBe(33);
      }));

    test('move nothing under the eyes of who reads further above when they are there', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        const place = (position: number) =>
          shownIn(page)
            .nth(position)
            .evaluate((element) => element.getBoundingClientRect().top);
        await page.getByRole('log', { name: 'Messages' }).evaluate((log) => log.scrollTo(0, log.scrollHeight / 2));
        // The page hears of it with its next frame.
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        const before = await place(16);
        await end(page, 'sent');
        await shownIn(page).filter({ hasText: 'b.pdf' }).waitFor();
        expect(Math.abs((await place(16)) - before)).toBeLessThan(2);
      }));

    test('are let go of where the account is locked', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        const tell = (phase: string) =>
          page.evaluate((what) => (window as unknown as { tellPhase(phase: string): void }).tellPhase(what), phase);
        await tell('locked');
        await page.getByRole('button', { name: 'Unlock' }).waitFor();
        await tell('ready');
        await shownIn(page).first().waitFor();
        expect(await leaving(page).count()).toBe(0);
      }));

    test('go away when they are called off, and the next one goes', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        await page.getByRole('button', { name: 'Cancel sending b.pdf' }).click();
        await leaving(page).filter({ hasText: 'c.pdf' }).filter({ hasText: '37% sent' }).waitFor();
        expect(await leaving(page).count()).toBe(1);
        expect(await page.getByRole('list', { name: 'Files to send' }).count()).toBe(0);
        // Nor does it come back with the next page.
        await page.waitForFunction(() => (window as unknown as { droppedFiles?: unknown[] }).droppedFiles?.length === 1);
        expect(await page.getByRole('alert').count()).toBe(0);
        expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
      }));

    test('show a picture', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        // The smallest picture there is.
        const buffer = Buffer.from('R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
        await page.locator('input[type="file"]').setInputFiles({ name: 'dot.gif', mimeType: 'image/gif', buffer });
        await page.getByRole('button', { name: 'Send', exact: true }).click();
        await leaving(page).filter({ hasText: 'dot.gif' }).locator('img').waitFor();
      }));

    test('are not begun when they are called off while they wait', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        await page.getByRole('button', { name: 'Cancel sending c.pdf' }).click();
        await leaving(page).filter({ hasText: 'c.pdf' }).waitFor({ state: 'detached' });
        await end(page, 'sent');
        await leaving(page).waitFor({ state: 'detached' });
        expect(await shownIn(page).count()).toBe(32);
      }));

    test('say why they could not go, and can be tried again or removed', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        await end(page, 'failed');
        const failed = leaving(page).filter({ hasText: 'b.pdf' });
        await failed.getByRole('alert').waitFor();
        await failed.getByText('3 bytes, not sent').waitFor();
        expect(await objections(page)).toEqual([]);
        await leaving(page).filter({ hasText: 'c.pdf' }).filter({ hasText: '37% sent' }).waitFor();
        await end(page, 'failed');
        await page.getByRole('button', { name: 'Remove c.pdf' }).click();
        await page.getByRole('button', { name: 'Try again: b.pdf' }).click();
        await failed.filter({ hasText: '37% sent' }).waitFor();
        expect(await leaving(page).count()).toBe(1);
        await end(page, 'sent');
        await shownIn(page).filter({ hasText: 'b.pdf' }).waitFor();
        await leaving(page).waitFor({ state: 'detached' });
      }));

    test('leave the field free, and stand there still for who comes back', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendTwo(page);
        const field = page.getByRole('textbox', { name: 'Message', exact: true });
        await field.fill('meanwhile');
        await field.press('Enter');
        await shownIn(page).filter({ hasText: 'meanwhile' }).waitFor();
        await page.getByRole('link', { name: 'Back' }).click();
        await page.getByRole('list', { name: 'Conversations' }).getByRole('listitem').first().getByRole('link').click();
        await leaving(page).filter({ hasText: '37% sent' }).waitFor();
        expect(await leaving(page).count()).toBe(2);
      }));
  });

  describe('that a page which is gone had sent off', () => {
    test('go on in their bubbles, and stand not in the field; what had failed says why and waits for who tries again', () =>
      at({ scene: 'sent off before', route: '#/conversation/c0' }, async (page) => {
        await leaving(page).filter({ hasText: 'going.pdf' }).filter({ hasText: '37% sent' }).waitFor();
        expect(await leaving(page).count()).toBe(4);
        expect(await page.getByRole('list', { name: 'Files to send' }).count()).toBe(0);
        const unlucky = leaving(page).filter({ hasText: 'unlucky.pdf' });
        await unlucky.getByText('not sent').waitFor();
        expect(await objections(page)).toEqual([]);
        await unlucky.getByRole('button', { name: 'Try again: unlucky.pdf' }).click();
        await end(page, 'sent');
        await shownIn(page).filter({ hasText: 'going.pdf' }).waitFor();
        await leaving(page).filter({ hasText: 'unlucky.pdf' }).filter({ hasText: '37% sent' }).waitFor();
      }));

    test('go on though nobody opens their conversation', () =>
      at({ scene: 'sent off before', route: '#/' }, async (page) => {
        await page.waitForFunction(() => (window as unknown as { readFiles?: string[] }).readFiles?.includes('going.pdf'));
      }));

    test('can only be removed where nothing may be sent', () =>
      at({ scene: 'sent off before', route: '#/conversation/b9' }, async (page) => {
        await leaving(page).filter({ hasText: 'homeless.txt' }).waitFor();
        expect(new Set(await leaving(page).locator('.side').getByRole('button').allInnerTexts())).toEqual(new Set(['Remove']));
        expect(await leaving(page).count()).toBe(4);
      }));

    test('are offered what helps: another try, another file, or nothing but to be removed', () =>
      at({ scene: 'sent off before', route: '#/conversation/c0' }, async (page) => {
        const offered = (name: string) => leaving(page).filter({ hasText: name }).locator('.side').getByRole('button').allInnerTexts();
        await leaving(page).filter({ hasText: 'homeless.txt' }).waitFor();
        expect(await offered('unlucky.pdf')).toEqual(['Try again', 'Remove']);
        expect(await offered('vast.mov')).toEqual(['Choose another', 'Remove']);
        expect(await offered('homeless.txt')).toEqual(['Remove']);
        await leaving(page)
          .filter({ hasText: 'vast.mov' })
          .locator('input[type="file"]')
          .setInputFiles({ name: 'small.mov', mimeType: 'video/mp4', buffer: Buffer.from('abc') });
        await leaving(page).filter({ hasText: 'vast.mov' }).waitFor({ state: 'detached' });
        await page.getByRole('list', { name: 'Files to send' }).getByText('small.mov').waitFor();
      }));
  });

  describe('with words that follow them', () => {
    const words = (page: Page) => page.getByRole('group', { name: 'Words that follow a file' });
    const field = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
    const sendBoth = async (page: Page) => {
      await field(page).fill('See this');
      await drop(page, ['b.pdf']);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await words(page).filter({ hasText: 'See this' }).waitFor();
    };
    const keptWords = (page: Page) =>
      page.evaluate(() => (window as unknown as { keptWords?: { file: string; data: string; leaving: { after: string[] } } }).keptWords);

    test('stand behind them until they have gone, and what is written meanwhile is something else', () =>
      at({ scene: 'uploading', route: '#/conversation/c0' }, async (page) => {
        await sendBoth(page);
        await words(page).getByText('Goes once the file has gone').waitFor();
        expect(await field(page).inputValue()).toBe('');
        expect(await objections(page)).toEqual([]);
        const kept = await keptWords(page);
        expect(Buffer.from(kept?.data ?? '', 'base64').toString()).toBe('See this');
        expect(kept?.leaving.after).toHaveLength(1);
        await field(page).fill('meanwhile');
        await field(page).press('Enter');
        await shownIn(page).filter({ hasText: 'meanwhile' }).waitFor();
        await page.getByRole('link', { name: 'Back' }).click();
        await page.getByRole('list', { name: 'Conversations' }).getByRole('listitem').first().getByRole('link').click();
        await words(page).filter({ hasText: 'See this' }).waitFor();
        await field(page).fill('edited');
        await end(page, 'sent');
        await shownIn(page).filter({ hasText: 'See this' }).waitFor();
        await words(page).waitFor({ state: 'detached' });
        expect(await field(page).inputValue()).toBe('edited');
      }));

    test('wait where these cannot go, and go into the field again with them, or when they are taken back', () =>
      at({ scene: 'files', route: '#/conversation/c0' }, async (page) => {
        await sendBoth(page);
        await page.getByText('Files have at most 25 MB.').waitFor();
        expect(await words(page).count()).toBe(1);
        await page.getByRole('button', { name: 'Remove b.pdf' }).click();
        await words(page).waitFor({ state: 'detached' });
        const taken = () => page.evaluate(() => (window as unknown as { takenBack?: string }).takenBack);
        await expect.poll(taken).toBe((await keptWords(page))?.file);
        await sendBoth(page);
        await words(page).getByRole('button', { name: 'Take back' }).click();
        await words(page).waitFor({ state: 'detached' });
        await expect.poll(taken).toBe((await keptWords(page))?.file);
        expect(await leaving(page).count()).toBe(1);
      }));

    test('stay in the field where there is no room to keep them', () =>
      at({ scene: 'no room', route: '#/conversation/c0' }, async (page) => {
        await field(page).fill('See this');
        await drop(page, ['b.pdf']);
        await page.getByRole('button', { name: 'Send', exact: true }).click();
        await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>('.composer textarea')?.value === 'See this');
        expect(await words(page).count()).toBe(0);
      }));
  });
});
