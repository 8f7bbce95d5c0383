import { describe, expect, test } from 'vitest';
import { at, objections, stage } from './page.ts';

describe('a new conversation', () => {
  test('answers as one types', () =>
    at({ route: '#/new' }, async (page) => {
      const field = page.getByRole('textbox', { name: 'Wallet address' });
      const start = page.getByRole('button', { name: 'Start', exact: true });
      for (const [typed, said] of [
        ['0x52f3', '36 more characters.'],
        ['bob', 'This is no wallet address'],
        ['0xca9Feb3AeA471001A867e53E027a65af7E94a987', 'This is your own address.'],
      ] as const) {
        await field.fill(typed);
        await page.getByText(said).waitFor();
        expect(await start.isDisabled()).toBe(true);
      }
      await field.fill('0x52f3a19FbA55cd5Ad5b6cBdE8b3d5c4A8Ed09c1A');
      await page.getByText('Can be reached.').waitFor();
      expect(await start.isDisabled()).toBe(false);
    }));
});

test('somebody with a name is found by it', () =>
  at({ scene: 'named', route: '#/new' }, async (page) => {
    const field = page.getByRole('textbox', { name: 'Wallet address' });
    await field.fill('qui');
    await page.getByRole('list', { name: 'People with a name' }).getByRole('button', { name: 'Zoë Quinn' }).click();
    expect(await field.inputValue()).toMatch(/^0x[0-9a-fA-F]{40}$/);
    await page.getByText('Can be reached.').waitFor();
    await field.fill('zoo');
    await page.getByText('This is no wallet address', { exact: false }).waitFor();
    expect(await objections(page)).toEqual([]);
  }));

describe('the theme', () => {
  test('is there again before the background has said anything', () =>
    at({}, async (page) => {
      await page.goto(`${stage.url}?scene=typical&theme=dark#/`);
      await page.getByRole('listitem').first().waitFor();
      await page.goto(`${stage.url}?scene=silent&theme=light#/`);
      expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    }));
});

describe('an approval', () => {
  test('shows the origin, the whole address and the whole text', () =>
    at({ route: '#/approve' }, async (page) => {
      await page.getByRole('heading', { name: 'shop.example' }).waitFor();
      await page.getByText('Hello Bob, this is Alice.').waitFor();
    }));

  test('takes a yes only after it was seen for 700 ms, and again after every change of size', () =>
    at({ route: '#/approve' }, async (page) => {
      // The page itself notes when the button came, was armed and was disarmed: a slow machine reads too late.
      await page.addInitScript(() => {
        const notes: [number, boolean][] = [];
        Object.assign(window, { notes });
        new MutationObserver(() => {
          const allow = [...document.querySelectorAll('button')].find((button) => button.textContent === 'Allow');
          if (allow && notes.at(-1)?.[1] !== !allow.disabled) notes.push([performance.now(), !allow.disabled]);
        }).observe(document, { subtree: true, childList: true, attributes: true });
      });
      await page.reload();
      const notes = (count: number) =>
        page
          .waitForFunction((least) => {
            const { notes } = window as unknown as { notes: [number, boolean][] };
            return notes.length >= least ? notes : null;
          }, count)
          .then((handle) => handle.jsonValue() as Promise<[number, boolean][]>);
      const [came, armed] = await notes(2);
      expect([came?.[1], armed?.[1]]).toEqual([false, true]);
      expect((armed?.[0] ?? 0) - (came?.[0] ?? 0)).toBeGreaterThan(650);
      expect(await page.evaluate(() => document.activeElement?.localName)).toBe('body');
      await page.setViewportSize({ width: 420, height: 600 });
      const [, , disarmed, again] = await notes(4);
      expect([disarmed?.[1], again?.[1]]).toEqual([false, true]);
      expect((again?.[0] ?? 0) - (disarmed?.[0] ?? 0)).toBeGreaterThan(650);
      // The script that takes the notes ends with the page alone.
      await page.close();
    }));

  test('of the whole account takes the passphrase, and says when it is another', () =>
    at({ scene: 'whole account', route: '#/approve' }, async (page) => {
      await page.getByRole('alert').getByText('It can read every message').waitFor();
      await page.waitForTimeout(900);
      const allow = page.getByRole('button', { name: 'Allow' });
      expect(await allow.isDisabled()).toBe(true);
      const field = page.getByRole('textbox', { name: 'Passphrase' });
      await field.fill('another passphrase');
      // The Enter key is no yes.
      await field.press('Enter');
      expect(await page.getByText('That is not the passphrase').count()).toBe(0);
      await allow.click();
      await page.getByText('That is not the passphrase of Parley in this browser.').waitFor();
    }));

  test('shows what would turn or hide the text to be sent', () =>
    at({ scene: 'bidi', route: '#/approve' }, async (page) => {
      await page.getByText('Pay [U+202E]001 to me').waitFor();
    }));

  test('says in letters what punycode hides', () =>
    at({ scene: 'overfull', route: '#/approve' }, async (page) => {
      await page.getByText('еріс.example').waitFor();
    }));
});
