import { sleep } from '../cli/processes.ts';
import { request, Site } from '../e2e/site.ts';
import { type BrowserName, World } from '../e2e/world.ts';
import { until } from '../support/browsers/browser.ts';
import { button } from '../support/browsers/person.ts';
import { generator } from '../support/random.ts';
import { inBrowsers, type Kills } from './browsers.ts';

/** `npm run soak -- subscriptions --kills N --browser B --seed S`: the background of a real browser dies again and again while a page listens; what it hears is counted. */
export const run = (args: readonly string[]): Promise<number> => inBrowsers(args, soak);

interface Listening {
  readonly xmtp: { on(event: string, listener: (payload: { message: { content: string } }) => void): void };
  heard: string[];
}

async function soak(name: BrowserName, { kills, seed }: Kills, atEnd: (stop: () => unknown) => void): Promise<boolean> {
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
  await world.end();
  await site.close();
  return missed === 0 && twice === 0;
}
