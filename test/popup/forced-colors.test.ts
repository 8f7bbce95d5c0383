import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { at } from './page.ts';

/** What somebody sees whose system chooses all colours: backgrounds and shadows say nothing there, borders and the system's own colours do. */
const looks = (element: Locator): Promise<string> =>
  element.evaluate((node) => {
    const { backgroundColor, borderBottomColor, borderBottomWidth, outlineColor, outlineStyle } = getComputedStyle(node);
    return [backgroundColor, borderBottomColor, borderBottomWidth, outlineStyle, outlineStyle === 'none' ? '' : outlineColor].join();
  });
/** The system's own colour for what is chosen. */
const highlight = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'Highlight';
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  });
const inForcedColors = (scene: Parameters<typeof at>[0], work: (page: Page) => Promise<void>): Promise<void> =>
  at(scene, async (page) => {
    await page.emulateMedia({ forcedColors: 'active' });
    try {
      await work(page);
    } finally {
      await page.emulateMedia({ forcedColors: 'none' });
    }
  });

test('in the colours of the system it is seen which choice, which list and which conversation is chosen', async () => {
  await inForcedColors({ route: '#/settings/look' }, async (page) => {
    const choices = page.locator('#settings-look fieldset').first().locator('.segment');
    const chosen = choices.filter({ has: page.locator(':checked') });
    const other = choices.filter({ hasNot: page.locator(':checked') }).first();
    expect(await looks(chosen)).toContain(await highlight(page));
    expect(await looks(other)).not.toContain(await highlight(page));
  });
  await inForcedColors({ route: '#/conversation/c0' }, async (page) => {
    await page.setViewportSize({ width: 1100, height: 640 });
    expect(await looks(page.getByRole('tab', { selected: true }))).not.toBe(
      await looks(page.getByRole('tab', { selected: false }).first()),
    );
    expect(await looks(page.locator('.row[aria-current="page"]'))).toContain(await highlight(page));
    expect(await looks(page.locator('.row:not([aria-current])').first())).not.toContain(await highlight(page));
  });
});

test('in the colours of the system it is seen where the focus is, and where a bubble and a notice end', async () => {
  await inForcedColors({ route: '#/new' }, async (page) => {
    const box = page.locator('.input').first();
    const focused = await looks(box);
    await page.getByRole('button', { name: 'Make a group' }).focus();
    expect(focused).not.toBe(await looks(box));
  });
  await inForcedColors({ route: '#/' }, async (page) => {
    const search = page.locator('.search').first();
    const before = await looks(search);
    await page.getByRole('searchbox').focus();
    expect(await looks(search)).not.toBe(before);
  });
  const edge = (element: Locator): Promise<string> => element.evaluate((node) => getComputedStyle(node).borderTopStyle);
  await inForcedColors({ route: '#/conversation/c0' }, async (page) => expect(await edge(page.locator('.bubble').first())).toBe('solid'));
  await inForcedColors({ route: '#/settings/node' }, async (page) => expect(await edge(page.locator('.notice').first())).toBe('solid'));
});
