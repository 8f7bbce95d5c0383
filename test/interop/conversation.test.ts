import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { bringWallet, conversationWith, Device, newPerson, type Person, passphrase, texts, until } from '../background/device.ts';
import { person } from '../support/people.ts';
import { generator } from '../support/random.ts';
import { peerOf, xmtp } from './peer.ts';

describe.each([
  { rules: 'strict', compat: false },
  { rules: 'compatible', compat: true },
])('with xmtp-js over a $rules node', ({ compat }) => {
  let node: RunningNode;
  let me: Person;
  const devices: Device[] = [];
  const stops: (() => unknown)[] = [];

  beforeAll(async () => {
    node = await startNode({ compat });
    me = await newPerson(node.url);
    devices.push(me.device);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(async () => {
    for (const device of devices) await device.close();
    await node.close();
  });

  test('they write first, and both read everything', async () => {
    const peer = await peerOf(person(`first writer ${compat}`), node.url);
    stops.push(() => peer.close());
    expect(await peer.canMessage(me.address)).toBe(true);
    const theirs = await peer.conversations.newConversation(me.address);
    await theirs.send('hello from xmtp-js');
    const row = await conversationWith(me.life, peer.address);
    await until(async () => (await texts(me.life, row.id)).length === 1, 'the first message');
    await me.life.services.messages.send(row.id, 'hello from Parley', 'one');
    await until(async () => (await theirs.messages()).length === 2, 'the answer');
    const read = (await theirs.messages()).map(({ content, senderAddress }) => ({ content, senderAddress }));
    expect(read).toEqual([
      { content: 'hello from xmtp-js', senderAddress: peer.address },
      { content: 'hello from Parley', senderAddress: me.address },
    ]);
    expect(await texts(me.life, row.id)).toEqual(['peer: hello from xmtp-js', 'me: hello from Parley']);
  });

  test('we write first, and their stream of all messages brings it', async () => {
    const peer = await peerOf(person(`first reader ${compat}`), node.url);
    const stream = await peer.conversations.streamAllMessages();
    stops.push(
      () => stream.return(undefined),
      () => peer.close(),
    );
    const row = await me.life.services.conversations.start(peer.address);
    await me.life.services.messages.send(row.id, 'are you there?', 'two');
    const { value } = await stream.next();
    expect({ content: value?.content, from: value?.senderAddress }).toEqual({ content: 'are you there?', from: me.address });
    const [conversation] = await peer.conversations.list();
    expect(conversation?.peerAddress).toBe(me.address);
    await conversation?.send('I am');
    await until(async () => (await texts(me.life, row.id)).at(-1) === 'peer: I am', 'their answer');
  });

  test('they page through 250 messages of ours, and find their conversations again on a second device', async () => {
    const wallet = person(`pager ${compat}`);
    const peer = await peerOf(wallet, node.url);
    stops.push(() => peer.close());
    const row = await me.life.services.conversations.start(peer.address);
    const sent = Array.from({ length: 250 }, (_, index) => `message ${index}`);
    for (const [index, text] of sent.entries()) await me.life.services.messages.send(row.id, text, `page ${index}`);
    await until(
      async () => (await me.life.services.messages.list(row.id, { limit: 200 })).messages.every(({ state }) => state === 'sent'),
      'sending',
    );
    const second = await peerOf(wallet, node.url);
    stops.push(() => second.close());
    expect(second.publicKeyBundle.identityKey?.secp256k1Uncompressed?.bytes).toEqual(
      peer.publicKeyBundle.identityKey?.secp256k1Uncompressed?.bytes,
    );
    const [conversation] = await second.conversations.list();
    expect((await conversation?.messages())?.map(({ content }) => content)).toEqual(sent);
    const newest = await conversation?.messages({ limit: 20, direction: xmtp.SortDirection.SORT_DIRECTION_DESCENDING });
    expect(newest?.map(({ content }) => content)).toEqual(sent.slice(-20).reverse());
  });

  test('a wallet that xmtp-js set up opens here with the same keys and history, and the other way round', async () => {
    const wallet = person(`mover ${compat}`);
    const peer = await peerOf(wallet, node.url);
    stops.push(() => peer.close());
    const theirs = await peer.conversations.newConversation(me.address);
    await theirs.send('written before the move');
    const device = new Device();
    devices.push(device);
    const life = await device.start();
    const hex = Buffer.from(wallet.walletKey).toString('hex');
    expect(await bringWallet(life, hex, passphrase, node.url)).toMatchObject({ restored: true });
    const row = await conversationWith(life, me.address);
    await until(async () => (await texts(life, row.id)).join() === 'me: written before the move', 'the history');
    await life.services.messages.send(row.id, 'written after it', 'three');
    await until(async () => (await theirs.messages()).length === 2, 'the message of the other device');

    const { privateKey } = await me.life.services.accounts.revealPhrase(passphrase);
    const mine = await peerOf({ address: me.address as `0x${string}`, walletKey: fromHex(privateKey.replace(/^0x/, '')) }, node.url);
    stops.push(() => mine.close());
    const listed = await mine.conversations.list();
    expect(listed.map(({ peerAddress }) => peerAddress)).toContain(wallet.address);
    const conversation = listed.find(({ peerAddress }) => peerAddress === wallet.address);
    expect((await conversation?.messages())?.map(({ content }) => content)).toEqual(['written before the move', 'written after it']);
    // Nothing of ours was replaced on the way.
    expect((await me.life.services.accounts.status()).published).toBe(true);
  });

  test('random messages, a thousand under strict rules, each way in turn, arrive with no difference', { timeout: 300_000 }, async () => {
    const peer = await peerOf(person(`talker ${compat}`), node.url);
    stops.push(() => peer.close());
    const theirs = await peer.conversations.newConversation(me.address, {
      conversationId: 'https://chat.example/random',
      metadata: { title: 'noise' },
    });
    const row = await until(
      async () => (await me.life.services.conversations.list({})).rows.find(({ peer: address }) => address === peer.address),
      'the conversation',
    );
    const random = generator(compat ? 7 : 11);
    const written: string[] = [];
    for (let index = 0; index < (compat ? 100 : 1000); index++) {
      const text = randomText(random, index);
      if (random() < 0.5) {
        await theirs.send(text, { timestamp: new Date(base + index) });
        written.push(`peer: ${text}`);
      } else {
        await me.life.services.messages.send(row.id, text, `random ${index}`);
        written.push(`me: ${text}`);
      }
    }
    await until(async () => (await texts(me.life, row.id)).length === written.length, 'all of them', 120_000);
    await until(async () => (await theirs.messages()).length === written.length, 'all of them over there', 120_000);
    const bySide = (all: readonly string[], side: string) => all.filter((text) => text.startsWith(side)).sort();
    const here = await texts(me.life, row.id);
    const there = (await theirs.messages()).map(
      ({ content, senderAddress }) => `${senderAddress === me.address ? 'me' : 'peer'}: ${content}`,
    );
    for (const side of ['me', 'peer']) {
      expect(bySide(here, side)).toEqual(bySide(written, side));
      expect(bySide(there, side)).toEqual(bySide(written, side));
    }
    // Ids, senders and times agree as well.
    const ours = [];
    for (let before: string | undefined, more = true; more; ) {
      const page = await me.life.services.messages.list(row.id, { limit: 200, ...(before !== undefined && { before }) });
      ours.unshift(...page.messages);
      ({ more } = page);
      before = page.messages[0]?.id;
    }
    const key = (id: string, sentMs: number) => `${id} ${sentMs}`;
    expect(ours.map(({ id, sentAt }) => key(id, sentAt)).sort()).toEqual(
      (await theirs.messages()).map(({ id, sent }) => key(id, sent.getTime())).sort(),
    );
  });

  const base = Date.now() - 3_600_000;
});

const pieces = ['a', 'Z', ' ', '\n', 'é', '漢', '🙂', '👩‍👩‍👧', '\u202e', '<b>', '"', '\\', '\u0000', 'ﷺ', '0x'];

function randomText(random: () => number, index: number): string {
  const length = Math.floor(random() ** 3 * 400);
  return `${index}:${Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('')}`;
}
