import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';

const list = (page: Page) => page.locator('#lists');
const places = (page: Page): Promise<number[]> =>
  page.locator('#lists li[aria-posinset]').evaluateAll((items) => items.map((item) => Number(item.getAttribute('aria-posinset'))));
/** Of the items that can be seen at least in part. */
const seen = (page: Page): Promise<number[]> =>
  page.locator('#lists').evaluate((outer) => {
    const { top, bottom } = outer.getBoundingClientRect();
    return [...outer.querySelectorAll('li[aria-posinset]')]
      .filter((item) => item.getBoundingClientRect().bottom > top + 1 && item.getBoundingClientRect().top < bottom - 1)
      .map((item) => Number(item.getAttribute('aria-posinset')));
  });
const filled = (page: Page) =>
  page.waitForFunction(() => {
    const outer = document.querySelector('#lists');
    const box = outer?.getBoundingClientRect();
    const items = [...(outer?.querySelectorAll('li[aria-posinset]') ?? [])].map((item) => item.getBoundingClientRect());
    return box && items.some(({ top }) => top <= box.top + 1) && items.some(({ bottom }) => bottom >= box.bottom - 1);
  });

const focused = (page: Page, place: number) => page.locator(`#lists li[aria-posinset="${place}"] a.row:focus`).waitFor();

describe('a list of ten thousand conversations', () => {
  test('has few rows in the page, and every one in its place', () =>
    at({ scene: 'ten thousand' }, async (page) => {
      await filled(page);
      expect((await seen(page))[0]).toBe(1);
      const height = await list(page).evaluate((outer) => outer.scrollHeight);
      for (const share of [0.1, 0.5, 0.93, 0.02]) {
        await list(page).evaluate((outer, top) => outer.scrollTo(0, top), Math.round(height * share));
        await filled(page);
        const all = await places(page);
        expect(all.length).toBeLessThan(100);
        expect(all).toEqual(Array.from(all, (_, index) => (all[0] as number) + index));
        expect((await seen(page))[0]).toBeGreaterThan(10_000 * share - 100);
        expect((await seen(page))[0]).toBeLessThan(10_000 * share + 100);
      }
      expect(await list(page).evaluate((outer) => outer.scrollHeight)).toBe(height);
      await list(page).evaluate((outer) => outer.scrollTo(0, outer.scrollHeight));
      await page.locator('li[aria-posinset="10000"]').waitFor();
      expect((await seen(page)).at(-1)).toBe(10_000);
      expect(await objections(page)).toEqual([]);
    }));

  test('is walked through with the keyboard beyond what was in the page', () =>
    at({ scene: 'ten thousand' }, async (page) => {
      await filled(page);
      await page.locator('#lists a.row').first().focus();
      // Faster than the rows come: presses wait at the last row that is there.
      for (let count = 0; count < 90; count++) await page.keyboard.press('Tab');
      await focused(page, 91);
      expect(await seen(page)).toContain(91);
      for (let count = 0; count < 80; count++) await page.keyboard.press('Shift+Tab');
      await focused(page, 11);
    }));

  test('is left with the keyboard where rows do not come', () =>
    at({ scene: 'ten thousand, stuck' }, async (page) => {
      await filled(page);
      await list(page).evaluate((outer) => outer.scrollTo(0, 1800));
      await page.locator('#lists li[aria-posinset="40"] a.row').focus();
      await page.keyboard.press('Tab');
      await focused(page, 40);
      // The clock goes on, the rows do not come.
      await page.clock.setFixedTime(Date.now() + 3600_000);
      await page.keyboard.press('Tab');
      await page.locator('.floating :focus').waitFor();
      // The next test has a clock that goes.
      await page.close();
    }));

  test('begins at its top where another list is chosen', () =>
    at({ scene: 'ten thousand' }, async (page) => {
      await filled(page);
      await list(page).evaluate((outer) => outer.scrollTo(0, 200_000));
      await filled(page);
      await page.getByRole('tab', { name: /^Requests/ }).click();
      await page.locator('li[aria-posinset="1"]').waitFor();
      await page.getByRole('tab', { name: 'Inbox', exact: true }).click();
      await page.locator('li[aria-posinset="1"]').waitFor();
      expect((await seen(page))[0]).toBe(1);
    }));
});
