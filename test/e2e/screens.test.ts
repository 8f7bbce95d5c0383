import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { screens } from '../popup/scenes.ts';
import { openStage } from '../popup/stage.ts';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';

interface Results {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

const field = { role: 'textbox', name: 'Wallet address' };

/** The screens as Firefox draws them; as Chromium does, they are looked through in test/popup. */
describe('in Firefox', () => {
  let stage: Awaited<ReturnType<typeof openStage>>;
  let browser: Browser;
  let page: Page;
  let axe: string;

  beforeAll(async () => {
    stage = await openStage();
    // Colours that are on their way from one theme to the other are no theme's.
    browser = await launchFirefox({ preferences: { 'ui.prefersReducedMotion': 1 } });
    page = await browser.open('about:blank');
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  test.each(screens)(
    'the screen "$name" has nothing that an accessibility check objects to, and scrolls to no side',
    async ({ scene, route }) => {
      // Two scenes may differ in the hash alone, which would leave the first one open.
      await page.goto('about:blank');
      await page.goto(`${stage.url}?scene=${scene}&language=en${route}`);
      await until(() => page.evaluate(() => document.querySelector('#app > *') !== null && document.querySelector('.skeleton') === null));
      await page.run(axe);
      const found = await page.evaluate(async () => {
        const objections: string[] = [];
        for (const theme of ['light', 'dark', 'contrast']) {
          document.documentElement.dataset['theme'] = theme;
          const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<Results> } };
          // A page of an extension needs no heading of level one in every state, nor a landmark around each form.
          const { violations } = await axe.run(document, {
            rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
          });
          objections.push(
            ...violations.map(({ id, nodes }) => `${theme} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
          );
        }
        return objections;
      });
      expect(found).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    },
  );

  test('an address shown as a QR code is read from a picture of the page, chosen or pasted', async () => {
    const show = async (route: string): Promise<void> => {
      await page.goto('about:blank');
      await page.goto(`${stage.url}?scene=typical&language=en${route}`);
    };
    await show('#/settings/accounts');
    await page.click({ role: 'button', name: 'Show as a QR code' });
    const { name } = await page.see({ role: 'img', name: 'QR code of the address', part: true });
    const picture = (await page.screenshot()).toString('base64');
    /** Gives the field a file, as one that was chosen or as one that was pasted. */
    const give = (base64: string, type: string, how: 'chosen' | 'pasted'): Promise<void> =>
      page.evaluate(
        (base64, type, how) => {
          const given = new DataTransfer();
          given.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], 'code', { type }));
          const input = document.querySelector<HTMLInputElement>('input[type=file]');
          const field = document.querySelector<HTMLInputElement>('input.mono');
          // A paste that a script makes carries no files in Firefox; one of a person does.
          const paste = Object.defineProperty(new Event('paste', { bubbles: true, cancelable: true }), 'clipboardData', { value: given });
          if (how === 'pasted') field?.dispatchEvent(paste);
          else if (input) {
            input.files = given.files;
            input.dispatchEvent(new Event('change', { bubbles: true }));
          }
        },
        base64,
        type,
        how,
      );
    for (const how of ['chosen', 'pasted'] as const) {
      await show('#/new');
      await page.see(field);
      await give(picture, 'image/png', how);
      await until(
        async () => (await page.see(field)).value,
        (value) => value === name.split(' ').at(-1),
      );
    }
    await give(btoa('nothing'), 'image/png', 'chosen');
    await page.seeText('This file is no picture that can be read.');
  });

  test('a part whose script cannot be read says so, and is there once it can', async () => {
    const says = (text: string) => until(() => page.evaluate((text) => document.body.textContent?.includes(text) ?? false, text));
    const again = (): Promise<void> => page.evaluate(() => document.querySelector<HTMLButtonElement>('.page button')?.click());
    stage.withhold('Conversation');
    try {
      await page.goto('about:blank');
      await page.goto(`${stage.url}?scene=typical&language=en#/conversation/c0`);
      await says('could not be read from the disk');
      stage.withhold(null);
      await again();
      await until(() => page.evaluate(() => document.querySelector('.composer textarea') !== null));
    } finally {
      stage.withhold(null);
    }
  });
});
