import type { Client } from '@xmtp/xmtp-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerKeystoreCall } from '../../src/keystore/keystore-api.ts';
import { emptyMemory } from '../../src/keystore/keystore-memory.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { fromBase64, toBase64 } from '../../src/protocol/bytes.ts';
import type { Methods, XmtpProvider } from '../../src/sdk/types.ts';
import { parleyKeystore } from '../../src/sdk/xmtp-js.ts';
import { person } from '../support/people.ts';
import { peerOf, xmtp } from './peer.ts';

const me = person('a page without keys');
const friend = person('a friend with keys');
const asked: string[] = [];
let largest = 0;
/** Calls that are still to be refused as too many. */
let tooSoon = 0;
/** As the background holds it: gone when it is stopped. */
let memory = emptyMemory();
let node: RunningNode;
let page: Client;
let peer: Client;

/** The keystore of the extension behind the provider's one method; nothing else of the account is there. */
function providerOf(): XmtpProvider {
  const provider = {
    isParley: true as const,
    version: '1',
    async request({ method, params }: { method: string; params?: Methods['xmtp_keystore']['params'] }) {
      if (method === 'xmtp_accounts') return [me.address];
      if (method !== 'xmtp_keystore' || !params) throw new Error(`asked for ${method}`);
      if (tooSoon-- > 0) throw Object.assign(new Error('too many calls'), { code: -32005, data: { retryAfterMs: 5 } });
      asked.push(params.method);
      largest = Math.max(largest, JSON.stringify(params).length);
      const request = params.request === undefined ? null : fromBase64(params.request);
      return { response: toBase64(await answerKeystoreCall({ bundle: me.bundle, memory }, params.method, request)) };
    },
    on: () => provider,
    removeListener: () => provider,
  };
  return provider as unknown as XmtpProvider;
}

const open = (): Promise<Client> =>
  xmtp.Client.create(null, { keystoreProviders: [parleyKeystore({ provider: providerOf() })], apiUrl: node.url, env: 'local' }) as never;

beforeAll(async () => {
  node = await startNode();
  peer = await peerOf(friend, node.url);
  page = await open();
});
afterAll(async () => {
  await page.close();
  await peer.close();
  await node.close();
});

describe('an unmodified xmtp-js whose keystore is in the extension', () => {
  test('is this account, and others reach it', async () => {
    expect(page.address).toBe(me.address);
    expect(await peer.canMessage(me.address)).toBe(true);
    expect(asked).not.toContain('getPrivateKeyBundle');
  });

  test('begins conversations, sends, and reads what is answered', async () => {
    const conversation = await page.conversations.newConversation(friend.address, {
      conversationId: 'shop.example/7',
      metadata: { title: 'Order' },
    });
    const sent = await conversation.send('from a page');
    const [theirs] = await peer.conversations.list();
    expect(theirs?.context).toEqual({ conversationId: 'shop.example/7', metadata: { title: 'Order' } });
    expect((await theirs?.messages())?.map(({ id, content, senderAddress }) => [id, content, senderAddress])).toEqual([
      [sent.id, 'from a page', me.address],
    ]);
    await theirs?.send('to a page');
    expect((await conversation.messages()).map(({ content }) => content)).toEqual(['from a page', 'to a page']);
  });

  test('lists what began elsewhere, with its times, and hears what comes', async () => {
    const begun = await peer.conversations.newConversation(me.address);
    const again = await open();
    const listed = (await again.conversations.list()).find(({ topic }) => topic === begun.topic);
    expect([listed?.peerAddress, listed?.createdAt.getTime()]).toEqual([friend.address, begun.createdAt.getTime()]);
    const stream = await again.conversations.streamAllMessages();
    const heard = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await begun.send('live');
    expect((await heard).value.content).toBe('live');
    await stream.return(undefined);
    await again.close();
  });

  test('reads and writes consent, and a second client finds it', async () => {
    await page.contacts.allow([friend.address]);
    await page.contacts.deny([person('a nuisance').address]);
    const again = await open();
    await again.contacts.refreshConsentList();
    expect(
      [friend.address, person('a nuisance').address, person('nobody').address].map((each) => again.contacts.consentState(each)),
    ).toEqual(['allowed', 'denied', 'unknown']);
    await again.close();
  });

  test('answers for push: the keys that name own messages', async () => {
    const { hmacKeys } = await page.keystore.getV2ConversationHmacKeys({ topics: [] });
    const keys = Object.values(hmacKeys);
    expect(keys.length).toBeGreaterThan(0);
    for (const { values } of keys) expect(values.map(({ hmacKey }) => hmacKey.length)).toEqual([32, 32, 32]);
  });

  test('never gets the private keys', async () => {
    await expect(page.keystore.getPrivateKeyBundle()).rejects.toThrow('keeps its private keys');
  });
});

describe('when the background was stopped and has forgotten everything', () => {
  test('what a client has open goes on: sending, reading, and what it began itself', async () => {
    const theirs = await peer.conversations.newConversation(me.address, { conversationId: 'before the death', metadata: {} });
    await theirs.send('before');
    const mine = (await page.conversations.list()).find(({ topic }) => topic === theirs.topic);
    const begun = await page.conversations.newConversation(friend.address, { conversationId: 'begun here', metadata: {} });
    memory = emptyMemory();
    await mine?.send('after');
    expect((await theirs.messages()).map(({ content }) => content)).toEqual(['before', 'after']);
    memory = emptyMemory();
    expect((await mine?.messages())?.map(({ content }) => content)).toEqual(['before', 'after']);
    memory = emptyMemory();
    await begun.send('still here');
    expect((await begun.messages()).map(({ content }) => content)).toEqual(['still here']);
  });

  test('a client that comes later reads everything again', async () => {
    const before = (await page.conversations.list()).length;
    const later = await open();
    expect((await later.conversations.list()).length).toBe(before);
    await later.close();
  });
});

test('a call that came too soon waits, and is made again', async () => {
  tooSoon = 3;
  expect(await page.keystore.getPublicKeyBundle()).toHaveProperty('identityKey');
});

test('a batch that is larger than one call may be goes in several, in order', async () => {
  const requests = Array.from({ length: 12 }, (_, index) => ({ payload: new Uint8Array(100_000).fill(index) }));
  const { responses } = await page.keystore.selfEncrypt({ requests });
  const sealed = responses.map(({ result }) => ({ payload: result?.encrypted as Uint8Array }));
  const opened = await page.keystore.selfDecrypt({ requests: sealed });
  expect(opened.responses.map(({ result }) => result?.decrypted[0])).toEqual(requests.map((_, index) => index));
  expect(largest).toBeLessThan(1 << 20);
});

test('a batch tells which of its elements failed', async () => {
  const { responses } = await page.keystore.decryptV2({
    requests: [
      {
        contentTopic: '/xmtp/0/m-none/proto',
        headerBytes: new Uint8Array([1]),
        payload: { aes256GcmHkdfSha256: { hkdfSalt: new Uint8Array(32), gcmNonce: new Uint8Array(12), payload: new Uint8Array(20) } },
      },
    ],
  });
  expect(responses).toMatchObject([{ error: { code: 2 } }]);
});
