import { expect, test } from 'vitest';
import { at, objections } from './page.ts';

test('data that cannot be read may be repaired, after it was said what that takes', () =>
  at({ scene: 'damaged', route: '#/' }, async (page) => {
    await page.getByText('The browser could not read or write Parley’s data.').waitFor();
    await page.getByText('what was not sent yet may be lost', { exact: false }).waitFor();
    expect(await objections(page)).toEqual([]);
    await page.getByRole('button', { name: 'Repair and begin anew', exact: true }).click();
    await page.waitForFunction(() => document.documentElement.dataset['reloaded'] === 'yes');
    expect(await page.evaluate(() => document.documentElement.dataset['kept'])).toBe('{"repair":"yes"}');
  }));

test('what the browser has lost is told until somebody has read it', () =>
  at({ scene: 'lost', route: '#/' }, async (page) => {
    await page.getByText('The browser has lost what Parley kept here, but for your keys.').waitFor();
    expect(await objections(page)).toEqual([]);
    await page.getByRole('button', { name: 'Understood', exact: true }).click();
    await page.getByText('The browser has lost').waitFor({ state: 'detached' });
  }));

test('a full disk is told of above the inbox', () =>
  at({ scene: 'full disk', route: '#/' }, async (page) => {
    await page.getByText('The disk is full. New messages wait at the node').waitFor();
  }));
