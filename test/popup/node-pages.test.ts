import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { findBrowser } from '../cli/find-browsers.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
let node: RunningNode;
let browser: Browser;

beforeAll(async () => {
  node = await startNode({ pages: fileURLToPath(new URL('../../public', import.meta.url)) });
  browser = await chromium.launch({
    executablePath: findBrowser('chromium').path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await node?.close();
});

describe.each(['link', 'demo', 'write'])('the page /%s of the node', (name) => {
  test('has nothing that an accessibility check objects to, fits from 320 to 1200 pixels, and asks nobody else for anything', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: { width: 320, height: 640 }, bypassCSP: true, colorScheme });
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`${node.url}/${name}`);
      await page.addScriptTag({ path: axePath });
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
        return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
      });
      expect([colorScheme, found]).toEqual([colorScheme, []]);
      for (const width of [320, 600, 1200]) {
        await page.setViewportSize({ width, height: 640 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
      expect(asked.filter((url) => !url.startsWith(`${node.url}/`) && !url.startsWith('data:'))).toEqual([]);
      await page.close();
    }
  });
});

test('the wallet page lists who announces itself, and shows what is being asked, as text', async () => {
  const page = await browser.newPage({ viewport: { width: 400, height: 760 } });
  await page.goto(`${node.url}/link/`);
  await page.getByText('None has shown itself yet').waitFor();
  await page.evaluate(() => {
    const info = { uuid: 'u', name: '<b>Wallet</b>', icon: 'https://elsewhere.example/x.png', rdns: 'x' };
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: { info, provider: {} } }));
    window.dispatchEvent(
      new CustomEvent('parley:link', { detail: JSON.stringify({ state: 'asking', says: '<i>XMTP : Create Identity</i>' }) }),
    );
  });
  await page.getByText('<b>Wallet</b>', { exact: true }).waitFor();
  await page.getByText('<i>XMTP : Create Identity</i>', { exact: true }).waitFor();
  expect(await page.locator('#wallets img, #wallets b, pre i').count()).toBe(0);
  await page.evaluate(() => window.dispatchEvent(new CustomEvent('parley:link', { detail: JSON.stringify({ state: 'done', says: '' }) })));
  await page.getByText('Parley has its answer.').waitFor();
  expect(await page.getByText('XMTP : Create Identity').isVisible()).toBe(false);
  await page.evaluate(() => window.dispatchEvent(new CustomEvent('parley:link', { detail: 'no JSON' })));
  await page.close();
});
