import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at, browser, objections } from './page.ts';

const saved = async (page: Parameters<Parameters<typeof at>[1]>[0]) => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save', exact: true }).click()]);
  return { name: download.suggestedFilename(), path: await download.path() };
};

describe('an export', () => {
  test('of a conversation is a page that reads by itself, and shows what was written as it was written', () =>
    at({ scene: 'overfull', route: '#/conversation/c0' }, async (page) => {
      const hostile = await page.locator('.message').allTextContents();
      expect(hostile.length).toBeGreaterThan(3);
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Export…', exact: true }).click();
      await page.getByRole('dialog', { name: 'Export this conversation' }).waitFor();
      expect(await objections(page)).toEqual([]);
      const { name, path } = await saved(page);
      expect(name).toMatch(/^parley-\d{4}-\d\d-\d\d\.html$/);
      const html = readFileSync(path, 'utf8');
      expect(html).toContain("default-src 'none'");
      expect(html).not.toMatch(/<(script|iframe|link|object|form)/i);
      await page.getByText(`${name} is in your downloads: 1 conversation,`).waitFor();
      expect(await objections(page)).toEqual([]);

      const reader = await browser.newPage({ javaScriptEnabled: false });
      const asked: string[] = [];
      reader.on('request', (request) => void asked.push(request.url()));
      await reader.setContent(html);
      expect(await reader.locator('article').count()).toBe(hostile.length);
      expect(await reader.locator('h1').textContent()).toContain('Conversations');
      expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([]);
      await reader.close();
    }));

  test('may be a file that imports again', () =>
    at({ route: '#/settings/export' }, async (page) => {
      await page.getByRole('button', { name: 'Export all conversations…', exact: true }).click();
      await page.getByRole('radio', { name: /JSON/ }).check();
      expect((await saved(page)).name).toBe('parley-2026-01-01.json');
      await page.getByText('parley-2026-01-01.json is in your downloads: 12 conversations, 1 message.').waitFor();
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }));
});

describe('an import', () => {
  const file = { name: 'a.json', mimeType: 'application/json', buffer: Buffer.from('{}') };

  test('from a file says what came of it', () =>
    at({ route: '#/settings/export' }, async (page) => {
      await page.getByRole('button', { name: 'Import a file…', exact: true }).click();
      await page.getByLabel('Choose an exported file (JSON)').setInputFiles(file);
      await page.getByText('1 message was added.').waitFor();
      await page.getByText('2 conversations, 40 messages.').waitFor();
      expect(await objections(page)).toEqual([]);
    }));

  test('from a file that was changed says so, and another may be chosen', () =>
    at({ scene: 'offline', route: '#/settings/export' }, async (page) => {
      await page.getByRole('button', { name: 'Import a file…', exact: true }).click();
      const choose = page.getByLabel('Choose an exported file (JSON)');
      await choose.setInputFiles(file);
      await page.getByText('Nothing was taken from it.').waitFor();
      expect(await choose.isEnabled()).toBe(true);
    }));

  test('from a node counts by topic', () =>
    at({ route: '#/settings/export' }, async (page) => {
      await page.getByRole('button', { name: 'Import from a node…', exact: true }).click();
      const start = page.getByRole('button', { name: 'Import', exact: true });
      expect(await start.isDisabled()).toBe(true);
      await page.getByLabel('Address of the node').fill('https://old.example');
      await page.keyboard.press('Enter');
      await page.getByText('Done. 121 of 128 were new.').waitFor();
      expect(await page.getByRole('row').allTextContents()).toEqual([
        'TopicFoundNewNot readable',
        'Keys of this wallet110',
        'Invitations321',
        expect.stringMatching(/1201182$/),
        expect.stringMatching(/404$/),
      ]);
      expect(await objections(page)).toEqual([]);
    }));

  test('from a node that does not answer says so', () =>
    at({ scene: 'offline', route: '#/settings/export' }, async (page) => {
      await page.getByRole('button', { name: 'Import from a node…', exact: true }).click();
      await page.getByLabel('Address of the node').fill('https://old.example');
      await page.keyboard.press('Enter');
      await page.getByText('It failed: the node does not answer.').waitFor();
    }));
});
