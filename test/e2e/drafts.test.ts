import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, type Page, sleep, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { field, Person } from '../support/browsers/person.ts';
import { Profile } from '../support/browsers/profile.ts';
import { browserNames, World } from './world.ts';

const composer = field('Message');

describe.each(browserNames)('words in the field of a message in %s', (name) => {
  let world: World;
  let peer: Person;
  let profile: Profile;
  let browser: Browser;
  let me: Person;

  const launch = async (): Promise<void> => {
    browser = await (name === 'chromium' ? launchChromium : launchFirefox)({ profile: profile.path });
    me = new Person('Me', browser);
  };
  const kill = async (): Promise<void> => {
    await profile.kill();
    await Promise.race([browser.close().catch(() => undefined), sleep(5_000)]);
  };
  const shown = async (page: Page = me.page): Promise<string | null> => (await page.see(composer)).value;

  beforeAll(async () => {
    world = await World.start(`drafts-${name}`);
    profile = new Profile(`drafts-${name}`);
    peer = new Person('Peer', await world.browser(name));
    await peer.createWallet(world.node.url);
    await launch();
    await me.createWallet(world.node.url);
    await me.startConversation(peer.address);
  });

  afterAll(async () => {
    await browser?.close().catch(() => undefined);
    await world?.end();
    profile?.remove();
  });

  test('are there after the browser was killed right after the last key, and no background was there to be told', async () => {
    const words = 'typed while nobody listened';
    await me.page.fill(composer, 'before');
    await sleep(1_000);
    await browser.stopBackground();
    await me.page.fill(composer, words);
    // Sooner than a background is told, and than one that has to be started could answer.
    await sleep(80);
    await kill();
    await launch();
    await me.open('/');
    await me.unlock();
    await me.inbox();
    await until(
      () => me.rows(),
      ([row]) => row?.replace(/\s+/g, ' ').includes(`Draft ${words}`) ?? false,
    );
    await me.openConversation();
    expect(await shown()).toBe(words);
  });

  test('do not come back after they were sent, though everything dies', async () => {
    await me.write('sent and gone');
    await me.waitUntilSent('sent and gone');
    await kill();
    await launch();
    await me.open('/');
    await me.unlock();
    await me.inbox();
    await me.openConversation();
    await me.waitForMessages(1);
    expect(await shown()).toBe('');
  });

  test('are the same in two windows, and neither writes over the other', async () => {
    const other = await browser.openExtension((await me.page.url()).split('#')[1]);
    await other.see(composer);
    await me.page.toFront();
    await me.page.fill(composer, 'begun here');
    await until(
      () => shown(other),
      (words) => words === 'begun here',
    );
    await other.toFront();
    await other.click(composer);
    await other.evaluate(() => {
      const area = document.activeElement as HTMLTextAreaElement;
      area.setRangeText(', and ended there', area.value.length, area.value.length, 'end');
      area.dispatchEvent(new InputEvent('input', { bubbles: true }));
    });
    await until(
      () => shown(),
      (words) => words === 'begun here, and ended there',
    );
    await other.close();
  });
});
