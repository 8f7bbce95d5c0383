import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, sleep, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button, field, Person } from '../support/browsers/person.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';
import { browserNames, World } from './world.ts';

const megabytes = 250;

describe.each(browserNames)('in %s, on a disk without any room', (name) => {
  let world: World;
  let peer: Person;
  let disk: SmallDisk | null = null;
  let missing = '';
  let browser: Browser | null = null;

  beforeAll(async () => {
    const made = smallDisk(megabytes);
    if ('missing' in made) {
      missing = made.missing;
      return;
    }
    disk = made;
    world = await World.start(`full-disk-${name}`);
    peer = await world.person('Peer', name);
  });
  afterAll(async () => {
    await browser?.close().catch(() => undefined);
    await world?.end();
    disk?.remove();
  });

  test('nothing is lost, what cannot be kept is said, and all goes on once there is room', { timeout: 240_000 }, async ({ skip }) => {
    if (!disk) return skip(missing);
    const full = disk;
    const launch = () => (name === 'chromium' ? launchChromium : launchFirefox)({ profile: join(full.path, 'profile') });
    browser = await launch();
    let me = new Person('Me', browser);
    await me.createWallet(world.node.url);
    const { address } = me;
    await me.startConversation(peer.address);
    await me.write('before');
    await me.waitUntilSent('before');
    await peer.open('/');
    await peer.openConversation();

    full.fill();
    await peer.write('meanwhile');
    await peer.waitUntilSent('meanwhile');
    // The browser itself gives room back now and then.
    const filling = setInterval(() => full.fill(), 200);
    try {
      await me.page.fill(field('Message'), 'words to send');
      await me.page.press('Enter');
      // Firefox does not always say why.
      await until(
        () => me.page.text(),
        (text) => text.includes('so nothing could be written') || (name === 'firefox' && text.includes('could not read or write')),
        60_000,
      );
      await me.page.seeText('New messages wait at the node and come once there is room.', 60_000);
      expect((await me.page.see(field('Message'))).value).toBe('words to send');

      // A background and a page that begin now find nothing damaged.
      await browser.stopBackground();
      const other = await browser.openExtension('/');
      if (name === 'chromium') {
        await other.seeText('The disk is full', 60_000);
        expect(await other.sees(button('Repair and begin anew'))).toBe(false);
      }
      await sleep(2_000);
      await other.close();
    } finally {
      clearInterval(filling);
    }
    full.free();

    // The page that had the words has them still.
    expect((await me.page.see(field('Message'))).value).toBe('words to send');
    await until(
      async () => {
        await me.page.click(field('Message'));
        await me.page.press('Enter');
        await sleep(1_000);
        return (await me.messages()).some(({ text }) => text === 'words to send');
      },
      Boolean,
      60_000,
      () => me.page.text(),
    );
    await me.waitUntilSent('words to send');
    await me.waitForMessages(3);
    await peer.waitForMessages(3);
    expect((await peer.messages()).map(({ text }) => text)).toEqual(['before', 'meanwhile', 'words to send']);

    await browser.close();
    browser = await launch();
    me = new Person('Me', browser);
    await me.open('/');
    await me.unlock();
    await me.inbox();
    expect(await me.page.text()).not.toMatch(/has lost|gone back/);
    await me.openConversation();
    await me.waitForMessages(3);
    expect((await me.messages()).map(({ text }) => text)).toEqual(['before', 'meanwhile', 'words to send']);
    expect(await me.readAddress()).toBe(address);
  });
});
