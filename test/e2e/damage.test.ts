import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, sleep, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button, field, Person } from '../support/browsers/person.ts';
import { Profile } from '../support/browsers/profile.ts';
import { browserNames, World } from './world.ts';

/** The files of our databases: one store for all in Chromium, one for each in Firefox, where the local area is another (its name goes on after `^`). */
const ours = /extension_\w+_0\.indexeddb\.leveldb\/.*\.(ldb|log)$|moz-extension\+\+\+[^/^]*\/idb\/.*\.sqlite(-wal)?$/;
const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => ours.test(file));

function overwrite(file: string, from: number, count: number): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xa5, from, Math.min(bytes.length, from + count)));
}

/** What a failing disk leaves behind, and where the vault goes with it. A log is read as far as it is whole, by Chromium where it was cut, by Firefox where it was written over: an older state. */
const damages: readonly (readonly [string, (file: string) => void])[] = [
  ['in the middle', (file) => overwrite(file, readFileSync(file).length >> 1, 4096)],
  ['at the beginning', (file) => overwrite(file, 0, 4096)],
  ['by half', (file) => truncateSync(file, readFileSync(file).length >> 1)],
];

describe.each(browserNames)('in %s, databases that are damaged', (name) => {
  let world: World;
  let peer: Person;
  const profiles: Profile[] = [];

  beforeAll(async () => {
    world = await World.start(`damage-${name}`);
    peer = await world.person('Peer', name);
  });
  afterAll(async () => {
    await world?.end();
    for (const profile of profiles) profile.remove();
  });

  test.each(damages)('%s leave a way to the conversations, and what is lost is told', { timeout: 240_000 }, async (how, damage) => {
    const profile = new Profile(name);
    profiles.push(profile);
    const launch = (): Promise<Browser> => (name === 'chromium' ? launchChromium : launchFirefox)({ profile: profile.path });
    let browser = await launch();
    try {
      let me = new Person('Me', browser);
      await me.createWallet(world.node.url);
      await me.startConversation(peer.address);
      await me.write('before the damage');
      await me.waitUntilSent('before the damage');
      await profile.kill();
      await Promise.race([browser.close().catch(() => undefined), sleep(5_000)]);
      const files = filesOf(profile.path);
      expect(files).not.toEqual([]);
      for (const file of files) damage(file);

      browser = await launch();
      const { address } = me;
      me = new Person('Me', browser);
      const repair = button('Repair and begin anew');
      // What cannot be read shows at once, or once it is unlocked.
      const page = await me.open('/');
      const seen = (): Promise<string> => me.page.text();
      const passage = (ms = 60_000): Promise<'locked' | 'stuck' | null> =>
        until(
          async () => ((await me.page.sees(repair)) ? 'stuck' : (await me.page.sees(button('Unlock'))) ? 'locked' : null),
          (found) => found !== null,
          ms,
          seen,
        );
      let stuck = (await passage()) === 'stuck';
      if (!stuck) {
        await me.unlock();
        const locked = () => me.page.sees(button('Unlock'));
        await until(async () => (await me.page.sees(repair)) || !(await locked()), Boolean, 60_000, seen);
        stuck = await me.page.sees(repair);
      }
      if (stuck) {
        await page.click(repair);
        await sleep(3_000); // every page of the extension closes
        await me.open('/');
        expect(await passage()).toBe('locked');
        await me.unlock();
      }
      await me.inbox();
      const back = name === 'chromium' ? how === 'by half' : how === 'in the middle';
      const words = back ? 'has gone back here to how it was on' : 'The browser has lost what Parley kept here, but for your keys.';
      await me.page.seeText(words);
      await me.openConversation();
      await me.waitForMessages(1);
      expect((await me.messages()).map(({ text }) => text)).toEqual(['before the damage']);
      // A copy of what was typed, or a part of it, may have outlived what was noted of its sending.
      await until(async () => (await me.page.see(field('Message'))).value === '');
      expect(await me.readAddress()).toBe(address);
      await me.open('/');
      await me.page.click(button('Understood'));
      await until(async () => !(await me.page.text()).includes(words));
      expect((await me.rows()).join()).not.toContain('Draft');
    } finally {
      await browser.close().catch(() => undefined);
    }
  });
});
