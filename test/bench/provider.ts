import { buildIfStale, sizes } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions } from '../cli/processes.ts';
import { request, Site } from '../e2e/site.ts';
import { type BrowserName, browserNames, World } from '../e2e/world.ts';
import type { Page } from '../support/browsers/browser.ts';
import { button } from '../support/browsers/person.ts';
import { pageLoads } from './page-loads.ts';
import { type Comparison, figure, median, spread, writeReport } from './report.ts';

const approval = 'popup.html#/approve';
/** What a page pays on the wire of no network, in every tab: both scripts together, gzip. */
const mostScript = 8;

/** `npm run bench -- provider --browser B --rounds N --loads N --json FILE`: what a page waits for, and what every page pays. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { browser: 'text', rounds: 'text', loads: 'text', json: 'text' });
  const rounds = Number(options.rounds ?? 20);
  if (!Number.isInteger(rounds) || rounds < 3) throw new CommandError('--rounds is a whole number from 3 on');
  const loads = Number(options.loads ?? 150);
  if (!Number.isInteger(loads) || loads < 10) throw new CommandError('--loads is a whole number from 10 on');
  const names = browserNames.filter((name) => options.browser === undefined || name === options.browser);
  if (names.length === 0) throw new CommandError(`--browser is ${browserNames.join(' or ')}`);
  ensureBrowsers(names);
  await buildIfStale();
  const started = cleanup();
  const rows: Comparison[] = [];
  try {
    const work = (async () => {
      rows.push(...sizesOfScripts());
      for (const name of names) rows.push(...(await answers(name, rounds, started.add)), ...(await pageLoads(name, loads, started.add)));
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
