import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromHex } from '../../src/protocol/bytes.ts';
import { draftIdentity, finishIdentity, publicBundle } from '../../src/protocol/private-keys.ts';
import { signText } from '../../src/protocol/wallet-signature.ts';
import { type Page, until } from '../support/browsers/browser.ts';
import { button, field, type Person } from '../support/browsers/person.ts';
import { invite } from '../support/hands.ts';
import { ask } from './ask.ts';
import { keepPicture, World } from './world.ts';

const number = { role: 'group', name: 'Safety number' };

describe('two who compare their keys, in Chromium and Firefox', () => {
  let world: World;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    world = await World.start('safety');
    [alice, bob] = await world.aliceAndBob();
    await alice.startConversation(bob.address);
    await alice.write('hello');
    await bob.openConversation();
    await bob.waitForMessages(1);
  });

  afterAll(() => world?.end());

  const details = async ({ page }: Person): Promise<string> => {
    await page.click({ role: 'link', name: 'Details and safety number' });
    const { text } = await page.see(number);
    return text.replace(/\s/g, '');
  };
  const picture = (page: Page): Promise<string> => page.evaluate(() => document.querySelector('.qr-ink')?.getAttribute('d') ?? '');

  test('see the same sixty digits and the same picture', async () => {
    const [one, other] = [await details(alice), await details(bob)];
    expect(one).toMatch(/^\d{60}$/);
    expect(other).toBe(one);
    expect((await picture(alice.page)).length).toBeGreaterThan(1000);
    expect(await picture(bob.page)).toBe(await picture(alice.page));
    // As read aloud, in groups.
    await alice.page.fill(field('Their number'), (other.match(/.{5}/g) ?? []).join(' '));
    await alice.page.seeText('The same number.');
    await alice.page.fill(
      field('Their number'),
      other.replace(/.$/, (digit) => String((Number(digit) + 1) % 10)),
    );
    await alice.page.seeText('Another number.');
    for (const { name, page } of [alice, bob]) keepPicture(`safety-number-${name}`, await page.screenshot());
  });

  test('mark it as verified, each for themselves', async () => {
    await alice.page.click(button('Mark as verified'));
    await alice.page.seeText('Verified on');
    await alice.page.reload();
    await alice.page.seeText('Verified on');
    await alice.page.click({ role: 'link', name: 'Back to the conversation' });
    await alice.page.see({ role: 'link', name: 'Verified: show the safety number' });
    await alice.page.seeText('You marked the safety number as verified.');
    expect(await bob.page.sees(button('Mark as verified'))).toBe(true);
  });

  test('are told when keys change, and asked once before the next message', async () => {
    // Somebody has Bob's wallet sign for other keys, and begins a conversation with them.
    const { privateKey } = (await ask(bob.page, 'revealPhrase', { passphrase: bob.passphrase })) as { privateKey: string };
    const walletKey = fromHex(privateKey);
    const { draft, text } = draftIdentity();
    const bundle = finishIdentity(draft, signText(text, walletKey), bob.address as `0x${string}`);
    const renewed = { name: 'Bob', address: bob.address as `0x${string}`, walletKey, bundle, contact: publicBundle(bundle) };
    const { api, topic, say } = await invite(world.node.url, renewed, alice.address);
    const sentNs = BigInt(Date.now()) * 1_000_000n;
    const { message } = await say('It is me, with new keys', bundle, sentNs);
    await api.publish([{ contentTopic: topic, timestampNs: sentNs, message }]);

    await alice.page.seeText('The keys of this address changed.', 60_000);
    await alice.page.see(button('Use the new keys'));
    expect(await alice.page.sees(field('Message'))).toBe(false);
    keepPicture('keys-changed', await alice.page.screenshot());
    await alice.page.click(button('Use the new keys'));
    // The conversation of the new keys takes its place.
    await alice.page.see(field('Message'));
    await alice.waitForMessages(1);
    expect((await alice.messages()).map(({ text: shown }) => shown)).toEqual(['It is me, with new keys']);
    expect(await alice.page.sees({ role: 'link', name: 'Verified: show the safety number' })).toBe(false);
    await alice.write('Glad to hear');
    await alice.waitUntilSent('Glad to hear');

    // That of the old ones stays readable.
    await alice.open('/');
    await until(
      () => alice.rows(),
      (rows) => rows.length === 2,
    );
    const old = (await alice.rows()).findIndex((row) => row.includes('hello'));
    await alice.page.evaluate((index) => {
      document.querySelectorAll<HTMLAnchorElement>('ul[aria-label="Conversations"] a')[index]?.click();
    }, old);
    await alice.page.see(button('Go on with the new keys'));
    await alice.waitForMessages(1);
    expect((await alice.messages()).map(({ text: shown }) => shown)).toEqual(['hello']);
  });
});
