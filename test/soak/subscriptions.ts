import { buildIfStale } from '../cli/build.ts';
import { ensureBrowsers } from '../cli/find-browsers.ts';
import { CommandError, cleanup, readOptions, sleep } from '../cli/processes.ts';
import { request, Site } from '../e2e/site.ts';
import { type BrowserName, browserNames, World } from '../e2e/world.ts';
import { until } from '../support/browsers/browser.ts';
import { button } from '../support/browsers/person.ts';
import { generator } from '../support/random.ts';

/** `npm run soak -- subscriptions --kills N --browser B --seed S`: the background of a real browser dies again and again while a page listens; what it hears is counted. */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { kills: 'text', browser: 'text', seed: 'text' });
  const kills = Number(options.kills ?? 100);
  const seed = Number(options.seed ?? 1);
  if (!Number.isInteger(kills) || kills < 1 || kills > 10_000) throw new CommandError('--kills is a number from 1 to 10000');
  if (!Number.isInteger(seed)) throw new CommandError('--seed is a whole number');
  const browsers = browserNames.filter((name) => options.browser === undefined || name === options.browser);
  if (browsers.length === 0) throw new CommandError(`--browser is ${browserNames.join(' or ')}`);
  ensureBrowsers();
  await buildIfStale();
  const started = cleanup();
  try {
    for (const name of browsers) {
      const outcome = await Promise.race([soak(name, kills, seed, started.add), started.interrupted]);
      if (outcome === 'interrupted') return 130;
      if (!outcome) return 1;
    }
    return 0;
  } finally {
    await started.run();
  }
}

interface Listening {
  readonly xmtp: { on(event: string, listener: (payload: { message: { content: string } }) => void): void };
  heard: string[];
}

async function soak(name: BrowserName, kills: number, seed: number, atEnd: (stop: () => unknown) => void): Promise<boolean> {
  const random = generator(seed);
  const world = await World.start(`soak-subscriptions-${name}`);
  atEnd(() => world.end());
  const site = await Site.start();
  atEnd(() => site.close());
  const [me, peer] = [await world.person('Alice', name), await world.person('Bob', name)];
  await peer.startConversation(me.address);
  const page = await me.browser.open(site.url());
  const asked = request(page, 'xmtp_requestPermissions', { permissions: [{ kind: 'read', peers: [peer.address] }] });
  await (await me.browser.waitForPage('popup.html#/approve')).click(button('Allow'));
  await asked;
  await page.evaluate(() => {
    const here = window as unknown as Listening;
    here.heard = [];
    here.xmtp.on('message', ({ message }) => void here.heard.push(message.content));
  });
  await request(page, 'xmtp_subscribe', { kind: 'messages' });
  const heard = (): Promise<string[]> => page.evaluate(() => (window as unknown as Listening).heard);
  const written: string[] = [];
  const write = async (): Promise<void> => {
    written.push(`message ${written.length}`);
    await peer.write(written.at(-1) as string);
  };
  for (let kill = 0; kill < kills; kill++) {
    // Before, while and after the message is on its way.
    const order = Math.floor(random() * 3);
    if (order === 0) await Promise.all([write(), sleep(random() * 300).then(() => me.browser.stopBackground())]);
    else if (order === 1) {
      await me.browser.stopBackground();
      await write();
    } else {
      await write();
      await until(heard, (all) => all.length >= written.length, 60_000).catch(() => undefined);
      await me.browser.stopBackground();
    }
    if (kill % 10 === 9) await until(heard, (all) => all.length >= written.length, 60_000).catch(() => undefined);
  }
  await write();
  await until(heard, (all) => all.length >= written.length, 60_000).catch(() => undefined);
  const all = await heard();
  const missed = written.filter((text) => !all.includes(text)).length;
  const twice = all.length - new Set(all).size;
  // Told in the order in which they reached this browser, which a stream and a catch-up may make another than that of writing.
  const places = all.map((text) => written.indexOf(text));
  const overtaken = places.filter((place, index) => place < Math.max(-1, ...places.slice(0, index))).length;
  console.log(
    `${name}: ${kills} kills, ${written.length} messages, ${missed} missed, ${twice} twice, ${overtaken} overtaken by a later one`,
  );
  return missed === 0 && twice === 0;
}
