import { expect } from 'vitest';
import { aesGcmOpen, aesGcmSeal, checkCiphertext, openAead, sealAead } from '../../src/protocol/aead.ts';
import { equalBytes, utf8 } from '../../src/protocol/bytes.ts';
import { type DecodedMessage, decodeDecodedMessage, encodeDecodedMessage } from '../../src/protocol/decoded-message.ts';
import { conversationIdentifier, type FrameClick, openFrameAction, signFrameAction } from '../../src/protocol/frame-action.ts';
import { openLocalValue, sealLocalValue } from '../../src/protocol/local-persistence.ts';
import { openMessage, parseHeader, parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { notificationKeys, notificationPeriodMs } from '../../src/protocol/notification-keys.ts';
import { ciphertextId, openFromSelf, sealToSelf } from '../../src/protocol/preferences.ts';
import { conversationTopic, ephemeralTopic } from '../../src/protocol/topic.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, exactly, pair, people, place, someone, text, timeNs, topicName } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

await useCurve('module');

property(
  'what is sealed under a secret of any length opens under it, beside the same additional data',
  [bytes(200), bytes(), bytes()],
  async (secret, plain, data) => {
    expect(await openAead(secret, await sealAead(secret, plain, data), data)).toEqual(plain);
  },
);

property(
  'a seal with a changed bit does not open, wherever the bit is',
  [exactly(32), bytes(50), exactly(8), fc.nat(4), place],
  async (secret, plain, data, part, at) => {
    const sealed = await sealAead(secret, plain, data);
    const { hkdfSalt, gcmNonce, payload } = checkCiphertext(sealed);
    const parts = [hkdfSalt, gcmNonce, payload, secret, data];
    const chosen = parts[part] as Uint8Array;
    chosen.set(flip(chosen, at));
    expect(await outcome(() => openAead(secret, sealed, data))).toBe('cannot-decrypt');
  },
);

property(
  'plain AES-GCM opens what it sealed, and nothing that was cut or moved',
  [exactly(32), exactly(12), bytes(), bytes(20)],
  async (key, nonce, plain, data) => {
    const sealed = await aesGcmSeal(key, nonce, plain, data);
    expect(await aesGcmOpen(key, nonce, sealed, data)).toEqual(plain);
    expect(await outcome(() => aesGcmOpen(key, nonce, sealed.slice(1), data))).toBe('cannot-decrypt');
    expect(await outcome(() => aesGcmOpen(key, flip(nonce, 3), sealed, data))).toBe('cannot-decrypt');
  },
);

const members = people.map((person) => person.address);

property(
  'a message opens as it was sealed, from the ordinary and the ephemeral topic',
  [someone, topicName, exactly(32), bytes(), timeNs, fc.boolean()],
  async ({ bundle, address: sender, contact }, name, keyMaterial, payload, createdNs, shouldPush) => {
    const topic = conversationTopic(name);
    const { message, id } = await sealMessage({ topic, keyMaterial, bundle, payload, createdNs, shouldPush });
    const envelopeTopic = shouldPush ? topic : ephemeralTopic(topic);
    const opened = await openMessage({ topic, keyMaterial, members, message, envelopeTopic });
    expect(opened).toMatchObject({ id, sender, createdNs, payload, senderIdentityKey: contact.identityKey });
    expect(parseMessage(message).header).toMatchObject({ topic, createdNs });
  },
);

// Sealed once, opened in many wrong ways.
const topic = conversationTopic('a');
const keyMaterial = new Uint8Array(32).fill(7);
const sealing = { topic, keyMaterial, payload: utf8('a payload'), createdNs: 5n, shouldPush: true };
const sealed = await Promise.all(people.map(async ({ bundle }) => (await sealMessage({ ...sealing, bundle })).message));
const opening = { topic, keyMaterial, members, envelopeTopic: topic };
const original = await Promise.all(sealed.map((message) => openMessage({ ...opening, message })));
const which = fc.nat(people.length - 1);

property('a message with a changed bit is refused, or says the same of the same sender', [which, place], async (index, at) => {
  const read = await outcome(() => openMessage({ ...opening, message: flip(sealed[index] as Uint8Array, at) }));
  if (typeof read === 'string') return;
  const { id: _, ...same } = original[index] as (typeof original)[0];
  expect(read).toMatchObject(same);
});

property(
  'a message opens under no other key, and is not taken from another topic or for one',
  [which, place, topicName],
  async (index, at, name) => {
    const message = sealed[index] as Uint8Array;
    expect(await outcome(() => openMessage({ ...opening, message, keyMaterial: flip(keyMaterial, at) }))).toBe('cannot-decrypt');
    const other = conversationTopic(`${name}b`);
    expect(await outcome(() => openMessage({ ...opening, message, envelopeTopic: other }))).toBe('wrong-topic');
    expect(await outcome(() => openMessage({ ...opening, message, topic: other, envelopeTopic: other }))).toBe('wrong-topic');
  },
);

property('a message is taken from members alone', [which, fc.subarray(members)], async (index, some) => {
  const read = await outcome(() => openMessage({ ...opening, message: sealed[index] as Uint8Array, members: some }));
  if (some.includes(members[index] as (typeof members)[0])) expect(read).toMatchObject({ sender: members[index] });
  else expect(read).toBe('wrong-sender');
});

property(
  'what one sender said once is known again however it is sealed, and only that',
  [which, fc.oneof(fc.constant(sealing.payload), bytes(20)), fc.integer({ min: 4, max: 6 })],
  async (index, payload, time) => {
    const { bundle } = people[index] as (typeof people)[0];
    const { message } = await sealMessage({ ...sealing, bundle, payload, createdNs: BigInt(time) });
    const { dedupKey } = await openMessage({ ...opening, message });
    const first = original[index] as (typeof original)[0];
    expect(equalBytes(dedupKey, first.dedupKey)).toBe(time === 5 && equalBytes(payload, first.payload));
  },
);

const header = parseMessage(sealed[0] as Uint8Array).headerBytes;

property(
  'a header is taken in one encoding only',
  [
    fc.oneof(
      bytes(40),
      place.map((at) => flip(header, at)),
      bytes(6).map((more) => new Uint8Array([...header, ...more])),
    ),
  ],
  async (given) => {
    const read = await outcome(() => parseHeader(given));
    if (typeof read === 'string') return;
    // Whatever was taken can be told apart by what it says.
    if (read.topic === topic && read.createdNs === 5n) expect(given).toEqual(header);
  },
);

property('what is sealed to oneself opens for oneself alone', [pair, bytes()], async ([mine, other], plain) => {
  const closed = await sealToSelf(mine.bundle.identity, plain);
  expect(await openFromSelf(mine.bundle.identity, closed)).toEqual(plain);
  expect(await outcome(() => openFromSelf(other.bundle.identity, closed))).toBe('cannot-decrypt');
});

property(
  'what is sealed to oneself is refused with a changed bit, or is what it was under the same name',
  [someone, exactly(5), place],
  async ({ bundle }, plain, at) => {
    const closed = await sealToSelf(bundle.identity, plain);
    const changed = flip(closed, at);
    const read = await outcome(() => openFromSelf(bundle.identity, changed));
    if (typeof read === 'string') return;
    expect(read).toEqual(plain);
    expect(ciphertextId(changed)).toBe(ciphertextId(closed));
  },
);

property('a value for a page’s storage opens for its owner', [someone, bytes()], async ({ bundle }, value) => {
  expect(await openLocalValue(bundle.identity, await sealLocalValue(bundle.identity, value))).toEqual(value);
});

const stored = await Promise.all(people.map(({ bundle }) => sealLocalValue(bundle.identity, utf8('a value'))));

property(
  'a value for a page’s storage is refused by others, and with a changed bit, unless it says the same',
  [pair, place],
  async ([mine, other], at) => {
    const value = stored[people.indexOf(mine)] as Uint8Array;
    expect(await outcome(() => openLocalValue(other.bundle.identity, value))).toBe('bad-signature');
    const read = await outcome(() => openLocalValue(mine.bundle.identity, flip(value, at)));
    if (typeof read !== 'string') expect(read).toEqual(utf8('a value'));
  },
);

const click: fc.Arbitrary<FrameClick> = fc.record({
  frameUrl: fc.webUrl(),
  buttonIndex: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  conversationTopic: text(),
  participants: fc.array(address, { maxLength: 3 }),
  inputText: text(),
  state: text(),
  address: text(),
  transactionId: text(),
});
const clock = fc.nat({ max: 2 ** 43 });

property('a click is read as it was signed, and whose it is', [someone, click, clock], ({ bundle, address: sender }, given, now) => {
  const { sender: found, body } = openFrameAction(signFrameAction(bundle, given, () => now));
  const { frameUrl, buttonIndex, inputText = '', state = '', address: account = '', transactionId = '' } = given;
  expect(found).toBe(sender);
  expect(body).toMatchObject({ frameUrl, buttonIndex, inputText, state, address: account, transactionId, timestamp: BigInt(now) });
});

const clicks = people.map(({ bundle }) =>
  signFrameAction(bundle, { frameUrl: 'https://a', buttonIndex: 1, conversationTopic: topic, participants: [] }, () => 0),
);

property('a click with a changed bit is refused, or is the same click', [which, place], async (index, at) => {
  const read = await outcome(() => openFrameAction(flip(clicks[index] as Uint8Array, at)));
  // A wallet’s signature that is changed is some other wallet’s, and a frame server expects nobody in particular.
  if (typeof read !== 'string') expect(read.body).toEqual(openFrameAction(clicks[index] as Uint8Array).body);
});

property(
  'a conversation is named the same to frame servers in whatever order its members stand',
  [text(), fc.array(address, { maxLength: 5 }), fc.infiniteStream(fc.nat())],
  (name, some, order) => {
    const shuffled = some.map((each) => [order.next().value as number, each] as const).sort(([a], [b]) => a - b);
    const named = conversationIdentifier({ conversationTopic: name, participants: some });
    expect(conversationIdentifier({ conversationTopic: name, participants: shuffled.map(([, each]) => each) })).toBe(named);
  },
);

const context = fc.record({
  conversationId: text(),
  metadata: fc.dictionary(
    text().filter((key) => key !== '__proto__'),
    text(),
    { maxKeys: 3 },
  ),
});

property(
  'a message of the local form is read as it was written',
  [fc.stringMatching(/^[0-9a-f]{64}$/), address, address, timeNs, fc.option(context), fc.boolean(), bytes()],
  (id, sender, peer, createdNs, given, legacy, payload) => {
    const message: DecodedMessage = {
      id,
      version: legacy ? 'v1' : 'v2',
      sender,
      ...(legacy && { recipient: peer }),
      sentNs: createdNs,
      contentTopic: topic,
      conversation: { topic, peer, createdNs, ...(given && { context: given }) },
      payload,
    };
    const read = decodeDecodedMessage(encodeDecodedMessage(message));
    expect({ ...read, conversation: { ...read.conversation, context: undefined } }).toEqual({
      ...message,
      conversation: { ...message.conversation, context: undefined },
    });
    expect(read.conversation.context?.conversationId).toBe(given?.conversationId);
    expect({ ...read.conversation.context?.metadata }).toEqual({ ...given?.metadata });
  },
);

property('bytes of any kind are a message of the local form or refused by an error of ours', [bytes()], async (given) => {
  await outcome(() => decodeDecodedMessage(given));
});

property(
  'a push service knows a message by the keys of its period and the next ones',
  [someone, topicName, exactly(32), fc.nat({ max: 2 ** 43 })],
  async ({ address: own }, name, key, nowMs) => {
    const conversations = new Map([[name, key]]);
    const now = (await notificationKeys(conversations, own, nowMs)).get(name) ?? [];
    const later = (await notificationKeys(conversations, own, nowMs + notificationPeriodMs, [name, 'none of mine'])).get(name) ?? [];
    expect(now.map(({ period }) => period - Math.floor(nowMs / notificationPeriodMs))).toEqual([-1, 0, 1]);
    expect(later.slice(0, 2)).toEqual(now.slice(1));
    expect(equalBytes(now[0]?.key ?? key, now[1]?.key ?? key)).toBe(false);
  },
);
