import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale, sizes } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { request, Site } from '../e2e/site.ts';
import { type BrowserName, browserNames, World } from '../e2e/world.ts';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button } from '../support/browsers/person.ts';
import { type Comparison, figure, median, report, spread, writeReport } from './report.ts';

const approval = 'popup.html#/approve';
/** What a page pays on the wire of no network, in every tab: both scripts together, gzip. */
const mostScript = 8;

/** `npm run bench -- provider --browser B --rounds N --json FILE`: what a page waits for, and what every page pays. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { browser: 'text', rounds: 'text', json: 'text' });
  const rounds = Number(options.rounds ?? 20);
  if (!Number.isInteger(rounds) || rounds < 3) throw new CommandError('--rounds is a whole number from 3 on');
  const names = browserNames.filter((name) => options.browser === undefined || name === options.browser);
  if (names.length === 0) throw new CommandError(`--browser is ${browserNames.join(' or ')}`);
  ensureBrowsers(names);
  await buildIfStale();
  const started = cleanup();
  const rows: Comparison[] = [];
  try {
    const work = (async () => {
      rows.push(...sizesOfScripts());
      for (const name of names) rows.push(...(await answers(name, rounds, started.add)), ...(await starts(name, rounds, started.add)));
    })();
    if ((await Promise.race([work, started.interrupted])) === 'interrupted') return 130;
  } finally {
    await started.run();
  }
  writeReport('provider', rows, options.json);
  return rows.every(({ reached }) => reached) ? 0 : 1;
}

function sizesOfScripts(): Comparison[] {
  const both = sizes().filter(({ file }) => file === 'content.js' || file === 'inpage.js');
  const kB = (total: number): number => total / 1000;
  return [
    ...both.map(({ file, gzip }) => figure(`${file}, gzip`, kB(gzip), 'kB', null)),
    figure('both scripts of a page, gzip', kB(both.reduce((sum, { gzip }) => sum + gzip, 0)), 'kB', mostScript),
  ];
}

/** From `request` to its answer, where nobody is asked: with the background awake, and just ended. */
async function answers(name: BrowserName, rounds: number, atEnd: (stop: () => unknown) => void): Promise<Comparison[]> {
  const world = await World.start(`bench-provider-${name}`);
  atEnd(() => world.end());
  const site = await Site.start();
  atEnd(() => site.close());
  const me = await world.person('Bench', name);
  const page = await me.browser.open(site.url());
  const asked = request(page, 'xmtp_requestAccounts');
  const window = await me.browser.waitForPage(approval);
  await window.click(button('Allow'));
  await asked;

  const awake: number[] = [];
  const asleep: number[] = [];
  await time(page);
  for (let i = 0; i < rounds * 3; i++) awake.push(await time(page));
  for (let i = 0; i < rounds; i++) {
    await me.browser.stopBackground();
    asleep.push(await time(page));
  }
  await world.end();
  await site.close();
  return [
    figure(`${name}: request to answer, background awake`, median(awake), 'ms', null, spread(awake)),
    figure(`${name}: request to answer, background asleep`, median(asleep), 'ms', null, spread(asleep)),
  ];
}

/** Milliseconds by the page's own clock; calls are so far apart that no limit is met. */
const time = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { xmtp } = window as unknown as { xmtp: { request(call: object): Promise<unknown[]> } };
    await new Promise((resolve) => setTimeout(resolve, 220));
    const before = performance.now();
    const accounts = await xmtp.request({ method: 'xmtp_accounts' });
    const took = performance.now() - before;
    if (accounts.length !== 1) throw new Error('not connected');
    return took;
  });

/** From the answer of the server to the end of loading, in turn with this extension and with one that does nothing. */
async function starts(name: BrowserName, rounds: number, atEnd: (stop: () => unknown) => void): Promise<Comparison[]> {
  const site = await Site.start();
  atEnd(() => site.close());
  const launch = name === 'chromium' ? launchChromium : launchFirefox;
  const nothing = emptyExtension(name);
  atEnd(() => rmSync(nothing, { recursive: true, force: true }));
  const [ours, theirs] = [await launch(), await launch({ extension: nothing })] as [Browser, Browser];
  atEnd(() => Promise.all([ours.close(), theirs.close()]));
  const [mine, other] = [await ours.open(site.url()), await theirs.open(site.url())];
  if (!(await mine.evaluate(() => 'xmtp' in window)) || (await other.evaluate(() => 'xmtp' in window)))
    throw new Error('the wrong browsers');
  const found: [number[], number[]] = [[], []];
  const differences: number[] = [];
  for (let i = -2; i < rounds * 2; i++) {
    const both = i % 2 === 0 ? [await load(mine), await load(other)] : [await load(other), await load(mine)].reverse();
    const [a = 0, b = 0] = both;
    if (i < 0) continue; // the first loads warm both up
    found[0].push(a);
    found[1].push(b);
    differences.push(a - b);
  }
  await Promise.all([ours.close(), theirs.close()]);
  await site.close();
  const [a, b] = [median(found[0]), median(found[1])];
  return [
    report({
      what: `${name}: a page loads, with Parley`,
      unit: 'ms',
      ours: a,
      theirs: b,
      opponent: 'ms with an empty extension',
      ratio: b / a,
      bar: null,
      notes: `difference ${median(differences).toFixed(2)} ms; without: ${spread(found[1])}`,
    }),
  ];
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

/** An extension that runs nothing in pages, so that all else about the browser is the same. */
function emptyExtension(name: BrowserName): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-empty-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'background.js'), '');
  const background = name === 'chromium' ? { service_worker: 'background.js' } : { scripts: ['background.js'] };
  const own = name === 'firefox' ? { browser_specific_settings: { gecko: { id: 'parley@parley.app' } } } : {};
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ manifest_version: 3, name: 'Nothing', version: '1', background, ...own }));
  return folder;
}
