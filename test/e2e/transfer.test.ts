import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { Walk } from './walk.ts';
import { browserNames, World } from './world.ts';

const phrase = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic';

/** Keeps what the page has the browser download, as text. */
const catchFiles = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      void blob.text().then((text) => Object.assign(window, { made: text }));
      return make(blob);
    };
  });
const caught = (page: Page): Promise<string> => until(() => page.evaluate(() => (window as unknown as { made?: string }).made ?? ''));

describe.each(browserNames)('conversations in %s', (name) => {
  let first: World;
  let other: World;
  let browser: Browser;
  let peer: Person;
  let me: Person;
  let file = '';

  /** The same wallet, at one of the nodes. */
  const bring = async (node: string): Promise<Person> => {
    const walk = new Walk('Me', browser, node);
    await walk.bring('Recovery phrase');
    await walk.fill(field('Recovery phrase'), phrase);
    await walk.click(button('Continue'));
    await walk.page.seeText("m/44'/60'/0'/0/4");
    await walk.click(button('Continue'));
    await walk.seal();
    await walk.inbox();
    return walk.person;
  };

  beforeAll(async () => {
    [first, other] = [await World.start(`transfer-${name}`), await World.start(`transfer-other-${name}`)];
    peer = await first.person('Peer', name);
    browser = await first.browser(name);
    me = await bring(first.node.url);
    await me.startConversation(peer.address);
    await me.write('the piano <b>stays</b>');
    await me.waitUntilSent('the piano <b>stays</b>');
    await peer.openConversation();
    await peer.write('so it does');
    await me.waitForMessages(2);
  });
  afterAll(async () => {
    await first?.end();
    await other?.end();
  });

  test('are saved as a page and as a file that imports again, while the node is away', async () => {
    await first.node.stop();
    await catchFiles(me.page);
    await me.page.click(button('More'));
    await me.page.click({ role: 'menuitem', name: 'Export…' });
    await me.page.click(button('Save'));
    await me.page.seeText('is in your downloads: 1 conversation, 2 messages.');
    const html = await caught(me.page);
    for (const said of ['the piano &lt;b&gt;stays&lt;/b&gt;', 'so it does', peer.address]) expect(html).toContain(said);
    expect(html).not.toMatch(/<script|<b>stays/i);

    const page = await me.open('/settings/export');
    await catchFiles(page);
    await page.click(button('Export all conversations…'));
    await page.click({ role: 'radio', name: 'File to import again (JSON)', part: true });
    await page.click(button('Save'));
    await page.seeText('is in your downloads: 1 conversation, 2 messages.');
    file = await caught(page);
    expect(JSON.parse(file)).toMatchObject({
      format: 'parley-export',
      account: me.address,
      conversations: [{ with: peer.address, messages: [{ text: 'the piano <b>stays</b>' }, { text: 'so it does' }] }],
    });
    await first.node.start();
  });

  test('that lie at another node come from there by its address and the keys, with counts of each topic', async () => {
    const settings = await me.open('/settings/wipe');
    await settings.click(button('Remove everything…'));
    await settings.fill(field('Passphrase'), me.passphrase);
    await settings.click(button('Remove everything'));
    await settings.see(button('I already have a wallet'));
    me = await bring(other.node.url);
    expect(await me.rows()).toEqual([]);

    const page = await me.open('/settings/export');
    await page.click(button('Import from a node…'));
    await page.fill(field('Address of the node'), first.node.url);
    await page.click(button('Import'));
    await page.seeText('Done.', 60_000);
    const table = (await page.text()).slice((await page.text()).indexOf('Topic'));
    for (const topic of ['Keys of this wallet', 'Invitations']) expect(table).toContain(topic);
    await me.open('/');
    await me.openConversation();
    await me.waitForMessages(2);
    expect((await me.messages()).map(({ text, mine }) => [text, mine])).toEqual([
      ['the piano <b>stays</b>', true],
      ['so it does', false],
    ]);
  });

  test('in a file are all here already', async () => {
    const page = await me.open('/settings/export');
    await page.click(button('Import a file…'));
    await page.evaluate((text) => {
      const input = document.querySelector<HTMLInputElement>('#settings-export input[type=file]') as HTMLInputElement;
      const chosen = new DataTransfer();
      chosen.items.add(new File([text], 'mine.json', { type: 'application/json' }));
      input.files = chosen.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, file);
    await page.seeText('Everything in this file is here already.');
  });
});
