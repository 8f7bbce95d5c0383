import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPhrase, walletOfEntropy } from '../../src/keystore/wallet.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { type Browser, sleep } from '../support/browsers/browser.ts';
import { launchChromium } from '../support/browsers/chromium.ts';
import { launchFirefox } from '../support/browsers/firefox.ts';
import { button, field, goodPassphrase } from '../support/browsers/person.ts';
import { formsOfBytes, formsOfText, Profile } from '../support/browsers/profile.ts';
import { Walk } from './walk.ts';
import { browserNames, World } from './world.ts';

const phrase = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic';
const words = phrase.split(' ');
const said = 'quizzacious canary words that nobody else would write';
const draft = 'canary words that were never sent';
const typed = 'canary words of the last key';
const nickname = 'Zebulon Canarius';
const group = 'Canary society of Zanzibar';
const chosen = { name: 'canary-in-a-file.txt', words: 'canary bytes that lie in a file which was chosen' };
const gone = { name: 'canary-that-flew.txt', words: 'canary bytes that lie in a file which was sent' };
const wallet = walletOfEntropy(readPhrase(phrase));
const next = 'another calm window';

/** What must not be on the disk. Three words in sequence, in any third of the phrase, are enough to say that it is there. */
const secrets = {
  phrase: [0, 3, 6, 9].flatMap((at) => formsOfText(words.slice(at, at + 3).join(' '))),
  'words as a list': [0, 3, 6, 9].flatMap((at) => formsOfText(JSON.stringify(words.slice(at, at + 3)).slice(1, -1))),
  entropy: formsOfBytes(wallet.entropy as Uint8Array),
  'wallet key': formsOfBytes(wallet.key),
  passphrase: [...formsOfText(goodPassphrase), ...formsOfText(next)],
  message: formsOfText(said),
  draft: [...formsOfText(draft), ...formsOfText(typed)],
  // The index of words, and previews, would have a single one.
  'word of a message': formsOfText('quizzacious'),
  nickname: formsOfText(nickname),
  'name of a group': formsOfText(group),
  'name of a file': [...formsOfText(chosen.name), ...formsOfText(gone.name)],
  'bytes of a file': [chosen, gone].flatMap(({ words: bytes }) => formsOfBytes(Buffer.from(bytes))),
};
/** What is there in the clear, to see that looking finds what is there. */
const address = { address: formsOfText(wallet.address) };

describe.each(browserNames)('the profile of %s on the disk', (name) => {
  let world: World;
  let peer: Walk;
  let profile: Profile;
  let browser: Browser;
  let me: Walk;

  const launch = async (): Promise<void> => {
    browser = await (name === 'chromium' ? launchChromium : launchFirefox)({ profile: profile.path });
    me = new Walk('Canary', browser, world.node.url);
  };
  /** Firefox writes its open tabs down every 15 seconds, with what stands in their fields. */
  const written = (): Promise<void> => sleep(name === 'firefox' ? 16_000 : 3_000);
  const kill = async (): Promise<void> => {
    await profile.kill();
    await Promise.race([browser.close().catch(() => undefined), sleep(5_000)]);
  };

  /** Gives the peer a name, and looks a word up, so that there is an index of words. */
  const nameThePeer = async (): Promise<void> => {
    await me.page.click({ role: 'link', name: 'Details and safety number' });
    await me.page.fill(field('Name'), nickname);
    await me.page.click(button('Save'));
    await me.person.open('/');
    const search = { role: 'searchbox', name: 'Search' };
    await me.page.fill(search, 'quizz');
    await me.page.see({ role: 'link', name: nickname, part: true, within: { role: 'region', name: 'Messages' } });
    await me.page.fill(search, '');
    await me.person.openConversation();
    await me.page.see(field('Message'));
  };

  const choose = ({ name: filename, words: bytes }: typeof chosen): Promise<void> =>
    me.page.evaluate(
      (as, text) => {
        const picker = document.querySelector<HTMLInputElement>('.composer input[type="file"]');
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], as, { type: 'text/plain' }));
        if (!picker) throw new Error('there is no field for files');
        picker.files = transfer.files;
        picker.dispatchEvent(new Event('change', { bubbles: true }));
      },
      filename,
      bytes,
    );

  const makeGroup = async (): Promise<void> => {
    await me.page.click(button('New conversation'));
    await me.page.click(button('Make a group'));
    await me.page.fill(field('Name of the group'), group);
    await me.page.fill(field('Wallet address'), peer.person.address);
    await me.page.click(button('Add'));
    await me.page.click({ role: 'button', name: 'Make the group', part: true });
    await me.page.see(field('Message'));
    await me.person.open('/');
  };

  /** One file goes off, and one stays chosen. */
  const sendAndChooseFiles = async (): Promise<void> => {
    await choose(gone);
    await me.page.see({ role: 'list', name: 'Files to send' });
    await me.page.click(button('Send'));
    await me.person.waitForMessages(2);
    await choose(chosen);
    await me.page.see({ role: 'list', name: 'Files to send' });
  };

  /** Whom one writes to is nobody's business either. */
  const whom = () => ({ 'address of the peer': formsOfBytes(fromHex(peer.person.address.slice(2))) });

  beforeAll(async () => {
    world = await World.start(`secrets-${name}`);
    profile = new Profile(name);
    peer = new Walk('Peer', await world.browser(name), world.node.url);
    await peer.person.createWallet(world.node.url);
    await launch();
  });

  afterAll(async () => {
    await browser?.close().catch(() => undefined);
    await world?.end();
    profile?.remove();
  });

  test('has no phrase after one was typed and the browser killed', async () => {
    await me.bring('Recovery phrase');
    await me.fill(field('Recovery phrase'), phrase);
    await written();
    await kill();
    expect(profile.find(secrets)).toEqual([]);
  });

  test('has no secret after the browser was killed while unlocked, with a message and a draft', async () => {
    await launch();
    await me.bring('Recovery phrase');
    await me.fill(field('Recovery phrase'), phrase);
    await me.click(button('Continue'));
    await me.page.seeText("m/44'/60'/0'/0/4");
    await me.click(button('Continue'));
    await me.seal();
    await me.inbox();
    expect(me.person.address).toBe(wallet.address);
    await makeGroup();
    await me.writeTo(peer.person.address, said);
    await nameThePeer();
    await sendAndChooseFiles();
    await me.page.fill(field('Message'), draft);
    await written(); // the background has the draft a moment after the last key
    await browser.stopBackground();
    await me.page.fill(field('Message'), typed);
    await sleep(80);
    await kill();
    expect(profile.find(address)).not.toEqual([]);
    expect(profile.find({ ...secrets, ...whom() })).toEqual([]);
  });

  test('opens with the passphrase after that, and stays open over ten deaths of the background', async () => {
    await launch();
    await me.person.open('/');
    await me.person.unlock();
    await me.person.inbox();
    for (let death = 0; death < 10; death++) {
      await browser.stopBackground();
      await me.person.open('/');
      await me.person.inbox();
    }
    await me.person.openConversation();
    await me.person.waitForMessages(2);
    expect((await me.person.messages())[0]?.text).toBe(said);
    await me.page.see({ role: 'list', name: 'Files to send' });
    expect((await me.page.see(field('Message'))).value).toBe(typed);
  });

  test('has another passphrase in its vault once it was changed, and no secret after a lock and an end in peace', async () => {
    const page = await me.person.open('/settings/passphrase');
    await page.click(button('Change passphrase…'));
    await page.fill(field('Present passphrase'), 'not the present one');
    await page.fill(field('New passphrase'), next);
    await page.fill(field('Repeat new passphrase'), next);
    await page.click(button('Change passphrase'));
    await page.seeText('That is not the passphrase');
    await page.fill(field('Present passphrase'), goodPassphrase);
    await page.click(button('Change passphrase'));
    await page.seeText('The new passphrase opens Parley from now on.');
    await me.person.open('/');
    await me.person.lock();
    await me.person.unlock(goodPassphrase);
    await me.page.seeText('That is not the passphrase');
    await me.person.unlock(next);
    await me.person.inbox();
    await me.person.lock();
    await browser.close();
    expect(profile.find(address)).not.toEqual([]);
    expect(profile.find({ ...secrets, ...whom() })).toEqual([]);
  });

  test('does not stay open over the end of the browser', async () => {
    await launch();
    await me.person.open('/');
    await me.person.unlock(next);
    await me.person.inbox();
    await browser.restart();
    await me.person.open('/');
    await me.page.see(button('Unlock'));
    expect(await me.page.sees({ role: 'list', name: 'Conversations' })).toBe(false);
  });
});
