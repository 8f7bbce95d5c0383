import { expect } from 'vitest';
import { isAddress, parseAddress } from '../../src/protocol/address.ts';
import {
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from '../../src/protocol/bytes.ts';
import { envelopeDigest, messageId } from '../../src/protocol/envelope.ts';
import { keyTimeToMs, msToNs, nsToMs } from '../../src/protocol/time.ts';
import {
  contactTopic,
  conversationTopic,
  directTopic,
  ephemeralTopic,
  introTopic,
  inviteTopic,
  isConversationTopic,
  isEphemeralTopic,
  isValidTopic,
  ordinaryTopic,
  parseTopic,
  preferencesTopic,
  privateStoreTopic,
} from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { address, bytes, place, text, topicName } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

property('hex says what the bytes were, in either case, with and without its prefix', [bytes()], (given) => {
  const hex = toHex(given);
  for (const form of [hex, hex.toUpperCase(), `0x${hex}`]) expect(fromHex(form)).toEqual(given);
});

property('a text is read as hex exactly when it is hex', [fc.oneof(text(), fc.stringMatching(/^(0x)?[0-9a-fA-F]*$/))], (given) => {
  const good = /^(0x)?([0-9a-fA-F]{2})*$/.test(given);
  if (good) expect(toHex(fromHex(given))).toBe(given.replace(/^0x/, '').toLowerCase());
  else expect(() => fromHex(given)).toThrow(RangeError);
});

property('base64 of either alphabet, padded or not, says what the bytes were', [bytes()], (given) => {
  const [standard, url] = [toBase64(given), toBase64Url(given)];
  for (const form of [standard, standard.replace(/=+$/, ''), url]) expect(fromBase64(form)).toEqual(given);
  expect(fromBase64Url(url)).toEqual(given);
  expect(standard).toBe(Buffer.from(given).toString('base64'));
  expect(url).toBe(Buffer.from(given).toString('base64url'));
});

property('what is not base64 is a RangeError and nothing else', [text()], (given) => {
  try {
    fromBase64(given);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
  }
});

property('a text comes through UTF-8 as it was', [text(100)], (given) => {
  expect(fromUtf8(utf8(given))).toBe(given);
});

property('parts that are put together lie one after the other', [fc.array(bytes(20), { maxLength: 5 })], (parts) => {
  const whole = concat(...parts);
  expect(toHex(whole)).toBe(parts.map(toHex).join(''));
});

property('bytes are equal to their copy, and not with one bit changed or one byte more', [bytes(64), place], (given, at) => {
  expect(equalBytes(given, given.slice())).toBe(true);
  expect(equalBytes(given, concat(given, Uint8Array.of(0)))).toBe(false);
  if (given.length > 0) expect(equalBytes(given, flip(given, at))).toBe(false);
});

property('an address is the same in lower case and in its checked form, and only in these two', [address, place], async (given, at) => {
  expect(parseAddress(given)).toBe(given);
  expect(parseAddress(given.toLowerCase())).toBe(given);
  const letters = [...given].flatMap((letter, index) => (index > 1 && /[a-f]/i.test(letter) ? [index] : []));
  const index = letters[at % letters.length] ?? 0;
  const letter = given[index] as string;
  const other =
    given.slice(0, index) + (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()) + given.slice(index + 1);
  expect(isAddress(other)).toBe(other === given || other === given.toLowerCase());
});

property('a text is an address or refused as malformed', [fc.oneof(text(), fc.stringMatching(/^0x[0-9a-fA-F]{38,42}$/))], async (given) => {
  const read = await outcome(() => parseAddress(given));
  expect(read === 'malformed' || read.toLowerCase() === given.toLowerCase()).toBe(true);
});

property('a topic tells its kind and its owner', [address, address], (one, other) => {
  expect(parseTopic(contactTopic(one))).toEqual({ kind: 'contact', name: one, address: one });
  expect(parseTopic(inviteTopic(one))).toEqual({ kind: 'invite', name: one, address: one });
  expect(parseTopic(introTopic(one))).toEqual({ kind: 'intro', name: one, address: one });
  expect(parseTopic(privateStoreTopic(one))).toEqual({ kind: 'privatestore', name: `${one}/key_bundle`, address: one });
  expect(parseTopic(directTopic(one, other)).kind).toBe('dm');
});

property('a topic of a conversation or of preferences tells its name', [topicName], (name) => {
  expect(parseTopic(conversationTopic(name))).toEqual({ kind: 'm', name });
  expect(parseTopic(preferencesTopic(name))).toEqual({ kind: 'userpreferences', name });
});

const pieces = [
  '/xmtp/0/',
  '/xmtp/1/',
  'm',
  'mE',
  'dm',
  'dmE',
  'contact',
  'invite',
  'group',
  '-',
  '--',
  '/',
  '/proto',
  'proto',
  '\n',
  'x',
  '0xAb',
  '',
];

property(
  'a topic of whatever pieces is read as the pattern of topics reads it',
  [
    fc.oneof(
      text(60),
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((some) => some.join('')),
      topicName.map(conversationTopic),
    ),
  ],
  (topic) => {
    const [, kind, name] = /^\/xmtp\/0\/([a-zA-Z]+)-(.+)\/proto$/s.exec(topic) ?? [];
    const { kind: read, name: readName } = parseTopic(topic);
    const isKnown = ['contact', 'invite', 'm', 'mE', 'dm', 'dmE'].includes(kind ?? '');
    expect([read, readName]).toEqual(isKnown ? [kind, name] : ['unknown', topic]);
    expect(isEphemeralTopic(topic)).toBe(/^\/xmtp\/0\/(m|dm)E-/.test(topic));
  },
);

property('two people have one legacy topic, whoever of them writes', [address, address], (one, other) => {
  expect(directTopic(one, other)).toBe(directTopic(other, one));
});

property('an ephemeral topic belongs to one ordinary topic', [topicName, address, address], (name, one, other) => {
  for (const topic of [conversationTopic(name), directTopic(one, other)]) {
    const ephemeral = ephemeralTopic(topic);
    expect([isEphemeralTopic(topic), isEphemeralTopic(ephemeral)]).toEqual([false, true]);
    expect(ordinaryTopic(ephemeral)).toBe(topic);
    expect(ordinaryTopic(topic)).toBe(topic);
    expect(parseTopic(ephemeral).name).toBe(parseTopic(topic).name);
  }
});

property(
  'what is taken for the topic of a conversation parses as one, is short enough, and passes in existing clients',
  [fc.oneof(text(400), fc.string({ maxLength: 350 }).map(conversationTopic), topicName.map(conversationTopic))],
  (topic) => {
    const { kind } = parseTopic(topic);
    if (!isConversationTopic(topic)) return;
    expect(kind).toBe('m');
    expect(isValidTopic(topic)).toBe(true);
    expect(utf8(topic).length).toBeLessThanOrEqual(300);
  },
);

property('milliseconds come through nanoseconds as they were', [fc.nat({ max: 2 ** 43 }), fc.nat(999_999)], (ms, rest) => {
  expect(nsToMs(msToNs(ms))).toBe(ms);
  expect(nsToMs(msToNs(ms) + BigInt(rest))).toBe(ms);
});

property('the time of a key is the same in milliseconds and in nanoseconds', [fc.integer({ min: 10 ** 12, max: 2 ** 43 })], (ms) => {
  expect(keyTimeToMs(BigInt(ms))).toBe(ms);
  expect(keyTimeToMs(msToNs(ms))).toBe(ms);
});

property('the id of a message and the digest of an envelope change with every bit', [bytes(100), place, topicName], (message, at, name) => {
  const more = concat(message, Uint8Array.of(1));
  expect(messageId(flip(more, at))).not.toBe(messageId(more));
  const topic = conversationTopic(name);
  expect(equalBytes(envelopeDigest(topic, flip(more, at)), envelopeDigest(topic, more))).toBe(false);
  expect(equalBytes(envelopeDigest(conversationTopic(`${name}a`), more), envelopeDigest(topic, more))).toBe(false);
});
