import { readFileSync } from 'node:fs';
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { beforeEach, expect, test } from 'vitest';
import {
  CreateAuthTokenRequestSchema,
  CreateInviteRequestSchema,
  CreateInviteResponseSchema,
  DecryptResponseSchema,
  DecryptV1RequestSchema,
  DecryptV2RequestSchema,
  EncryptResponseSchema,
  EncryptV1RequestSchema,
  EncryptV2RequestSchema,
  GetConversationsResponseSchema,
  type JobType,
  SaveInvitesRequestSchema,
  SaveInvitesResponseSchema,
  SaveV1ConversationsRequestSchema,
  SetRefeshJobRequestSchema,
  SignDigestRequestSchema,
} from '../../src/gen/xmtp/keystore_api/v1/keystore_pb.ts';
import type { InvitationV1 } from '../../src/gen/xmtp/message_contents/invitation_pb.ts';
import { MessageHeaderV1Schema, MessageHeaderV2Schema } from '../../src/gen/xmtp/message_contents/message_pb.ts';
import { answerKeystoreCall, KeystoreCallError, type KeystorePolicy } from '../../src/keystore/keystore-api.ts';
import { emptyMemory, type KeystoreMemory } from '../../src/keystore/keystore-memory.ts';
import { verifyAuthToken } from '../../src/protocol/auth-token.ts';
import { fromHex, randomBytes, toBase64, utf8 } from '../../src/protocol/bytes.ts';
import { consentProof } from '../../src/protocol/consent-proof.ts';
import { deriveInvitation, sealInvitation } from '../../src/protocol/invitation.ts';
import { decodePrivateBundle, rotatePreKey } from '../../src/protocol/private-keys.ts';
import { directTopic, inviteTopic } from '../../src/protocol/topic.ts';
import { alice, bob, carol, type Person } from '../support/people.ts';

const nowMs = 1_700_000_000_000;
const nowNs = BigInt(nowMs) * 1_000_000n;
let memory: KeystoreMemory;
beforeEach(() => {
  memory = emptyMemory();
});

const call = (method: string, request: Uint8Array | null, policy: KeystorePolicy = {}, who: Pick<Person, 'bundle'> = alice) =>
  answerKeystoreCall({ bundle: who.bundle, memory, policy, clock: () => nowMs }, method, request);

const bytesOf = <D extends DescMessage>(schema: D, value: MessageInitShape<D>): Uint8Array => toBinary(schema, create(schema, value));

/** The code of the refusal. */
async function codeOf(calling: Promise<unknown>): Promise<number | string> {
  try {
    await calling;
    return 'accepted';
  } catch (error) {
    if (error instanceof KeystoreCallError) return error.code;
    throw error;
  }
}

const createInvite = async (peer: Person, conversationId?: string) => {
  const context = conversationId === undefined ? {} : { context: { conversationId } };
  const request = bytesOf(CreateInviteRequestSchema, { recipient: peer.contact.signed, createdNs: nowNs, ...context });
  const { conversation, payload } = fromBinary(CreateInviteResponseSchema, await call('createInvite', request));
  return { topic: conversation?.topic ?? '', payload };
};

/** Saves invitations of these people to Alice; each is answered by its topic or its code. */
async function save(...invites: readonly { from: Person; invitation: InvitationV1; atNs?: bigint }[]) {
  const requests = [];
  for (const { from, invitation, atNs = nowNs } of invites)
    requests.push({
      contentTopic: inviteTopic(alice.address),
      timestampNs: atNs,
      payload: await sealInvitation(from.bundle, alice.contact, invitation, atNs),
    });
  const { responses } = fromBinary(SaveInvitesResponseSchema, await call('saveInvites', bytesOf(SaveInvitesRequestSchema, { requests })));
  return responses.map(({ response }) => (response.case === 'result' ? response.value.conversation?.topic : response.value?.code));
}

const withTopic = async (from: Person, topic: string): Promise<InvitationV1> => ({
  ...(await deriveInvitation(from.bundle, alice.contact)),
  topic,
  encryption: {
    case: 'aes256GcmHkdfSha256',
    value: { $typeName: 'xmtp.message_contents.InvitationV1.Aes256gcmHkdfsha256', keyMaterial: randomBytes(32) },
  },
});

const topics = async (): Promise<string[]> =>
  fromBinary(GetConversationsResponseSchema, await call('getV2Conversations', null)).conversations.map(({ topic }) => topic);

test('private keys leave only where the policy says so', async () => {
  expect(await codeOf(call('getPrivateKeyBundle', null))).toBe(0);
  expect(await codeOf(call('getPrivateKeyBundle', null, { exportKeys: true }))).toBe('accepted');
});

test('a digest is signed with a pre-key; with the identity key only where the policy says so', async () => {
  const digest = randomBytes(32);
  const withIdentity = bytesOf(SignDigestRequestSchema, { digest, signer: { case: 'identityKey', value: true } });
  expect(await codeOf(call('signDigest', withIdentity))).toBe(0);
  expect(await codeOf(call('signDigest', withIdentity, { signByIdentity: true }))).toBe('accepted');
  const withPreKey = (prekeyIndex: number, bytes = digest) =>
    bytesOf(SignDigestRequestSchema, { digest: bytes, signer: { case: 'prekeyIndex', value: prekeyIndex } });
  expect(await codeOf(call('signDigest', withPreKey(0)))).toBe('accepted');
  expect(await codeOf(call('signDigest', withPreKey(1)))).toBe(2);
  for (const length of [0, 31, 33]) expect(await codeOf(call('signDigest', withPreKey(0, randomBytes(length))))).toBe(1);
  expect(
    await codeOf(call('signDigest', bytesOf(SignDigestRequestSchema, { digest, signer: { case: 'identityKey', value: false } }))),
  ).toBe(1);
});

test('an unknown method and a request that does not parse are refused', async () => {
  for (const name of ['initKeystore', 'toString', '__proto__', '']) expect(await codeOf(call(name, null))).toBe(1);
  expect(await codeOf(call('createInvite', Uint8Array.of(10, 9)))).toBe(1);
});

test('a token is made for now or for a given time, but not for the future', async () => {
  const at = (timestampNs?: bigint) =>
    call('createAuthToken', bytesOf(CreateAuthTokenRequestSchema, timestampNs === undefined ? {} : { timestampNs }));
  const read = async (token: Promise<Uint8Array>) => verifyAuthToken(toBase64(await token), { nowMs });
  expect(await read(at())).toEqual({ address: alice.address, createdMs: nowMs });
  expect((await read(at(nowNs - 999_999n))).createdMs).toBe(nowMs - 1);
  expect(await codeOf(at(nowNs + 301_000_000_000n))).toBe(1);
});

test('an invitation is remembered, returned and readable by the peer, with its context and consent proof', async () => {
  const proof = consentProof(new Uint8Array(65), 5);
  const request = { recipient: bob.contact.signed, createdNs: nowNs, context: { conversationId: 'x' }, consentProof: proof };
  const made = fromBinary(CreateInviteResponseSchema, await call('createInvite', bytesOf(CreateInviteRequestSchema, request)));
  expect(made.conversation).toMatchObject({
    peerAddress: bob.address,
    createdNs: nowNs,
    context: { conversationId: 'x' },
    consentProofPayload: proof,
  });
  const bobs = emptyMemory();
  const saving = bytesOf(SaveInvitesRequestSchema, { requests: [{ contentTopic: 'any', timestampNs: nowNs, payload: made.payload }] });
  const saved = await answerKeystoreCall({ bundle: bob.bundle, memory: bobs }, 'saveInvites', saving);
  const [answer] = fromBinary(SaveInvitesResponseSchema, saved).responses;
  expect(answer?.response.value).toMatchObject({ conversation: { ...made.conversation, peerAddress: alice.address } });
  expect([...bobs.conversations.keys()]).toEqual([...memory.conversations.keys()]);
});

test('nobody invites themselves', async () => {
  const request = bytesOf(CreateInviteRequestSchema, { recipient: alice.contact.signed, createdNs: nowNs });
  expect(await codeOf(call('createInvite', request))).toBe(1);
});

test('conversations are listed by their creation', async () => {
  const [late, early] = await save(
    { from: bob, invitation: await deriveInvitation(bob.bundle, alice.contact) },
    { from: carol, invitation: await deriveInvitation(carol.bundle, alice.contact), atNs: nowNs - 5_000_000n },
  );
  expect(await topics()).toEqual([early, late]);
});

test('the first invitation to a topic in node order stays; another peer’s or key’s is refused, in whatever order they come', async () => {
  const first = { from: bob, invitation: await withTopic(bob, '/xmtp/0/m-x/proto'), atNs: nowNs - 1_000_000n };
  const rival = { from: carol, invitation: await withTopic(carol, '/xmtp/0/m-x/proto') };
  const otherKey = { from: bob, invitation: await withTopic(bob, '/xmtp/0/m-x/proto') };
  expect(await save(rival, first, otherKey, first)).toEqual([1, '/xmtp/0/m-x/proto', 1, '/xmtp/0/m-x/proto']);
  expect(memory.conversations.get('/xmtp/0/m-x/proto')?.peer).toBe(bob.address);
});

test('a back-dated invitation does not take a topic from the two that derive it, before or after', async () => {
  const derived = { from: bob, invitation: await deriveInvitation(bob.bundle, alice.contact) };
  const { topic } = derived.invitation;
  const thief = { from: carol, invitation: await withTopic(carol, topic), atNs: 1n };
  expect(await save(thief)).toEqual([topic]);
  expect(await save(derived)).toEqual([topic]);
  expect(memory.conversations.get(topic)?.peer).toBe(bob.address);
  expect(await save(thief)).toEqual([1]);
  memory = emptyMemory();
  await save(thief);
  expect((await createInvite(bob)).topic).toBe(topic);
  expect(memory.conversations.get(topic)).toMatchObject({ peer: bob.address, derived: true });
});

test('what is encrypted for a conversation must name it in the header, since one key serves all conversations of a pair', async () => {
  const [one, other] = [await createInvite(bob, 'one'), await createInvite(bob, 'other')];
  const header = (topic: string) => bytesOf(MessageHeaderV2Schema, { createdNs: nowNs, topic });
  const encrypt = async (topic: string, headerBytes: Uint8Array) => {
    const request = bytesOf(EncryptV2RequestSchema, { requests: [{ payload: utf8('x'), headerBytes, contentTopic: topic }] });
    return fromBinary(EncryptResponseSchema, await call('encryptV2', request)).responses[0]?.response;
  };
  const sealed = await encrypt(one.topic, header(one.topic));
  if (sealed?.case !== 'result' || !sealed.value.encrypted) throw new Error('not encrypted');
  expect(await encrypt(other.topic, header(one.topic))).toMatchObject({ case: 'error', value: { code: 1 } });
  expect(await encrypt('/xmtp/0/m-no/proto', header('/xmtp/0/m-no/proto'))).toMatchObject({ case: 'error', value: { code: 2 } });
  const payload = sealed.value.encrypted;
  const decrypt = async (contentTopic: string) => {
    const request = bytesOf(DecryptV2RequestSchema, { requests: [{ payload, headerBytes: header(one.topic), contentTopic }] });
    return fromBinary(DecryptResponseSchema, await call('decryptV2', request)).responses[0]?.response;
  };
  expect(await decrypt(one.topic)).toMatchObject({ case: 'result', value: { decrypted: utf8('x') } });
  expect(await decrypt(other.topic)).toMatchObject({ case: 'error', value: { code: 0 } });
});

test('a legacy message opens with the pre-key that its header names, also after a rotation', async () => {
  const parties = { sender: alice.contact.legacy, recipient: bob.contact.legacy, timestamp: 5n };
  if (!parties.sender || !parties.recipient) throw new Error('no legacy keys');
  const headerBytes = bytesOf(MessageHeaderV1Schema, { sender: parties.sender, recipient: parties.recipient, timestamp: 5n });
  const encrypting = bytesOf(EncryptV1RequestSchema, { requests: [{ recipient: parties.recipient, payload: utf8('x'), headerBytes }] });
  const [sealed] = fromBinary(EncryptResponseSchema, await call('encryptV1', encrypting)).responses;
  if (sealed?.response.case !== 'result' || !sealed.response.value.encrypted) throw new Error('not encrypted');
  const payload = sealed.response.value.encrypted;
  const decrypt = async (who: Pick<Person, 'bundle'>, peerKeys: NonNullable<typeof parties.sender>, isSender: boolean) => {
    const request = bytesOf(DecryptV1RequestSchema, { requests: [{ payload, peerKeys, headerBytes, isSender }] });
    return fromBinary(DecryptResponseSchema, await call('decryptV1', request, {}, who)).responses[0]?.response;
  };
  const open = { case: 'result', value: { decrypted: utf8('x') } };
  expect(await decrypt({ bundle: rotatePreKey(bob.bundle) }, parties.sender, false)).toMatchObject(open);
  expect(await decrypt({ bundle: rotatePreKey(alice.bundle) }, parties.recipient, true)).toMatchObject(open);
  expect(await decrypt(bob, parties.sender, true)).toMatchObject({ case: 'error', value: { code: 0 } });
  expect(await decrypt(carol, parties.sender, false)).toMatchObject({ case: 'error', value: { code: 0 } });
});

test('legacy conversations are remembered by computed topics, all of a call or none', async () => {
  const listed = async () => fromBinary(GetConversationsResponseSchema, await call('getV1Conversations', null)).conversations;
  const saveLegacy = (...peers: string[]) =>
    call(
      'saveV1Conversations',
      bytesOf(SaveV1ConversationsRequestSchema, {
        conversations: peers.map((peerAddress) => ({ peerAddress, topic: 'other', createdNs: 5n })),
      }),
    );
  expect(await codeOf(saveLegacy(bob.address, 'nobody'))).toBe(1);
  expect(await listed()).toEqual([]);
  await saveLegacy(bob.address, carol.address.toLowerCase(), bob.address);
  expect((await listed()).map(({ topic }) => topic)).toEqual([
    directTopic(alice.address, bob.address),
    directTopic(alice.address, carol.address),
  ]);
});

test('only the three refresh jobs exist', async () => {
  for (const jobType of [0, 4])
    expect(await codeOf(call('setRefreshJob', bytesOf(SetRefeshJobRequestSchema, { jobType: jobType as JobType, lastRunNs: 1n })))).toBe(1);
  await call('setRefreshJob', bytesOf(SetRefeshJobRequestSchema, { jobType: 3, lastRunNs: 9n }));
  expect(memory.jobs).toEqual(new Map([[3, 9n]]));
});

test('keys of the signed format have no legacy bundle to tell', async () => {
  const { actors } = JSON.parse(readFileSync(new URL('../vectors/actors.json', import.meta.url), 'utf8'));
  const erin = decodePrivateBundle(fromHex(actors.find(({ name }: { name: string }) => name === 'erin').privateKeyBundle));
  expect(await codeOf(call('getPublicKeyBundle', null, {}, { bundle: erin }))).toBe(1);
  expect(await codeOf(call('getPublicKeyBundle', null))).toBe('accepted');
});
