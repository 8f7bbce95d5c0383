import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { World } from './world.ts';

describe('two nodes', () => {
  let world: World;
  let other: World;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    [world, other] = await Promise.all([World.start('nodes'), World.start('nodes-other')]);
    [alice, bob] = await world.aliceAndBob();
  });
  afterAll(async () => {
    await other?.end();
    await world?.end();
  });

  test('are kept, one to stand by for the other, and both get what is sent', async () => {
    for (const person of [alice, bob]) {
      const page = await person.open('/settings/node');
      await page.fill(field('Another node’s address'), other.node.url);
      await page.click(button('Keep this address'));
      await page.click(button(`Stand by: ${other.node.url.replace('http://', '')}`));
      await page.fill(field('Passphrase'), person.passphrase);
      await page.click(button('Let it stand by'));
      await page.click({ role: 'checkbox', name: 'Send to two nodes', part: true });
      await person.open('/');
    }
    await alice.startConversation(bob.address);
    await alice.write('by both');
    await alice.waitUntilSent('by both');
    await bob.openConversation();
    await bob.waitForMessages(1);
    // Who answers allows; what the list says is said of the inbox from here on.
    await bob.write('heard');
    await bob.waitUntilSent('heard');
  });

  test('are used one for the other when the chosen one dies, and what was written arrives', async () => {
    await world.node.kill();
    await alice.write('meanwhile');
    await bob.waitForMessages(3, 30_000);
    await alice.waitUntilSent('meanwhile');
    await bob.open('/');
    await bob.page.seeText('stands in until it does');
    await bob.page.see(button('New conversation'));
  });

  test('somebody who was given a name is found by it, and a message by a part of a word', async () => {
    await bob.openConversation();
    await bob.page.click({ role: 'link', name: 'Details and safety number' });
    await bob.page.fill(field('Name'), 'Zoë');
    await bob.page.click(button('Save'));
    await bob.open('/');
    await until(
      async () => (await bob.rows()).join(),
      (rows) => rows.includes('Zoë'),
    );
    const search = { role: 'searchbox', name: 'Search' };
    await bob.page.fill(search, 'zoe');
    await bob.page.seeText('Conversations');
    await bob.page.fill(search, 'eanwh');
    await bob.page.click({ role: 'link', name: 'Zoë', part: true, within: { role: 'region', name: 'Messages' } });
    await until(
      () => bob.page.evaluate(() => document.activeElement?.textContent ?? ''),
      (text) => text.includes('meanwhile'),
    );
    expect((await bob.messages()).map(({ text }) => text)).toEqual(['by both', 'heard', 'meanwhile']);
  });
});
