import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { conversationWith, newPerson, type Person, passphrase, texts, until } from '../background/device.ts';
import { person } from '../support/people.ts';
import { peerOf } from './peer.ts';

let node: RunningNode;
let me: Person;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  node = await startNode();
  me = await newPerson(node.url);
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await me.device.close();
  await node.close();
});

test('peers on xmtp-js keep writing and receiving across a renewed pre-key, in old and in new conversations', async () => {
  const { accounts, messages } = me.life.services;
  const peer = await peerOf(person('old friend'), node.url);
  stops.push(() => peer.close());
  const theirs = await peer.conversations.newConversation(me.address);
  await theirs.send('before');
  const row = await conversationWith(me.life, peer.address);

  await accounts.rotatePreKey();
  await until(async () => (await accounts.status()).published, 'the publication');

  await theirs.send('still here');
  await messages.send(row.id, 'me too', '1');
  await until(async () => (await texts(me.life, row.id)).length === 3, 'their message');
  expect((await theirs.messages()).map(({ content, senderAddress }) => [content, senderAddress])).toEqual([
    ['before', peer.address],
    ['still here', peer.address],
    ['me too', me.address],
  ]);

  // A client that has never seen us seals to the new pre-key.
  const stranger = await peerOf(person('new friend'), node.url);
  stops.push(() => stranger.close());
  await (await stranger.conversations.newConversation(me.address)).send('hello');
  const fresh = await conversationWith(me.life, stranger.address);
  await until(async () => (await texts(me.life, fresh.id)).join() === 'peer: hello', 'the first message of the stranger');

  // And one whom we invite with it reads us.
  const invited = await peerOf(person('invited friend'), node.url);
  stops.push(() => invited.close());
  const began = await me.life.services.conversations.start(invited.address);
  await messages.send(began.id, 'welcome', '2');
  await until(async () => (await messages.list(began.id, {})).messages.every(({ state }) => state === 'sent'), 'sending');
  const [conversation] = await invited.conversations.list();
  expect((await conversation?.messages())?.map(({ content }) => content)).toEqual(['welcome']);

  // xmtp-js on our own wallet opens everything from the new backup: invitations to both pre-keys.
  const { privateKey } = await accounts.revealPhrase(passphrase);
  const mine = await peerOf({ address: me.address as `0x${string}`, walletKey: fromHex(privateKey.replace(/^0x/, '')) }, node.url);
  stops.push(() => mine.close());
  const peers = (await mine.conversations.list()).map(({ peerAddress }) => peerAddress).toSorted();
  expect(peers).toEqual([peer.address, stranger.address, invited.address].toSorted());
});

test('peers on xmtp-js find a new identity, write to it and are read, in a new conversation', async () => {
  const someone = await newPerson(node.url);
  stops.push(() => someone.device.close());
  const { accounts, conversations, messages } = someone.life.services;
  const peer = await peerOf(person('faithful friend'), node.url);
  stops.push(() => peer.close());
  await (await peer.conversations.newConversation(someone.address)).send('before');
  const old = await conversationWith(someone.life, peer.address);
  await until(async () => (await texts(someone.life, old.id)).length === 1, 'their message');

  await accounts.newIdentity(passphrase);
  await until(async () => (await accounts.status()).published, 'the publication');
  const row = await conversations.start(peer.address);
  await messages.send(row.id, 'new keys', '1');
  await until(async () => (await messages.list(row.id, {})).messages.every(({ state }) => state === 'sent'), 'sending');
  const listed = await peer.conversations.list();
  const theirs = listed.find(({ topic }) => topic !== listed[0]?.topic) ?? listed[1];
  expect((await theirs?.messages())?.map(({ content }) => content)).toEqual(['new keys']);
  await theirs?.send('seen');
  await until(async () => (await texts(someone.life, row.id)).length === 2, 'the answer');
  expect(await texts(someone.life, old.id)).toEqual(['peer: before']);

  // A client of our own wallet that begins now has the new keys.
  const { privateKey } = await accounts.revealPhrase(passphrase);
  const mine = await peerOf({ address: someone.address as `0x${string}`, walletKey: fromHex(privateKey.replace(/^0x/, '')) }, node.url);
  stops.push(() => mine.close());
  const readable = await Promise.all(
    (await mine.conversations.list()).map(async (each) => (await each.messages()).map(({ content }) => content)),
  );
  expect(readable.flat().toSorted()).toEqual(['new keys', 'seen']);
});
