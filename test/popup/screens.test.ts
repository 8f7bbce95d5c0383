import { describe, expect, test } from 'vitest';
import { at, objections } from './page.ts';
import { screens } from './scenes.ts';

describe.each(screens)('the screen "$name"', ({ scene, route }) => {
  test('has nothing that an accessibility check objects to, in any theme', () =>
    at({ scene, route }, async (page) => {
      await page.waitForTimeout(250);
      expect(await objections(page)).toEqual([]);
    }));

  // In German, whose words are the longest.
  test('never scrolls sideways, from 320 to 1100 pixels', () =>
    at({ scene, route, language: 'de' }, async (page) => {
      for (const width of [320, 400, 719, 1100]) {
        await page.setViewportSize({ width, height: 640 });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        const wider = await page.evaluate(() =>
          [...document.querySelectorAll('*')]
            .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'auto')
            .map((element) => element.className),
        );
        expect({ width, wider }).toEqual({ width, wider: [] });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    }));
});
