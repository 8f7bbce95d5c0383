import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../cli/processes.ts';
import { peerOf } from '../interop/peer.ts';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { person } from '../support/people.ts';
import { request, Site } from './site.ts';
import { browserNames, keepPicture, World } from './world.ts';
import { buildXmtpJsPage } from './xmtp-js-page.ts';

interface Conversation {
  readonly peerAddress: string;
  send(text: string): Promise<unknown>;
  messages(): Promise<{ readonly content: unknown }[]>;
}

interface Client {
  readonly address: string;
  readonly conversations: {
    list(): Promise<Conversation[]>;
    newConversation(peer: string): Promise<Conversation>;
    streamAllMessages(): Promise<AsyncIterable<{ readonly content: unknown }>>;
  };
  readonly contacts: { refreshConsentList(): Promise<unknown>; consentState(peer: string): string };
}

/** What the page keeps. */
type Program = Window & { openClient(url: string): Promise<Client>; client: Client; heard: unknown[] };

const approval = 'popup.html#/approve';
const friend = person('a friend with keys');

describe.each(browserNames)('an unmodified xmtp-js in a page of %s', (name) => {
  let world: World;
  let site: Site;
  let me: Person;
  let browser: Browser;
  let page: Page;
  let peer: Awaited<ReturnType<typeof peerOf>>;

  beforeAll(async () => {
    mkdirSync(join(root, 'test-results'), { recursive: true });
    const [started, script] = await Promise.all([World.start(`xmtp-js-${name}`), buildXmtpJsPage()]);
    world = started;
    site = await Site.start({ '/page.js': script });
    [me, peer] = await Promise.all([world.person('Alice', name), peerOf(friend, world.node.url)]);
    browser = me.browser;
    page = await browser.open(site.url());
  });

  afterAll(async () => {
    await peer?.close();
    await site?.close();
    await world?.end();
  });

  /** The user gives the whole account to the page. */
  async function give(): Promise<void> {
    await page.toFront();
    const asked = request(page, 'xmtp_requestPermissions', { permissions: [{ kind: 'keystore', peers: '*', expiresIn: 3600 }] });
    const window = await browser.waitForPage(approval);
    await window.seeText('Use your whole account, except its private keys.');
    await window.fill(field('Passphrase'), me.passphrase);
    keepPicture(`xmtp-js-permission-${name}`, await window.screenshot());
    await window.click(button('Allow'));
    expect(await asked).toMatchObject({ result: [{ kind: 'keystore', peers: '*' }] });
    await until(
      () => browser.countPages(approval),
      (count) => count === 0,
    );
  }

  test('is refused without the permission, which the user has to switch on first', async () => {
    expect(await request(page, 'xmtp_keystore', { method: 'getPublicKeyBundle' })).toMatchObject({ code: 4100 });
    const permissions = [{ kind: 'keystore', peers: '*' }];
    expect(await request(page, 'xmtp_requestPermissions', { permissions })).toMatchObject({ code: 4100 });
    expect(await browser.countPages(approval)).toBe(0);
    const settings = await me.open('/settings/sites');
    await settings.click({ role: 'radio', name: 'With my yes' });
    // A page that asks before the setting has arrived is refused without a question.
    await until(
      () => request(page, 'xmtp_keystore', { method: 'getPublicKeyBundle' }),
      (answer) => 'message' in answer && !String(answer.message).includes('switched off'),
    );
  });

  test('opens a client without a wallet, once the user has given it the account', async () => {
    await give();
    await page.evaluate(
      (url: string) =>
        new Promise<void>((resolve, reject) => {
          const script = Object.assign(document.createElement('script'), { type: 'module', src: '/page.js' });
          window.addEventListener('error', ({ message }) => reject(new Error(message)));
          script.onerror = () => reject(new Error('the script did not load'));
          script.onload = () => {
            const program = window as unknown as Program;
            program.openClient(url).then((client) => {
              program.client = client;
              resolve();
            }, reject);
          };
          document.head.append(script);
        }),
      world.node.url,
    );
    expect(await page.evaluate(() => (window as unknown as Program).client.address)).toBe(me.address);
    expect(await request(page, 'xmtp_keystore', { method: 'getPrivateKeyBundle' })).toMatchObject({ code: 4200 });
  });

  test('lists what a friend began, reads it and answers', async () => {
    const theirs = await peer.conversations.newConversation(me.address);
    await theirs.send('hello page');
    const read = await page.evaluate(async (friend: string) => {
      const { client } = window as unknown as Program;
      const conversation = (await client.conversations.list()).find(({ peerAddress }) => peerAddress === friend);
      await conversation?.send('hello friend');
      return (await conversation?.messages())?.map(({ content }) => content);
    }, friend.address);
    expect(read).toEqual(['hello page', 'hello friend']);
    expect((await theirs.messages()).map(({ content }) => content)).toEqual(['hello page', 'hello friend']);
  });

  test('hears what comes, also after the background was stopped', async () => {
    await page.evaluate(async () => {
      const program = window as unknown as Program;
      program.heard = [];
      const stream = await program.client.conversations.streamAllMessages();
      void (async () => {
        for await (const { content } of stream) program.heard.push(content);
      })();
    });
    const heard = (): Promise<unknown[]> => page.evaluate(() => (window as unknown as Program).heard);
    const [theirs] = await peer.conversations.list();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await theirs?.send('one');
    await until(heard, (all) => all.length === 1);
    await browser.stopBackground();
    await theirs?.send('two');
    await until(heard, (all) => all.length === 2);
    expect(await heard()).toEqual(['one', 'two']);
  });

  test('reads whom the user has allowed', async () => {
    const state = await page.evaluate(async (friend: string) => {
      const { contacts } = (window as unknown as Program).client;
      await contacts.refreshConsentList();
      return contacts.consentState(friend);
    }, friend.address);
    expect(['allowed', 'unknown']).toContain(state);
  });

  test('can do nothing any more once the user switches it off', async () => {
    const settings = await me.open('/settings/sites');
    await settings.click({ role: 'radio', name: 'No site' });
    await until(
      () => request(page, 'xmtp_keystore', { method: 'getPublicKeyBundle' }),
      (answer) => 'code' in answer && answer.code === 4100,
    );
    const sent = await page.evaluate(async () => {
      const { client } = window as unknown as Program;
      const [conversation] = await client.conversations.list().catch(() => []);
      return conversation ? 'listed' : 'nothing';
    });
    expect(sent).toBe('nothing');
  });
});
