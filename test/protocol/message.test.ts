import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeText } from '../../src/content-types/index.ts';
import { SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { type SignedPublicKeyBundle, SignedPublicKeyBundleSchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { openAead, sealAead } from '../../src/protocol/aead.ts';
import { concat, fromHex, toHex } from '../../src/protocol/bytes.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { openMessage, parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { decodePrivateBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { sign } from '../../src/protocol/secp256k1.ts';
import { conversationTopic, ephemeralTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';
import { refused } from './refused.ts';

const topic = conversationTopic('a-conversation');
const keyMaterial = sha256(Uint8Array.of(1));
const members = [alice.address, bob.address];
const createdNs = 1_700_000_000_123_000_000n;
const payload = encodeContent(encodeText('hello'));

const write = (content = payload): Promise<{ message: Uint8Array; id: string }> =>
  sealMessage({ topic, keyMaterial, bundle: alice.bundle, payload: content, createdNs, shouldPush: true });

const open = (message: Uint8Array, change: Partial<Parameters<typeof openMessage>[0]> = {}) =>
  openMessage({ topic, keyMaterial, members, message, envelopeTopic: topic, ...change });

/** A message made by hand, right in every respect but for what is changed. */
const forge = async ({
  header = toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs, topic })),
  content = payload,
  by = alice,
  sender = by.contact.signed,
  key = by.bundle.preKeys[0].secret,
}: {
  header?: Uint8Array;
  content?: Uint8Array;
  by?: Person;
  sender?: SignedPublicKeyBundle;
  key?: Uint8Array;
} = {}): Promise<Uint8Array> => {
  const signature = { union: { case: 'ecdsaCompact' as const, value: sign(sha256(header, content), key) } };
  const signed = toBinary(SignedContentSchema, create(SignedContentSchema, { payload: content, sender, signature }));
  return seal(header, signed);
};

const seal = async (headerBytes: Uint8Array, signed: Uint8Array): Promise<Uint8Array> => {
  const ciphertext = await sealAead(keyMaterial, signed, headerBytes);
  return toBinary(MessageSchema, create(MessageSchema, { version: { case: 'v2', value: { headerBytes, ciphertext } } }));
};

test('a message comes back with its sender, time and content', async () => {
  const { message, id } = await write();
  const opened = await open(message);
  expect(opened).toMatchObject({ id, sender: alice.address, createdNs });
  expect(toHex(opened.payload)).toBe(toHex(payload));
  expect(toHex(opened.senderIdentityKey)).toBe(toHex(alice.contact.identityKey));
  expect(id).toBe(toHex(sha256(message)));
});

test('any payload, time and key survive sealing and opening', async () => {
  const anything = fc.record({
    content: fc.uint8Array({ maxLength: 2000 }),
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    ms: fc.bigInt({ min: 1n, max: 4_000_000_000_000n }),
  });
  await fc.assert(
    fc.asyncProperty(anything, async ({ content, key, ms }) => {
      const sealed = await sealMessage({
        topic,
        keyMaterial: key,
        bundle: bob.bundle,
        payload: content,
        createdNs: ms * 1_000_000n,
        shouldPush: false,
      });
      const opened = await open(sealed.message, { keyMaterial: key });
      expect(toHex(opened.payload)).toBe(toHex(content));
      expect(opened.createdNs).toBe(ms * 1_000_000n);
    }),
    { numRuns: 25 },
  );
});

test('any changed bit of a message is refused, or changes nothing but its id', async () => {
  const { message } = await write();
  const original = await open(message);
  const place = fc.record({ byte: fc.nat(message.length - 1), bit: fc.nat(7) });
  await fc.assert(
    fc.asyncProperty(place, async ({ byte, bit }) => {
      const changed = message.slice();
      changed[byte] = (changed[byte] as number) ^ (1 << bit);
      const opened = await open(changed).catch((error: unknown) => error);
      if (opened instanceof Error) expect(opened.name).toBe('ProtocolError');
      else expect({ ...(opened as typeof original), id: '' }).toEqual({ ...original, id: '' });
    }),
    { numRuns: 200 },
  );
});

test('what we seal equals, byte for byte, what the reference client sealed from the same keys, time and randomness', async () => {
  const folder = new URL('../vectors/', import.meta.url);
  const read = async (name: string) => JSON.parse(await readFile(new URL(name, folder), 'utf8'));
  const { actors } = await read('actors.json');
  const { cases } = await read('messages-v2.json');
  const texts = cases.filter(({ category }: { category: string }) => ['text', 'text-from-peer', 'text-unicode'].includes(category));
  expect(texts).toHaveLength(6);
  for (const { in: given, out } of texts) {
    const actor = actors.find(({ address }: { address: string }) => address === given.sender.address);
    const random = [fromHex(out.parts.hkdfSalt), fromHex(out.parts.gcmNonce)];
    const { message, id } = await sealMessage({
      topic: given.topic,
      keyMaterial: fromHex(given.keyMaterial),
      bundle: decodePrivateBundle(fromHex(actor.privateKeyBundle)),
      payload: fromHex(out.encodedContent),
      createdNs: BigInt(out.parts.headerCreatedNs),
      shouldPush: true,
      clock: () => Number(out.sentMs),
      random: () => random.shift() ?? new Uint8Array(),
    });
    expect(toHex(message)).toBe(given.envelope.message);
    expect(id).toBe(out.id);
  }
});

test('the ephemeral topic of a conversation carries its messages too, no other topic does', async () => {
  const { message } = await write();
  await open(message, { envelopeTopic: ephemeralTopic(topic) });
  await refused('wrong-topic', () => open(message, { envelopeTopic: conversationTopic('another') }));
  await refused('wrong-topic', () => open(message, { envelopeTopic: ephemeralTopic(conversationTopic('another')) }));
  await refused('wrong-topic', () => open(message, { envelopeTopic: '' }));
});

test('a message of another conversation is refused, although a pair shares its key among all conversations', async () => {
  const { message } = await write();
  const another = conversationTopic('another');
  await refused('wrong-topic', () => open(message, { topic: another, envelopeTopic: another }));
});

test('a message that a stranger signed is refused, although somebody with the key sealed it', async () => {
  await refused('wrong-sender', async () => open(await forge({ by: carol })));
});

test('a sender who shows the identity key of a member beside a pre-key of another is refused', async () => {
  const sender = create(SignedPublicKeyBundleSchema, {
    ...(alice.contact.signed.identityKey && { identityKey: alice.contact.signed.identityKey }),
    ...(carol.contact.signed.preKey && { preKey: carol.contact.signed.preKey }),
  });
  await refused('bad-signature', async () => open(await forge({ by: carol, sender })));
});

test('content must be signed by the pre-key that the message shows', async () => {
  await open(await forge());
  await refused('bad-signature', async () => open(await forge({ key: alice.bundle.identity.secret })));
  await refused('bad-signature', async () => open(await forge({ key: bob.bundle.preKeys[0].secret })));
});

test('an older pre-key of the sender still counts', async () => {
  const bundle = rotatePreKey(alice.bundle);
  const { message } = await sealMessage({ topic, keyMaterial, bundle, payload, createdNs, shouldPush: true });
  await open(message);
  await open((await write()).message);
});

test.each([
  ['an unknown field at the end', (header: Uint8Array) => concat(header, new BinaryWriter().tag(15, 2).bytes(Uint8Array.of(1)).finish())],
  ['a repeated field', (header: Uint8Array) => concat(header, new BinaryWriter().tag(2, 2).string(topic).finish())],
  ['its fields in another order', () => new BinaryWriter().tag(2, 2).string(topic).tag(1, 0).uint64(createdNs).finish()],
  ['a longer spelling of a number', () => concat(Uint8Array.of(8, 0x81, 0), new BinaryWriter().tag(2, 2).string(topic).finish())],
  ['a zero spelled out', () => concat(Uint8Array.of(8, 0), new BinaryWriter().tag(2, 2).string(topic).finish())],
])('a header with %s is refused: its signature could be moved to other content', async (_, change) => {
  const header = change(toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs, topic })));
  await refused('malformed', async () => open(await forge({ header })));
});

test('header bytes cannot be passed off as content: the border between them is fixed', async () => {
  const header = toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs, topic }));
  const moved = concat(header, payload.subarray(0, 4));
  await refused('malformed', async () => open(await forge({ header: moved, content: payload.subarray(4) })));
});

test('the same signed content sealed again has another id and the same deduplication key', async () => {
  const { message } = await write();
  const { headerBytes, ciphertext } = parseMessage(message);
  const again = await seal(headerBytes, await openAead(keyMaterial, ciphertext, headerBytes));
  const [first, second] = [await open(message), await open(again)];
  expect(second.id).not.toBe(first.id);
  expect(toHex(second.dedupKey)).toBe(toHex(first.dedupKey));
});

test('fields outside the sealed part change the id and not the deduplication key', async () => {
  const { message } = await write();
  const parsed = fromBinary(MessageSchema, message);
  if (parsed.version.case !== 'v2') throw new Error('not a message');
  parsed.version.value.shouldPush = false;
  parsed.version.value.senderHmac = new Uint8Array(32);
  const opened = await open(toBinary(MessageSchema, parsed));
  expect(toHex(opened.dedupKey)).toBe(toHex((await open(message)).dedupKey));
});

test('other content, another time, another sender or another topic gives another deduplication key', async () => {
  const keys = new Set<string>();
  for (const message of [
    await forge(),
    await forge({ content: encodeContent(encodeText('hullo')) }),
    await forge({ header: toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs: createdNs + 1n, topic })) }),
    await forge({ by: bob }),
  ])
    keys.add(toHex((await open(message)).dedupKey));
  const another = conversationTopic('another');
  const header = toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs, topic: another }));
  keys.add(toHex((await open(await forge({ header }), { topic: another, envelopeTopic: another })).dedupKey));
  expect(keys.size).toBe(5);
});

test('a legacy message is told apart from garbage', async () => {
  const legacy = toBinary(MessageSchema, create(MessageSchema, { version: { case: 'v1', value: {} } }));
  await refused('unsupported', () => open(legacy));
  await refused('malformed', () => open(Uint8Array.of(0xff, 0xff, 0xff)));
  await refused('malformed', () => open(new Uint8Array()));
});

test('bytes of any kind are refused by a ProtocolError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await expect(open(bytes)).rejects.toMatchObject({ name: 'ProtocolError' });
    }),
    { numRuns: 200 },
  );
});
