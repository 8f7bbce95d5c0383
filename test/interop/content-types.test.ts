import { randomBytes } from 'node:crypto';
import type { Conversation } from '@xmtp/xmtp-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openRemote, readContent, sealRemote, type Value, writeContent } from '../../src/content-types/index.ts';
import { type RunningNode, startNode } from '../../src/node/start-node.ts';
import { createAuthToken } from '../../src/protocol/auth-token.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { decodeContent, encodeContent } from '../../src/protocol/content.ts';
import { openInvitation } from '../../src/protocol/invitation.ts';
import { openMessage, sealMessage } from '../../src/protocol/message.ts';
import { msToNs } from '../../src/protocol/time.ts';
import { contactTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { connectTo, type NodeApi } from '../support/crowd.ts';
import { person } from '../support/people.ts';
import { codecs, peerOf } from './peer.ts';

const me = person('a reader of all types');
const peerWallet = person('a writer of all types');
const reference = 'ab'.repeat(32);
let node: RunningNode;
let api: NodeApi;
let theirs: Conversation;
let keys: { topic: string; keyMaterial: Uint8Array };
let registry: Parameters<typeof codecs.remote.RemoteAttachmentCodec.load>[1];
let close: () => Promise<void>;

beforeAll(async () => {
  node = await startNode({ compat: false });
  api = connectTo(node.url);
  await publish(contactTopic(me.address), encodeContact(me.contact, 2));
  const peer = await peerOf(peerWallet, node.url);
  registry = peer as unknown as typeof registry;
  close = () => peer.close();
  theirs = (await peer.conversations.newConversation(me.address)) as unknown as Conversation;
  const { envelopes } = await api.query({ contentTopics: [inviteTopic(me.address)] });
  const [sealed] = envelopes;
  if (!sealed) throw new Error('no invitation came');
  const opened = await openInvitation(me.bundle, { topic: sealed.contentTopic, timestampNs: sealed.timestampNs, message: sealed.message });
  keys = { topic: opened.topic, keyMaterial: opened.keyMaterial };
});
afterAll(async () => {
  await close();
  await node.close();
});

let lastMs = 0;
async function publish(contentTopic: string, message: Uint8Array, timestampNs = msToNs(Date.now())): Promise<void> {
  const headers = { authorization: `Bearer ${createAuthToken(me.bundle)}` };
  await api.publish({ envelopes: [{ contentTopic, timestampNs, message }] }, { headers });
}

/** Sends a value of ours and answers how the reference client reads it. */
async function say(value: Value) {
  const { content, shouldPush } = writeContent(value);
  lastMs = Math.max(Date.now(), lastMs + 1);
  const createdNs = msToNs(lastMs);
  const { message } = await sealMessage({ ...keys, bundle: me.bundle, payload: encodeContent(content), createdNs, shouldPush });
  await publish(keys.topic, message, createdNs);
  const read = (await theirs.messages()).at(-1);
  if (!read || read.senderAddress !== me.address) throw new Error('the reference client does not read it');
  return read;
}

/** Sends through the reference client and answers how we read it. */
async function hear(content: unknown, contentType: unknown): Promise<Value> {
  // Times of one sender are never equal, nor equal to ours.
  lastMs = Math.max(Date.now(), lastMs + 1);
  await theirs.send(content, { contentType, timestamp: new Date(lastMs) } as Parameters<Conversation['send']>[1]);
  const { envelopes } = await api.query({ contentTopics: [keys.topic], pagingInfo: { limit: 1, direction: 2 } });
  const [envelope] = envelopes;
  if (!envelope) throw new Error('nothing came');
  const opened = await openMessage({
    ...keys,
    members: [me.address, peerWallet.address],
    message: envelope.message,
    envelopeTopic: envelope.contentTopic,
  });
  expect(opened.sender).toBe(peerWallet.address);
  return readContent(await decodeContent(opened.payload));
}

describe('xmtp-js reads what we write', () => {
  test('text', async () => {
    expect((await say({ kind: 'text', text: 'héllo 🙂' })).content).toBe('héllo 🙂');
  });
  test('markdown, as its source, which it shows for a type that it does not know', async () => {
    const read = await say({ kind: 'markdown', markdown: '**bold**' });
    expect(read.content).toBeUndefined();
    expect(read.contentFallback).toBe('**bold**');
  });
  test('attachment', async () => {
    const data = new Uint8Array(randomBytes(5000));
    const { content } = await say({ kind: 'attachment', filename: 'photo.png', mimeType: 'image/png', data });
    expect(content).toEqual({ filename: 'photo.png', mimeType: 'image/png', data });
  });
  test('remote attachment, and opens what it leads to', async () => {
    const data = new Uint8Array(randomBytes(9000));
    const { payload, attachment } = await sealRemote({ kind: 'attachment', filename: 'a.bin', mimeType: 'application/octet-stream', data });
    const { content } = await say({ ...attachment, url: 'https://files.example/a' });
    vi.stubGlobal('fetch', async () => new Response(payload.slice()));
    try {
      const loaded = (await codecs.remote.RemoteAttachmentCodec.load(content, registry)) as { data: Uint8Array; filename: string };
      expect({ ...loaded, data: [...loaded.data] }).toEqual({ filename: 'a.bin', mimeType: 'application/octet-stream', data: [...data] });
    } finally {
      vi.unstubAllGlobals();
    }
  });
  test('reaction', async () => {
    const { content } = await say({ kind: 'reaction', reference, action: 'added', schema: 'unicode', content: '👍' });
    expect(content).toEqual({ reference, action: 'added', schema: 'unicode', content: '👍' });
  });
  test('reply, with what is in it', async () => {
    const { content } = await say({ kind: 'reply', reference, content: { kind: 'text', text: 'yes' } });
    expect(content).toMatchObject({ reference, content: 'yes' });
  });
  test('read receipt', async () => {
    const read = await say({ kind: 'read-receipt' });
    expect({ content: read.content, type: read.contentType.typeId }).toEqual({ content: {}, type: 'readReceipt' });
  });
  test('transaction reference', async () => {
    const value = { networkId: 1, namespace: 'eip155', reference: `0x${reference}` } as const;
    expect((await say({ kind: 'transaction-reference', ...value })).content).toEqual(value);
  });
});

describe('we read what xmtp-js writes', () => {
  test('text', async () => {
    expect(await hear('héllo 🙂', undefined)).toEqual({ kind: 'text', text: 'héllo 🙂' });
  });
  test('attachment', async () => {
    const data = new Uint8Array(randomBytes(5000));
    const file = { filename: 'photo.png', mimeType: 'image/png', data };
    expect(await hear(file, codecs.remote.ContentTypeAttachment)).toEqual({ kind: 'attachment', ...file });
  });
  test('remote attachment, and open what it leads to', async () => {
    const file = { filename: 'b.txt', mimeType: 'text/plain', data: new Uint8Array(randomBytes(7000)) };
    const sealed = await codecs.remote.RemoteAttachmentCodec.encodeEncrypted(file, new codecs.remote.AttachmentCodec());
    const { digest: contentDigest, salt, nonce, secret, payload } = sealed;
    const remote = { url: 'https://files.example/b', contentDigest, salt, nonce, secret, scheme: 'https://' };
    const value = await hear({ ...remote, contentLength: payload.length, filename: 'b.txt' }, codecs.remote.ContentTypeRemoteAttachment);
    if (value.kind !== 'remote-attachment') throw new Error(`read as ${value.kind}`);
    expect(await openRemote(value, payload)).toEqual({ kind: 'attachment', ...file });
    await expect(
      openRemote(
        value,
        payload.map((byte, index) => (index === 9 ? byte ^ 1 : byte)),
      ),
    ).rejects.toThrow();
  });
  test('reaction', async () => {
    const value = { reference, action: 'removed', schema: 'unicode', content: '👍' } as const;
    expect(await hear(value, codecs.reaction.ContentTypeReaction)).toEqual({ kind: 'reaction', ...value });
  });
  test('reply, of text and of an attachment', async () => {
    const type = codecs.reply.ContentTypeReply;
    expect(await hear({ reference, content: 'no', contentType: codecs.text.ContentTypeText }, type)).toMatchObject({
      kind: 'reply',
      reference,
      content: { kind: 'text', text: 'no' },
    });
    const file = { filename: 'c', mimeType: 'text/plain', data: new Uint8Array([1, 2, 3]) };
    expect(await hear({ reference, content: file, contentType: codecs.remote.ContentTypeAttachment }, type)).toMatchObject({
      kind: 'reply',
      content: { kind: 'attachment', ...file },
    });
  });
  test('read receipt', async () => {
    expect(await hear({}, codecs.readReceipt.ContentTypeReadReceipt)).toEqual({ kind: 'read-receipt' });
  });
  test('transaction reference', async () => {
    const value = { namespace: 'eip155', networkId: '0x1', reference: `0x${reference}` };
    expect(await hear(value, codecs.transaction.ContentTypeTransactionReference)).toEqual({ kind: 'transaction-reference', ...value });
  });
});
