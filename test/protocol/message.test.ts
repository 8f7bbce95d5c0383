import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { type SignedContent, SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { openAead, sealAead } from '../../src/protocol/aead.ts';
import { concat, fromHex, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { hmacSha256, sha256 } from '../../src/protocol/hash.ts';
import { notificationKey, openMessage, parseHeader, sealMessage } from '../../src/protocol/message.ts';
import { decodePrivateBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { sign } from '../../src/protocol/secp256k1.ts';
import { conversationTopic, ephemeralTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { refused } from './refused.ts';

const topic = conversationTopic('a-conversation');
const keyMaterial = sha256(utf8('key material'));
const members = [alice.address, bob.address];
const createdNs = 1_700_000_000_000_000_000n;
const payload = utf8('a payload');

const seal = (bundle = alice.bundle, parts: Partial<Parameters<typeof sealMessage>[0]> = {}) =>
  sealMessage({ topic, keyMaterial, bundle, payload, createdNs, shouldPush: true, ...parts });
const open = (message: Uint8Array, parts: Partial<Parameters<typeof openMessage>[0]> = {}) =>
  openMessage({ topic, keyMaterial, members, message, envelopeTopic: topic, ...parts });

const header = (parts: { topic?: string; createdNs?: bigint } = {}): Uint8Array =>
  toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { topic, createdNs, ...parts }));

/** A message that is correct in every respect but what is changed in it. */
async function forge({
  headerBytes = header(),
  change = () => {},
}: {
  headerBytes?: Uint8Array;
  change?: (content: SignedContent) => void;
} = {}) {
  const content = create(SignedContentSchema, {
    payload,
    sender: alice.contact.signed,
    signature: signatureOf('ecdsaCompact', sha256(headerBytes, payload), alice.bundle.preKeys[0].secret),
  });
  change(content);
  return wrap(headerBytes, toBinary(SignedContentSchema, content));
}

async function wrap(headerBytes: Uint8Array, content: Uint8Array): Promise<Uint8Array> {
  const ciphertext = await sealAead(keyMaterial, content, headerBytes);
  return toBinary(MessageSchema, create(MessageSchema, { version: { case: 'v2', value: { headerBytes, ciphertext } } }));
}

const signatureOf = (
  member: 'ecdsaCompact' | 'walletEcdsaCompact',
  digest: Uint8Array,
  secret: Uint8Array,
): NonNullable<SignedContent['signature']> => ({
  $typeName: 'xmtp.message_contents.Signature',
  union:
    member === 'ecdsaCompact'
      ? { case: member, value: { $typeName: 'xmtp.message_contents.Signature.ECDSACompact', ...sign(digest, secret) } }
      : { case: member, value: { $typeName: 'xmtp.message_contents.Signature.WalletECDSACompact', ...sign(digest, secret) } },
});

test('what a member seals the other opens, with sender, time and id', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.bigInt(0n, 2n ** 64n - 1n), async (data, time) => {
      const { message, id } = await seal(bob.bundle, { payload: data, createdNs: time });
      const opened = await open(message);
      expect(opened).toMatchObject({ id, sender: bob.address, createdNs: time, payload: data });
      expect(opened.senderIdentityKey).toEqual(bob.contact.identityKey);
      expect(id).toBe(toHex(sha256(message)));
    }),
    { numRuns: 15 },
  );
});

test('a message made by hand is opened, without the fields that old clients leave out', async () => {
  expect((await open(await forge())).sender).toBe(alice.address);
});

test('the notification key changes with the sender and every 30 days of the wall clock', async () => {
  const day = 86_400_000;
  const clock = () => 100 * 30 * day;
  const { message } = await seal(alice.bundle, { clock, shouldPush: false });
  const { version } = fromBinary(MessageSchema, message);
  const key = await notificationKey(keyMaterial, alice.address, clock());
  expect(version).toMatchObject({ case: 'v2', value: { shouldPush: false, senderHmac: hmacSha256(key, header()) } });
  expect(await notificationKey(keyMaterial, alice.address, clock() + 30 * day - 1)).toEqual(key);
  expect(await notificationKey(keyMaterial, alice.address, clock() + 30 * day)).not.toEqual(key);
  expect(await notificationKey(keyMaterial, bob.address, clock())).not.toEqual(key);
});

test('a message of the ephemeral topic names the ordinary one inside', async () => {
  const { message } = await seal();
  expect((await open(message, { envelopeTopic: ephemeralTopic(topic) })).sender).toBe(alice.address);
  const inside = await forge({ headerBytes: header({ topic: ephemeralTopic(topic) }) });
  await refused('wrong-topic', () => open(inside, { envelopeTopic: ephemeralTopic(topic) }));
});

test('a message of another topic, in the envelope or in the header, is refused', async () => {
  const { message } = await seal();
  const other = conversationTopic('another');
  await refused('wrong-topic', () => open(message, { envelopeTopic: other }));
  await refused('wrong-topic', () => open(message, { envelopeTopic: '' }));
  await refused('wrong-topic', () => open(message, { topic: other, envelopeTopic: other }));
});

test('a header in any but its canonical encoding is refused, even when the sender signed it', async () => {
  const plain = header();
  const time = create(MessageHeaderV2Schema, { createdNs });
  const odd = [
    ['an unknown field', concat(plain, Uint8Array.of(0x78, 1))],
    ['a repeated field', concat(plain, toBinary(MessageHeaderV2Schema, time))],
    ['fields in the other order', concat(header({ createdNs: 0n }), toBinary(MessageHeaderV2Schema, time))],
    ['a zero that is written', concat(Uint8Array.of(8, 0), header({ createdNs: 0n }))],
    ['a long varint', concat(Uint8Array.of(8, 0x81, 0), header({ createdNs: 0n }))],
  ] as const;
  for (const [what, headerBytes] of odd) {
    const message = await forge({ headerBytes });
    await expect(open(message), what).rejects.toMatchObject({ reason: 'malformed' });
  }
});

test('header and payload cannot trade bytes under one signature', async () => {
  const { version } = fromBinary(MessageSchema, (await seal()).message);
  const { headerBytes } = version.value as { headerBytes: Uint8Array };
  const shifted = await forge({
    headerBytes: headerBytes.slice(0, -1),
    change: (content) => {
      content.signature = signatureOf('ecdsaCompact', sha256(headerBytes, payload), alice.bundle.preKeys[0].secret);
      content.payload = concat(headerBytes.slice(-1), payload);
    },
  });
  await refused('malformed', () => open(shifted));
});

test('a stranger is refused, and so is a member whose message a stranger signed', async () => {
  const { message } = await seal(carol.bundle);
  await refused('wrong-sender', () => open(message));
  const signedByCarol = await forge({
    change: (content) => {
      content.signature = signatureOf('ecdsaCompact', sha256(header(), payload), carol.bundle.preKeys[0].secret);
    },
  });
  await refused('bad-signature', () => open(signedByCarol));
});

test('only the pre-key over header and payload signs a message', async () => {
  const { bundle } = alice;
  const attempts = {
    'the identity key': signatureOf('ecdsaCompact', sha256(header(), payload), bundle.identity.secret),
    'the payload alone': signatureOf('ecdsaCompact', sha256(payload), bundle.preKeys[0].secret),
    'another time': signatureOf('ecdsaCompact', sha256(header({ createdNs: 1n }), payload), bundle.preKeys[0].secret),
    'the wallet’s member': signatureOf('walletEcdsaCompact', sha256(header(), payload), bundle.preKeys[0].secret),
    nobody: undefined,
  };
  for (const [by, signature] of Object.entries(attempts)) {
    const message = await forge({
      change: (content) => {
        content.signature = signature;
      },
    });
    await expect(open(message), by).rejects.toMatchObject({ reason: 'bad-signature' });
  }
});

test('a sender without a whole chain is refused', async () => {
  const change = (sender: SignedContent['sender']) =>
    forge({
      change: (content) => {
        content.sender = sender;
      },
    });
  const { identityKey, preKey } = alice.contact.signed;
  const bundle = (keys: Partial<NonNullable<SignedContent['sender']>>): NonNullable<SignedContent['sender']> => ({
    $typeName: 'xmtp.message_contents.SignedPublicKeyBundle',
    ...keys,
  });
  await refused('malformed', async () => open(await change(undefined)));
  await refused('malformed', async () => open(await change(bundle({ identityKey }))));
  await refused('malformed', async () => open(await change(bundle({ preKey }))));
  await refused('bad-signature', async () => open(await change(bundle({ identityKey, preKey: carol.contact.signed.preKey }))));
});

test('another identity of a member’s wallet is let through with its own identity key, for the caller to pin', async () => {
  const later = person('Alice', Date.UTC(2025, 0, 1));
  const opened = await open((await seal(later.bundle)).message);
  expect(opened.sender).toBe(alice.address);
  expect(opened.senderIdentityKey).not.toEqual(alice.contact.identityKey);
});

test('an older pre-key of the sender still counts', async () => {
  const { message } = await seal(rotatePreKey(alice.bundle));
  expect((await open(message)).sender).toBe(alice.address);
  expect((await open((await seal()).message)).sender).toBe(alice.address);
});

test('what we seal equals, byte for byte, what the reference client sealed from the same keys, time and randomness', async () => {
  const read = async (name: string) => JSON.parse(await readFile(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
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

test('anything that is no message, or a legacy one, is refused', async () => {
  const { message } = await seal();
  for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 1, 2), Uint8Array.of(18, 0), message.slice(0, -1), message.slice(0, 80)])
    await refused('malformed', () => open(bytes));
  await refused('unsupported', () => open(Uint8Array.of(10, 0)));
  await refused('cannot-decrypt', () => open(message, { keyMaterial: randomBytes(32) }));
  await refused('malformed', async () => open(await wrap(header(), Uint8Array.of(255, 1))));
});

test('what is not signed changes the id and not the deduplication key', async () => {
  const { message, id } = await seal();
  const { dedupKey } = await open(message);
  const outer = fromBinary(MessageSchema, message);
  Object.assign(outer.version.value ?? {}, { shouldPush: false, senderHmac: randomBytes(32) });
  for (const twin of [toBinary(MessageSchema, outer), concat(message, Uint8Array.of(0x78, 1))]) {
    const opened = await open(twin);
    expect(opened.id).not.toBe(id);
    expect(opened.dedupKey).toEqual(dedupKey);
  }
});

test('a member who seals another’s signed content again makes the same message', async () => {
  const { message } = await seal();
  const { version } = fromBinary(MessageSchema, message);
  if (version.case !== 'v2' || !version.value.ciphertext) throw new Error('nothing sealed');
  const { headerBytes, ciphertext } = version.value;
  const again = await wrap(headerBytes, await openAead(keyMaterial, ciphertext, headerBytes));
  expect((await open(again)).dedupKey).toEqual((await open(message)).dedupKey);
});

test('the deduplication key tells sender, time, payload and conversation apart', async () => {
  const other = conversationTopic('another');
  const keys = await Promise.all([
    seal().then(({ message }) => open(message)),
    seal(bob.bundle).then(({ message }) => open(message)),
    seal(alice.bundle, { createdNs: createdNs + 1_000_000n }).then(({ message }) => open(message)),
    seal(alice.bundle, { payload: utf8('another payload') }).then(({ message }) => open(message)),
    seal(alice.bundle, { topic: other }).then(({ message }) => open(message, { topic: other, envelopeTopic: other })),
  ]);
  expect(new Set(keys.map(({ dedupKey }) => toHex(dedupKey))).size).toBe(keys.length);
});

test('the deduplication key is laid out as stored keys expect it', async () => {
  const headerBytes = header();
  const digest = sha256(headerBytes, payload);
  const expected = sha256(utf8(`l3|${topic}|`), alice.contact.identityKey, Uint8Array.of(0, 0, 0, headerBytes.length), digest);
  expect((await open((await seal()).message)).dedupKey).toEqual(expected);
});

describe('the header of a message', () => {
  const headerOf = (createdNs: bigint, name: string): Uint8Array => header({ createdNs, topic: name });
  const times = [
    0n,
    1n,
    127n,
    128n,
    (1n << 56n) - 1n,
    1n << 56n,
    1_700_000_000_000_000_000n,
    (1n << 63n) - 1n,
    1n << 63n,
    (1n << 64n) - 1n,
  ];
  const names = ['', 'x', topic, 'a'.repeat(127), 'a'.repeat(128), 'a'.repeat(300), 'é', '/xmtp/0/m-€/proto', '\u0000', '\u007f', '\u0080'];

  test.each(times)('of time %s is read as it was written, whatever its topic', (createdNs) => {
    for (const name of names) expect(parseHeader(headerOf(createdNs, name))).toMatchObject({ createdNs, topic: name });
  });

  test('that differs from its canonical encoding anywhere is refused', () => {
    const canonical = headerOf(1_700_000_000_000_000_000n, topic);
    for (let at = 0; at < canonical.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = canonical.slice();
        changed[at] = (changed[at] as number) ^ flip;
        let read: ReturnType<typeof parseHeader>;
        try {
          read = parseHeader(changed);
        } catch {
          continue;
        }
        expect(toHex(headerOf(read.createdNs, read.topic))).toBe(toHex(changed));
      }
    }
    for (const other of [
      canonical.subarray(0, -1),
      concat(canonical, Uint8Array.of(0)),
      concat(canonical, Uint8Array.of(0x18, 1)),
      concat(canonical, canonical),
    ])
      expect(() => parseHeader(other)).toThrow();
  });

  test('with a time that takes a byte too many is refused', () => {
    const long = concat(Uint8Array.of(0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), headerOf(0n, topic));
    expect(() => parseHeader(long)).toThrow('not canonical');
  });
});
