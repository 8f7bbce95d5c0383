import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { at, browser, phrase, stage } from './page.ts';

test('where the keys of an account were lost that is said, and the first thing offered is to bring it back', () =>
  at({ scene: 'welcome after the keys were lost', route: '#/welcome' }, async (page) => {
    await page.getByRole('alert').filter({ hasText: 'the browser has lost its keys: 0xca9Feb…94a987.' }).waitFor();
    expect(await page.locator('.button.primary').allInnerTexts()).toEqual(['I already have a wallet']);
    await page.getByRole('button', { name: 'I already have a wallet', exact: true }).click();
    await page.getByRole('heading', { name: 'What do you have?' }).waitFor();
  }));

describe('creating a wallet', () => {
  const opened = (work: (page: Page) => Promise<void>): Promise<void> =>
    at({ scene: 'welcome', route: '#/welcome?node=http://127.0.0.1:5555' }, async (page) => {
      await page.getByText('127.0.0.1:5555').waitFor();
      await page.getByRole('button', { name: 'Create a new wallet', exact: true }).click();
      const next = page.getByRole('button', { name: 'Continue', exact: true });
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill('eleven char');
      await page.getByRole('textbox', { name: 'Repeat passphrase', exact: true }).fill('eleven char');
      expect(await next.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(phrase);
      expect(await next.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Repeat passphrase', exact: true }).fill(phrase);
      await next.click();
      await page.getByRole('heading', { name: 'Your recovery phrase' }).waitFor();
      await work(page);
    });

  test('takes the two passphrase fields and one button, and the phrase may wait', () =>
    opened(async (page) => {
      expect(await page.getByText('abandon').count()).toBe(0);
      await page.getByRole('button', { name: 'Later', exact: true }).click();
      await page.getByRole('list', { name: 'Conversations' }).waitFor({ state: 'attached' });
      await page.getByRole('link', { name: /Your recovery phrase is not on paper yet/ }).waitFor();
    }));

  test('shows the phrase only while a button is held, by pointer or key, and not in a window that lost the focus', () =>
    opened(async (page) => {
      const hold = page.getByRole('button', { name: 'Hold to show', exact: true });
      const words = page.getByText('abandon', { exact: true });
      await hold.dispatchEvent('pointerdown');
      await words.first().waitFor();
      for (const width of [320, 400, 1100]) {
        await page.setViewportSize({ width, height: 640 });
        const cut = await page.locator('.words li').evaluateAll((all) => all.some((each) => each.scrollWidth > each.clientWidth));
        expect([width, cut]).toEqual([width, false]);
      }
      await hold.dispatchEvent('pointerup');
      await words.first().waitFor({ state: 'detached' });
      await hold.focus();
      await page.keyboard.down('Space');
      await words.first().waitFor();
      await page.evaluate(() => window.dispatchEvent(new Event('blur')));
      await words.first().waitFor({ state: 'detached' });
      await page.keyboard.up('Space');
      expect(await page.getByRole('button', { name: /copy/i }).count()).toBe(0);
    }));

  test('hides the phrase after half a minute, however long the button is held', () =>
    at({ scene: 'typical', route: '#/phrase' }, async (page) => {
      await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(phrase);
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      const hold = page.getByRole('button', { name: 'Hold to show', exact: true });
      await hold.waitFor();
      await page.clock.install();
      await hold.dispatchEvent('pointerdown');
      await page.getByText('abandon', { exact: true }).first().waitFor();
      await page.clock.runFor(30_000);
      await page.getByText('abandon', { exact: true }).first().waitFor({ state: 'detached' });
    }));

  test('asks for three words of the phrase, says which is wrong, and ends when all are right', () =>
    opened(async (page) => {
      await page.getByRole('button', { name: 'I have written them down', exact: true }).click();
      const fields = page.getByRole('textbox', { name: /^Word \d+$/ });
      await fields.first().waitFor();
      expect(await fields.count()).toBe(3);
      const next = page.getByRole('button', { name: 'Continue', exact: true });
      for (let i = 0; i < 3; i++) await fields.nth(i).fill('wrong');
      await next.click();
      await page
        .getByText(/^Word \d+ is another one\.$/)
        .first()
        .waitFor();
      expect(await page.getByText(/^Word \d+ is another one\.$/).count()).toBe(3);
      for (let i = 0; i < 3; i++) {
        const label = await fields.nth(i).evaluate((field: HTMLInputElement) => field.labels?.[0]?.textContent ?? '');
        await fields.nth(i).fill(label === 'Word 12' ? ' About ' : 'abandon');
      }
      await next.click();
      await page.getByRole('list', { name: 'Conversations' }).waitFor({ state: 'attached' });
      expect(await page.getByRole('link', { name: /not on paper yet/ }).count()).toBe(0);
    }));
});

describe('bringing a wallet', () => {
  const ways = (work: (page: Page) => Promise<void>): Promise<void> =>
    at({ scene: 'welcome', route: '#/welcome' }, async (page) => {
      await page.getByRole('button', { name: 'I already have a wallet', exact: true }).click();
      await work(page);
    });
  const back = (page: Page) => page.getByRole('button', { name: 'Back', exact: true });

  test('can be left by Back at every step, and nothing secret stays behind', () =>
    ways(async (page) => {
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      const field = page.getByRole('textbox', { name: 'Recovery phrase', exact: true });
      await field.fill('abandon '.repeat(12).trim());
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await page.getByRole('heading', { name: 'Which account?' }).waitFor();
      await back(page).click();
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      expect(await field.inputValue()).toBe('');
      await back(page).click();
      await back(page).click();
      await page.getByRole('button', { name: 'Create a new wallet', exact: true }).waitFor();
    }));

  test('needs no mouse: Tab, arrows, Space and Enter lead from the first page to the account', () =>
    at({ scene: 'welcome', route: '#/welcome' }, async (page) => {
      const reach = async (name: RegExp): Promise<void> => {
        for (let i = 0; i < 25; i++) {
          const at = await page.evaluate(
            () => document.activeElement?.textContent || document.activeElement?.getAttribute('aria-label') || '',
          );
          if (name.test(at)) return;
          await page.keyboard.press('Tab');
        }
        throw new Error(`Tab does not lead to ${name}`);
      };
      await reach(/^I already have a wallet$/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'What do you have?' }).waitFor();
      await reach(/^Recovery phrase/);
      await page.keyboard.press('Space');
      await page.getByRole('textbox', { name: 'Recovery phrase', exact: true }).waitFor();
      await page.keyboard.type('abandon '.repeat(12).trim()); // the field has the focus already
      await page.keyboard.press('Enter');
      await page.getByRole('radio', { name: /0x52f3a1/ }).waitFor();
      while ((await page.evaluate(() => (document.activeElement as HTMLInputElement).name)) !== 'account') await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      expect(await page.getByRole('radio', { checked: true, name: /0x9858Ef/ }).count()).toBe(1);
      await reach(/^Another path$/);
      await page.keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'Derivation path' }).waitFor();
    }));

  test('goes on in a tab of its own from the toolbar, since a popup closes with the first look elsewhere', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 600 } });
    await page.goto(`${stage.url}?toolbar&scene=welcome#/welcome`);
    await page.getByRole('button', { name: 'I already have a wallet', exact: true }).click();
    await page.waitForFunction(() => document.documentElement.dataset['opened']);
    expect(await page.evaluate(() => document.documentElement.dataset['opened'])).toBe('popup.html#/welcome?tab=3');
    await page.close();
  });

  test('says at the phrase what is wrong with it', () =>
    ways(async (page) => {
      await page.getByRole('button', { name: /^Recovery phrase/ }).click();
      await page.getByRole('textbox', { name: 'Recovery phrase', exact: true }).fill('abandon about');
      await page.getByText('2 words.').waitFor();
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await page.getByText('A recovery phrase has 12, 15, 18, 21 or 24 words, not 2.').waitFor();
    }));

  test('chooses the account that has conversations, unless somebody chooses another', () =>
    at({ scene: 'welcome account', route: '#/welcome' }, async (page) => {
      await page.getByText('Has conversations here').waitFor();
      expect(await page.getByRole('radio', { checked: true, name: /Has conversations here/ }).count()).toBe(1);
      await page.getByRole('radio', { name: /0xD6FB14/ }).focus();
      await page.keyboard.press('Space');
      expect(await page.getByRole('radio', { checked: true, name: /0xD6FB14/ }).count()).toBe(1);
      await page.getByRole('button', { name: 'Show more' }).click();
      await page.getByText("m/44'/60'/0'/0/9").waitFor();
    }));

  test('stays where the node does not answer, and says that nothing was made', () =>
    at({ scene: 'welcome look', route: '#/welcome' }, async (page) => {
      await page.getByText(/The node did not answer.*Nothing was made or changed/).waitFor();
      await page.getByRole('textbox', { name: 'Node address' }).waitFor();
      expect(await page.getByRole('button', { name: 'Try again' }).isEnabled()).toBe(true);
    }));

  test('shows the text and why before anything is asked, and tells who signed when it was another', () =>
    at({ scene: 'welcome sign', route: '#/welcome' }, async (page) => {
      await page.getByText('It moves no money and allows nothing else.').waitFor();
      await page.getByText(/^XMTP : Create Identity/).waitFor();
      await page.getByRole('img', { name: 'The text to sign, as a QR code' }).waitFor();
      await page.getByRole('textbox', { name: 'Signature' }).fill(`0x${'1b'.repeat(65)}`);
      await page.getByRole('button', { name: 'Check the signature' }).click();
      await page.getByText(/^This was signed by 0x52f3a1…d09c1A, not by 0xca9Feb…94a987/).waitFor();
    }));

  test('tells what new keys cost before anybody can choose them', () =>
    at({ scene: 'welcome closed', route: '#/welcome' }, async (page) => {
      await page.getByRole('button', { name: 'Try an older backup (2 left, one signature each)' }).waitFor();
      expect(await page.getByRole('button', { name: 'Replace the keys' }).count()).toBe(0);
      await page.getByRole('button', { name: 'I cannot get the old keys any more…' }).click();
      await page.getByText('The program that has them is cut off').waitFor();
      await page.getByRole('button', { name: 'Replace the keys' }).waitFor();
    }));
});
