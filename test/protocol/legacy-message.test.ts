import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type MessageHeaderV1, MessageHeaderV1Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { sealAead } from '../../src/protocol/aead.ts';
import { concat, equalBytes, fromHex, randomBytes, utf8 } from '../../src/protocol/bytes.ts';
import { messageId } from '../../src/protocol/envelope.ts';
import {
  legacyTopics,
  openLegacyMessage,
  openLegacyPayload,
  parseLegacyMessage,
  sealLegacyMessage,
} from '../../src/protocol/legacy-message.ts';
import { sealMessage } from '../../src/protocol/message.ts';
import { decodePrivateBundle, publicBundle, rotatePreKey, sharedSecret } from '../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { conversationTopic, directTopic, ephemeralTopic, introTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob, carol, type Person, person } from '../support/people.ts';
import { refused } from './refused.ts';

const payload = utf8('gm');
const timestampMs = 1_700_000_000_123;
const topic = directTopic(alice.address, bob.address);
const { message, id } = await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload, timestampMs });

const open = (who: Pick<Person, 'bundle'>, bytes: Uint8Array = message, envelopeTopic = topic) =>
  openLegacyMessage({ bundle: who.bundle, message: bytes, envelopeTopic });

/** The message with another header, under the same ciphertext or under a seal of its own. */
async function withHeader(change: (header: MessageHeaderV1) => Partial<MessageHeaderV1>, secret?: Uint8Array): Promise<Uint8Array> {
  const outer = fromBinary(MessageSchema, message);
  if (outer.version.case !== 'v1') throw new Error('not a legacy message');
  const v1 = outer.version.value;
  const header = fromBinary(MessageHeaderV1Schema, v1.headerBytes);
  v1.headerBytes = toBinary(MessageHeaderV1Schema, Object.assign(header, change(header)));
  if (secret) v1.ciphertext = await sealAead(secret, payload, v1.headerBytes);
  return toBinary(MessageSchema, outer);
}

const legacy = (contact: VerifiedBundle) => {
  if (!contact.legacy) throw new Error('no legacy bundle');
  return structuredClone(contact.legacy);
};

test('both sides open the same message, whichever of them wrote it', async () => {
  const facts = { id, sender: alice.address, recipient: bob.address, createdNs: BigInt(timestampMs) * 1_000_000n, payload };
  expect(await open(alice)).toMatchObject({ ...facts, peer: bob.address, sentByMe: true });
  expect(await open(bob)).toMatchObject({ ...facts, peer: alice.address, sentByMe: false });
  expect((await open(alice)).dedupKey).toEqual((await open(bob)).dedupKey);
  expect(id).toBe(messageId(message));
});

test('any content and any time come back as they were sealed', async () => {
  const times = fc.integer({ min: 0, max: 18_446_744_073_709 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), times, async (bytes, ms) => {
      const sealed = await sealLegacyMessage({ bundle: bob.bundle, peer: alice.contact, payload: bytes, timestampMs: ms });
      expect(await open(alice, sealed.message)).toMatchObject({ payload: bytes, createdNs: BigInt(ms) * 1_000_000n, sender: bob.address });
    }),
    { numRuns: 50 },
  );
});

test('it is read from the conversation, from its ephemeral form and from my own introductions, and from nowhere else', async () => {
  for (const from of [topic, ephemeralTopic(topic), introTopic(bob.address)]) expect((await open(bob, message, from)).id).toBe(id);
  const elsewhere = [
    introTopic(alice.address),
    directTopic(bob.address, carol.address),
    inviteTopic(bob.address),
    conversationTopic('x'),
    '',
  ];
  for (const from of elsewhere) await refused('wrong-topic', () => open(bob, message, from));
});

test('a reader who expects somebody else refuses it', async () => {
  await refused('wrong-topic', () =>
    openLegacyMessage({ bundle: bob.bundle, peer: carol.address, message, envelopeTopic: introTopic(bob.address) }),
  );
  await refused('wrong-recipient', () => open(carol));
});

test('after a rotation of either side old messages still open, and new ones use the new pre-key', async () => {
  for (const who of [alice, bob]) expect((await open({ bundle: rotatePreKey(who.bundle) })).payload).toEqual(payload);
  const rotated = rotatePreKey(bob.bundle);
  const next = await sealLegacyMessage({ bundle: alice.bundle, peer: publicBundle(rotated), payload, timestampMs });
  expect((await open({ bundle: rotated }, next.message)).payload).toEqual(payload);
  await refused('unknown-key', () => open(bob, next.message));
});

test('a message to another identity of my own wallet is not mine', async () => {
  const earlier = person('Bob', Date.UTC(2020, 0, 1));
  expect(earlier.address).toBe(bob.address);
  const sealed = await sealLegacyMessage({ bundle: alice.bundle, peer: earlier.contact, payload, timestampMs });
  await refused('wrong-recipient', () => open(bob, sealed.message));
  expect((await open(earlier, sealed.message)).payload).toEqual(payload);
});

test('the inner half opens only for whom the header names on that side', async () => {
  const { headerBytes, ciphertext } = parseLegacyMessage(message);
  const parts = { headerBytes, ciphertext, sentByMe: false };
  expect(await openLegacyPayload(bob.bundle, alice.contact, parts)).toEqual(payload);
  await refused('wrong-recipient', () => openLegacyPayload(carol.bundle, alice.contact, parts));
  await refused('wrong-recipient', () => openLegacyPayload(bob.bundle, alice.contact, { ...parts, sentByMe: true }));
});

test('a message to oneself is refused', async () => {
  const sealed = await sealLegacyMessage({ bundle: bob.bundle, peer: bob.contact, payload, timestampMs });
  await refused('wrong-recipient', () => open(bob, sealed.message, directTopic(bob.address, bob.address)));
});

test('a changed time, exchanged parties and another party are refused', async () => {
  await refused('cannot-decrypt', async () => open(bob, await withHeader(({ timestamp }) => ({ timestamp: timestamp + 1n }))));
  const exchange = ({ sender, recipient }: MessageHeaderV1) => ({ sender: recipient, recipient: sender });
  await refused('cannot-decrypt', async () => open(bob, await withHeader(exchange)));
  await refused('wrong-topic', async () => open(bob, await withHeader(() => ({ sender: legacy(carol.contact) }))));
  await refused('wrong-recipient', async () => open(bob, await withHeader(() => ({ recipient: legacy(carol.contact) }))));
});

test('a pre-key that the sender’s identity key did not sign is refused, though the seal holds', async () => {
  const mixed = { identity: alice.bundle.identity, preKeys: carol.bundle.preKeys };
  const secret = sharedSecret(mixed, bob.contact, carol.contact.preKey, 'initiator');
  const sender = { ...legacy(alice.contact), preKey: legacy(carol.contact).preKey };
  await refused('bad-signature', async () => open(bob, await withHeader(() => ({ sender }), secret)));
});

test('a header that lacks a key, or tells a time that nanoseconds cannot, is refused', async () => {
  const { identityKey, preKey, ...nothing } = legacy(alice.contact);
  const lacking: Partial<MessageHeaderV1>[] = [
    { sender: undefined },
    { recipient: undefined },
    { sender: { ...nothing, identityKey } },
    { sender: { ...nothing, preKey } },
    { recipient: { ...nothing, identityKey } },
    { recipient: { ...nothing, preKey } },
    { timestamp: 2n ** 63n },
  ];
  for (const parts of lacking) await refused('malformed', async () => open(bob, await withHeader(() => parts)));
});

test('what is no legacy message is refused', async () => {
  await refused('malformed', () => open(bob, new Uint8Array(0)));
  await refused('malformed', () => open(bob, Uint8Array.of(1, 2, 3)));
  await refused('too-large', () => open(bob, new Uint8Array(1_048_215)));
  const { message: second } = await sealMessage({
    topic,
    keyMaterial: randomBytes(32),
    bundle: alice.bundle,
    payload,
    createdNs: 5n,
    shouldPush: true,
  });
  await refused('unsupported', () => open(bob, second));
});

test('keys that were born in the signed format take no part', async () => {
  const { actors } = JSON.parse(readFileSync(new URL('../vectors/actors.json', import.meta.url), 'utf8'));
  const erin = decodePrivateBundle(fromHex(actors.find(({ name }: { name: string }) => name === 'erin').privateKeyBundle));
  await refused('unsupported', () => sealLegacyMessage({ bundle: alice.bundle, peer: publicBundle(erin), payload, timestampMs }));
  await refused('unsupported', () => sealLegacyMessage({ bundle: erin, peer: alice.contact, payload, timestampMs }));
});

test('repetitions of one content and time are one message, however they are wrapped or sealed', async () => {
  const { dedupKey } = await open(bob);
  const wrapped = concat(message, Uint8Array.of(0x7a, 1, 7));
  const again = await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload, timestampMs });
  for (const copy of [wrapped, again.message]) {
    const opened = await open(bob, copy);
    expect(opened.dedupKey).toEqual(dedupKey);
    expect(opened.id).not.toBe(id);
  }
});

test('another time, content, sender or conversation is another message', async () => {
  const others = [
    await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload, timestampMs: timestampMs + 1 }),
    await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload: utf8('gn'), timestampMs }),
    await sealLegacyMessage({ bundle: bob.bundle, peer: alice.contact, payload, timestampMs }),
  ];
  const { dedupKey } = await open(bob);
  for (const other of others) expect(equalBytes((await open(bob, other.message)).dedupKey, dedupKey)).toBe(false);
  const toCarol = await sealLegacyMessage({ bundle: alice.bundle, peer: carol.contact, payload, timestampMs });
  const opened = await open(carol, toCarol.message, directTopic(alice.address, carol.address));
  expect(equalBytes(opened.dedupKey, dedupKey)).toBe(false);
});

test('the first message introduces itself to both, the peer first', () => {
  expect(legacyTopics(alice.address, bob.address, true)).toEqual([introTopic(bob.address), introTopic(alice.address), topic]);
  expect(legacyTopics(alice.address, bob.address, false)).toEqual([topic]);
});
