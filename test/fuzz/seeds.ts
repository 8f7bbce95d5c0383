import { create, toBinary } from '@bufbuild/protobuf';
import type { PackedPin } from '../../src/background/messages/pins.ts';
import { encodeText, writeContent } from '../../src/content-types/index.ts';
import { QueryResponseSchema } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { SealedInvitationHeaderV1Schema, SealedInvitationSchema } from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { MessageHeaderV2Schema, MessageSchema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { sealBackupFile } from '../../src/keystore/backup-file.ts';
import { encodeJson } from '../../src/keystore/json.ts';
import type { Vault } from '../../src/keystore/vault.ts';
import { frame } from '../../src/node/framing.ts';
import { openAead, sealAead } from '../../src/protocol/aead.ts';
import { fromBase64, utf8 } from '../../src/protocol/bytes.ts';
import { encodeContact } from '../../src/protocol/contact-bundle.ts';
import { encodeContent } from '../../src/protocol/content.ts';
import { createGroup, readGroupInvitation } from '../../src/protocol/group.ts';
import { openInvitation } from '../../src/protocol/invitation.ts';
import { parseMessage, sealMessage } from '../../src/protocol/message.ts';
import { encodePrivateBundle, sharedSecret } from '../../src/protocol/private-keys.ts';
import { conversationTopic } from '../../src/protocol/topic.ts';
import { enableIdentityText, signText } from '../../src/protocol/wallet-signature.ts';
import { alice, bob, carol } from '../support/people.ts';

export const topic = conversationTopic('a');
export const keyMaterial = new Uint8Array(32).fill(7);
export const atNs = 5_000_000n;
export const payload = encodeContent({ ...encodeText('a text'), fallback: 'another text' });
export const backupKey = signText(enableIdentityText(keyMaterial), alice.walletKey);
export const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

const sealedMessage = async (): Promise<Uint8Array> =>
  (await sealMessage({ topic, keyMaterial, bundle: alice.bundle, payload, createdNs: atNs, shouldPush: true })).message;

/** Wraps bytes as the plain text of a good envelope, so that what lies behind the seal is reached. */
export async function asSignedContent(plain: Uint8Array): Promise<Uint8Array> {
  const headerBytes = toBinary(MessageHeaderV2Schema, create(MessageHeaderV2Schema, { createdNs: atNs, topic }));
  const ciphertext = await sealAead(keyMaterial, plain, headerBytes);
  return toBinary(MessageSchema, create(MessageSchema, { version: { case: 'v2', value: { headerBytes, ciphertext, shouldPush: true } } }));
}

export async function asInvitation(plain: Uint8Array): Promise<Uint8Array> {
  const header = { sender: alice.contact.signed, recipient: bob.contact.signed, createdNs: atNs };
  const headerBytes = toBinary(SealedInvitationHeaderV1Schema, create(SealedInvitationHeaderV1Schema, header));
  const secret = sharedSecret(alice.bundle, bob.contact, alice.contact.preKey, 'initiator');
  const ciphertext = await sealAead(secret, plain, headerBytes);
  return toBinary(SealedInvitationSchema, create(SealedInvitationSchema, { version: { case: 'v1', value: { headerBytes, ciphertext } } }));
}

export async function signedContentOf(message: Uint8Array): Promise<Uint8Array> {
  const { headerBytes, ciphertext } = parseMessage(message);
  return openAead(keyMaterial, ciphertext, headerBytes);
}

export const group = createGroup(alice.bundle, { members: [bob.address, carol.address], title: 'Friday' });
export const readInvitation = async (message: Uint8Array): Promise<unknown> =>
  readGroupInvitation(await openInvitation(bob.bundle, { timestampNs: atNs, message }), bob.contact);

export const contentSeeds = [
  ...[
    { kind: 'text', text: 'héllo' },
    { kind: 'markdown', markdown: '**b**' },
    { kind: 'attachment', filename: 'a', mimeType: 'image/png', data: new Uint8Array(20) },
    { kind: 'reaction', reference: 'ab', action: 'added', schema: 'unicode', content: 'x' },
    { kind: 'reply', reference: 'ab', content: { kind: 'text', text: 'yes' } },
    { kind: 'read-receipt' },
    { kind: 'transaction-reference', networkId: 1, reference: '0xab' },
    {
      kind: 'composite',
      parts: [
        { kind: 'text', text: 'one' },
        { kind: 'composite', parts: [{ kind: 'text', text: 'two' }] },
      ],
    },
    { kind: 'group-update', action: 'changed', group: group.group },
    { kind: 'group-update', action: 'closed', removed: [bob.address] },
  ].map((value) => encodeContent(writeContent(value as Parameters<typeof writeContent>[0]).content)),
  // Compressed, by each of the two algorithms.
  fromBase64('CgsKCHhtdHAub3JnEgR0ZXh0IBgBIgN4nAE='),
];

export const vault: Vault = {
  v: 1,
  address: alice.address,
  createdAt: 1,
  rev: 1,
  phraseSaved: false,
  kdf: { alg: 'argon2id', m: 65_536, t: 3, p: 1, salt: 'AAAA' },
  kek: { nonce: 'AAAA', ct: 'AAAA' },
  body: { nonce: 'AAAA', ct: 'AAAA' },
};

const backupPin: PackedPin = {
  peer: bob.address,
  contact: encodeContact(bob.contact, 2),
  other: null,
  firstSeenAt: 1,
  checkedAt: 2,
  older: false,
  former: [],
  verified: { at: 3, own: `04${'ab'.repeat(64)}` },
  events: [{ at: 3, kind: 'verified' }],
};
const backupConversation = {
  id: 'c',
  topic,
  peer: bob.address,
  peerIdentityKey: `04${'ab'.repeat(64)}`,
  derived: true,
  createdAt: 1,
  conversationId: null,
  metadata: { a: 'b' },
  otherKeys: false,
  retired: false,
  readUpTo: 1,
  lastOwnNs: atNs,
};
const backupMessage = { id: 'ab'.repeat(32), conversation: 'c', sender: bob.address, sentAt: 1, payload };
const backupSettings = {
  nodeUrl: 'http://127.0.0.1:5555',
  nodes: ['https://node.example'],
  theme: 'dark',
  autoLockMinutes: null,
  rotateDays: 30,
  exposure: { mode: 'all', sites: [] },
};
export const backupBody = encodeJson({
  accounts: [
    {
      account: {
        kind: 'key',
        phraseSaved: true,
        wallet: { key: alice.walletKey, entropy: null, path: null, extraWord: false },
        bundle: encodePrivateBundle(alice.bundle),
        former: [],
      },
      keys: [keyMaterial],
      data: { pins: [backupPin], conversations: [backupConversation], messages: [backupMessage] },
    },
  ],
  settings: backupSettings,
});
export const backupFile = await sealBackupFile({ createdAt: 1, accounts: [], settings: {} }, 'a passphrase of its own', {
  m: 64,
  t: 1,
  p: 1,
});

export const envelope = { contentTopic: topic, timestampNs: atNs, message: await sealedMessage() };

export const good = frame(0, toBinary(QueryResponseSchema, create(QueryResponseSchema, { envelopes: [envelope] })));
