import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sleep } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { World } from './world.ts';

describe('a background that dies', () => {
  let world: World;
  let alice: Person;
  let bob: Person;
  const written: string[] = [];

  beforeAll(async () => {
    world = await World.start('deaths');
    [alice, bob] = await world.aliceAndBob();
    await alice.startConversation(bob.address);
    await alice.write('first');
    written.push('first');
    await bob.openConversation();
    await bob.waitForMessages(1);
  });

  afterAll(() => world?.end());

  /** Both sides show every message once, also when they read everything anew. */
  const expectNothingLostAndNothingTwice = async (): Promise<void> => {
    for (const person of [alice, bob]) {
      await person.waitForMessages(written.length, 60_000);
      expect((await person.messages()).map(({ text }) => text)).toEqual(written);
    }
  };

  // Alice's background is a service worker in Chromium, Bob's an event page in Firefox.
  describe.each<['Alice' | 'Bob']>([['Alice'], ['Bob']])('on the side of %s', (name) => {
    const me = (): Person => (name === 'Alice' ? alice : bob);
    const other = (): Person => (name === 'Alice' ? bob : alice);
    const say = async (text: string): Promise<void> => {
      written.push(text);
      await me().write(text);
    };

    test('before a send loses nothing', async () => {
      await me().browser.stopBackground();
      await say(`${name} after a death`);
      await expectNothingLostAndNothingTwice();
    });

    test('during a send loses nothing and sends nothing twice', async () => {
      for (const delay of [0, 5, 15, 40, 100]) {
        await say(`${name} dying after ${delay} ms`);
        await sleep(delay);
        await me().browser.stopBackground();
        await me().waitForMessages(written.length, 60_000); // the page is still there, asks again, and wakes another background
      }
      await expectNothingLostAndNothingTwice();
    });

    test('together with its page leaves the text as a message or in its field', async () => {
      for (const delay of [0, 10, 30]) {
        const text = `${name} and the page dying after ${delay} ms`;
        written.push(text);
        await me().page.fill(field('Message'), text);
        await me().page.click(button('Send'));
        await sleep(delay);
        await Promise.all([me().browser.stopBackground(), me().page.reload()]);
        await me().waitForMessages(written.length - 1, 60_000);
        // What the page before had asked for may still be under way: only what stays away has to be sent again.
        const shown = async (): Promise<boolean> => (await me().messages()).some((message) => message.text === text);
        for (const end = Date.now() + 4000; Date.now() < end && !(await shown()); ) await sleep(100);
        if (!(await shown())) {
          expect((await me().page.see(field('Message'))).value).toBe(text);
          await me().page.click(button('Send'));
        }
        await me().waitForMessages(written.length, 60_000);
      }
      await expectNothingLostAndNothingTwice();
    });

    test('after a send loses nothing and sends nothing twice', async () => {
      await say(`${name} before a death`);
      await me().waitUntilSent(`${name} before a death`);
      await me().browser.stopBackground();
      await me().page.reload();
      await expectNothingLostAndNothingTwice();
    });

    test('while it receives loses nothing and shows nothing twice', async () => {
      for (let i = 0; i < 6; i++) {
        const text = `to ${name}, number ${i}`;
        written.push(text);
        await other().write(text);
        if (i % 2 === 1) await me().browser.stopBackground();
      }
      await me().page.reload();
      await expectNothingLostAndNothingTwice();
    });

    test('receives on without anybody looking', async () => {
      await me().browser.stopBackground();
      const text = `to ${name}, asleep`;
      written.push(text);
      await other().write(text);
      await other().waitUntilSent(text);
      await me().page.reload();
      await expectNothingLostAndNothingTwice();
    });
  });
});
