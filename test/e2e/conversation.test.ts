import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { World } from './world.ts';

describe('a conversation between Chromium and Firefox', () => {
  let world: World;
  let alice: Person;
  let bob: Person;
  /** What was written so far, in order. */
  const written: { readonly by: Person; readonly text: string; readonly at: number }[] = [];

  beforeAll(async () => {
    world = await World.start('conversation');
    [alice, bob] = await world.aliceAndBob();
  });

  afterAll(() => world?.end());

  const say = async (by: Person, text: string): Promise<void> => {
    await by.openConversation();
    written.push({ by, text, at: Date.now() });
    await by.write(text);
  };

  /** Both sides show exactly what was written, from whom and when. */
  const expectBothToShowAll = async (): Promise<void> => {
    for (const person of [alice, bob]) {
      await person.openConversation();
      await person.waitForMessages(written.length);
      const shown = await person.messages();
      expect(shown.map(({ text, mine }) => ({ text, mine }))).toEqual(written.map(({ text, by }) => ({ text, mine: by === person })));
      for (const [index, { at }] of written.entries()) expect(Math.abs((shown[index]?.time ?? 0) - at)).toBeLessThan(60_000);
      expect(shown.map(({ time }) => time)).toEqual(shown.map(({ time }) => time).sort((a, b) => (a ?? 0) - (b ?? 0)));
    }
  };

  test('does not start with an address that nobody is reachable at', async () => {
    await alice.page.click(button('New conversation'));
    await alice.page.fill(field('Wallet address'), '0x000000000000000000000000000000000000dEaD');
    const [start] = await alice.page.find(button('Start'));
    if (start && !start.disabled) await alice.page.click(button('Start'));
    await until(
      async () => (await alice.page.text()).toLowerCase(),
      (text) => /not (yet )?(on|reachable|registered)|no .*(account|xmtp)|cannot be reached|never|hasn.t|has not|is not/.test(text),
    );
    expect(await alice.page.sees(field('Message'))).toBe(false);
    await alice.open('/');
    await alice.inbox();
    expect(await alice.rows()).toEqual([]);
  });

  test('does not start with something that is no address', async () => {
    await alice.page.click(button('New conversation'));
    await alice.page.fill(field('Wallet address'), '0x1234');
    const [start] = await alice.page.find(button('Start'));
    if (start && !start.disabled) await alice.page.click(button('Start'));
    expect(await alice.page.sees(field('Message'))).toBe(false);
    await alice.open('/');
  });

  test('goes both ways, in order, with the right sender and time', async () => {
    await alice.startConversation(bob.address);
    await say(alice, 'Hello Bob 👋');
    await bob.openConversation();
    await bob.waitForMessages(1);
    await say(bob, 'Hello Alice, שלום');
    await alice.waitForMessages(2);
    for (let i = 0; i < 3; i++) {
      await say(alice, `question ${i}`);
      await bob.waitForMessages(written.length);
      await say(bob, `answer ${i}`);
      await alice.waitForMessages(written.length);
    }
    await expectBothToShowAll();
  });

  test('takes several messages in a row without an answer', async () => {
    for (let i = 0; i < 5; i++) await say(alice, `in a row ${i}`);
    await expectBothToShowAll();
  });

  test('is in the inbox of both, with its preview and time', async () => {
    for (const person of [alice, bob]) {
      await person.open('/');
      const [row, ...others] = await until(
        () => person.rows(),
        (rows) => rows.some((text) => text.includes('in a row 4')),
      );
      expect(others).toEqual([]);
      expect(row).toMatch(/\d{1,2}:\d{2}|now|min|ago/i);
    }
  });

  test('is shown from the cache while the node is away', async () => {
    await world.node.stop();
    for (const person of [alice, bob]) {
      await person.browser.stopBackground();
      await person.open('/');
      await person.inbox();
      const rows = await until(
        () => person.rows(),
        (found) => found.length > 0,
      );
      expect(rows).toHaveLength(1);
      expect(rows[0]).toContain('in a row 4');
      expect(rows[0]).toMatch(/\d{1,2}:\d{2}|now|min|ago/i);
      await person.openConversation();
      await person.waitForMessages(written.length);
    }
  });

  test('takes a message while the node is away, and delivers it once the node is back', async () => {
    await say(alice, 'written while the node was away');
    await alice.waitForMessages(written.length);
    expect((await alice.messages()).at(-1)?.state).not.toBe('sent');
    await world.node.start();
    await alice.waitUntilSent('written while the node was away', 90_000);
    await bob.waitForMessages(written.length, 90_000);
    await expectBothToShowAll();
  });

  test('survives a crash of the node: what it acknowledged is there', async () => {
    await say(bob, 'just before the crash');
    await bob.waitUntilSent('just before the crash');
    await world.node.kill();
    await world.node.start();
    await alice.waitForMessages(written.length, 90_000);
    await expectBothToShowAll();
  });

  test('is complete after both browsers were restarted', async () => {
    for (const person of [alice, bob]) {
      await person.browser.restart();
      await person.open('/');
      await person.unlock();
      await person.inbox();
      await person.openConversation();
    }
    await expectBothToShowAll();
  });

  test('takes a picture that falls onto it, and the other side shows it', async () => {
    await alice.page.evaluate(async () => {
      const canvas = document.createElement('canvas');
      canvas.width = 40;
      canvas.height = 30;
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
      const dropped = new DataTransfer();
      dropped.items.add(new File([blob ?? ''], 'evening.png', { type: 'image/png' }));
      document
        .querySelector('main.screen')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
    });
    await alice.page.click(button('Leave out evening.png'));
    expect(await alice.page.sees(button('Leave out evening.png'))).toBe(false);
    await alice.page.evaluate(() => {
      const dropped = new DataTransfer();
      // The smallest picture there is.
      const bytes = Uint8Array.from(atob('R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=='), (letter) => letter.charCodeAt(0));
      dropped.items.add(new File([bytes], 'dot.gif', { type: 'image/gif' }));
      document
        .querySelector('main.screen')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
    });
    await alice.page.see(button('Leave out dot.gif'));
    await alice.page.click(button('Send'));
    for (const person of [alice, bob]) {
      await person.page.see(button('Show dot.gif larger'), 60_000);
      await until(() => person.page.evaluate(() => document.querySelector<HTMLImageElement>('.photo img')?.naturalWidth === 1));
    }
    await bob.open('/');
    await until(
      async () => (await bob.rows()).join(),
      (rows) => rows.includes('Picture: dot.gif'),
    );
  });
});
