import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Foundings } from '../../src/background/services.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { toBase64, utf8 } from '../../src/protocol/bytes.ts';
import { decodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { conversationWith, Device, type Life, passphrase, texts, until } from '../background/device.ts';
import { person } from '../support/people.ts';
import { honest } from '../support/wallets.ts';
import { peerOf, signerOf, xmtp } from './peer.ts';

let node: RunningNode;
let device: Device;
let life: Life;
let foundings: Foundings;

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());
beforeEach(async () => {
  device = new Device({ apart: true });
  life = await device.start();
  ({ foundings } = life.services);
});
afterEach(() => device.close());

const sign = async (wallet: { walletKey: Uint8Array }): Promise<void> => {
  const { nonce, text } = await foundings.ask(null);
  const { fault } = await foundings.answer({ nonce, origin: null, signature: honest(wallet.walletKey)(text) });
  expect(fault).toBeNull();
};
const finish = async (): Promise<void> => {
  await foundings.finish(passphrase);
  await until(async () => (await life.services.accounts.status()).published, 'the publication');
};
const getKeys = (wallet: Parameters<typeof signerOf>[0]) => xmtp.Client.getKeys(signerOf(wallet), { apiUrl: node.url, env: 'local' });

test('xmtp-js opens the backup that an outside wallet sealed here, asked once', async () => {
  const wallet = person('made here');
  await foundings.begin({ way: 'external', address: wallet.address });
  await foundings.look(node.url);
  await sign(wallet);
  await foundings.decide('backup');
  await sign(wallet);
  await sign(wallet);
  await finish();
  const asked: string[] = [];
  const { getAddress, signMessage } = signerOf(wallet);
  const watching = {
    getAddress,
    signMessage: (text: string | ArrayLike<number>) => {
      asked.push(String(text));
      return signMessage(text);
    },
  };
  const keys = await xmtp.Client.getKeys(watching as never, { apiUrl: node.url, env: 'local' });
  expect(asked.map((text) => text.split('\n')[0])).toEqual(['XMTP : Enable Identity']);
  const other = await peerOf(person('a friend'), node.url);
  const contact = await other.getUserContact(wallet.address);
  expect(contact?.identityKey).toBeDefined();
  expect(decodePrivateBundle(keys).identity.point).toHaveLength(65);
  const conversation = await other.conversations.newConversation(wallet.address);
  await conversation.send('written by xmtp-js');
  const row = await conversationWith(life, other.address);
  await until(async () => (await texts(life, row.id)).join() === 'peer: written by xmtp-js', 'the message');
  // The keys that xmtp-js restored read it too: they are the same.
  const restored = await xmtp.Client.create(null, {
    privateKeyOverride: keys,
    apiUrl: node.url,
    env: 'local',
    persistConversations: false,
  });
  const [same] = await restored.conversations.list();
  expect((await same?.messages())?.map(({ content }) => content)).toEqual(['written by xmtp-js']);
  await restored.close();
  await other.close();
});

test('an outside wallet finds what xmtp-js published, asked once, and its conversations', async () => {
  const wallet = person('made there');
  const [there, friend] = [await peerOf(wallet, node.url), await peerOf(person('another friend'), node.url)];
  await (await there.conversations.newConversation(friend.address)).send('from before');
  await foundings.begin({ way: 'external', address: wallet.address });
  expect((await foundings.look(node.url)).stage).toMatchObject({ step: 'sign', purpose: 'open' });
  await sign(wallet);
  expect((await foundings.state())?.stage).toMatchObject({ step: 'ready', restored: true });
  await finish();
  const row = await conversationWith(life, friend.address);
  await until(async () => (await texts(life, row.id)).join() === 'me: from before', 'the message');
  await there.close();
  await friend.close();
});

test('keys that xmtp-js exports are taken in every form that programs keep them in', async () => {
  const wallet = person('exported');
  const [there, friend] = [await peerOf(wallet, node.url), await peerOf(person('a third friend'), node.url)];
  await (await friend.conversations.newConversation(wallet.address)).send('for the exported');
  const keys = await getKeys(wallet);
  const forms = [
    keys,
    utf8(Buffer.from(keys).toString('hex')),
    utf8(Buffer.from(keys).toString('base64')),
    utf8(Buffer.from(keys).toString('binary')), // as an inbox on the web kept them in its localStorage
    utf8(JSON.stringify(Array.from(keys))),
    utf8(JSON.stringify(keys)),
    utf8(JSON.stringify(Buffer.from(keys))),
  ];
  for (const form of forms)
    expect(await foundings.begin({ way: 'bundle', keys: toBase64(form) })).toMatchObject({ address: wallet.address });
  expect((await foundings.look(node.url)).stage).toMatchObject({ step: 'ready', backup: true });
  await finish();
  const row = await conversationWith(life, friend.address);
  await until(async () => (await texts(life, row.id)).join() === 'peer: for the exported', 'the message');
  await there.close();
  await friend.close();
});
