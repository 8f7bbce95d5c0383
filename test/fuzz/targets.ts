import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { readData, readSettings } from '../../src/background/accounts/backup-contents.ts';
import { packExported, readExport, writeExport } from '../../src/background/accounts/export-file.ts';
import { unpackPin } from '../../src/background/messages/pins.ts';
import { contentTypes, readContent, show } from '../../src/content-types/index.ts';
import { BatchQueryRequestSchema, EnvelopeSchema, PublishRequestSchema } from '../../src/gen/xmtp/message_api/v1/message_api_pb.ts';
import { SignedContentSchema } from '../../src/gen/xmtp/message_contents/content_pb.ts';
import { InvitationV1Schema } from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { parseBackupFile, readBackupBody } from '../../src/keystore/backup-file.ts';
import { KeystoreError } from '../../src/keystore/errors.ts';
import { answerKeystoreCall } from '../../src/keystore/keystore-api.ts';
import { emptyMemory } from '../../src/keystore/keystore-memory.ts';
import { decodeVault, encodeVault } from '../../src/keystore/vault.ts';
import { readKey, readPhrase } from '../../src/keystore/wallet.ts';
import { NodeError } from '../../src/network/errors.ts';
import { createNodeClient } from '../../src/network/node-client.ts';
import { ConfigError, readConfig } from '../../src/node/config.ts';
import { FrameReader, frame, inflate } from '../../src/node/framing.ts';
import { parseBody } from '../../src/node/gateway-json.ts';
import { checkEnvelope } from '../../src/node/topic-rules.ts';
import { ParseError } from '../../src/parse.ts';
import { createAuthToken, verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { concat, fromBase64, fromUtf8, toBase64, utf8 } from '../../src/protocol/bytes.ts';
import { decodeComposite } from '../../src/protocol/composite.ts';
import { consentProof, decodeConsentProof, encodeConsentProof, verifyConsentProof } from '../../src/protocol/consent-proof.ts';
import { decodeContact, encodeContact, verifyContact } from '../../src/protocol/contact-bundle.ts';
import { decodeContent } from '../../src/protocol/content.ts';
import { decodeDecodedMessage, encodeDecodedMessage } from '../../src/protocol/decoded-message.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { openFrameAction, signFrameAction } from '../../src/protocol/frame-action.ts';
import { groupInvitation, readGroup } from '../../src/protocol/group.ts';
import { deriveInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { readKeyBackup, sealKeyBackup } from '../../src/protocol/key-backup.ts';
import { openLegacyMessage, sealLegacyMessage } from '../../src/protocol/legacy-message.ts';
import { openLocalValue, readLocalConversations, sealLocalValue } from '../../src/protocol/local-persistence.ts';
import { openMessage } from '../../src/protocol/message.ts';
import { decodeActions, encodeAction, openFromSelf, sealToSelf } from '../../src/protocol/preferences.ts';
import { decodePrivateBundle, encodePrivateBundle } from '../../src/protocol/private-keys.ts';
import { directTopic, parseTopic } from '../../src/protocol/topic.ts';
import { RefusalError } from '../../src/rpc/errors.ts';
import { type PageMethod, pageParams } from '../../src/rpc/schemas.ts';
import { alice, bob, carol } from '../support/people.ts';
import { pagePort } from './page-port.ts';
import {
  asInvitation,
  asSignedContent,
  atNs,
  backupBody,
  backupFile,
  backupKey,
  contentSeeds,
  envelope,
  good,
  group,
  json,
  keyMaterial,
  payload,
  readInvitation,
  signedContentOf,
  topic,
  vault,
} from './seeds.ts';

/** Something that reads foreign bytes. */
export interface Target {
  /** Good inputs, from which the others are made. */
  readonly seeds: readonly Uint8Array[];
  /** Reads; what it throws must be an error of ours. */
  run(bytes: Uint8Array): unknown;
}

/** The errors by which bad input is refused. Anything else that a reader throws is a find. */
export const isOurs = (error: unknown): boolean =>
  [ProtocolError, ParseError, RefusalError, KeystoreError, NodeError, ConfigError, ConnectError].some((kind) => error instanceof kind);

const words = (bytes: Uint8Array): string => fromUtf8(bytes);
/** A node's answer to a query, whatever its bytes. */
async function askNode(bytes: Uint8Array): Promise<void> {
  const answer = (): Response => new Response(bytes.slice(), { headers: { 'content-type': 'application/grpc-web+proto' } });
  await createNodeClient('http://node.test', { fetch: async () => answer() }).query({ topics: [topic] });
}
const keystoreCalls = ['createInvite', 'decryptV2', 'encryptV1', 'getV2Conversations', 'saveInvites', 'selfDecrypt', 'signDigest'] as const;

/** The first byte chooses, the rest is read. */
const chosen = <T>(choices: readonly T[], bytes: Uint8Array): T => choices[(bytes[0] ?? 0) % choices.length] as T;

export const targets: Readonly<Record<string, Target>> = {
  contact: {
    seeds: [encodeContact(alice.contact, 1), encodeContact(alice.contact, 2)],
    run: (bytes) => [decodeContact(bytes), verifyContact(bytes, alice.address)],
  },
  'private-bundle': { seeds: [encodePrivateBundle(alice.bundle)], run: decodePrivateBundle },
  'key-backup': {
    seeds: [await sealKeyBackup(alice.bundle, keyMaterial, backupKey)],
    run: (bytes) => readKeyBackup(bytes).open(backupKey, alice.address),
  },
  'sealed-invitation': {
    seeds: [
      await sealInvitation(alice.bundle, bob.contact, await deriveInvitation(alice.bundle, bob.contact), atNs),
      await sealInvitation(alice.bundle, bob.contact, groupInvitation(group), atNs),
    ],
    run: readInvitation,
  },
  invitation: {
    seeds: [
      toBinary(InvitationV1Schema, await deriveInvitation(alice.bundle, bob.contact, { conversationId: 'a', metadata: { b: 'c' } })),
      toBinary(InvitationV1Schema, groupInvitation(group)),
    ],
    run: async (bytes) => readInvitation(await asInvitation(bytes)),
  },
  group: { seeds: [group.group.bytes], run: readGroup },
  message: {
    seeds: [envelope.message],
    run: (message) => openMessage({ topic, keyMaterial, members: [alice.address], message, envelopeTopic: topic }),
  },
  'signed-content': {
    seeds: [await signedContentOf(envelope.message), toBinary(SignedContentSchema, create(SignedContentSchema, { payload }))],
    run: async (bytes) =>
      openMessage({ topic, keyMaterial, members: [alice.address], message: await asSignedContent(bytes), envelopeTopic: topic }),
  },
  'legacy-message': {
    seeds: [(await sealLegacyMessage({ bundle: alice.bundle, peer: bob.contact, payload, timestampMs: 5 })).message],
    run: (message) => openLegacyMessage({ bundle: bob.bundle, message, envelopeTopic: directTopic(alice.address, bob.address) }),
  },
  content: {
    seeds: contentSeeds,
    run: async (bytes) => {
      const content = await decodeContent(bytes);
      show(content);
      readContent(content);
    },
  },
  // Each type reads the bytes as its own, whatever they say of themselves.
  'content-types': {
    seeds: await Promise.all(
      contentSeeds.slice(0, -1).map(async (seed, index) => concat(Uint8Array.of(index), (await decodeContent(seed)).content)),
    ),
    run: (bytes) => readContent({ type: chosen(contentTypes, bytes).id, parameters: new Map(), content: bytes.slice(1) }),
  },
  composite: { seeds: [utf8('\x0a\x04\x0a\x02\x0a\x00')], run: decodeComposite },
  preference: {
    seeds: [await sealToSelf(alice.bundle.identity, encodeAction({ verdict: 'denied', kind: 'address', names: [bob.address] }))],
    run: (bytes) => openFromSelf(alice.bundle.identity, bytes),
  },
  'consent-actions': {
    seeds: [
      encodeAction({ verdict: 'allowed', kind: 'address', names: [bob.address, carol.address] }),
      encodeAction({ verdict: 'denied', kind: 'inboxId', names: ['a'] }),
    ],
    run: decodeActions,
  },
  'consent-proof': {
    seeds: [encodeConsentProof(consentProof(backupKey, 1_700_000_000_000))],
    run: (bytes) =>
      verifyConsentProof(decodeConsentProof(bytes), { sender: bob.address, receiver: alice.address }, () => 1_700_000_001_000),
  },
  'frame-action': {
    seeds: [signFrameAction(alice.bundle, { frameUrl: 'https://a', buttonIndex: 1, conversationTopic: topic, participants: [] }, () => 0)],
    run: openFrameAction,
  },
  'keystore-call': {
    seeds: keystoreCalls.map((_, index) => Uint8Array.of(index, 0x0a, 0x02, 0x0a, 0x00)),
    run: (bytes) => keystore(chosen(keystoreCalls, bytes), bytes.slice(1)),
  },
  'stored-value': {
    seeds: [await sealLocalValue(alice.bundle.identity, payload)],
    run: (bytes) => openLocalValue(alice.bundle.identity, bytes),
  },
  'stored-conversations': { seeds: [utf8('\x0a\x06\x0a\x01a\x12\x01b')], run: readLocalConversations },
  'decoded-message': {
    seeds: [
      encodeDecodedMessage({
        id: 'a',
        version: 'v2',
        sender: alice.address,
        sentNs: atNs,
        contentTopic: topic,
        conversation: { topic, peer: bob.address, createdNs: atNs, context: { conversationId: '', metadata: {} } },
        payload,
      }),
    ],
    run: decodeDecodedMessage,
  },
  'auth-token': {
    seeds: [fromBase64(createAuthToken(alice.bundle, () => 0))],
    run: (bytes) => verifyAuthToken(toBase64(bytes), { nowMs: 0 }),
  },
  'node-frames': {
    seeds: [concat(frame(0, payload), frame(1, payload)), frame(2, utf8('{}'))],
    run: (bytes) => {
      const reader = new FrameReader(1 << 20);
      const half = Buffer.from(bytes);
      for (const piece of [half.subarray(0, bytes.length >> 1), half.subarray(bytes.length >> 1)])
        for (const { flags, payload: message } of reader.push(piece)) if (flags & 1) inflate(message, 'gzip', 1 << 20);
    },
  },
  'node-rules': {
    seeds: [
      topic,
      `/xmtp/0/contact-${alice.address}/proto`,
      `/xmtp/0/invite-${bob.address}/proto`,
      `/xmtp/0/privatestore-${alice.address}/key_bundle/proto`,
      directTopic(alice.address, bob.address),
      '/xmtp/0/userpreferences-a/proto',
    ].map((name) =>
      concat(Uint8Array.of(name.length), utf8(name), name.includes('contact') ? encodeContact(alice.contact, 2) : envelope.message),
    ),
    run: (bytes) => {
      const at = 1 + (bytes[0] ?? 0);
      const [name, message] = [words(bytes.slice(1, at)), bytes.slice(at)];
      checkEnvelope({ topic: name, timestampNs: atNs, message }, alice.address, { compat: (bytes.length & 1) === 1, nowMs: 10 });
    },
  },
  'node-json': {
    seeds: [
      json({ envelopes: [{ contentTopic: 'a', timestampNs: '1', message: 'AA==' }] }),
      json({ contentTopics: ['a'], startTimeNs: 1 }),
    ],
    run: (bytes) => orSyntax(() => parseBody(words(bytes))),
  },
  'node-requests': {
    seeds: [
      toBinary(PublishRequestSchema, create(PublishRequestSchema, { envelopes: [create(EnvelopeSchema, envelope)] })),
      toBinary(BatchQueryRequestSchema, create(BatchQueryRequestSchema, { requests: [{ contentTopics: [topic] }] })),
    ],
    // What the front does with a body: whatever the library throws becomes a refusal there, so only hangs and heaps count.
    run: (bytes) => {
      for (const schema of [PublishRequestSchema, BatchQueryRequestSchema]) {
        try {
          fromBinary(schema, bytes, { readUnknownFields: false });
        } catch {
          // a refusal
        }
      }
    },
  },
  'node-config': {
    seeds: ['--port\x005\x00--compat', '--data=x', '--trusted-proxies\x00'.concat('10.0.0.0/8')].map(utf8),
    run: (bytes) => readConfig(words(bytes).split('\0'), { PARLEY_PORT: words(bytes).slice(0, 5) }),
  },
  'node-answer': { seeds: [concat(good, frame(0x80, utf8('grpc-status: 0\r\n')))], run: askNode },
  topic: { seeds: [topic, directTopic(alice.address, bob.address)].map(utf8), run: (bytes) => parseTopic(words(bytes)) },
  'page-call': {
    seeds: [
      json({ method: 'xmtp_sendMessage', params: { peer: alice.address, content: 'x' } }),
      json({ method: 'xmtp_newConversation', params: { peers: [alice.address], metadata: { a: 'b' } } }),
      json({ method: 'xmtp_canMessage', params: { peers: [alice.address] } }),
    ],
    run: (bytes) => {
      const call = orSyntax(() => JSON.parse(words(bytes))) as { method?: unknown; params?: unknown } | undefined;
      const method = call?.method;
      if (typeof method === 'string' && Object.hasOwn(pageParams, method)) pageParams[method as PageMethod](call?.params, 'params');
    },
  },
  'page-port': pagePort,
  'backup-file': { seeds: [backupFile], run: parseBackupFile },
  // What lies behind the seal is reached only by who knows the passphrase, which whoever made the file does.
  'backup-body': {
    seeds: [backupBody],
    run: (bytes) => {
      const { accounts, settings } = readBackupBody(bytes, 1);
      for (const { data } of accounts) readData(data).pins.map(unpackPin);
      readSettings(settings);
    },
  },
  export: {
    seeds: [
      writeExport(
        alice.address,
        '2026-01-01T00:00:00.000Z',
        [
          packExported({
            conversation: {
              id: 'c',
              topic: '/xmtp/0/m-a/proto',
              peer: bob.address,
              peerIdentityKey: `04${'ab'.repeat(64)}`,
              derived: true,
              createdAt: 1,
              conversationId: null,
              metadata: null,
              otherKeys: false,
              retired: false,
              readUpTo: 1,
              lastOwnNs: 5n,
            },
            name: 'Bobby',
            group: null,
            messages: [
              { id: 'ab'.repeat(32), conversation: 'c', sender: bob.address, sentAt: 3, type: 'text', text: 'hi', payload: utf8('hi') },
            ],
          }),
        ],
        utf8('seal'),
      ),
    ],
    run: readExport,
  },
  vault: { seeds: [encodeVault(vault)], run: decodeVault },
  phrase: { seeds: ['abandon '.repeat(11).concat('about')].map(utf8), run: (bytes) => readPhrase(words(bytes)) },
  'private key': { seeds: [`0x${'ab'.repeat(32)}`].map(utf8), run: (bytes) => readKey(words(bytes)) },
};

/** JSON that does not parse is refused by whoever asked for it. */
function orSyntax<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A keystore that has seen nothing. */
const keystore = (method: string, request: Uint8Array): Promise<unknown> =>
  answerKeystoreCall({ bundle: alice.bundle, memory: emptyMemory(), policy: { signByIdentity: true }, clock: () => 5 }, method, request);
