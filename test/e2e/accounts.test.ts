import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person as Friend, newPerson } from '../background/device.ts';
import { until } from '../support/browsers/browser.ts';
import { briefly, button, field, type Person } from '../support/browsers/person.ts';
import { browserNames, World } from './world.ts';

const short = (address: string): string => `${address.slice(0, 8)}…${address.slice(-6)}`;

describe.each(browserNames)('several accounts in %s', (name) => {
  let world: World;
  let bob: Person;
  let friend: Friend;
  let first: string;
  let second: string;

  beforeAll(async () => {
    world = await World.start(`accounts-${name}`);
    [bob, friend] = await Promise.all([world.person('Bob', name), newPerson(world.node.url)]);
    first = bob.address;
  });
  afterAll(async () => {
    await friend?.device.close();
    await world?.end();
  });

  test('one more is added with the passphrase that there is, and comes to the front', async () => {
    await bob.addWallet();
    second = bob.address;
    expect(second).not.toBe(first);
    await bob.page.seeText('No letters yet');
  });

  test('what comes for the one that is not in front is counted, and is there after a switch', async () => {
    const { conversations, messages } = friend.life.services;
    const { id } = await conversations.start(first);
    await messages.send(id, 'Hello, first', 'a');
    await bob.page.click(bob.accountMenu(briefly(second)));
    await bob.page.click({ role: 'menuitemradio', name: short(first), part: true });
    await until(
      async () => (await bob.rows()).join(),
      (rows) => rows.includes('Hello, first'),
      60_000,
    );
    await bob.page.click(button(`Accept ${short(friend.address)}`));
    await bob.page.click(bob.accountMenu(briefly(first)));
    await bob.page.click({ role: 'menuitemradio', name: short(second), part: true });
    await bob.page.see(bob.accountMenu('1 new in other accounts'));
    expect((await bob.rows()).join()).not.toContain('Hello');
  });

  test('a name is given in the settings, and is there when the background begins anew', async () => {
    await bob.page.click(bob.accountMenu(briefly(second)));
    await bob.page.click({ role: 'menuitem', name: 'Manage accounts' });
    await bob.page.click(button(`Edit ${short(second)}`));
    await bob.page.fill(field('Name'), 'Work');
    await bob.page.click(button('Save'));
    await bob.page.see(button('Edit Work'));
    await bob.browser.stopBackground();
    await bob.open('/');
    await bob.page.see(bob.accountMenu('Work'));
  });

  test('one is removed by the passphrase, and the other is left with what it had', async () => {
    await bob.open('/settings/accounts');
    await bob.page.click(button('Edit Work'));
    await bob.page.click(button('Remove this account…'));
    await bob.page.fill(field('Passphrase'), 'not this one');
    await bob.page.click(button('Remove it'));
    await bob.page.seeText('That is not the passphrase');
    await bob.page.fill(field('Passphrase'), bob.passphrase);
    await bob.page.click(button('Remove it'));
    await bob.page.see(button(`Edit ${short(first)}`));
    await bob.open('/');
    await until(
      async () => (await bob.rows()).join(),
      (rows) => rows.includes('Hello, first'),
    );
  });
});
