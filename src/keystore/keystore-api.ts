import { type Address, parseAddress } from '../protocol/address.ts';
import { openAead, sealAead } from '../protocol/aead.ts';
import { createAuthToken } from '../protocol/auth-token.ts';
import { fromBase64, type Random, randomBytes } from '../protocol/bytes.ts';
import { ProtocolError, type ProtocolReason } from '../protocol/errors.ts';
import { hmacSha256 } from '../protocol/hash.ts';
import { deriveInvitation, sealInvitation } from '../protocol/invitation.ts';
import {
  decodeKeystoreRequest,
  encodeKeystoreResponse,
  type KeystoreCode,
  type KeystoreMethod,
  type KeystoreRequest,
  type KeystoreResponse,
  keystoreCode,
  parseKeystoreMethod,
} from '../protocol/keystore-call.ts';
import { openLegacyPayload, sealLegacyPayload } from '../protocol/legacy-message.ts';
import { notificationKey, parseHeader } from '../protocol/message.ts';
import { notificationKeys } from '../protocol/notification-keys.ts';
import { openFromSelf, preferencesIdentifier, sealToSelf } from '../protocol/preferences.ts';
import { addressOfBundle, legacyPrivateBundle, type PrivateBundle, publicBundle } from '../protocol/private-keys.ts';
import { toLegacyBundle, verifyBundle } from '../protocol/public-keys.ts';
import { sign } from '../protocol/secp256k1.ts';
import { type Clock, nsToMs, systemClock } from '../protocol/time.ts';
import { directTopic } from '../protocol/topic.ts';
import { type KeystoreConversation, type KeystoreMemory, referenceTo, remember, rememberInvites } from './keystore-memory.ts';

/** What a caller may beyond the rest; nothing unless it is said. */
export interface KeystorePolicy {
  /** `getPrivateKeyBundle`. */
  readonly exportKeys?: boolean;
  /** `signDigest` with the identity key, which makes tokens, frame actions and pre-keys. */
  readonly signByIdentity?: boolean;
  /** `signDigest` with the newest pre-key alone, the only one that a client asks for. */
  readonly newestPreKeyOnly?: boolean;
}

/**
 * Answers one call of the keystore API: takes the encoded request, null where the method has none, and returns the encoded response (SPEC 16.2).
 * An element of a batch that fails is answered in its place; a call that fails throws.
 * @throws KeystoreCallError
 */
export async function answerKeystoreCall(
  {
    bundle,
    memory,
    policy = {},
    clock = systemClock,
    random = randomBytes,
  }: {
    readonly bundle: PrivateBundle;
    readonly memory: KeystoreMemory;
    readonly policy?: KeystorePolicy;
    readonly clock?: Clock;
    readonly random?: Random;
  },
  name: string,
  request: Uint8Array | null,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await answer({ bundle, me: addressOfBundle(bundle), memory, policy, clock, random }, parseKeystoreMethod(name), request);
  } catch (error) {
    if (error instanceof KeystoreCallError || !(error instanceof ProtocolError)) throw error;
    throw new KeystoreCallError(keystoreCode.invalidInput, error.reason, error.message, { cause: error });
  }
}

/** A refusal of a call, with the code that the wire gives it. */
export class KeystoreCallError extends ProtocolError {
  readonly code: KeystoreCode;

  constructor(code: KeystoreCode, reason: ProtocolReason, message: string, options?: { readonly cause?: unknown }) {
    super(reason, message, options);
    this.code = code;
  }
}

interface Call {
  readonly bundle: PrivateBundle;
  readonly me: Address;
  readonly memory: KeystoreMemory;
  readonly policy: KeystorePolicy;
  readonly clock: Clock;
  readonly random: Random;
}

async function answer<M extends KeystoreMethod>(call: Call, method: M, request: Uint8Array | null): Promise<Uint8Array<ArrayBuffer>> {
  return encodeKeystoreResponse(method, await handlers[method](call, decodeKeystoreRequest(method, request)));
}

const { unspecified, invalidInput, noMatchingPreKey } = keystoreCode;
const maxTokenLeadMs = 300_000;

const handlers: { readonly [M in KeystoreMethod]: (call: Call, request: KeystoreRequest<M>) => Promise<KeystoreResponse<M>> } = {
  decryptV1: ({ bundle }, { requests }) =>
    each(requests, unspecified, async ({ payload, peerKeys, headerBytes, isSender }) => {
      const peer = verifyBundle(needed(peerKeys, 'peerKeys'));
      const message = { headerBytes: neededBytes(headerBytes, 'headerBytes'), ciphertext: needed(payload, 'payload'), sentByMe: isSender };
      return { decrypted: await openLegacyPayload(bundle, peer, message) };
    }),

  decryptV2: ({ memory }, { requests }) =>
    each(requests, unspecified, async ({ payload, headerBytes, contentTopic }) => {
      const ciphertext = needed(payload, 'payload');
      const { keyMaterial } = conversationOf(memory, contentTopic, neededBytes(headerBytes, 'headerBytes'));
      return { decrypted: await openAead(keyMaterial, ciphertext, headerBytes) };
    }),

  encryptV1: ({ bundle, random }, { requests }) =>
    each(requests, unspecified, async ({ recipient, payload, headerBytes }) => {
      const peer = verifyBundle(needed(recipient, 'recipient'));
      return {
        encrypted: await sealLegacyPayload(bundle, peer, { headerBytes: neededBytes(headerBytes, 'headerBytes'), payload }, random),
      };
    }),

  encryptV2: ({ me, memory, clock, random }, { requests }) =>
    each(requests, invalidInput, async ({ payload, headerBytes, contentTopic }) => {
      const { keyMaterial } = conversationOf(memory, contentTopic, neededBytes(headerBytes, 'headerBytes'));
      return {
        encrypted: await sealAead(keyMaterial, payload, headerBytes, random),
        senderHmac: hmacSha256(await notificationKey(keyMaterial, me, clock()), headerBytes),
      };
    }),

  async saveInvites({ bundle, memory }, { requests }) {
    const invited = await rememberInvites(bundle, memory, requests);
    return {
      responses: invited.map((each) => ({
        response:
          each instanceof ProtocolError
            ? refusal(each, invalidInput)
            : { case: 'result' as const, value: { conversation: referenceTo(each.topic, each.conversation) } },
      })),
    };
  },

  async createInvite({ bundle, me, memory, random }, { context, recipient, createdNs, consentProof }) {
    const peer = verifyBundle(needed(recipient, 'recipient'));
    if (peer.address === me) throw new KeystoreCallError(invalidInput, 'wrong-recipient', 'an invitation to oneself');
    const invitation = { ...(await deriveInvitation(bundle, peer, context)), ...(consentProof && { consentProof }) };
    const { topic, encryption } = invitation;
    const conversation: KeystoreConversation = {
      peer: peer.address,
      createdNs,
      keyMaterial: needed(encryption.value, 'keyMaterial').keyMaterial,
      derived: true,
      ...(context && { context }),
      ...(consentProof && { consentProof }),
    };
    const payload = await sealInvitation(bundle, peer, invitation, createdNs, random);
    remember(memory, topic, conversation);
    return { conversation: referenceTo(topic, conversation), payload };
  },

  async createAuthToken({ bundle, clock }, { timestampNs }) {
    const atMs = timestampNs === undefined ? clock() : nsToMs(timestampNs);
    if (atMs > clock() + maxTokenLeadMs) throw new KeystoreCallError(invalidInput, 'wrong-time', 'a token from the future');
    return fromBase64(createAuthToken(bundle, () => atMs));
  },

  async signDigest({ bundle, policy }, { digest, signer }) {
    if (digest.length !== 32) throw new KeystoreCallError(invalidInput, 'malformed', 'a digest is 32 bytes');
    return { union: { case: 'ecdsaCompact', value: { ...sign(digest, signingKey(bundle, policy, signer)) } } };
  },

  getPublicKeyBundle: async ({ bundle }) => toLegacyBundle(publicBundle(bundle).signed),

  async getPrivateKeyBundle({ bundle, policy }) {
    if (!policy.exportKeys) throw new KeystoreCallError(unspecified, 'unsupported', 'this keystore keeps its private keys');
    return legacyPrivateBundle(bundle);
  },

  async saveV1Conversations({ me, memory }, { conversations }) {
    const peers = conversations.map(({ peerAddress, createdNs }) => ({ peer: parseAddress(peerAddress), createdNs }));
    for (const conversation of peers) {
      const topic = directTopic(me, conversation.peer);
      if (!memory.legacyConversations.has(topic)) memory.legacyConversations.set(topic, conversation);
    }
    return {};
  },

  getV1Conversations: async ({ memory }) => ({
    conversations: Array.from(memory.legacyConversations, ([topic, conversation]) => referenceTo(topic, conversation)),
  }),

  getV2Conversations: async ({ memory }) => ({
    conversations: Array.from(memory.conversations)
      .sort(([, a], [, b]) => nsToMs(a.createdNs) - nsToMs(b.createdNs))
      .map(([topic, conversation]) => referenceTo(topic, conversation)),
  }),

  getRefreshJob: async ({ memory }, { jobType }) => ({ lastRunNs: memory.jobs.get(job(jobType)) ?? 0n }),

  async setRefreshJob({ memory }, { jobType, lastRunNs }) {
    memory.jobs.set(job(jobType), lastRunNs);
    return {};
  },

  selfEncrypt: ({ bundle, random }, { requests }) =>
    each(requests, invalidInput, async ({ payload }) => ({ encrypted: await sealToSelf(bundle.identity, payload, random) })),

  selfDecrypt: ({ bundle }, { requests }) =>
    each(requests, invalidInput, async ({ payload }) => ({ decrypted: await openFromSelf(bundle.identity, payload) })),

  getPrivatePreferencesTopicIdentifier: async ({ bundle }) => ({ identifier: await preferencesIdentifier(bundle.identity) }),

  async getV2ConversationHmacKeys({ me, memory, clock }, { topics }) {
    const materials = new Map(Array.from(memory.conversations, ([topic, { keyMaterial }]) => [topic, keyMaterial]));
    const keys = Array.from(await notificationKeys(materials, me, clock(), topics), ([topic, ofTopic]) => [
      topic,
      { values: ofTopic.map(({ period, key }) => ({ thirtyDayPeriodsSinceEpoch: period, hmacKey: key })) },
    ]);
    return { hmacKeys: Object.fromEntries(keys) };
  },
};

type Refusal = { readonly case: 'error'; readonly value: { readonly message: string; readonly code: KeystoreCode } };
type Answered<T> = { readonly case: 'result'; readonly value: T } | Refusal;

/** Answers the elements one after the other, each in its place; `otherwise` is the code of refusals that have none of their own. */
async function each<R, T>(requests: readonly R[], otherwise: KeystoreCode, one: (request: R) => Promise<T>) {
  const responses: { response: Answered<T> }[] = [];
  for (const request of requests) {
    try {
      responses.push({ response: { case: 'result', value: await one(request) } });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      responses.push({ response: refusal(error, otherwise) });
    }
  }
  return { responses };
}

const refusal = (error: ProtocolError, otherwise: KeystoreCode): Refusal => ({
  case: 'error',
  value: { message: error.message, code: error instanceof KeystoreCallError ? error.code : otherwise },
});

/** @throws KeystoreCallError */
function needed<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new KeystoreCallError(invalidInput, 'malformed', `the field ${field} is missing`);
  return value;
}

const neededBytes = (bytes: Uint8Array, field: string): Uint8Array => needed(bytes.length > 0 ? bytes : undefined, field);

/** The conversation of a topic; one key serves all conversations of a pair, so the header has to name the same topic (SPEC 19.13). */
function conversationOf(memory: KeystoreMemory, topic: string, headerBytes: Uint8Array): KeystoreConversation {
  const conversation = memory.conversations.get(topic);
  if (!conversation) throw new KeystoreCallError(noMatchingPreKey, 'unknown-key', 'no key for the topic');
  if (parseHeader(headerBytes).topic !== topic) throw new ProtocolError('wrong-topic', 'the header names another topic');
  return conversation;
}

/** The private key that a page may have a digest signed with: a pre-key, or the identity key if that is allowed. */
function signingKey(bundle: PrivateBundle, policy: KeystorePolicy, signer: KeystoreRequest<'signDigest'>['signer']): Uint8Array {
  if (signer.case === 'identityKey' && signer.value) {
    if (!policy.signByIdentity) throw new KeystoreCallError(unspecified, 'unsupported', 'the identity key signs no digests of others');
    return bundle.identity.secret;
  }
  if (signer.case !== 'prekeyIndex')
    throw new KeystoreCallError(invalidInput, 'malformed', 'neither the identity key nor a pre-key is chosen');
  if (policy.newestPreKeyOnly && signer.value !== 0)
    throw new KeystoreCallError(unspecified, 'unsupported', 'only the newest pre-key signs digests of others');
  const preKey = bundle.preKeys[signer.value];
  if (!preKey) throw new KeystoreCallError(noMatchingPreKey, 'unknown-key', 'there is no pre-key of that number');
  return preKey.secret;
}

/** @throws KeystoreCallError */
function job(type: number): number {
  if (type < 1 || type > 3) throw new KeystoreCallError(invalidInput, 'malformed', 'not a refresh job');
  return type;
}
