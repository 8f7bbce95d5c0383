import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../support/browsers/browser.ts';
import { button, conversations, field, Person } from '../support/browsers/person.ts';
import { browserNames, keepPicture, World } from './world.ts';

describe.each(browserNames)('a wallet in %s', (name) => {
  let world: World;
  let browser: Browser;
  let person: Person;

  beforeAll(async () => {
    world = await World.start(`wallet-${name}`);
    browser = await world.browser(name);
    person = new Person('Alice', browser);
  });

  afterAll(() => world?.end());

  test('is offered on a page that names the node before it is used', async () => {
    const page = await person.open(`/welcome?node=${encodeURIComponent(world.node.url)}`);
    await page.see(button('Create a new wallet'));
    await page.see(button('I already have a wallet'));
    expect(await page.text()).toContain(new URL(world.node.url).host);
  });

  test('computes its curve by a module of the package, which the policy lets it fetch and compile', async () => {
    const page = await person.open('/');
    const functions = await page.evaluate(async () => {
      const bytes = await (await fetch('/secp256k1.wasm')).arrayBuffer();
      return WebAssembly.Module.exports(await WebAssembly.compile(bytes)).map(({ name }) => name);
    });
    expect(functions).toContain('_secp256k1_ec_pubkey_tweak_mul');
  });

  test('is created with a passphrase and ends in an empty inbox', async () => {
    await person.createWallet(world.node.url);
    expect(person.address).toMatch(/^0x[0-9a-fA-F]{40}$/);
    await person.page.see(button('New conversation'));
    expect(await person.rows()).toEqual([]);
  });

  test('is still open after the page is loaded again, and after the background was stopped', async () => {
    await person.page.reload();
    await person.inbox();
    await browser.stopBackground();
    await person.page.reload();
    await person.inbox();
  });

  test('shows itself in the popup under the toolbar button, 400 by 600', async () => {
    const popup = await browser.openActionPopup();
    keepPicture(`action-popup-${name}`, popup.png);
    expect({ width: popup.width, height: popup.height }).toEqual({ width: 400, height: 600 });
    expect(popup.text).toContain('New conversation');
  });

  test('is locked after the browser was restarted, and shows nothing', async () => {
    await browser.restart();
    const page = await person.open('/');
    await page.see(button('Unlock'));
    expect(await page.sees(conversations)).toBe(false);
    // Nothing but the passphrase opens it: other addresses of the page lead to the same place.
    const settings = await person.open('/settings');
    await settings.see(field('Passphrase'));
    expect(await settings.text()).not.toContain(person.address);
  });

  test('stays locked to a wrong passphrase', async () => {
    await person.open('/');
    await person.unlock('not the right passphrase');
    await person.page.seeText('passphrase');
    await person.page.see(button('Unlock'));
    expect(await person.page.sees(conversations)).toBe(false);
  });

  test('opens with the right one', async () => {
    const before = person.address;
    await person.unlock();
    await person.inbox();
    expect(await person.readAddress()).toBe(before);
  });

  test('locks at once when it is told to', async () => {
    await person.open('/');
    await person.inbox();
    await person.lock();
    expect(await person.page.sees(conversations)).toBe(false);
    await person.page.reload();
    await person.page.see(button('Unlock'));
  });
});
