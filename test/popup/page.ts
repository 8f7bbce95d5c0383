import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { findBrowser } from '../cli/find-browsers.ts';
import { openStage } from './stage.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
export const phrase = 'correct horse battery staple';
interface Results {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

export let stage: Awaited<ReturnType<typeof openStage>>;
export let browser: Browser;

/** What the stage of a file of tests is to be; set where the file begins. */
export const wanted: NonNullable<Parameters<typeof openStage>[0]> = {};

beforeAll(async () => {
  stage = await openStage(wanted);
  browser = await chromium.launch({
    executablePath: (await findBrowser('chromium')).path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** The page that the scenes are shown on, one after the other: to open a page takes longer than most tests. */
let kept: Page | undefined;
const size = { width: 400, height: 600 };

/** A page that opens each scene in its language, as if that had been spoken last: in some scenes nobody ever says which it is. */
async function opened(): Promise<Page> {
  const page = await browser.newPage({ viewport: size, bypassCSP: true, reducedMotion: 'reduce' });
  await page.addInitScript(() => {
    const language = new URLSearchParams(location.search).get('language');
    if (language) localStorage.setItem('language', language);
  });
  return page;
}

/** Opens a scene on a route; an error on the page is a failure. What a test leaves behind on the page ends with the next scene, or with the page. */
export async function at({ scene = 'typical', route = '#/', language = 'browser' }, work: (page: Page) => Promise<void>): Promise<void> {
  if (!kept || kept.isClosed()) kept = await opened();
  const page = kept;
  const faults: string[] = [];
  const note = (error: Error): void => void faults.push(error.message);
  page.on('pageerror', note);
  try {
    await page.setViewportSize(size);
    // Two scenes may differ in the hash alone, which would leave the first one open.
    await page.goto('about:blank');
    await page.goto(`${stage.url}?scene=${scene}&language=${language}${route}`);
    // The page is there when what it waits for is: until then it shows nothing or a skeleton.
    await page.waitForFunction(
      (tag) =>
        document.querySelector('#app > *') &&
        !document.querySelector('.skeleton') &&
        document.documentElement.lang.startsWith(tag === 'browser' ? navigator.language.slice(0, 2) : tag),
      language,
    );
    await work(page);
    expect(faults).toEqual([]);
  } catch (error) {
    await page.close();
    throw error;
  } finally {
    page.off('pageerror', note);
  }
}

/** What an accessibility check objects to, in any theme. */
export async function objections(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axePath });
  const found: string[] = [];
  for (const theme of ['light', 'dark', 'contrast'])
    found.push(
      ...(await page.evaluate(async (name) => {
        document.documentElement.dataset['theme'] = name;
        const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<Results> } };
        // A page of an extension needs no heading of level one in every state, nor a landmark around each form.
        const { violations } = await axe.run(document, {
          rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
        });
        return violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      }, theme)),
    );
  return found;
}
