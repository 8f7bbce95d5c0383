import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { conversationWith, Device, makeWallet, newPerson, type Person, passphrase, texts, until } from './device.ts';

let node: RunningNode;
let friend: Person;
let device: Device;

beforeEach(async () => {
  node = await startNode();
  friend = await newPerson(node.url);
  device = new Device({ apart: true });
});
afterEach(async () => {
  await device.close();
  await friend.device.close();
  await node.close();
});

it('a browser that has lost its databases opens with the passphrase, at the same node, and says what is gone until that was read', async () => {
  const before = await device.start();
  await makeWallet(before, passphrase, node.url);
  await until(async () => (await before.services.accounts.status()).published, 'the publication');
  const { id } = await before.services.conversations.start(friend.address);
  await before.services.messages.settled((await before.services.messages.send(id, 'hello', '1')).id, 30_000);
  await before.services.names.put(friend.address, 'Zoë');
  expect((await before.services.accounts.status()).lostAt).toBeNull();
  await device.close();
  await device.loseDatabases();

  const after = await device.restartBrowser();
  expect(await after.services.accounts.status()).toMatchObject({ phase: 'locked', lostAt: null });
  await after.services.accounts.unlock(passphrase);
  expect(await after.services.accounts.status()).toMatchObject({ lostAt: expect.any(Number), node: { url: node.url } });
  const row = await conversationWith(after, friend.address);
  await until(async () => (await texts(after, row.id)).join() === 'me: hello', 'the message');
  expect(await after.services.names.all()).toEqual({});

  const again = await device.restartBrowser();
  await again.services.accounts.unlock(passphrase);
  expect((await again.services.accounts.status()).lostAt).not.toBeNull();
  await again.services.settings.lossSeen();
  expect((await again.services.accounts.status()).lostAt).toBeNull();
});

it('a new browser, and one where everything was removed, have lost nothing and know of no node', async () => {
  const life = await device.start();
  await makeWallet(life, passphrase, node.url);
  expect((await life.services.accounts.status()).lostAt).toBeNull();
  await life.services.accounts.wipe(passphrase);
  const next = await device.restartBrowser();
  expect(await next.services.accounts.status()).toMatchObject({ phase: 'welcome', node: { url: 'http://127.0.0.1:5555' } });
});
