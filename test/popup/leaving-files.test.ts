import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { drop, end, leaving, said, shownIn } from './file-hands.ts';
import { at, objections } from './page.ts';

describe('files', () => {
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
