import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ownNames } from '../../src/words/languages.ts';
import { at, wanted } from './page.ts';
import { screens } from './scenes.ts';

// Arabic is the made-up language here: what has plain letters did not come from a catalogue.
wanted.pseudo = true;

/** Names that are the same in every language, and what shows the form of something that is typed. */
const names = [
  /Parley/g,
  // The languages in the settings, each under its own.
  ...Object.values(ownNames).map((name) => new RegExp(name, 'g')),
  /\bMIT\b/g,
  /(Chrome|Edg|Firefox) [\d.]+/g,
  /https?:\/\//g,
  /0x…/g,
  /\b[0-9a-f]{4}( [0-9a-f]{4}){4}\b/g,
];

/** Texts on the page with plain letters that neither the background told nor anybody typed. */
async function fixed(page: Page): Promise<string[]> {
  const { seen, told } = await page.evaluate(() => {
    const seen = new Set<string>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) seen.add(walker.currentNode.textContent ?? '');
    for (const element of document.querySelectorAll('*'))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description', 'aria-valuetext'])
        if (element.hasAttribute(name)) seen.add(element.getAttribute(name) ?? '');
    seen.add(document.title);
    return { seen: [...seen], told: (globalThis as unknown as { told: string[] }).told };
  });
  const plain = (text: string): string => names.reduce((rest, name) => rest.replace(name, ' '), text).replace(/\s+/g, ' ');
  const known = told.map(plain);
  const isKnown = (run: string): boolean => known.some((text) => text.includes(run)) || /^0x[0-9a-fA-F]{0,6}$|^[0-9a-fA-F]{1,6}$/.test(run);
  return seen.flatMap((text) => {
    // Pieces with plain letters, as long as nothing else stands between them.
    return (plain(text).match(/[\p{Script=Latin}\p{N}\p{P}\p{S} ]+/gu) ?? [])
      .flatMap((piece) => piece.match(/[A-Za-z][A-Za-z0-9 ,.;:'’“”!?()/@_=&#-]*/g) ?? [])
      .map((run) => run.trim().replace(/[ ,.;:'’“”!?()-]+$/, ''))
      .filter((run) => run !== '' && !isKnown(run));
  });
}

/** Presses every button of the page that leads nowhere else, and answers the fixed texts that come up. */
async function opened(page: Page, within: string): Promise<string[]> {
  const found = new Set<string>();
  const route = await page.evaluate(() => location.hash);
  for (let index = 0; ; index++) {
    const pressed = await page.evaluate(
      async ([selector, at, start]) => {
        const button = [...document.querySelectorAll<HTMLButtonElement>(`${selector} button:not([type=submit]), dialog button`)][at];
        if (!button) return false;
        button.click();
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (location.hash !== start) {
          location.hash = start;
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        return true;
      },
      [within, index, route] as const,
    );
    if (!pressed || index > 150) return [...found];
    for (const text of await fixed(page)) found.add(text);
  }
}

describe.each(screens)('the screen "$name"', ({ scene, route }) => {
  test('has no words but those of the catalogue', () =>
    at({ scene, route, language: 'ar' }, async (page) => {
      expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(['ar', 'rtl']);
      expect(await fixed(page)).toEqual([]);
    }));
});

describe('what opens on', () => {
  test.each([
    ['settings', 'typical', '#/settings', 'main'],
    ['settings of several accounts', 'accounts', '#/settings', 'main'],
    ['a conversation', 'typical', '#/conversation/c0', 'main'],
    ['a conversation with files', 'files', '#/conversation/c0', 'main'],
    ['a group of one’s own', 'own group', '#/conversation/c4/details', 'main'],
    ['a new conversation', 'typical', '#/new', 'main'],
    ['the account menu', 'accounts', '#/', '.menu'],
    ['the ways in', 'welcome account', '#/welcome', 'main'],
  ])('%s has no other words either', (_, scene, route, within) =>
    at({ scene, route, language: 'ar' }, async (page) => {
      expect(await opened(page, within)).toEqual([]);
    }),
  );

  test('a question mark has no other words either', () =>
    at({ language: 'ar' }, async (page) => {
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      expect(await fixed(page)).toEqual([]);
    }));
});

test('a text that is not of the catalogue would be found', () =>
  at({ language: 'ar' }, async (page) => {
    await page.evaluate(() => document.querySelector('h1')?.append('Fixed'));
    await page.evaluate(() => document.querySelector('button')?.setAttribute('title', 'Also here'));
    expect((await fixed(page)).sort()).toEqual(['Also here', 'Fixed']);
  }));

describe('the language of the page', () => {
  test('is that of the browser until another one is chosen, and changes in place', () =>
    at({ route: '#/settings/look' }, async (page) => {
      expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(['en-US', 'ltr']);
      await page.getByRole('heading', { name: 'Look', exact: true }).waitFor();
      await page.goto(`${page.url().split('?')[0]}?scene=typical&language=de#/settings/look`);
      await page.getByRole('heading', { name: 'Aussehen', exact: true }).waitFor();
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    }));

  test('is there again before the background has said anything', () =>
    at({ language: 'fr' }, async (page) => {
      await page.getByRole('button', { name: 'Nouvelle conversation' }).waitFor();
      await page.goto(`${page.url().split('?')[0]}?scene=loading&language=fr#/`);
      await page.getByLabel('Chargement').first().waitFor();
    }));
});
