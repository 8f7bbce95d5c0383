import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ContactBundleSchema } from '../../src/gen/xmtp/message_contents/contact_pb.ts';
import { PublicKeyBundleSchema, SignedPublicKeyBundleSchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { chooseContact, decodeContact, encodeContact, verifyContact } from '../../src/protocol/contact-bundle.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { fc } from '../support/fast-check.ts';
import { alice, carol } from '../support/people.ts';
import { refused } from './refused.ts';

const entry = (message: Uint8Array) => ({ message });

test.each([1, 2] as const)('a contact in format %d comes back with the same keys', (version) => {
  const contact = verifyContact(encodeContact(alice.contact, version), alice.address);
  expect(contact).toMatchObject({ version, address: alice.address, preKeyCreatedMs: alice.contact.preKeyCreatedMs });
  expect(toHex(contact.identityKey)).toBe(toHex(alice.contact.identityKey));
  expect(toHex(contact.preKey)).toBe(toHex(alice.contact.preKey));
});

test('the bare form of the oldest clients is read as a legacy contact', () => {
  const bare = toBinary(PublicKeyBundleSchema, alice.contact.legacy ?? create(PublicKeyBundleSchema));
  expect(verifyContact(bare, alice.address)).toMatchObject({ version: 1, address: alice.address });
});

test('a contact of another wallet is refused', async () => {
  await refused('wrong-sender', () => verifyContact(encodeContact(carol.contact, 2), alice.address));
});

test('a contact whose pre-key is not signed by its identity key is refused when it is read, not later', async () => {
  const keyBundle = create(SignedPublicKeyBundleSchema, {
    ...(alice.contact.signed.identityKey && { identityKey: alice.contact.signed.identityKey }),
    ...(carol.contact.signed.preKey && { preKey: carol.contact.signed.preKey }),
  });
  const forged = toBinary(ContactBundleSchema, create(ContactBundleSchema, { version: { case: 'v2', value: { keyBundle } } }));
  await refused('bad-signature', () => verifyContact(forged, alice.address));
});

test('a look-up passes over entries that do not decode or belong to others, down to the first good one', () => {
  const good = encodeContact(alice.contact, 2);
  const chosen = chooseContact([Uint8Array.of(0xff), encodeContact(carol.contact, 1), new Uint8Array(), good].map(entry), alice.address);
  expect(chosen).toMatchObject({ version: 2, address: alice.address });
  expect(chooseContact([Uint8Array.of(0xff), encodeContact(carol.contact, 1)].map(entry), alice.address)).toBe(null);
  expect(chooseContact([], alice.address)).toBe(null);
});

test('a contact tells the age of its pre-key, so that a roll-back to an older one shows', () => {
  const older = verifyContact(encodeContact(alice.contact, 2), alice.address);
  const rotated = publicBundle(rotatePreKey(alice.bundle, () => older.preKeyCreatedMs + 1));
  const newer = verifyContact(encodeContact(rotated, 1), alice.address);
  expect(newer.preKeyCreatedMs).toBe(older.preKeyCreatedMs + 1);
  expect(toHex(newer.identityKey)).toBe(toHex(older.identityKey));
});

test('bytes of any kind, cut contacts included, are refused by a ProtocolError', () => {
  const good = encodeContact(alice.contact, 2);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(good.length - 1).map((length) => good.slice(0, length)),
  );
  fc.assert(
    fc.property(bytes, (message) => {
      expect(() => verifyContact(message, alice.address)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
      expect(chooseContact([entry(message)], alice.address)).toBe(null);
    }),
    { numRuns: 200 },
  );
});

test('reading alone does not vouch: decoding a foreign contact says what it claims', () => {
  expect(decodeContact(encodeContact(carol.contact, 1))).toMatchObject({ version: 1 });
});
