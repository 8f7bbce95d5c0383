import { sleep } from '../cli/processes.ts';
import { type BrowserName, World } from '../e2e/world.ts';
import { until } from '../support/browsers/browser.ts';
import { button, conversations } from '../support/browsers/person.ts';
import { generator } from '../support/random.ts';
import { inBrowsers, type Kills } from './browsers.ts';

/** `npm run soak -- unlock --kills N --browser B --seed S`: the background of a real browser dies again and again while Parley is unlocked; then the browser ends. */
export const run = (args: readonly string[]): Promise<number> => inBrowsers(args, soak);

async function soak(name: BrowserName, { kills, seed }: Kills, atEnd: (stop: () => unknown) => void): Promise<boolean> {
  const random = generator(seed);
  const world = await World.start(`soak-unlock-${name}`);
  atEnd(() => world.end());
  const me = await world.person('Alice', name);
  /** What the page comes to show. */
  const shown = (): Promise<string> =>
    until(
      async () => ((await me.page.sees(conversations)) ? 'open' : (await me.page.sees(button('Unlock'))) ? 'locked' : ''),
      (found) => found !== '',
      60_000,
    ).catch(() => 'neither');
  const found: Record<string, number> = {};
  for (let kill = 0; kill < kills; kill++) {
    // At rest, while a page is being opened, and as soon as it has loaded.
    const order = Math.floor(random() * 3);
    if (order === 0) await me.browser.stopBackground();
    const opened = me.open('/');
    if (order === 1) await sleep(random() * 300);
    if (order === 2) await opened;
    if (order !== 0) await me.browser.stopBackground();
    await opened;
    const now = await shown();
    found[now] = (found[now] ?? 0) + 1;
    if (now === 'locked') await me.unlock();
  }
  await me.browser.restart();
  await me.open('/');
  const after = await shown();
  await world.end();
  const told = Object.entries(found).map(([state, count]) => `${state} after ${count}`);
  console.log(`${name}: ${kills} kills of the background, ${told.join(', ')}; ${after} after a restart of the browser`);
  return found['open'] === kills && after === 'locked';
}
