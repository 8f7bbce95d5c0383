import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SignedContent, SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { SignatureSchema } from '../../src/gen/xmtp/message_contents/signature_pb.ts';
import { sealAead } from '../../src/protocol/aead.ts';
import { utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { openMessage, type ReceivedMessage, sealMessage } from '../../src/protocol/message.ts';
import { openMessages } from '../../src/protocol/message-batch.ts';
import { sign } from '../../src/protocol/secp256k1.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { encode } from '../../src/protocol/wire.ts';
import { useCurve } from '../support/curve.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';

const createdNs = 1_700_000_000_000_000_000n;
const conversations = [0, 1].map((i) => ({ topic: conversationTopic(`conversation ${i}`), keyMaterial: sha256(utf8(`key ${i}`)) }));
const members = [alice.address, bob.address];

async function received(
  text: string,
  { by = alice, conversation = 0 }: { by?: Person; conversation?: number } = {},
): Promise<ReceivedMessage> {
  const { topic, keyMaterial } = conversations[conversation] as (typeof conversations)[number];
  const { message } = await sealMessage({ topic, keyMaterial, bundle: by.bundle, payload: utf8(text), createdNs, shouldPush: true });
  return { topic, keyMaterial, members, message, envelopeTopic: topic };
}

/** A message by Alice, good but for what is changed in what she signed. */
async function forged(change: (content: SignedContent) => void): Promise<ReceivedMessage> {
  const { topic, keyMaterial } = conversations[0] as (typeof conversations)[number];
  const headerBytes = encode(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { topic, createdNs }));
  const payload = utf8('forged');
  const value = { ...sign(sha256(headerBytes, payload), alice.bundle.preKeys[0].secret) };
  const signature = create(SignatureSchema, { union: { case: 'ecdsaCompact', value } });
  const content = create(SignedContentSchema, { payload, sender: alice.contact.signed, signature });
  change(content);
  const ciphertext = await sealAead(keyMaterial, encode(SignedContentSchema, content), headerBytes);
  const message = encode(MessageSchema, create(MessageSchema, { version: { case: 'v2', value: { headerBytes, ciphertext } } }));
  return { topic, keyMaterial, members, message, envelopeTopic: topic };
}

const settled = async (list: readonly ReceivedMessage[]) => Promise.allSettled(list.map((each) => openMessage(each)));

describe.each(['noble', 'module'] as const)('messages opened together, the curve by %s', (name) => {
  beforeAll(() => useCurve(name, 2));
  afterAll(() => useCurve('noble'));

  test('are what they are one by one, and in their order', async () => {
    const list = await Promise.all(
      Array.from({ length: 300 }, (_, i) => received(`message ${i}`, { by: i % 3 === 0 ? bob : alice, conversation: i % 2 })),
    );
    const opened = await openMessages(list);
    expect(opened).toEqual(await settled(list));
    expect(opened.every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('among bad ones are opened, and each bad one is refused for what it would be refused for alone', async () => {
    const good = await Promise.all(Array.from({ length: 20 }, (_, i) => received(`message ${i}`)));
    const signed = (change: (value: { bytes: Uint8Array; recovery: number }) => void) => (content: SignedContent) => {
      const union = content.signature?.union;
      if (union?.value) change(union.value);
    };
    const bad = [
      ['bad-signature', await forged((content) => Object.assign(content, { payload: utf8('another') }))],
      ['bad-signature', await forged(signed((value) => Object.assign(value, { bytes: new Uint8Array(64).fill(1) })))],
      ['bad-signature', await forged(signed((value) => Object.assign(value, { bytes: new Uint8Array(63) })))],
      ['bad-signature', await forged((content) => Object.assign(content, { signature: undefined }))],
      ['bad-signature', await forged((content) => Object.assign(content, { sender: bob.contact.signed }))],
      ['malformed', await forged((content) => Object.assign(content, { sender: undefined }))],
      ['wrong-sender', await received('from a stranger', { by: carol })],
      ['wrong-topic', { ...(await received('elsewhere')), envelopeTopic: conversationTopic('elsewhere') }],
      ['cannot-decrypt', { ...(await received('another key')), keyMaterial: sha256(utf8('another')) }],
      ['malformed', { ...(await received('cut')), message: new Uint8Array(5) }],
    ] as const;
    const list = good.flatMap((each, i) => (bad[i] ? [each, bad[i][1]] : [each]));
    const opened = await openMessages(list);
    expect(opened).toEqual(await settled(list));
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    const reasons = opened.flatMap((result) => (result.status === 'rejected' ? [result.reason.reason] : []));
    expect(reasons).toEqual(bad.map(([reason]) => reason));
  });

  test('with a wrong recovery bit, which nobody looks at, are opened', async () => {
    const odd = await forged((content) => {
      if (content.signature?.union.value) content.signature.union.value.recovery ^= 1;
    });
    const list = [await received('before'), odd, await received('after')];
    expect((await openMessages(list)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });

  test('that are none come to nothing', async () => {
    expect(await openMessages([])).toEqual([]);
  });
});
