import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Site } from '../e2e/site.ts';
import type { BrowserName } from '../e2e/world.ts';
import { type LaunchOptions, type Page, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { type Comparison, median, report } from './report.ts';

/** Otherwise Firefox tells times in whole milliseconds only. */
const preferences = { 'privacy.reduceTimerPrecision': false };

/**
 * What Parley adds to the load of a page, from the first byte of the server's answer to the end of loading. Four browsers load the same page in turn, in another order each
 * round: one with Parley, two with an extension that does nothing, and one whose extension has the two scripts in pages that Parley has, with nothing in them. What the two differ
 * by is the noise that the difference has to be seen against; what empty scripts cost is what the browser takes for any provider.
 */
export async function pageLoads(name: BrowserName, rounds: number, atEnd: (stop: () => unknown) => void): Promise<Comparison[]> {
  const site = await Site.start();
  atEnd(() => site.close());
  const [nothing, emptyScripts] = [emptyExtension(name, false), emptyExtension(name, true)];
  atEnd(() => {
    for (const folder of [nothing, emptyScripts]) rmSync(folder, { recursive: true, force: true });
  });
  const launch = (options: LaunchOptions) => (name === 'chromium' ? launchChromium(options) : launchFirefox({ ...options, preferences }));
  const browsers = [
    await launch({}),
    await launch({ extension: nothing }),
    await launch({ extension: nothing }),
    await launch({ extension: emptyScripts }),
  ];
  const close = () => Promise.all(browsers.map((browser) => browser.close()));
  atEnd(close);
  const pages: Page[] = [];
  for (const browser of browsers) pages.push(await browser.open(site.url()));
  const has = await Promise.all(pages.map((page) => page.evaluate(() => `${'xmtp' in window} ${'empty' in window}`)));
  if (has.join() !== 'true false,false false,false false,false true') throw new Error(`the wrong browsers: ${has.join()}`);
  const taken: number[][] = browsers.map(() => []);
  const count = browsers.length;
  const warming = 5;
  for (let round = -warming; round < rounds; round++)
    for (let place = 0; place < count; place++) {
      // Each is first and last as often as any other, forwards and backwards.
      const turn = round + warming;
      const which = (turn % 2 === 0 ? place + turn / 2 : count - place + (turn - 1) / 2) % count;
      const took = await load(pages[which] as Page);
      if (round >= 0) taken[which]?.push(took);
    }
  await close();
  await site.close();
  const [ours = [], empty = [], other = [], scripts = []] = taken;
  const pairs = (a: readonly number[], b: readonly number[]): number[] => a.map((each, index) => each - (b[index] ?? Number.NaN));
  // Against the mean of the two that have nothing: neither of them is the better measure.
  const nothings = empty.map((each, index) => (each + (other[index] ?? Number.NaN)) / 2);
  return [
    report({
      what: `${name}: a page loads, with Parley`,
      unit: 'ms',
      ours: median(ours),
      theirs: median(nothings),
      opponent: 'ms with an empty extension',
      ratio: median(nothings) / median(ours),
      bar: null,
      notes: `${rounds} loads; Parley adds ${inWords(pairs(ours, nothings))}; two empty ones differ by ${inWords(pairs(other, empty))}; empty scripts add ${inWords(pairs(scripts, nothings))}, Parley to them ${inWords(pairs(ours, scripts))}`,
    }),
  ];
}

/** The median of the differences, where it lies by 95 of 100 (the binomial interval of its ranks), and the middle half of them. */
function inWords(differences: readonly number[]): string {
  const sorted = differences.toSorted((a, b) => a - b);
  const n = sorted.length;
  const at = (rank: number): string => (sorted[Math.min(n - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN).toFixed(2);
  const half = 0.98 * Math.sqrt(n);
  return `${median(differences).toFixed(2)} ms (95 %: ${at((n - 1) / 2 - half)} to ${at((n - 1) / 2 + half)}; half within ${at(n * 0.25)} and ${at(n * 0.75)})`;
}

async function load(page: Page): Promise<number> {
  await page.reload();
  return until(
    () =>
      page.evaluate(() => {
        const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
        return entry && entry.loadEventEnd > 0 ? entry.loadEventEnd - entry.responseStart : 0;
      }),
    (ms) => ms > 0,
  );
}

/** An extension that does nothing, so that all else about the browser is the same; it may have scripts in pages that do nothing either. */
function emptyExtension(name: BrowserName, scripts: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-empty-'));
  writeFileSync(join(folder, 'background.js'), '');
  writeFileSync(join(folder, 'isolated.js'), '');
  writeFileSync(join(folder, 'main.js'), 'window.empty = true;');
  const background = name === 'chromium' ? { service_worker: 'background.js' } : { scripts: ['background.js'] };
  const own = name === 'firefox' ? { browser_specific_settings: { gecko: { id: 'parley@parley.app' } } } : {};
  const everywhere = { matches: ['http://*/*', 'https://*/*'], run_at: 'document_start', all_frames: true };
  const inPages = {
    host_permissions: everywhere.matches,
    content_scripts: [
      { ...everywhere, js: ['isolated.js'] },
      { ...everywhere, js: ['main.js'], world: 'MAIN' },
    ],
  };
  const manifest = { manifest_version: 3, name: 'Nothing', version: '1', background, ...own, ...(scripts && inPages) };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}
