import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPhrase, walletOfEntropy } from '../../src/keystore/wallet.ts';
import { type Browser, type Page, sleep, until } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button, field, goodPassphrase } from '../support/browsers/person.ts';
import { findInProcess } from '../support/browsers/process-memory.ts';
import { formsOfBytes, formsOfText } from '../support/browsers/profile.ts';
import { request, Site } from './site.ts';
import { Walk } from './walk.ts';
import { World } from './world.ts';

const phrase = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic';
const words = phrase.split(' ');
const wallet = walletOfEntropy(readPhrase(phrase));
const older = 'canary words from before any site was here';
const secret = 'canary words between two who are no site’s business';
const granted = 'words that the site may read';
const approval = 'popup.html#/approve';

type Needles = Readonly<Record<string, readonly Uint8Array[]>>;
/** Finds which of these are in the memory of the page at an address. */
type Look = (url: string, needles: Needles) => Promise<string[]>;

const launch: Record<'chromium' | 'firefox', () => Promise<[Browser, Look]>> = {
  // All texts in the heap that the page's own scripts and the content script share.
  async chromium() {
    const browser = await launchChromium();
    const look: Look = async (url, needles) => {
      const heap = Buffer.from(await browser.heapOf(url));
      return Object.keys(needles).filter((name) => needles[name]?.some((form) => heap.includes(Buffer.from(form))));
    };
    return [browser, look];
  },
  // Firefox gives no picture of a page's heap to whoever drives it: all bytes of the process in which the page lives.
  async firefox() {
    const browser = await launchFirefox();
    return [browser, async (url, needles) => findInProcess(await browser.processOf(url), needles)];
  },
};

/** Only root may look into the processes of Firefox everywhere; without that it is Chromium alone. */
const names = process.platform === 'linux' && process.getuid?.() === 0 ? (['chromium', 'firefox'] as const) : (['chromium'] as const);

describe.each(names)('the memory of a page in %s', (name) => {
  let world: World;
  let site: Site;
  let browser: Browser;
  let look: Look;
  let me: Walk;
  let friend: Walk;
  let stranger: Walk;
  let page: Page;
  /** What must be in no page, by what it is. */
  let canaries: Needles;

  beforeAll(async () => {
    world = await World.start(`taint-${name}`);
    site = await Site.start();
    [browser, look] = await launch[name]();
    me = new Walk('Canary', browser, world.node.url);
    friend = new Walk('Friend', await world.browser('chromium'), world.node.url);
    stranger = new Walk('Stranger', await world.browser('chromium'), world.node.url);
    await friend.person.createWallet(world.node.url);
    await stranger.person.createWallet(world.node.url);
    await me.bring('Recovery phrase');
    await me.fill(field('Recovery phrase'), phrase);
    await me.click(button('Continue'));
    await me.page.seeText("m/44'/60'/0'/0/4");
    await me.click(button('Continue'));
    await me.seal();
    await me.inbox();
    await me.writeTo(friend.person.address, older);
    await me.person.open('/');
    await me.writeTo(stranger.person.address, secret);
    canaries = {
      phrase: [0, 3, 6, 9].flatMap((at) => formsOfText(words.slice(at, at + 3).join(' '))),
      entropy: formsOfBytes(wallet.entropy as Uint8Array),
      'wallet key': formsOfBytes(wallet.key),
      passphrase: formsOfText(goodPassphrase),
      'messages from before': formsOfText(older),
      'messages of others': formsOfText(secret),
      'somebody else': [stranger.person.address, stranger.person.address.toLowerCase()].flatMap(formsOfText),
      topics: formsOfText('/xmtp/0/'),
      'the node': formsOfText(new URL(world.node.url).host),
    };
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await world?.end();
  });

  const found = (needles: Needles): Promise<string[]> => look(site.url(), needles);

  test('holds what the site may have and no canary, after calls that are granted, calls that are not, and a lock', async () => {
    const peer = friend.person.address;
    page = await browser.open(site.url());
    const permissions = [
      { kind: 'read', peers: [peer], since: 'now' },
      { kind: 'send', peers: [peer] },
    ];
    const asked = request(page, 'xmtp_requestPermissions', { permissions });
    await (await browser.waitForPage(approval)).click(button('Allow'));
    expect(await asked).toMatchObject({ result: [{ kind: 'read' }, { kind: 'send' }] });
    await until(
      () => browser.countPages(approval),
      (count) => count === 0,
    );
    await page.evaluate(() => {
      const here = window as unknown as { heard: unknown[]; xmtp: { on(event: string, listener: (payload: unknown) => void): void } };
      here.heard = [];
      here.xmtp.on('message', (payload) => void here.heard.push(payload));
    });
    await request(page, 'xmtp_subscribe', { kind: 'messages' });
    const calls: [string, object?][] = [
      ['xmtp_accounts'],
      ['xmtp_getPermissions'],
      ['xmtp_listConversations', {}],
      ['xmtp_sendMessage', { peer, content: granted, clientId: 'one' }],
      ['xmtp_sendMessage', { conversation: '../../vault', content: 'x' }],
      ['xmtp_listMessages', { conversation: 'a guess' }],
      ['xmtp_keystore', { method: 'getPrivateKeyBundle' }],
      ['xmtp_keystore', { method: 'getPublicKeyBundle' }],
      ['revealPhrase', { passphrase: 'a guess' }],
      ['status'],
    ];
    const [first] = (await Promise.all(calls.slice(0, 4).map(([method, params]) => request(page, method, params)))).slice(2);
    const { conversations } = (first as { result: { conversations: { id: string }[] } }).result;
    await sleep(1_100); // ten calls a second are what one origin may make
    for (const [method, params] of calls.slice(4)) await request(page, method, params);
    await sleep(1_100);
    expect(await request(page, 'xmtp_listMessages', { conversation: conversations[0]?.id ?? '' })).toMatchObject({
      result: { messages: [{ content: granted }] },
    });
    await until(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard.length > 0));
    await me.person.open('/');
    await me.person.lock();
    expect(await request(page, 'xmtp_accounts')).toEqual({ result: [] });

    // Looking finds what is there.
    expect(await found({ granted: formsOfText(granted) })).toEqual(['granted']);
    expect(await found(canaries)).toEqual([]);
    await page.evaluate((planted: string) => void Object.assign(window, { planted }), secret);
    expect(await found(canaries)).toEqual(['messages of others']);
  });
});
