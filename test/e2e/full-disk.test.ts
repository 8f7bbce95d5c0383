import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, sleep, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button, field, Person } from '../support/browsers/person.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';
import { browserNames, World } from './world.ts';

const megabytes = 250;
const mine = 'words to send';
const waits = 'New messages wait at the node and come once there is room.';

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
    // The browser itself gives room back now and then.
    const filling = setInterval(() => full.fill(), 200);
    const sent = ['before'];
    let refused: boolean;
    try {
      await me.page.fill(field('Message'), mine);
      await me.page.press('Enter');
      // Firefox keeps room in its files, and may take it after all; and it does not always say why it does not.
      const outcome = await until(
        async () => ({
          text: await me.page.text(),
          taken: (await me.messages()).some(({ text, state }) => text === mine && state !== 'queued'),
        }),
        ({ text, taken }) =>
          text.includes('so nothing could be written') || (name === 'firefox' && (taken || text.includes('could not read or write'))),
      );
      refused = !outcome.taken;
      for (const end = Date.now() + 60_000; !(await me.page.text()).includes(waits); ) {
        if (Date.now() > end) throw new Error(`nobody says that the disk is full: ${(await me.page.text()).slice(0, 600)}`);
        const text = `meanwhile ${sent.length} ${randomBytes(30_000).toString('hex')}`;
        await peer.write(text);
        await peer.waitUntilSent(text);
        sent.push(text);
      }
      expect((await me.page.see(field('Message'))).value).toBe(refused ? mine : '');

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
    expect((await me.page.see(field('Message'))).value).toBe(refused ? mine : '');
    if (refused)
      await until(
        async () => {
          await me.page.click(field('Message'));
          await me.page.press('Enter');
          await sleep(1_000);
          return (await me.messages()).some(({ text }) => text === mine);
        },
        Boolean,
        60_000,
        () => me.page.text(),
      );
    await me.waitUntilSent(mine);
    sent.push(mine);
    // What was taken while nothing else came may stand before that, or behind.
    const inOrder = (texts: readonly string[]): readonly string[] => (refused ? texts : texts.toSorted());
    const asWords = (all: readonly { readonly text: string }[]) => inOrder(all.map(({ text }) => text));
    for (const person of [me, peer]) {
      await person.waitForMessages(sent.length);
      expect(asWords(await person.messages())).toEqual(inOrder(sent));
    }

    await browser.close();
    browser = await launch();
    me = new Person('Me', browser);
    await me.open('/');
    await me.unlock();
    await me.inbox();
    expect(await me.page.text()).not.toMatch(/has lost|gone back/);
    await me.openConversation();
    await me.waitForMessages(sent.length);
    expect(asWords(await me.messages())).toEqual(inOrder(sent));
    expect(await me.readAddress()).toBe(address);
  });
});
