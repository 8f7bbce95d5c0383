import { create } from '@bufbuild/protobuf';
import { type TopicMap_TopicData, TopicMapSchema } from '../gen/xmtp/keystore_api/v1/keystore_pb.ts';
import { SignedEciesCiphertext_EciesSchema, SignedEciesCiphertextSchema } from '../gen/xmtp/message_contents/ciphertext_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import { type Address, parseAddress } from './address.ts';
import { concat, equalBytes, type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hmacSha256, sha256, sha512 } from './hash.ts';
import type { IdentityKey } from './preferences.ts';
import { readSignature } from './public-keys.ts';
import { checkPoint, generatePrivateKey, publicPoint, sharedPoint, sign, verify } from './secp256k1.ts';
import { isConversationTopic } from './topic.ts';
import { decode, encode } from './wire.ts';

/** A conversation as the reference client remembers it. */
export interface LocalConversation {
  readonly topic: string;
  readonly peer: Address;
  readonly createdNs: bigint;
  /** 32 bytes; absent for legacy conversations. */
  readonly keyMaterial?: Uint8Array;
  readonly conversationId?: string;
}

/** Seals a value as the reference client keeps it in a page's storage; an encoded SignedEciesCiphertext (SPEC 17.6). */
export async function sealLocalValue(
  identity: IdentityKey,
  value: Uint8Array,
  random: Random = randomBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const ephemeral = generatePrivateKey(random);
  const ephemeralPublicKey = publicPoint(ephemeral);
  const iv = random(16);
  const { cipherKey, macKey } = await keysOf(sharedPoint(ephemeral, identity.point));
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, cipherKey, value as Uint8Array<ArrayBuffer>));
  const mac = hmacSha256(macKey, concat(iv, ephemeralPublicKey, ciphertext));
  const eciesBytes = encode(
    SignedEciesCiphertext_EciesSchema,
    create(SignedEciesCiphertext_EciesSchema, { ephemeralPublicKey, iv, mac, ciphertext }),
  );
  const signature = create(SignatureSchema, {
    union: { case: 'ecdsaCompact', value: { ...sign(sha256(eciesBytes), identity.secret) } },
  });
  return encode(SignedEciesCiphertextSchema, create(SignedEciesCiphertextSchema, { eciesBytes, signature }));
}

/** Opens such a value. @throws ProtocolError malformed, bad-signature (another identity key sealed it, or it was changed), cannot-decrypt */
export async function openLocalValue(identity: IdentityKey, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { eciesBytes, signature } = decode(SignedEciesCiphertextSchema, sealed, 'the stored value');
  if (signature?.union.case !== 'ecdsaCompact' || !verify(sha256(eciesBytes), readSignature(signature), identity.point))
    throw new ProtocolError('bad-signature', 'the stored value is not signed by my identity key');
  const { ephemeralPublicKey, iv, mac, ciphertext } = decode(SignedEciesCiphertext_EciesSchema, eciesBytes, 'the stored value');
  checkPoint(ephemeralPublicKey);
  if (iv.length !== 16) throw new ProtocolError('malformed', 'the stored value has no initialisation vector of 16 bytes');
  if (ciphertext.length === 0 || ciphertext.length % 16 !== 0)
    throw new ProtocolError('malformed', 'the stored value does not consist of whole blocks');
  const { cipherKey, macKey } = await keysOf(sharedPoint(identity.secret, ephemeralPublicKey));
  if (!equalBytes(hmacSha256(macKey, concat(iv, ephemeralPublicKey, ciphertext)), mac))
    throw new ProtocolError('cannot-decrypt', 'the authentication code of the stored value is wrong');
  try {
    const algorithm = { name: 'AES-CBC', iv: iv as Uint8Array<ArrayBuffer> };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, cipherKey, ciphertext as Uint8Array<ArrayBuffer>));
  } catch (cause) {
    throw new ProtocolError('cannot-decrypt', 'the padding of the stored value is wrong', { cause });
  }
}

/** Where the reference client keeps what in a page's storage; a value whose key ends in `/revision` counts its changes, unsealed. */
export function localStorageKeys(env: 'local' | 'dev' | 'production', address: Address) {
  const prefix = `xmtp/${env}/${address}/`;
  return {
    conversations: `${prefix}invitations/v1`,
    legacyConversations: `${prefix}conversation-v1/v1`,
    preferences: `${prefix}private-preferences/actions`,
    refreshJob: (type: 1 | 2 | 3): string => `${prefix}refreshJob/${type}`,
    revisionOf: (key: string): string => `${key}/revision`,
  };
}

/** Reads an opened value of conversations; what is no conversation is left out and named. @throws ProtocolError malformed */
export function readLocalConversations(value: Uint8Array): { readonly conversations: LocalConversation[]; readonly refused: string[] } {
  const conversations: LocalConversation[] = [];
  const refused: string[] = [];
  for (const [key, data] of Object.entries(decode(TopicMapSchema, value, 'the stored conversations').topics)) {
    try {
      conversations.push(readConversation(key, data));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused.push(key);
    }
  }
  return { conversations, refused };
}

function readConversation(topic: string, { peerAddress, createdNs, invitation }: TopicMap_TopicData): LocalConversation {
  const peer = parseAddress(peerAddress);
  if (!invitation) return { topic, peer, createdNs };
  const keyMaterial = invitation.encryption.case === 'aes256GcmHkdfSha256' ? invitation.encryption.value.keyMaterial : undefined;
  if (keyMaterial?.length !== 32) throw new ProtocolError('malformed', 'the key of a conversation is 32 bytes');
  if (invitation.topic !== topic || !isConversationTopic(topic)) throw new ProtocolError('wrong-topic', 'not the topic of a conversation');
  const { context } = invitation;
  return { topic, peer, createdNs, keyMaterial, ...(context && { conversationId: context.conversationId }) };
}

/** The reference reads X as a number, which has no leading zeros; SHA-512 of it gives both keys. */
async function keysOf(point: Uint8Array): Promise<{ readonly cipherKey: CryptoKey; readonly macKey: Uint8Array }> {
  const x = point.subarray(1, 33);
  const keys = sha512(x.subarray(x.findIndex((byte) => byte !== 0)));
  const cipherKey = await crypto.subtle.importKey('raw', keys.slice(0, 32), 'AES-CBC', false, ['encrypt', 'decrypt']);
  return { cipherKey, macKey: keys.slice(32) };
}
