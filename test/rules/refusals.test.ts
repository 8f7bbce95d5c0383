import { clone, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContacts } from '../../src/background/messages/contacts.ts';
import { createPins } from '../../src/background/messages/pins.ts';
import { MessageHeaderV1Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { type SignedPublicKey, SignedPublicKeyBundleSchema } from '../../src/gen/xmtp/message_contents/public_key_pb.ts';
import type { AccountKeys } from '../../src/keystore/account-keys.ts';
import type { RunningNode } from '../../src/node/start-node.ts';
import { startNode } from '../../src/node/start-node.ts';
import { concat, randomBytes, utf8 } from '../../src/protocol/bytes.ts';
import { chooseContact, encodeContact, verifyContact } from '../../src/protocol/contact-bundle.ts';
import { hmacSha256, sha256 } from '../../src/protocol/hash.ts';
import { deriveInvitation, openInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { openLegacyMessage, parseLegacyMessage, sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { openMessage, parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { publicBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import type { VerifiedBundle } from '../../src/protocol/public-keys.ts';
import { checkPoint, publicPoint, recover, sign, verify } from '../../src/protocol/secp256k1.ts';
import { directTopic } from '../../src/protocol/topic.ts';
import { openRecords } from '../../src/storage/records.ts';
import { conversationWith, newPerson, type Person } from '../background/device.ts';
import { refused } from '../protocol/refused.ts';
import { invite, nowNs, reasons, textPayload } from '../support/hands.ts';
import { alice, bob, carol, person } from '../support/people.ts';
import { changedMessage, highS, resealed, resigned, withHeader } from './forgeries.ts';

/** The checklist of the protocol description, section 18; see README.md. */

const topic = '/xmtp/0/m-x/proto';
const keyMaterial = sha256(utf8('key'));
const members = [alice.address, bob.address];
const say = async (from = alice, text = 'gm') =>
  (
    await sealMessage({
      topic,
      keyMaterial,
      bundle: from.bundle,
      payload: textPayload(text),
      createdNs: 1_700_000_000_000_000_000n,
      shouldPush: true,
    })
  ).message;
const open = (message: Uint8Array) => openMessage({ topic, keyMaterial, members, message, envelopeTopic: topic });

const createdNs = 1_700_000_000_000_000_000n;
const invitation = await deriveInvitation(alice.bundle, bob.contact);
const sealedBy = (change: Partial<typeof invitation>, from = alice, to = bob) =>
  sealInvitation(from.bundle, to.contact, { ...invitation, ...change }, createdNs);
const opened = (message: Uint8Array, who = bob, timestampNs = createdNs) => openInvitation(who.bundle, { timestampNs, message });

const keys = (contact: VerifiedBundle): { readonly identityKey: SignedPublicKey; readonly preKey: SignedPublicKey } => {
  const { identityKey, preKey } = clone(SignedPublicKeyBundleSchema, contact.signed);
  if (!identityKey || !preKey) throw new Error('a bundle lacks a key');
  return { identityKey, preKey };
};
const contactWith = (change: Partial<ReturnType<typeof keys>>): Uint8Array => {
  const signed = Object.assign(clone(SignedPublicKeyBundleSchema, alice.contact.signed), change);
  return encodeContact({ ...alice.contact, signed }, 2);
};

describe('what is refused', () => {
  it('1: keys, signatures and recovery bits of another size', async () => {
    const point = publicPoint(sha256(utf8('a key')));
    checkPoint(point);
    await refused('malformed', () => checkPoint(point.slice(0, 64)));
    await refused('malformed', () => checkPoint(concat(Uint8Array.of(5), point.slice(1))));
    const digest = sha256(utf8('a digest'));
    const { bytes, recovery } = sign(digest, sha256(utf8('a key')));
    expect(verify(digest, { bytes, recovery }, point)).toBe(true);
    expect(verify(digest, { bytes: concat(bytes, Uint8Array.of(0)), recovery }, point)).toBe(false);
    expect(verify(digest, { bytes, recovery: 2 }, point)).toBe(false);
    await refused('bad-signature', () => recover(digest, { bytes, recovery: 2 }));
    await refused('bad-signature', () => recover(digest, { bytes: bytes.slice(1), recovery }));
  });

  it('2: a signature with high s by a known key', async () => {
    const digest = sha256(utf8('a digest'));
    const signature = sign(digest, alice.bundle.preKeys[0].secret);
    expect(verify(digest, signature, alice.contact.preKey)).toBe(true);
    expect(verify(digest, highS(signature), alice.contact.preKey)).toBe(false);
    const { preKey } = keys(alice.contact);
    const { value } = preKey.signature?.union ?? {};
    if (value) Object.assign(value, highS(value));
    await refused('bad-signature', () => verifyContact(contactWith({ preKey }), alice.address));
  });

  it('3: a contact of another wallet is passed over', async () => {
    const foreign = encodeContact(carol.contact, 2);
    await refused('wrong-sender', () => verifyContact(foreign, alice.address));
    const chosen = chooseContact([{ message: foreign }, { message: encodeContact(alice.contact, 2) }], alice.address);
    expect(chosen?.identityKey).toEqual(alice.contact.identityKey);
  });

  it('4: a contact with a pre-key that the identity key did not sign', () =>
    refused('bad-signature', () => verifyContact(contactWith({ preKey: keys(bob.contact).preKey }), alice.address)));

  it('5: a newest contact that does not decode is passed over', () => {
    const entries = [utf8('garbage'), randomBytes(300), new Uint8Array(0), encodeContact(alice.contact, 2)].map((message) => ({ message }));
    expect(chooseContact(entries, alice.address)?.preKey).toEqual(alice.contact.preKey);
  });

  it('6: an older pre-key than one seen before is not taken up, and is told of', async () => {
    const newer = publicBundle(rotatePreKey(alice.bundle, () => Date.UTC(2025, 0, 1)));
    let shown = encodeContact(newer, 2);
    const contacts = createContacts({
      pins: createPins({ account: bob.address, keystore: plainKeystore, table: openRecords(`rule 6 ${process.pid}`).pins }),
      otherKeys: () => undefined,
      node: {
        pages: async function* () {
          yield [{ contentTopic: '', timestampNs: 0n, message: shown }];
        },
      },
      clock: () => 0,
    });
    expect((await contacts.lookUp(alice.address, 0))?.preKey).toEqual(newer.preKey);
    expect(await contacts.warning(alice.address)).toBeNull();
    shown = encodeContact(alice.contact, 2);
    expect((await contacts.lookUp(alice.address, 0))?.preKey).toEqual(newer.preKey);
    expect(await contacts.warning(alice.address)).toBe('older-keys');
  });

  it('7: an invitation whose envelope time is not its header time', async () => {
    const sealed = await sealedBy({});
    expect((await opened(sealed)).peer).toBe(alice.address);
    await refused('wrong-time', () => opened(sealed, bob, createdNs + 1n));
  });

  it('8: an invitation whose header was changed', async () => {
    const sealed = await sealedBy({});
    const changed = withHeader(sealed, (header) => ({ ...header, createdNs: createdNs + 1n }));
    await refused('cannot-decrypt', () => opened(changed, bob, createdNs + 1n));
  });

  it('9: an invitation that does not name my identity key, though it names my pre-key', async () => {
    const sealed = await sealedBy({});
    await refused('wrong-recipient', () => opened(sealed, carol));
    const stolen = withHeader(sealed, (header) => ({
      ...header,
      recipient: Object.assign(clone(SignedPublicKeyBundleSchema, carol.contact.signed), { preKey: keys(bob.contact).preKey }),
    }));
    await refused('wrong-recipient', () => opened(stolen));
  });

  it('10: an invitation with a key of another size', async () => {
    for (const length of [0, 1, 31, 33]) {
      const sealed = await sealedBy({
        encryption: {
          case: 'aes256GcmHkdfSha256',
          value: { $typeName: 'xmtp.message_contents.InvitationV1.Aes256gcmHkdfsha256', keyMaterial: new Uint8Array(length) },
        },
      });
      await refused('malformed', () => opened(sealed));
    }
  });

  it('11: an invitation to a topic that is no conversation', async () => {
    const topics = [
      `/xmtp/0/privatestore-${bob.address}/key_bundle/proto`,
      `/xmtp/0/contact-${bob.address}/proto`,
      '/xmtp/0/mE-x/proto',
      '',
    ];
    for (const topic of [...topics, '/xmtp/0/m-/proto', '/xmtp/0/m-ä/proto', `/xmtp/0/m-${'x'.repeat(300)}/proto`])
      await refused('wrong-topic', async () => opened(await sealedBy({ topic })));
  });

  it('13: a message whose header names another topic', async () => {
    const message = await say();
    const read = (at: string) => openMessage({ topic: at, keyMaterial, members, message, envelopeTopic: at });
    expect((await read(topic)).sender).toBe(alice.address);
    await refused('wrong-topic', () => read('/xmtp/0/m-y/proto'));
  });

  it('14: content signed by the identity key, by another pre-key, or with another header', async () => {
    const message = await say();
    const headerBytes = parseMessage(message).headerBytes;
    const byIdentity = (digest: Uint8Array) => sign(digest, alice.bundle.identity.secret);
    const byOther = (digest: Uint8Array) => sign(digest, bob.bundle.preKeys[0].secret);
    const byOwn = (digest: Uint8Array) => sign(digest, alice.bundle.preKeys[0].secret);
    expect((await open(await resigned(message, keyMaterial, byOwn))).sender).toBe(alice.address);
    await refused('bad-signature', async () => open(await resigned(message, keyMaterial, byIdentity)));
    await refused('bad-signature', async () => open(await resigned(message, keyMaterial, byOther)));
    await refused('bad-signature', async () => open(await resigned(message, keyMaterial, byOwn, concat(headerBytes, Uint8Array.of(0)))));
  });

  it('15: a message of somebody who is no party', async () => refused('wrong-sender', async () => open(await say(carol))));

  it('16: a message with other outer fields is the same message', async () => {
    const message = await say();
    const first = await open(message);
    for (const other of [
      changedMessage(message, (v2) => ({ ...v2, shouldPush: false })),
      changedMessage(message, (v2) => ({ ...v2, senderHmac: hmacSha256(utf8('x'), utf8('y')) })),
      concat(message, Uint8Array.of(0x98, 0x06, 0x01)), // an unknown field
      await resealed(message, keyMaterial),
    ]) {
      const again = await open(other);
      expect(again.id).not.toBe(first.id);
      expect(again.dedupKey).toEqual(first.dedupKey);
    }
  });

  it('17: a legacy message whose parties do not give this topic', async () => {
    const sealed = { bundle: alice.bundle, peer: bob.contact, payload: utf8('gm'), timestampMs: 1_700_000_000_000 };
    const { message } = await sealLegacyMessage(sealed);
    const read = (envelopeTopic: string) => openLegacyMessage({ bundle: bob.bundle, message, envelopeTopic });
    expect((await read(directTopic(alice.address, bob.address))).sender).toBe(alice.address);
    await refused('wrong-topic', () => read(directTopic(carol.address, bob.address)));
  });

  it('18: a legacy message under an exchanged header, or with a forged pre-key', async () => {
    const one = await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload: utf8('a'), timestampMs: 1 });
    const two = await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload: utf8('b'), timestampMs: 2 });
    const read = (message: Uint8Array) =>
      openLegacyMessage({ bundle: bob.bundle, message, envelopeTopic: directTopic(alice.address, bob.address) });
    const outer = fromBinary(MessageSchema, one.message);
    const other = fromBinary(MessageSchema, two.message);
    if (outer.version.case !== 'v1' || other.version.case !== 'v1') throw new Error('not a legacy message');
    outer.version.value.headerBytes = other.version.value.headerBytes;
    await refused('cannot-decrypt', () => read(toBinary(MessageSchema, outer)));
    // Carol's pre-key, which Alice's identity key did not sign.
    const forged = fromBinary(MessageHeaderV1Schema, parseLegacyMessage(one.message).headerBytes);
    if (!forged.sender || !carol.contact.legacy?.preKey) throw new Error('no legacy keys');
    forged.sender.preKey = carol.contact.legacy.preKey;
    outer.version.value.headerBytes = toBinary(MessageHeaderV1Schema, forged);
    await refused('bad-signature', () => read(toBinary(MessageSchema, outer)));
  });
});

describe('what is refused by the background', () => {
  let node: RunningNode;
  let someone: Person;
  beforeAll(async () => {
    node = await startNode({ compat: true });
    someone = await newPerson(node.url);
  });
  afterAll(async () => {
    await someone.device.close();
    await node.close();
  });

  it('12: a second invitation to a bound topic, with another peer or with another key', async () => {
    const { life, address } = someone;
    const { topic } = await invite(node.url, carol, address);
    const row = await conversationWith(life, carol.address);
    await invite(node.url, person('Mallory'), address, { topic, createdNs: nowNs() - 1_000_000_000n });
    await invite(node.url, carol, address, { topic, keyMaterial: randomBytes(32) });
    await invite(node.url, person('Dave'), address);
    await conversationWith(life, person('Dave').address);
    expect(await reasons(address)).toEqual(['second-invitation', 'second-invitation']);
    expect(await life.services.conversations.get(row.id)).toMatchObject({ peer: carol.address });
    expect((await life.services.conversations.list({})).rows).toHaveLength(2);
  });
});

const plainKeystore = {
  blind: async (_: string, text: string) => text,
  sealRecord: async (_: string, __: string, value: unknown) => value,
  openRecord: async (_: string, __: string, sealed: unknown) => sealed,
} as unknown as AccountKeys;
