import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationWith, type Person as Friend, newPerson, texts } from '../background/device.ts';
import { until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { World } from './world.ts';

const short = (address: string): string => `${address.slice(0, 8)}…${address.slice(-6)}`;

describe('a group that is made in Chromium', () => {
  let world: World;
  let alice: Person;
  let bob: Person;
  let carol: Friend;

  const rowsOf = (person: Person, words: string) =>
    until(
      async () => (await person.rows()).join('\n'),
      (rows) => rows.includes(words),
      60_000,
    );

  beforeAll(async () => {
    world = await World.start('groups');
    [alice, bob] = await world.aliceAndBob();
    carol = await newPerson(world.node.url);
  });
  afterAll(async () => {
    await carol?.device.close();
    await world?.end();
  });

  test('is founded with two others, who find it among their requests', async () => {
    await alice.page.click(button('New conversation'));
    await alice.page.click(button('Make a group'));
    await alice.page.fill(field('Name of the group'), 'Friday table');
    for (const address of [bob.address, carol.address]) {
      await alice.page.fill(field('Wallet address'), address);
      await alice.page.seeText('Can be reached.');
      await alice.page.click(button('Add'));
      await alice.page.see(button(`Leave out ${short(address)}`));
    }
    await alice.page.click(button('Make the group with 2 others'));
    await alice.page.see(field('Message'));
    await alice.write('Welcome');
    await alice.waitUntilSent('Welcome');
    await rowsOf(bob, 'Friday table');
    await bob.openConversation();
    await bob.waitForMessages(1);
    await bob.write('Thank you');
    await bob.waitUntilSent('Thank you');
    const { id } = await conversationWith(carol.life, alice.address);
    await until(
      async () => (await texts(carol.life, id)).join(),
      (all) => all.includes('Thank you'),
      60_000,
    );
  });

  test('is renamed, and goes on without somebody who was removed', async () => {
    await alice.page.click({ role: 'link', name: 'Members and details' });
    await alice.page.fill(field('Name of the group'), 'Saturday table');
    await alice.page.click(button('Rename'));
    await alice.page.click(button(`Remove ${short(carol.address)}`));
    await alice.page.click(button('Remove'));
    await until(async () => !(await alice.page.sees(button(`Remove ${short(carol.address)}`))));
    await alice.page.click({ role: 'link', name: 'Back to the conversation' });
    await alice.page.see(field('Message'));
    await alice.write('Only the two of us');
    await alice.waitUntilSent('Only the two of us');
    await bob.open('/');
    await rowsOf(bob, 'Saturday table');
    await bob.openConversation();
    await until(async () => (await bob.page.text()).includes('Only the two of us'), Boolean, 60_000);
    const { id } = await conversationWith(carol.life, alice.address);
    expect((await texts(carol.life, id)).join()).not.toContain('Only the two of us');
  });

  test('is left, and tells those who stay', async () => {
    await bob.page.click({ role: 'link', name: 'Members and details' });
    await bob.page.click(button('Leave…'));
    await bob.page.click(button('Leave'));
    await bob.page.seeText('This group has ended here.');
    await until(async () => /has left|left the group/i.test(await alice.page.text()), Boolean, 60_000);
  });
});
