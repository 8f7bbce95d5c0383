import { expect, test } from 'vitest';
import {
  contactTopic,
  conversationTopic,
  directTopic,
  ephemeralTopic,
  isConversationTopic,
  isEphemeralTopic,
  isValidTopic,
  ordinaryTopic,
  parseTopic,
  privateStoreTopic,
} from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob } from '../support/people.ts';

test.each(['/xmtp/0/m-a/proto', '/xmtp/0/m-kXw4oT/ujZ+di/33~/proto', '/xmtp/0/m-a/proto/proto', `/xmtp/0/m-${'a'.repeat(284)}/proto`])(
  'a peer may name the conversation topic "%s"',
  (topic) => {
    expect(isConversationTopic(topic)).toBe(true);
  },
);

test.each([
  '',
  'm-abc',
  '/xmtp/0/m-/proto',
  '/xmtp/0/m-a',
  '/xmtp/0/m-a/proto ',
  '/xmtp/0/m-a/proto\n',
  '/xmtp/0/m-a\n/proto',
  '/xmtp/0/m-a b/proto',
  '/xmtp/0/m-\x7f/proto',
  '/xmtp/0/m-é/proto',
  '/xmtp/0/mE-a/proto',
  '/xmtp/1/m-a/proto',
  'x/xmtp/0/m-a/proto',
  contactTopic(alice.address),
  privateStoreTopic(alice.address),
  directTopic(alice.address, bob.address),
  `/xmtp/0/m-${'a'.repeat(285)}/proto`,
])('a peer may not name "%s" as a conversation topic', (topic) => {
  expect(isConversationTopic(topic)).toBe(false);
});

test('a topic is taken apart again, for any name', () => {
  const name = fc.string({ minLength: 1, maxLength: 80, unit: 'binary-ascii' });
  fc.assert(
    fc.property(name, (text) => {
      const topic = conversationTopic(text);
      expect(parseTopic(topic)).toEqual({ kind: 'm', name: text });
      expect(parseTopic(ephemeralTopic(topic))).toEqual({ kind: 'mE', name: text });
      expect(isEphemeralTopic(topic)).toBe(false);
      expect(isEphemeralTopic(ephemeralTopic(topic))).toBe(true);
      expect(ordinaryTopic(ephemeralTopic(topic))).toBe(topic);
    }),
  );
});

test('a direct topic is the same from both sides, and has its ephemeral twin', () => {
  const topic = directTopic(alice.address, bob.address);
  expect(directTopic(bob.address, alice.address)).toBe(topic);
  expect(parseTopic(topic).kind).toBe('dm');
  expect(parseTopic(ephemeralTopic(topic)).kind).toBe('dmE');
  expect(ordinaryTopic(ephemeralTopic(topic))).toBe(topic);
});

test('the owner of a topic is the address as it stands there', () => {
  expect(parseTopic(privateStoreTopic(alice.address))).toMatchObject({ kind: 'privatestore', address: alice.address });
  expect(parseTopic('/xmtp/0/contact-0xabc/proto')).toMatchObject({ kind: 'contact', address: '0xabc' });
});

test.each(['', 'm-abc', '/xmtp/0/other-x/proto', '/xmtp/0/m-/proto', '/xmtp/0/m-a', '/xmtp/1/m-a/proto', '/xmtp/0/constructor-a/proto'])(
  '"%s" is of no known kind',
  (topic) => {
    expect(parseTopic(topic)).toEqual({ kind: 'unknown', name: topic });
  },
);

test('the test for listing looks where existing clients look, even without an ending', () => {
  expect(isValidTopic('/xmtp/0/proto')).toBe(true);
  expect(isValidTopic('/xmtp/0/m-abc')).toBe(true);
  expect(isValidTopic('/xmtp/0//proto')).toBe(false);
});
