import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPerson, type Person as Stranger } from '../background/device.ts';
import { until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { browserNames, World } from './world.ts';

describe.each(browserNames)('a stranger who writes to somebody in %s', (name) => {
  let world: World;
  let bob: Person;
  let stranger: Stranger;
  let short: string;
  const tab = (words: string) => ({ role: 'tab', name: words });
  const shows = (text: string) =>
    until(
      async () => (await bob.rows()).join('\n'),
      (rows) => rows.includes(text),
    );

  beforeAll(async () => {
    world = await World.start(`requests-${name}`);
    [bob, stranger] = await Promise.all([world.person('Bob', name), newPerson(world.node.url)]);
    short = `${stranger.address.slice(0, 8)}…${stranger.address.slice(-6)}`;
    const { conversations, messages } = stranger.life.services;
    const { id } = await conversations.start(bob.address);
    await messages.send(id, 'Claim your airdrop at https://example.org', 'a');
  });
  afterAll(async () => {
    await stranger?.device.close();
    await world?.end();
  });

  test('is a request, with why to be careful', async () => {
    await shows('Contains a link.');
    expect(await bob.page.sees(button(`Accept ${short}`))).toBe(true);
    await bob.page.click(tab('Inbox'));
    await bob.page.seeText('No letters yet');
  });

  test('can be blocked and unblocked, and stays so when the background begins anew', async () => {
    await bob.page.click(tab('Requests 1'));
    await bob.page.click(button(`Block ${short}`));
    await bob.page.seeText('No requests');
    await bob.browser.stopBackground();
    await bob.open('/');
    await bob.page.click(tab('Blocked'));
    await bob.page.click(button(`Unblock ${short}`));
    await bob.page.click(tab('Inbox'));
    await shows('Claim your airdrop');
  });

  test('is answered like anybody from then on', async () => {
    await bob.openConversation();
    await bob.page.see(field('Message'));
    await bob.write('No, thank you');
    await bob.waitUntilSent('No, thank you');
  });
});
