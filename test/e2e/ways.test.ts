import type { Client } from '@xmtp/xmtp-js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pathKinds, readPhrase, walletOfEntropy } from '../../src/keystore/wallet.ts';
import { createNodeClient } from '../../src/network/node-client.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { chooseContact } from '../../src/protocol/contact-bundle.ts';
import { decodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { contactTopic } from '../../src/protocol/topic.ts';
import { peerOf, signerOf, xmtp } from '../interop/peer.ts';
import type { Browser } from '../support/browsers/browser.ts';
import { until } from '../support/browsers/browser.ts';
import { button, field } from '../support/browsers/person.ts';
import { person, type Person as Someone } from '../support/people.ts';
import { compact, honest, lagging, unsteady } from '../support/wallets.ts';
import { PageWallet } from './page-wallet.ts';
import { Site } from './site.ts';
import { Walk } from './walk.ts';
import { browserNames, keepPicture, World } from './world.ts';

describe.each(browserNames)('from install to a first message in %s, with', (name) => {
  let world: World;
  let browser: Browser;
  let peer: Client;
  const measured: [way: string, took: string][] = [];

  beforeAll(async () => {
    world = await World.start(`ways-${name}`);
    peer = await peerOf(person(`peer in ${name}`), world.node.url);
  });
  afterEach(() => browser?.close());
  afterAll(async () => {
    console.log(measured.map(([way, took]) => `${name}, ${way}: ${took}`).join('\n'));
    await peer?.close();
    await world?.end();
  });

  const walk = async (who: string): Promise<Walk> => {
    browser = await world.browser(name);
    return new Walk(who, browser, world.node.url);
  };
  /** The first message, as the reference client reads it. */
  const firstMessage = async (way: string, by: Walk): Promise<void> => {
    await by.inbox();
    measured.push([way, await by.writeTo(peer.address, `hello by ${way}`)]);
    const { address } = by.person;
    await until(
      async () => {
        const conversation = (await peer.conversations.list()).find(({ peerAddress }) => peerAddress === address);
        return (await conversation?.messages())?.map(({ content }) => content as string) ?? [];
      },
      (texts) => texts.includes(`hello by ${way}`),
      60_000,
    );
  };
  /** What a program of the reference client finds for this wallet: the same keys, by a signature. */
  const sameKeysElsewhere = async (wallet: Pick<Someone, 'address' | 'walletKey'>): Promise<void> => {
    const keys = decodePrivateBundle(await xmtp.Client.getKeys(signerOf(wallet), { apiUrl: world.node.url, env: 'local' }));
    const { envelopes } = await createNodeClient(world.node.url).query({ topics: [contactTopic(wallet.address)], direction: 'descending' });
    expect(keys.identity.point).toEqual(chooseContact(envelopes, wallet.address)?.identityKey);
  };

  let newPhrase: string[] = [];

  test('a new wallet: three words confirmed, or put off until the inbox reminds', async () => {
    const by = await walk('Ann');
    await by.begin();
    await by.click(button('Create a new wallet'));
    await by.seal();
    newPhrase = await by.readWords();
    expect(newPhrase).toHaveLength(12);
    await by.click(button('Later'));
    await firstMessage('a new wallet', by);
    await by.person.open('/');
    await by.page.click({ role: 'link', name: 'not on paper yet', part: true });
    await by.page.fill(field('Passphrase'), by.person.passphrase);
    await by.page.click(button('Continue'));
    await by.confirmWords(await by.readWords());
    await by.person.inbox();
    await by.page.gone({ role: 'link', name: 'not on paper yet', part: true });
  });

  test('a phrase: its accounts are shown with what the node knows, and the conversations come back', async () => {
    const by = await walk('Ann again');
    await by.bring('Recovery phrase');
    await by.fill(field('Recovery phrase'), newPhrase.join(' '));
    await by.click(button('Continue'));
    const first = walletOfEntropy(readPhrase(newPhrase.join(' ')));
    await by.page.seeText('Has conversations here');
    await by.page.seeText("m/44'/60'/0'/0/4");
    keepPicture(`ways-accounts-${name}`, await by.page.screenshot());
    await by.click(button('Continue'));
    await by.seal();
    await by.inbox();
    expect(by.person.address).toBe(first.address);
    await by.person.openConversation();
    await by.person.waitForMessages(1);
    expect(await by.person.messages()).toMatchObject([{ text: 'hello by a new wallet', mine: true }]);
    await by.person.open('/');
    await by.page.gone({ role: 'link', name: 'not on paper yet', part: true });
  });

  test('a phrase with a passphrase of its own, at a path of Ledger', async () => {
    const by = await walk('Led');
    await by.bring('Recovery phrase');
    await by.fill(field('Recovery phrase'), 'legal winner thank year wave sausage worth useful legal winner thank yellow');
    await by.click(button('It has a passphrase besides'));
    await by.fill(field('Passphrase of the phrase'), name);
    await by.click(button('Continue'));
    await by.click({ role: 'radio', name: 'Ledger' });
    const expected = walletOfEntropy(new Uint8Array(16).fill(0x7f), pathKinds['ledger-live'](1), name).address;
    await by.click({ role: 'radio', name: "m/44'/60'/1'/0/0", part: true });
    await by.click(button('Continue'));
    await by.seal();
    await firstMessage('a phrase', by);
    expect(by.person.address).toBe(expected);
  });

  test('a private key', async () => {
    const wallet = person(`key in ${name}`);
    const by = await walk('Kay');
    await by.bring('Private key');
    await by.fill(field('Private key'), toHex(wallet.walletKey));
    await by.click(button('Continue'));
    await by.seal();
    await firstMessage('a private key', by);
    await sameKeysElsewhere(wallet);
  });

  test('the keys of xmtp-js', async () => {
    const wallet = person(`bundle in ${name}`);
    const other = await peerOf(wallet, world.node.url);
    await other.close();
    const keys = await xmtp.Client.getKeys(signerOf(wallet), { apiUrl: world.node.url, env: 'local' });
    const by = await walk('Xav');
    await by.bring('Keys of another XMTP program');
    await by.fill(field('Keys'), 'nothing of the kind');
    await by.click(button('Continue'));
    await by.page.seeText('These are not keys of an XMTP program');
    await by.fill(field('Keys'), Buffer.from(keys).toString('base64'));
    await by.click(button('Continue'));
    await by.seal();
    await firstMessage('keys of xmtp-js', by);
    expect(by.person.address).toBe(wallet.address);
  });

  test('a wallet apart: the text is shown, also as a QR code, and the signature pasted', async () => {
    const wallet = person(`apart in ${name}`);
    const sign = honest(wallet.walletKey);
    const by = await walk('Air');
    await by.bring('A wallet apart');
    await by.fill(field('Wallet address'), wallet.address);
    await by.click(button('Continue'));
    const paste = async (purpose: string, change: (signature: string) => string = (signature) => signature): Promise<void> => {
      await by.page.see({ role: 'heading', name: purpose });
      const { text } = await by.page.see({ role: 'region', name: 'Text to sign' });
      await by.fill(field('Signature'), change(sign(text)));
      await by.click(button('Check the signature'));
    };
    await by.page.see({ role: 'img', name: 'The text to sign, as a QR code' });
    keepPicture(`ways-apart-${name}`, await by.page.screenshot());
    await paste('Have your wallet vouch for you', honest(person('somebody else').walletKey));
    await by.page.seeText('This was signed by');
    await paste('Have your wallet vouch for you', compact);
    await by.click(button('Back up on the network (two signatures)'));
    await paste('Seal the backup', (signature) => signature.slice(2));
    await paste('Once more, to be sure');
    await by.seal();
    await firstMessage('a wallet apart', by);
    await sameKeysElsewhere(wallet);
  });

  test('a wallet through the page of the node; what goes wrong is told apart', async () => {
    const owner = person(`page in ${name}`);
    const wallet = new PageWallet(owner);
    const by = await walk('Pag');
    await by.bring('A wallet in this browser');
    await by.aside(async () => {
      await by.page.seeText('No wallet has shown itself', 30_000);
      await wallet.enter(await browser.waitForPage('/link/'));
      await by.click(button('Look again'));
      await by.page.see({ role: 'button', name: 'Test Wallet' });
    });
    await by.click({ role: 'button', name: 'Test Wallet' });
    const sign = (): Promise<void> => by.click(button('Sign with Test Wallet'));
    await by.page.see({ role: 'heading', name: 'Have your wallet vouch for you' }, 30_000);
    expect(wallet.signed).toEqual([]); // shown first, asked afterwards
    const trouble = async (words: string): Promise<void> => {
      await sign();
      await by.page.seeText(words, 30_000);
    };
    await by.aside(async () => {
      wallet.signing = 'refuse';
      await trouble('Your wallet says that you refused');
      wallet.signing = honest(person('somebody else').walletKey);
      await trouble('This was signed by');
      wallet.signing = () => 'a forgery';
      await trouble('This is no signature');
      wallet.accounts = [person('another account').address];
      await trouble('Your wallet lends this page another account');
      wallet.accounts = [owner.address];
      // On a busy machine Firefox's driver waits for ever for one of two tabs that come to the front at once.
      if (name === 'chromium') {
        wallet.signing = 'hang';
        await trouble('The wallet has not answered yet');
        await by.page.toFront(); // it comes by itself about now; a click before that would wait for ever
        await by.click(button('Stop waiting'));
      }
    });
    const late = lagging(owner.walletKey);
    wallet.signing = late;
    await sign();
    await by.aside(async () => {
      await by.click(button('Back up on the network (two signatures)'));
      await by.page.seeText('sees this signature');
      await trouble('This is the signature of the text before');
      wallet.signing = unsteady(owner.walletKey);
      await sign();
      await by.page.see({ role: 'heading', name: 'Once more, to be sure' }, 30_000);
      await trouble('Both signatures are good, and they are not equal');
      wallet.signing = honest(owner.walletKey);
    });
    await by.click(button('Try both signatures again'));
    await by.page.see({ role: 'heading', name: 'Seal the backup' }, 30_000);
    await sign();
    await by.page.see({ role: 'heading', name: 'Once more, to be sure' }, 30_000);
    await browser.stopBackground(); // whatever was reached stays
    await sign();
    await by.seal();
    await firstMessage('the page of the node', by);
    await sameKeysElsewhere(owner);
    const texts = wallet.signed.map(({ text }) => text.split('\n')[0]);
    expect(new Set(texts)).toEqual(new Set(['XMTP : Create Identity', 'XMTP : Enable Identity']));
    wallet.end();
  });

  test('the wallet of the tab, which finds the keys that it had', async () => {
    const owner = person(`tab in ${name}`);
    const other = await peerOf(owner, world.node.url);
    await other.close();
    const site = await Site.start();
    try {
      const by = await walk('Tab');
      const page = await browser.open(site.url());
      const wallet = new PageWallet(owner);
      await wallet.enter(page, { announced: false });
      const opener = await browser.openExtension('/welcome');
      const tab = await opener.evaluate(
        async (url: string) => (await chrome.tabs.query({})).find((each) => each.url?.startsWith(url))?.id,
        site.url(),
      );
      await opener.close();
      await by.bring('The wallet in the tab of 127.0.0.1', `&tab=${tab}`);
      await by.click({ role: 'button', name: 'The wallet of this page' });
      await by.page.see({ role: 'heading', name: 'Open your backup' }, 30_000);
      await by.click(button('Sign with The wallet of this page'));
      await by.page.seeText('Your keys were found', 30_000);
      await by.seal();
      await firstMessage('the wallet of a tab', by);
      expect(by.person.address).toBe(owner.address);
      wallet.end();
    } finally {
      await site.close();
    }
  });
});
