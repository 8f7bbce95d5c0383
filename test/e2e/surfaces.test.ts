import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPerson, type Person as Peer } from '../background/device.ts';
import { type Page, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { browserNames, World } from './world.ts';

/** Our page beside the pages of the browser (side panel, sidebar) is in no list of tabs: it is looked at through another page of ours. */
type Beside = { readonly text: string; readonly title: string; readonly theme: string | undefined } | null;
const lookBeside = (page: Page): Promise<Beside> =>
  page.evaluate(() => {
    const beside = chrome.extension.getViews().find(({ document }) => document.documentElement.dataset['view'] === 'side');
    if (!beside) return null;
    const { body, title, documentElement } = beside.document;
    // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what a person sees
    return { text: body.innerText.replace(/\s+/g, ' '), title, theme: documentElement.dataset['theme'] };
  });

describe.each(browserNames)('what is open at once in %s: a tab, a window, and Parley beside the pages', (name) => {
  let world: World;
  let me: Person;
  let peer: Peer;
  let short: string;
  let conversation: string;
  let out: Page;
  /** Without reloading any of them. */
  const go = (page: Page, route: string): Promise<void> =>
    page.evaluate((hash) => {
      location.hash = hash;
    }, route);
  const oneLine = async (page: Page): Promise<string> => (await page.text()).replace(/\s+/g, ' ');
  const besideShows = (good: (beside: NonNullable<Beside>) => boolean): Promise<unknown> =>
    until(
      () => lookBeside(me.page),
      (beside) => beside !== null && good(beside),
    );
  const says = (words: string) => besideShows(({ text }) => text.includes(words));
  const saysNot = (words: string) => besideShows(({ text }) => !text.includes(words));
  const tabSays = (words: string) =>
    until(
      () => oneLine(me.page),
      (text) => text.includes(words),
    );
  const badge = (): Promise<string> => me.page.evaluate(() => chrome.action.getBadgeText({}));
  const counts = async (unread: string): Promise<void> => {
    await until(badge, (text) => text === unread);
    const title = unread === '' ? 'Parley' : `(${unread}) Parley`;
    await besideShows((beside) => beside.title === title);
    for (const page of [me.page, out])
      await until(
        () => page.evaluate(() => document.title),
        (text) => text === title,
      );
  };
  const peerSays = async (text: string): Promise<void> => {
    const { conversations, messages } = peer.life.services;
    const [row] = await until(
      async () => (await conversations.list({})).rows,
      (rows) => rows.length > 0,
    );
    await messages.send(row?.id ?? '', text, text);
  };
  const choose = async (item: string): Promise<void> => {
    await out.toFront();
    await out.click(button('More'));
    await out.click({ role: 'menuitem', name: item });
  };

  beforeAll(async () => {
    world = await World.start(`surfaces-${name}`);
    [me, peer] = await Promise.all([world.person('Alice', name), newPerson(world.node.url)]);
    short = `${peer.address.slice(0, 8)}…${peer.address.slice(-6)}`;
    await me.open('/');
    await me.startConversation(peer.address);
    await me.write('is anybody there?');
    await me.waitUntilSent('is anybody there?');
    conversation = ((await me.page.url()).split('#')[1] ?? '').split('?')[0] ?? '';
    await go(me.page, '/');
    for (const place of ['Beside the page', 'In a window of its own']) {
      // The window shows what is looked at; it is told from the tab by that.
      await me.page.click(button('Open elsewhere'));
      if (place !== 'Beside the page') await go(me.page, '/?of-its-own');
      await me.page.click({ role: 'menuitem', name: place });
    }
    const own = (): Promise<number> => me.browser.countPages('of-its-own');
    await until(own, (pages) => pages === 2);
    await go(me.page, '/');
    await until(own, (pages) => pages === 1);
    out = await me.browser.waitForPage('of-its-own');
    await says('is anybody there?');
  });
  afterAll(async () => {
    await peer?.device.close();
    await world?.end();
  });

  test('shows a message that comes everywhere, and the same number of unread ones as the button', async () => {
    await peerSays('here I am');
    await says('here I am');
    await tabSays('here I am');
    await out.seeText('here I am');
    await counts('1');
    await peerSays('and here is more');
    await counts('2');
  });

  test('has it read everywhere once it was read in one of them', async () => {
    await out.toFront();
    await go(out, conversation);
    await counts('');
    await saysNot('unread');
  });

  test('shows what is written and sent in one of them, in the list and in the conversation', async () => {
    await go(me.page, conversation);
    await me.waitForMessages(3);
    await out.toFront();
    await out.fill(field('Message'), 'said in the window');
    await says('Draft said in the window');
    await until(
      async () => (await me.page.see(field('Message'))).value,
      (value) => value === 'said in the window',
    );
    await out.click(button('Send'));
    await says('You: said in the window');
    await me.waitForMessages(4);
    await me.waitUntilSent('said in the window');
    // The field of the other window hears of it a moment later.
    await until(async () => (await me.page.see(field('Message'))).value === '');
  });

  test('shows where it was put, and what somebody is called', async () => {
    await choose('Pin to the top');
    await says('Pinned');
    await choose('Mute');
    await says('Muted');
    await choose('Archive');
    await says('No letters yet');
    await choose('Back to the inbox');
    await says(short);
    await go(out, `${conversation}/details`);
    await out.toFront();
    await out.fill(field('Name'), 'Zoë Quinn');
    await out.click(button('Save'));
    await says('Zoë Quinn');
    await tabSays('Zoë Quinn');
    await go(out, conversation);
  });

  test('shows who is blocked, and who is not any more', async () => {
    await choose('Block');
    await says('No letters yet');
    await tabSays('You blocked this address.');
    await out.toFront();
    await out.click(button('Unblock Zoë Quinn'));
    await says('Zoë Quinn');
    await me.page.see(field('Message'));
  });

  test('wears the theme, speaks the language and has the settings of one of them', async () => {
    await go(me.page, '/settings/receipts');
    await go(out, '/settings');
    await out.toFront();
    const chosen = (page: Page, choice: string): Promise<boolean> =>
      page.evaluate(
        (words) =>
          [...document.querySelectorAll<HTMLElement>('label.segment')].some(
            (label) => label.textContent === words && label.querySelector('input')?.checked,
          ),
        choice,
      );
    for (const choice of ['On', 'The words too', '15 min', 'When asked for']) {
      expect(await chosen(me.page, choice)).toBe(false);
      await out.click({ role: 'radio', name: choice });
      await until(() => chosen(me.page, choice));
    }
    await out.click({ role: 'radio', name: 'Dark' });
    await besideShows(({ theme }) => theme === 'dark');
    await until(() => me.page.evaluate(() => document.documentElement.dataset['theme'] === 'dark'));
    await out.click({ role: 'radio', name: 'Deutsch' });
    await says('Posteingang');
    await tabSays('Einstellungen');
    await out.click({ role: 'radio', name: 'English' });
    await says('Inbox');
    await tabSays('Settings');
  });

  test('is locked everywhere at once, and opened again', async () => {
    await go(me.page, '/');
    await go(out, conversation);
    await out.see(field('Message'));
    await me.lock();
    await says('Unlock Parley');
    await saysNot('Zoë Quinn');
    await out.see(field('Passphrase'));
    expect(await out.text()).not.toContain('said in the window');
    await until(badge, (text) => text === '🔒');
    await me.unlock();
    await says('Zoë Quinn');
    await out.see(field('Message'));
    await until(badge, (text) => text === '');
  });
});
