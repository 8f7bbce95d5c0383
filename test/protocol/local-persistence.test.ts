import { createHash, createHmac } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { TopicMap_TopicDataSchema, TopicMapSchema } from '../../src/gen/xmtp/keystore_api/v1/keystore_pb.ts';
import {
  type SignedEciesCiphertext_Ecies,
  SignedEciesCiphertext_EciesSchema,
  SignedEciesCiphertextSchema,
} from '../../src/gen/xmtp/message_contents/ciphertext_pb.ts';
import { type InvitationV1, InvitationV1Schema } from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { localStorageKeys, openLocalValue, readLocalConversations, sealLocalValue } from '../../src/protocol/local-persistence.ts';
import { generatePrivateKey, publicPoint, sharedPoint, sign } from '../../src/protocol/secp256k1.ts';
import { conversationTopic, directTopic, privateStoreTopic } from '../../src/protocol/topic.ts';
import { fc } from '../support/fast-check.ts';
import { alice, bob } from '../support/people.ts';
import { refused } from './refused.ts';

const me = alice.bundle.identity;
const value = utf8('what a page keeps');
const sealed = await sealLocalValue(me, value);

/** The value with another inner part, signed again by the owner, so that only the part itself can be the fault. */
function resigned(change: (ecies: SignedEciesCiphertext_Ecies) => Partial<SignedEciesCiphertext_Ecies>): Uint8Array {
  const outer = fromBinary(SignedEciesCiphertextSchema, sealed);
  const ecies = fromBinary(SignedEciesCiphertext_EciesSchema, outer.eciesBytes);
  outer.eciesBytes = toBinary(SignedEciesCiphertext_EciesSchema, Object.assign(ecies, change(ecies)));
  if (outer.signature?.union.value) Object.assign(outer.signature.union.value, sign(sha256(outer.eciesBytes), me.secret));
  return toBinary(SignedEciesCiphertextSchema, outer);
}

test('any value comes back as it was kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      expect(await openLocalValue(me, await sealLocalValue(me, bytes))).toEqual(bytes);
    }),
    { numRuns: 40 },
  );
});

test('a shared point whose X begins with a zero byte gives the reference client’s key', async () => {
  // Search an ephemeral key with such a point; one in 256 has it.
  let ephemeral = generatePrivateKey();
  while (sharedPoint(ephemeral, me.point)[1] !== 0) ephemeral = generatePrivateKey();
  const iv = randomBytes(16);
  const kept = await sealLocalValue(me, value, (length) => (length === 32 ? ephemeral.slice() : iv));
  expect(await openLocalValue(me, kept)).toEqual(value);
  const { mac, ciphertext } = fromBinary(SignedEciesCiphertext_EciesSchema, fromBinary(SignedEciesCiphertextSchema, kept).eciesBytes);
  // That client reads X as a number, and numbers begin with their first digit.
  const x = BigInt(`0x${toHex(sharedPoint(ephemeral, me.point).slice(1, 33))}`).toString(16);
  const keys = createHash('sha512')
    .update(Buffer.from(x.length % 2 ? `0${x}` : x, 'hex'))
    .digest();
  const expected = createHmac('sha256', keys.subarray(32)).update(iv).update(publicPoint(ephemeral)).update(ciphertext).digest('hex');
  expect(toHex(mac)).toBe(expected);
});

test('another identity’s value, and a value that somebody changed, are refused', async () => {
  await refused('bad-signature', () => openLocalValue(bob.bundle.identity, sealed));
  const { eciesBytes, ...rest } = fromBinary(SignedEciesCiphertextSchema, sealed);
  const { signature, ...unsigned } = rest;
  await refused('bad-signature', () => openLocalValue(me, toBinary(SignedEciesCiphertextSchema, { ...unsigned, eciesBytes })));
  const changed = eciesBytes.map((byte, i) => (i === eciesBytes.length - 1 ? byte ^ 1 : byte));
  await refused('bad-signature', () =>
    openLocalValue(me, toBinary(SignedEciesCiphertextSchema, { ...unsigned, signature, eciesBytes: changed })),
  );
  for (const bytes of [Uint8Array.of(10, 9), Uint8Array.of(7)]) await refused('malformed', () => openLocalValue(me, bytes));
  await refused('bad-signature', () => openLocalValue(me, new Uint8Array(0)));
});

test('each part is checked, though the owner signed them together', async () => {
  const last = ({ ciphertext }: SignedEciesCiphertext_Ecies) => ciphertext.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
  await refused('cannot-decrypt', () =>
    openLocalValue(
      me,
      resigned((ecies) => ({ ciphertext: last(ecies) })),
    ),
  );
  await refused('cannot-decrypt', () =>
    openLocalValue(
      me,
      resigned(() => ({ iv: randomBytes(16) })),
    ),
  );
  await refused('cannot-decrypt', () =>
    openLocalValue(
      me,
      resigned(() => ({ mac: randomBytes(32) })),
    ),
  );
  await refused('cannot-decrypt', () =>
    openLocalValue(
      me,
      resigned(() => ({ mac: new Uint8Array(0) })),
    ),
  );
  await refused('cannot-decrypt', () =>
    openLocalValue(
      me,
      resigned(() => ({ ephemeralPublicKey: bob.contact.preKey })),
    ),
  );
  await refused('malformed', () =>
    openLocalValue(
      me,
      resigned(() => ({ ephemeralPublicKey: randomBytes(65) })),
    ),
  );
  await refused('malformed', () =>
    openLocalValue(
      me,
      resigned(() => ({ iv: randomBytes(12) })),
    ),
  );
  await refused('malformed', () =>
    openLocalValue(
      me,
      resigned(() => ({ ciphertext: randomBytes(15) })),
    ),
  );
  await refused('malformed', () =>
    openLocalValue(
      me,
      resigned(() => ({ ciphertext: new Uint8Array(0) })),
    ),
  );
  expect(
    await openLocalValue(
      me,
      resigned(() => ({})),
    ),
  ).toEqual(value);
});

test('storage keys are those of the reference client', () => {
  const keys = localStorageKeys('dev', alice.address);
  expect(keys.conversations).toBe(`xmtp/dev/${alice.address}/invitations/v1`);
  expect(keys.revisionOf(keys.legacyConversations)).toBe(`xmtp/dev/${alice.address}/conversation-v1/v1/revision`);
  expect(keys.refreshJob(3)).toBe(`xmtp/dev/${alice.address}/refreshJob/3`);
});

test('conversations are read from the stored map; what is none is named and left out', async () => {
  const topic = conversationTopic('a');
  const keyMaterial = randomBytes(32);
  const invitation = (changes: Partial<InvitationV1> = {}) => ({
    ...create(InvitationV1Schema, { topic, encryption: { case: 'aes256GcmHkdfSha256', value: { keyMaterial } } }),
    ...changes,
  });
  const data = (peerAddress: string, invited?: InvitationV1) =>
    create(TopicMap_TopicDataSchema, { createdNs: 5n, peerAddress, ...(invited && { invitation: invited }) });
  const legacy = directTopic(alice.address, bob.address);
  const topics = {
    [topic]: data(bob.address, invitation()),
    [legacy]: data(bob.address),
    'no address': data('bob', invitation()),
    [conversationTopic('c')]: data(bob.address, invitation()),
    [privateStoreTopic(alice.address)]: data(bob.address, invitation({ topic: privateStoreTopic(alice.address) })),
    [conversationTopic('b')]: data(bob.address, invitation({ topic: conversationTopic('b'), encryption: { case: undefined } })),
  };
  const read = readLocalConversations(toBinary(TopicMapSchema, create(TopicMapSchema, { topics })));
  expect(read.conversations).toEqual([
    { topic, peer: bob.address, createdNs: 5n, keyMaterial },
    { topic: legacy, peer: bob.address, createdNs: 5n },
  ]);
  expect(read.refused).toEqual(Object.keys(topics).slice(2));
  await refused('malformed', () => readLocalConversations(Uint8Array.of(10, 9)));
});
