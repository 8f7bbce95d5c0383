import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { until } from '../support/browsers/browser.ts';
import { at } from './page.ts';

/** Words that the background does not take, since their peer was blocked meanwhile. */
async function sendInVain(page: Page): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message', exact: true });
  await field.fill('not to be sent');
  await field.press('Enter');
  await page
    .getByText(/blocked/i)
    .first()
    .waitFor();
  expect(await field.inputValue()).toBe('not to be sent');
}

describe('the field for a message', () => {
  test('is at hand, every time', () =>
    at({}, async (page) => {
      for (const nth of [0, 1]) {
        await page.getByRole('listitem').nth(nth).getByRole('link').click();
        const field = page.getByRole('textbox', { name: 'Message', exact: true });
        await field.waitFor();
        expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
        await page.getByRole('link', { name: 'Back' }).click();
      }
    }));

  test('sends by Enter and keeps Shift and Enter for a new line', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      await field.fill('one');
      await field.press('Shift+Enter');
      await field.pressSequentially('two');
      expect(await field.inputValue()).toBe('one\ntwo');
      await field.press('Enter');
      expect(await field.inputValue()).toBe('');
      // As soon as the background has it, before all is read again.
      await page.getByRole('log').getByText('one\ntwo').waitFor();
    }));

  test('shows what is sent before the background has answered, each of several in its order', () =>
    at({ scene: 'slow send', route: '#/conversation/c0' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      for (const text of ['first', 'second', 'second']) {
        await field.fill(text);
        await field.press('Enter');
      }
      const shown = page.getByRole('log').getByRole('article');
      await shown.nth(33).waitFor();
      const last = await shown.evaluateAll((all) => all.slice(-3).map((each) => [each.getAttribute('data-state'), each.textContent]));
      expect(last).toEqual(['first', 'second', 'second'].map((text) => ['queued', expect.stringContaining(text)]));
      // One goes when the one before is written down: the background may die between them, and what is asked again must not come later than what followed it.
      expect(await page.evaluate(() => (window as unknown as { sendMessage: unknown }).sendMessage)).toEqual(['first']);
    }));

  test('keeps in the draft what is on its way until the background has it, before what is written meanwhile', () =>
    at({ scene: 'slow send', route: '#/conversation/c0' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      const kept = (): Promise<unknown> => page.evaluate(() => (window as unknown as { saveDraft?: unknown[] }).saveDraft?.at(-1));
      await field.fill('first');
      await field.press('Enter');
      expect(await field.inputValue()).toBe('');
      await field.fill('sec');
      await page.waitForFunction(() => String((window as unknown as { saveDraft?: unknown[] }).saveDraft?.at(-1)).includes('sec'));
      expect(await kept()).toBe('first\nsec');
      await field.fill('');
      await page.waitForFunction(() => !String((window as unknown as { saveDraft?: unknown[] }).saveDraft?.at(-1)).includes('sec'));
      expect(await kept()).toBe('first');
    }));

  test('takes back what the background does not take, into the field and with the reason', () =>
    at({ scene: 'blocked meanwhile', route: '#/conversation/c0' }, async (page) => {
      await sendInVain(page);
      expect(await page.getByRole('log').getByText('not to be sent').count()).toBe(0);
      expect(await page.getByRole('log').getByRole('article').count()).toBe(31);
    }));

  test('sends what came back by the same name as long as it is the same: it may have been written down after all', () =>
    at({ scene: 'blocked meanwhile', route: '#/conversation/c0' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Message', exact: true });
      const names = (): Promise<string[]> =>
        page.evaluate(() =>
          (window as unknown as { asked: string[][] }).asked.flatMap(([what, , name]) => (what === 'sendMessage' ? [name as string] : [])),
        );
      const send = async (words: string): Promise<string> => {
        const before = (await names()).length;
        await field.fill(words);
        await field.press('Enter');
        await until(names, (all) => all.length > before);
        await until(
          async () => (await page.getByRole('log').getByText(words).count()) === 0 && (await field.inputValue()) === words,
          Boolean,
        );
        return (await names()).at(-1) as string;
      };
      const first = await send('not to be sent');
      expect(await send('not to be sent')).toBe(first);
      const other = await send('other words');
      expect(other).not.toBe(first);
      expect(await send('other words')).toBe(other);
    }));

  test('answers still what it answered where that came back', () =>
    at({ scene: 'blocked meanwhile', route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('article').nth(29).getByRole('button', { name: 'Message' }).press('Enter');
      await page.getByRole('menuitem', { name: 'Reply' }).press('Enter');
      const answered = page.getByRole('button', { name: 'Do not reply to this message' });
      await answered.waitFor();
      await sendInVain(page);
      await answered.waitFor();
    }));

  test('does not send what is only space', () =>
    at({ route: '#/conversation/c0' }, async (page) => {
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('  \n ');
      expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    }));
});
