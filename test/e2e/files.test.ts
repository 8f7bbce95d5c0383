import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/browsers/browser.ts';
import { button, field, Person } from '../support/browsers/person.ts';
import { SlowWay } from './slow-way.ts';
import { type BrowserName, browserNames, World } from './world.ts';

/** How much of a file has gone, as the page shows it: from 0 to 1, null where nothing is shown. */
const share = (person: Person): Promise<number | null> =>
  person.page.evaluate(() => {
    const bar = document.querySelector<HTMLProgressElement>('[role="log"] .leaving progress');
    return bar ? bar.value : null;
  });

/** Waits for something that the page alone would explain. */
const happens = (person: Person, what: () => boolean | Promise<boolean>): Promise<boolean> =>
  until(what, Boolean, 40_000, () => person.page.text());

/** A file of so many bytes falls onto the conversation. */
const drop = (person: Person, name: string, length: number): Promise<void> =>
  person.page.evaluate(
    (name: string, length: number) => {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 2_654_435_761) >>> 13);
      const dropped = new DataTransfer();
      dropped.items.add(new File([bytes], name, { type: 'application/octet-stream' }));
      document
        .querySelector('main.screen')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
    },
    name,
    length,
  );

/** Chooses a file and begins to send it. */
async function begin(person: Person, name: string, length: number): Promise<void> {
  await drop(person, name, length);
  await person.page.see(button(`Leave out ${name}`));
  await person.page.click(button('Send'));
}

const short = (address: string): string => `${address.slice(0, 8)}…${address.slice(-6)}`;

describe.each(browserNames)('large files in %s', (name: BrowserName) => {
  let world: World;
  let way: SlowWay;
  let alice: Person;
  let bob: Person;
  const unfinished = (): Promise<string[]> => readdir(`${world.data}/blobs/parts`);

  beforeAll(async () => {
    world = await World.start(`files-${name}`);
    way = await SlowWay.start(world.node.url);
    alice = new Person('Alice', await world.browser(name, { anyCertificate: true }));
    bob = new Person('Bob', await world.browser(name, { anyCertificate: true }));
    await Promise.all([alice.createWallet(way.url), bob.createWallet(way.url)]);
    await alice.startConversation(bob.address);
    await alice.write('something large follows');
  });

  afterAll(async () => {
    await world?.end();
    await way?.close();
  });

  test('show how much of them has gone, and arrive', async () => {
    way.delayMs = 250;
    await begin(alice, 'film.bin', 2_000_000);
    const shown = new Set<number>();
    await happens(alice, async () => {
      const now = await share(alice);
      if (now !== null) shown.add(now);
      return shown.size > 2 && now === null;
    });
    const moved = [...shown];
    expect(moved).toEqual([...moved].sort((a, b) => a - b));
    expect(moved.every((each) => each >= 0 && each <= 1)).toBe(true);
    await alice.page.gone(button('Cancel sending film.bin'));
    way.delayMs = 0;

    await bob.openConversation();
    await bob.page.click(button('Load film.bin'), 60_000);
    await bob.page.see(button('Save film.bin'), 60_000);
  });

  test('go on from what the node has after the background has died', async () => {
    way.partsLeft = 2;
    way.asked.length = 0;
    await begin(alice, 'second.bin', 2_000_000);
    await happens(alice, () => way.parts.length === 3);
    await alice.browser.stopBackground();
    way.partsLeft = Number.POSITIVE_INFINITY;
    await alice.page.gone(button('Cancel sending second.bin'), 60_000);
    expect(way.parts.filter((each) => each.endsWith('at=0'))).toHaveLength(1);
    expect(way.asked.at(-1)).toBe('PUT /parts');
    expect(await unfinished()).toEqual([]);
    await bob.openConversation();
    await bob.page.see(button('Load second.bin'), 60_000);
  });

  test('that are called off are gone from the conversation and at the node', async () => {
    way.partsLeft = 2;
    way.asked.length = 0;
    await begin(alice, 'third.bin', 2_000_000);
    await happens(alice, () => way.parts.length === 3);
    expect(await unfinished()).toHaveLength(1);
    await alice.page.click(button('Cancel sending third.bin'));
    await alice.page.gone(button('Cancel sending third.bin'));
    await happens(alice, async () => (await unfinished()).length === 0);
    way.partsLeft = Number.POSITIVE_INFINITY;
    expect(await alice.page.sees(button('Leave out third.bin'))).toBe(false);
  });

  test('go on in their bubbles after page and background have died, whatever the next page shows', async () => {
    way.partsLeft = 2;
    const before = way.parts.length;
    await begin(alice, 'taken-up.bin', 2_000_000);
    await happens(alice, () => way.parts.length >= before + 2);
    const conversation = await alice.page.evaluate(() => location.hash.slice(1));
    // From here on each part is answered, and slowly: what is not answered at all is waited for.
    way.delayMs = 3_000;
    way.partsLeft = Number.POSITIVE_INFINITY;
    await alice.browser.stopBackground();
    await alice.open('/');
    await alice.open(conversation);
    await alice.page.see(button('Cancel sending taken-up.bin'), 60_000);
    expect(await alice.page.sees(button('Leave out taken-up.bin'))).toBe(false);
    await alice.open('/');
    way.delayMs = 0;
    await bob.openConversation();
    await bob.page.see(button('Load taken-up.bin'), 60_000);
    await alice.open(conversation);
    await alice.page.see(button('Load taken-up.bin'), 60_000);
    await alice.page.gone(button('Cancel sending taken-up.bin'));
  });

  test('stand in every window: chosen, on their way, and there', async () => {
    const other = await alice.browser.openExtension(await alice.page.evaluate(() => location.hash.slice(1)));
    await drop(alice, 'seen-twice.bin', 1_000_000);
    await other.see(button('Leave out seen-twice.bin'), 60_000);
    await alice.page.toFront();
    await alice.page.click(button('Send'));
    await other.see(button('Load seen-twice.bin'), 60_000);
    await other.gone(button('Leave out seen-twice.bin'));
    await other.gone(button('Cancel sending seen-twice.bin'));
    await other.close();
  });

  test('keep the words behind them that were sent with them, over the death of the page, and leave the field free', async () => {
    way.partsLeft = 2;
    const before = way.parts.length;
    await drop(alice, 'with-words.bin', 2_000_000);
    await alice.page.see(button('Leave out with-words.bin'));
    await alice.page.fill(field('Message'), 'about this file');
    await alice.page.click(button('Send'));
    await happens(alice, () => way.parts.length >= before + 2);
    expect((await alice.page.see(field('Message'))).value).toBe('');
    const conversation = await alice.page.evaluate(() => location.hash.slice(1));
    way.delayMs = 3_000;
    way.partsLeft = Number.POSITIVE_INFINITY;
    await alice.browser.stopBackground();
    await alice.open('/');
    await alice.open(conversation);
    await alice.page.see({ role: 'group', name: 'Words that follow a file' }, 60_000);
    expect((await alice.page.see(field('Message'))).value).toBe('');
    await alice.page.fill(field('Message'), 'something else');
    way.delayMs = 0;
    await alice.page.see(button('Load with-words.bin'), 60_000);
    await alice.waitUntilSent('about this file');
    expect((await alice.page.see(field('Message'))).value).toBe('something else');
    await bob.openConversation();
    await bob.page.see(button('Load with-words.bin'), 60_000);
    await bob.page.seeText('about this file');
    expect((await bob.page.text()).split('about this file')).toHaveLength(2);
    await alice.page.fill(field('Message'), '');
  });

  test('that a node does not take stand there with the reason, and go when they are tried again', async () => {
    way.unwilling = true;
    await begin(alice, 'again.bin', 1_000_000);
    await alice.page.see(button('Try again: again.bin'), 60_000);
    way.unwilling = false;
    await alice.page.click(button('Try again: again.bin'));
    await alice.page.see(button('Load again.bin'), 60_000);
    await alice.page.gone(button('Cancel sending again.bin'));
    await bob.openConversation();
    await bob.page.see(button('Load again.bin'), 60_000);
  });

  test('go at once to a node that takes no parts', async () => {
    way.older = true;
    way.asked.length = 0;
    await begin(alice, 'fourth.bin', 1_000_000);
    await alice.page.gone(button('Cancel sending fourth.bin'), 60_000);
    expect(way.asked.map((each) => each.split('?')[0])).toEqual(['POST /parts', 'PUT ']);
    way.older = false;
    await bob.openConversation();
    await bob.page.see(button('Load fourth.bin'), 60_000);
  });
  test('are forwarded to somebody else, who opens them', async () => {
    await begin(alice, 'fifth.bin', 1_000_000);
    await bob.openConversation();
    await bob.page.see(button('Load fifth.bin'), 60_000);
    const first = alice.address;
    await bob.page.click({ ...button(`Accept ${short(first)}`), within: { role: 'main' } });
    const conversation = await bob.page.evaluate(() => location.hash.slice(1));

    // The third one lives beside Alice.
    await alice.open('/');
    await alice.addWallet();
    await bob.open('/');
    await bob.startConversation(alice.address);
    await bob.write('a file follows');

    await bob.open(conversation);
    await bob.page.see(button('Load fifth.bin'), 60_000);
    await bob.page.evaluate(() => {
      const article = [...document.querySelectorAll('article')].find((each) => each.querySelector('[aria-label="Load fifth.bin"]'));
      article?.querySelector<HTMLElement>('.menu > button')?.click();
    });
    await bob.page.click({ role: 'menuitem', name: 'Forward' });
    await bob.page.click({ role: 'button', name: short(alice.address), part: true, within: { role: 'dialog', name: 'Forward to' } });
    await bob.page.see(button('Leave out fifth.bin'), 60_000);
    await bob.page.click(button('Send'));

    await alice.openConversation();
    await alice.page.click(button('Load fifth.bin'), 60_000);
    await alice.page.see(button('Save fifth.bin'), 60_000);
  }, 240_000);
});
