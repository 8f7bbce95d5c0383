import { describe, expect, test } from 'vitest';
import { at, stage } from './page.ts';

describe('a part of the page with a script of its own', () => {
  test('is fetched while nobody asks for it, and then nothing bare is seen on the way to it', () =>
    at({}, async (page) => {
      await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => /assets\/Results/.test(name)));
      await page.evaluate(() => {
        const bare: string[] = [];
        Object.assign(globalThis, { bare });
        new MutationObserver(() => {
          if (!document.querySelector('header.bar')) bare.push(document.body.innerHTML.slice(0, 200));
        }).observe(document.body, { childList: true, subtree: true });
      });
      await page.locator('a.row').first().click();
      await page.getByRole('textbox', { name: 'Message' }).waitFor();
      expect(await page.evaluate(() => (globalThis as unknown as { bare: string[] }).bare)).toEqual([]);
    }));

  test('of the settings has its title before it is here, where it will stand', () =>
    at({}, async (page) => {
      let go = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      await page.route(/assets\/Settings/, async (route) => {
        await held;
        await route.continue();
      });
      await page.goto('about:blank');
      await page.goto(`${stage.url}?scene=typical#/settings`);
      const heading = page.getByRole('heading', { name: 'Settings', exact: true });
      await heading.waitFor();
      await page.getByRole('status', { name: 'Loading' }).waitFor();
      const before = await heading.boundingBox();
      go();
      await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
      expect(await heading.boundingBox()).toEqual(before);
    }));

  test.each([
    ['Conversation', '#/conversation/c0', 'textbox', 'Message'],
    ['Settings', '#/settings', 'heading', 'Settings'],
    // The words that the first look does not need.
    ['rest', '#/new', 'textbox', 'Wallet address'],
  ] as const)('says so where %s cannot be read, and is there once it can', (file, route, role, name) =>
    at({}, async (page) => {
      stage.withhold(file);
      try {
        await page.goto('about:blank');
        await page.goto(`${stage.url}?scene=typical${route}`);
        const failed = page.getByRole('alert').getByText('This part of Parley could not be read from the disk. Try again.');
        await failed.waitFor();
        await page.getByRole('button', { name: 'Try again' }).click();
        await failed.waitFor();
        stage.withhold(null);
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole(role, { name, exact: true }).first().waitFor();
      } finally {
        stage.withhold(null);
      }
    }),
  );
});
