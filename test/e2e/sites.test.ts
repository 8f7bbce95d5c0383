import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, type Page, until } from '../support/browsers/browser.ts';
import { button, type Person } from '../support/browsers/person.ts';
import { request, Site } from './site.ts';
import { type BrowserName, keepPicture, World } from './world.ts';

type Provider = { on(event: string, listener: (payload: { message: { content: unknown } }) => void): void };

const approval = 'popup.html#/approve';

describe.each<[BrowserName, BrowserName]>([
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
])('a site in %s, with its peer in %s', (mine, other) => {
  let world: World;
  let site: Site;
  let otherSite: Site;
  let me: Person;
  let peer: Person;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    world = await World.start(`sites-${mine}`);
    [site, otherSite] = await Promise.all([Site.start(), Site.start()]);
    [me, peer] = await Promise.all([world.person('Alice', mine), world.person('Bob', other)]);
    browser = me.browser;
    page = await browser.open(site.url());
  });

  afterAll(async () => {
    await site?.close();
    await otherSite?.close();
    await world?.end();
  });

  /** Answers the approval window once it is there. */
  const answer = async (name: 'Allow' | 'Refuse', check?: (window: Page) => Promise<void>): Promise<void> => {
    const window = await browser.waitForPage(approval);
    await window.see(button(name));
    await check?.(window);
    await window.click(button(name));
    await until(
      () => browser.countPages(approval),
      (count) => count === 0,
    );
  };

  test('finds window.xmtp, and no account before it asked', async () => {
    expect(await page.evaluate(() => Object.isFrozen((window as unknown as { xmtp: object }).xmtp))).toBe(true);
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
    expect(await browser.countPages(approval)).toBe(0);
  });

  test('asks to connect and is refused', async () => {
    const asked = request(page, 'xmtp_requestAccounts');
    await answer('Refuse', async (window) => {
      await window.seeText(new URL(site.url()).host);
    });
    expect(await asked).toMatchObject({ code: 4001 });
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
  });

  test('asks to connect and is allowed', async () => {
    await page.reload(); // a refused document may not ask again
    await page.toFront();
    const asked = request(page, 'xmtp_requestAccounts');
    await answer('Allow');
    expect(await asked).toEqual({ result: [me.address] });
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [me.address] });
    expect(await request(page, 'xmtp_getPermissions')).toEqual({ result: [] });
  });

  test('can ask who is reachable once it is connected', async () => {
    const nobody = '0x000000000000000000000000000000000000dEaD';
    expect(await request(page, 'xmtp_canMessage', { peers: [peer.address, nobody] })).toEqual({
      result: { [peer.address]: true, [nobody]: false },
    });
  });

  test('asks to send and is refused: nothing leaves', async () => {
    await page.toFront();
    const asked = request(page, 'xmtp_sendMessage', { peer: peer.address, content: 'never to be sent' });
    await answer('Refuse', async (window) => {
      await window.seeText('never to be sent');
    });
    expect(await asked).toMatchObject({ code: 4001 });
  });

  test('asks to send and is allowed: the peer reads it, once', async () => {
    await page.reload();
    await page.toFront();
    const asked = request(page, 'xmtp_sendMessage', { peer: peer.address, content: 'from a site', clientId: 'one' });
    await answer('Allow');
    expect(await asked).toMatchObject({ result: { sender: me.address, contentType: 'xmtp.org/text:1.0', content: 'from a site' } });
    // The same client id is the same message, and a granted site is not asked about twice.
    const again = await request(page, 'xmtp_sendMessage', { peer: peer.address, content: 'from a site', clientId: 'one' });
    expect(again).toMatchObject({ result: { id: ((await asked) as { result: { id: string } }).result.id } });
    await peer.openConversation();
    await peer.waitForMessages(1);
    expect(await peer.messages()).toMatchObject([{ text: 'from a site', mine: false }]);
  });

  test('that is another origin sees nothing of it', async () => {
    for (const url of [site.url('/', 'localhost'), otherSite.url()]) {
      const stranger = await browser.open(url);
      expect(await request(stranger, 'xmtp_accounts')).toEqual({ result: [] });
      expect(await request(stranger, 'xmtp_getPermissions')).toEqual({ result: [] });
      await stranger.close();
    }
    await page.toFront();
    expect(await request(page, 'xmtp_getPermissions')).toMatchObject({ result: [{ kind: 'send' }] });
  });

  test('asks to read, is narrowed, and reads what is left', async () => {
    await page.toFront();
    const asked = request(page, 'xmtp_requestPermissions', {
      permissions: [
        { kind: 'read', peers: [peer.address], since: 'all', expiresIn: 3600 },
        { kind: 'send', peers: '*' },
      ],
    });
    await answer('Allow', async (window) => {
      await window.seeText('Read what you and this address write to each other:');
      await window.seeText('1 hour');
      keepPicture(`sites-permissions-${mine}`, await window.screenshot());
      await window.click({ role: 'radio', name: 'All there are' });
      await window.click({ role: 'checkbox', name: 'Write in your name to anybody.' });
    });
    expect(await asked).toMatchObject({ result: [{ kind: 'send' }, { kind: 'read', peers: [peer.address], since: 'all' }] });
    const { result } = (await request(page, 'xmtp_listConversations')) as { result: { conversations: { id: string }[] } };
    expect(result).toEqual({ conversations: [{ id: expect.any(String), peers: [peer.address], createdAt: expect.any(Number) }] });
    const [conversation] = result.conversations;
    expect(await request(page, 'xmtp_listMessages', { conversation: conversation?.id })).toMatchObject({
      result: { messages: [{ sender: me.address, content: 'from a site', status: 'sent' }] },
    });
  });

  test('hears each message once, also of those that came while the background was gone', async () => {
    await page.evaluate(() => {
      const { xmtp, heard } = Object.assign(window as unknown as { xmtp: Provider; heard: unknown[] }, { heard: [] as unknown[] });
      xmtp.on('message', ({ message }) => heard.push(message.content));
    });
    const heard = (): Promise<unknown[]> => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
    const { result: subscription } = (await request(page, 'xmtp_subscribe', { kind: 'messages' })) as { result: string };
    await peer.write('one');
    await until(heard, (all) => all.length === 1);
    await browser.stopBackground();
    await peer.write('two');
    await until(heard, (all) => all.length === 2);
    await peer.write('three');
    await until(heard, (all) => all.length === 3);
    expect(await heard()).toEqual(['one', 'two', 'three']);
    expect(await request(page, 'xmtp_unsubscribe', { subscription })).toEqual({ result: true });
    await peer.write('four');
    await until(
      () => request(page, 'xmtp_listConversations'),
      (answered) => 'result' in answered,
    );
    expect(await heard()).toEqual(['one', 'two', 'three']);
  });

  test('loses everything when it gives its permissions back', async () => {
    await page.toFront();
    expect(await request(page, 'xmtp_revokePermissions', {})).toEqual({ result: null });
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });
    expect(await request(page, 'xmtp_getPermissions')).toEqual({ result: [] });
  });
});
