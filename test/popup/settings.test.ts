import { describe, expect, test } from 'vitest';
import { at, objections, phrase } from './page.ts';

describe('a backup file', () => {
  const file = { name: 'a.parley', mimeType: 'application/octet-stream', buffer: Buffer.from('x') };

  test('is checked from the settings, and nothing changes', () =>
    at({ route: '#/settings/backup' }, async (page) => {
      await page.getByRole('button', { name: 'Check a file…', exact: true }).click();
      const check = page.getByRole('button', { name: 'Check', exact: true });
      expect(await check.isDisabled()).toBe(true);
      await page.getByLabel('Choose a backup file').setInputFiles(file);
      await page.getByText('a.parley').waitFor();
      await page.getByRole('textbox', { name: 'Passphrase of the file', exact: true }).fill(phrase);
      await check.click();
      await page.getByText('The file opens.').waitFor();
      await page.getByText('12 conversations, 1 message.').waitFor();
      await page.getByText('is not in this browser yet').waitFor();
      await page.getByText('Nothing was changed.').waitFor();
    }));

  test('asks twice for a passphrase of its own before it is made', () =>
    at({ route: '#/settings/backup' }, async (page) => {
      await page.getByRole('button', { name: 'Make a backup file…', exact: true }).click();
      const make = page.getByRole('button', { name: 'Make and download', exact: true });
      await page.locator('#settings-backup').getByRole('textbox', { name: 'Your passphrase', exact: true }).fill('x');
      await page.getByRole('textbox', { name: 'Passphrase of the file', exact: true }).fill(phrase);
      await page.getByRole('textbox', { name: 'Repeat the file’s passphrase', exact: true }).fill(`${phrase}!`);
      await page.getByText('The two differ.').waitFor();
      expect(await make.isDisabled()).toBe(true);
      await page.getByRole('textbox', { name: 'Repeat the file’s passphrase', exact: true }).fill(phrase);
      expect(await make.isDisabled()).toBe(false);
    }));
});

test('where the wallet is not here, the settings offer what can be done without it, and say what cannot', () =>
  at({ scene: 'wallet outside', route: '#/settings/phrase' }, async (page) => {
    await page.getByText('neither is its recovery phrase').waitFor();
    await page.getByText('has signed for none').waitFor();
    await page.getByText('Make a backup file after each renewal.').waitFor();
    await page.getByText('it is not in Parley. If somebody else').waitFor();
    for (const name of ['Show recovery phrase…', 'New identity…'])
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Make a backup file…', exact: true }).waitFor();
    expect(await objections(page)).toEqual([]);
  }));

test('what a new identity costs is said before it is made, and takes the passphrase', () =>
  at({ route: '#/settings/identity' }, async (page) => {
    await page.getByRole('button', { name: 'New identity…', exact: true }).click();
    await page.getByText('This cannot be undone.').waitFor();
    const make = page.getByRole('button', { name: 'Make a new identity', exact: true });
    expect(await make.isDisabled()).toBe(true);
    expect(await objections(page)).toEqual([]);
    await page.getByRole('button', { name: 'Keep my keys', exact: true }).click();
    await make.waitFor({ state: 'detached' });
  }));

test('another passphrase takes the present one, twice the new one, and gives the focus back', () =>
  at({ route: '#/settings/passphrase' }, async (page) => {
    const open = page.getByRole('button', { name: 'Change passphrase…', exact: true });
    await open.click();
    const change = page.getByRole('button', { name: 'Change passphrase', exact: true });
    const fill = (name: string, text: string): Promise<void> => page.getByRole('textbox', { name, exact: true }).fill(text);
    await fill('Present passphrase', 'the present one');
    await fill('New passphrase', 'eleven char');
    await fill('Repeat new passphrase', 'eleven char');
    expect(await change.isDisabled()).toBe(true);
    await fill('New passphrase', 'the present one');
    await page.getByText('This is the present one.').waitFor();
    await fill('Repeat new passphrase', 'the present one');
    expect(await change.isDisabled()).toBe(true);
    await fill('New passphrase', phrase);
    await page.getByText('The two differ.').waitFor();
    expect(await change.isDisabled()).toBe(true);
    await fill('Repeat new passphrase', phrase);
    expect(await change.isDisabled()).toBe(false);
    expect(await objections(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText('That is not the passphrase').waitFor();
    await page.getByRole('button', { name: 'Keep it', exact: true }).click();
    await open.waitFor();
    expect(await open.evaluate((button) => button === document.activeElement)).toBe(true);
    await open.click();
    // Nothing of what was typed is kept.
    expect(await page.getByRole('textbox', { name: 'New passphrase', exact: true }).inputValue()).toBe('');
  }));

test('nodes tell what they are for and what was found of them; to let one step in takes the passphrase', () =>
  at({ route: '#/settings/node' }, async (page) => {
    await page.getByText('It does not have 3 messages that another node has.', { exact: false }).waitFor();
    await page.getByText('It has what the others have', { exact: false }).waitFor();
    await page.getByRole('button', { name: /^Stand by: a-node-with-a-very-long-name/ }).click();
    const permit = page.getByRole('button', { name: 'Let it stand by', exact: true });
    expect(await permit.isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(phrase);
    expect(await permit.isDisabled()).toBe(false);
    expect(await objections(page)).toEqual([]);
    await page.getByRole('checkbox', { name: /Send to two nodes/ }).waitFor();
    await page.getByRole('button', { name: 'Compare the nodes', exact: true }).waitFor();
  }));

describe('connected sites', () => {
  test('show what each may do and did, and give to nobody more', () =>
    at({ route: '#/settings/sites' }, async (page) => {
      const part = page.locator('#settings-sites');
      await page.getByText('May write to').first().waitFor();
      await page.getByText('Messages read: 1,400. Conversations read: 12. Sent: 60. Used the whole account 2 times.').first().click();
      await page.getByText('and 9 more').waitFor();
      await page.getByText('Only the last 2 are kept.').waitFor();
      await page.getByText('It has read and sent nothing yet.').waitFor();
      await page.getByRole('button', { name: /^Forget https:\/\/a-former-site/ }).waitFor();
      await page.getByRole('button', { name: /^Change: May write to/ }).click();
      const save = page.getByRole('button', { name: 'Save', exact: true });
      expect(await save.isDisabled()).toBe(true);
      await part.getByRole('checkbox').first().uncheck();
      expect(await save.isDisabled()).toBe(false);
      await part.getByRole('checkbox').nth(1).uncheck();
      expect(await save.isDisabled()).toBe(true); // nothing would be left: that is another button
      await part.getByRole('checkbox').first().check();
      await page.getByRole('radio', { name: 'In 24 hours' }).check();
      await page.keyboard.press('Enter');
      await save.waitFor({ state: 'detached' });
    }));

  test('narrow everybody to some of the people one talks with, and all kinds to text', () =>
    at({ route: '#/settings/sites' }, async (page) => {
      await page
        .getByRole('button', { name: /^Change: May read what you and anybody/ })
        .first()
        .click();
      const save = page.getByRole('button', { name: 'Save', exact: true });
      await page.getByRole('radio', { name: 'Only some' }).check();
      expect(await save.isDisabled()).toBe(true);
      await page.getByRole('group', { name: 'Only with' }).getByRole('checkbox').first().check();
      await page.getByRole('radio', { name: 'Plain text' }).check();
      await page.getByRole('radio', { name: 'Since it was allowed' }).check();
      expect(await objections(page)).toEqual([]);
      await save.click();
      await save.waitFor({ state: 'detached' });
    }));

  test('are none where there are none', () =>
    at({ route: '#/settings/sites', scene: 'empty' }, async (page) => {
      await page.getByText('None. A site that wants to write').waitFor();
    }));
});

test.each(['en', 'de', 'es', 'fr', 'ar'])('what notifications show is chosen from one row in the popup (%s)', (language) =>
  at({ route: '#/settings/notifications', language }, async (page) => {
    const group = page.locator('#settings-notifications .segment');
    await group.first().waitFor();
    const tops = await group.evaluateAll((segments) => segments.map((each) => Math.round(each.getBoundingClientRect().top)));
    expect(tops).toHaveLength(4);
    expect(new Set(tops).size).toBe(1);
  }),
);

test.each(['de', 'es', 'fr', 'ar'])('choices that find no room in one row stand in columns of one width, in %s', (language) =>
  at({ scene: 'empty', route: '#/settings', language }, async (page) => {
    for (const width of [320, 400, 1100]) {
      await page.setViewportSize({ width, height: 640 });
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const ragged = await page.evaluate(() =>
        [...document.querySelectorAll('.segments')].flatMap((group) => {
          const boxes = [...group.querySelectorAll('.segment')].map((segment) => segment.getBoundingClientRect());
          const inRow = new Set(boxes.map(({ top }) => Math.round(top))).size === 1;
          const even = new Set(boxes.map(({ width }) => Math.round(width))).size === 1;
          return inRow || even ? [] : [group.querySelector('legend')?.textContent];
        }),
      );
      expect({ width, ragged }).toEqual({ width, ragged: [] });
    }
  }),
);
