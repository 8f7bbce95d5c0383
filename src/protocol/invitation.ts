import { create } from '@bufbuild/protobuf';
import {
  type ConsentProofPayload,
  type InvitationV1,
  InvitationV1Schema,
  SealedInvitationHeaderV1Schema,
  SealedInvitationSchema,
} from '../gen/xmtp/message_contents/invitation_pb.ts';
import type { SignedPublicKey } from '../gen/xmtp/message_contents/public_key_pb.ts';
import type { Address } from './address.ts';
import { hkdf, openAead, sealAead } from './aead.ts';
import { concat, equalBytes, type Random, randomBytes, toHex, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hmacSha256 } from './hash.ts';
import { type PrivateBundle, publicBundle, sharedSecret } from './private-keys.ts';
import { readSignedKey, type VerifiedBundle, verifyBundle } from './public-keys.ts';
import { conversationTopic, inviteTopic, isConversationTopic } from './topic.ts';
import { decode, encode } from './wire.ts';

/** What tells conversations with one peer apart. */
export interface InvitationContext {
  readonly conversationId: string;
  /** Decoration of the application's; untrusted. */
  readonly metadata: Record<string, string>;
}

export interface OpenedInvitation {
  readonly topic: string;
  /** 32 bytes. */
  readonly keyMaterial: Uint8Array;
  readonly peer: Address;
  readonly peerBundle: VerifiedBundle;
  readonly createdNs: bigint;
  readonly conversationId?: string;
  /** Without a prototype. */
  readonly metadata?: Record<string, string>;
  /** Unverified: `verifyConsentProof` tells whether the receiver gave it. */
  readonly consentProof?: ConsentProofPayload;
  readonly sentByMe: boolean;
  /** Whether topic and key are those that this pair derives: nobody else can have made them (SPEC 7.4). */
  readonly derived: boolean;
}

const salt = utf8('__XMTP__INVITATION__SALT__XMTP__');

/** Topic and key of a new conversation, the same whoever of the two begins (SPEC 7.4). */
export async function deriveInvitation(bundle: PrivateBundle, peer: VerifiedBundle, context?: InvitationContext): Promise<InvitationV1> {
  const me = publicBundle(bundle);
  const secret = sharedSecret(bundle, peer, me.preKey, 'initiator');
  const { topic, keyMaterial } = await derive(secret, me.address, peer.address, context?.conversationId);
  return create(InvitationV1Schema, {
    topic,
    encryption: { case: 'aes256GcmHkdfSha256', value: { keyMaterial } },
    ...(context && { context: { conversationId: context.conversationId, metadata: context.metadata } }),
  });
}

/** Seals an invitation between my current keys and the peer's; the bytes go to both invite topics (SPEC 7.1, 7.2). */
export async function sealInvitation(
  bundle: PrivateBundle,
  peer: VerifiedBundle,
  invitation: InvitationV1,
  createdNs: bigint,
  random: Random = randomBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const me = publicBundle(bundle);
  const headerBytes = encode(
    SealedInvitationHeaderV1Schema,
    create(SealedInvitationHeaderV1Schema, { sender: me.signed, recipient: peer.signed, createdNs }),
  );
  const secret = sharedSecret(bundle, peer, me.preKey, 'initiator');
  const ciphertext = await sealAead(secret, encode(InvitationV1Schema, invitation), headerBytes, random);
  return encode(SealedInvitationSchema, create(SealedInvitationSchema, { version: { case: 'v1', value: { headerBytes, ciphertext } } }));
}

/**
 * Opens an envelope of my invite topic and refuses what SPEC 7.5 and 4.5 refuse: another time than the envelope's, an invitation that does not
 * name my identity key, a topic that is not a conversation's, a key that is not 32 bytes.
 * @throws ProtocolError
 */
export async function openInvitation(
  bundle: PrivateBundle,
  envelope: { readonly topic?: string; readonly timestampNs: bigint; readonly message: Uint8Array },
): Promise<OpenedInvitation> {
  const me = publicBundle(bundle);
  if (envelope.topic !== undefined && envelope.topic !== inviteTopic(me.address))
    throw new ProtocolError('wrong-topic', 'the envelope is not from my invite topic');
  const { headerBytes, ciphertext, sender, recipient, createdNs } = parseSealed(envelope.message, me);
  if (createdNs !== envelope.timestampNs) throw new ProtocolError('wrong-time', 'the invitation has another time than its envelope');
  const sentByMe = equalBytes(sender.identity, me.identityKey);
  const toMe = equalBytes(recipient.identity, me.identityKey);
  if (sentByMe === toMe) throw new ProtocolError('wrong-recipient', 'the invitation is not between me and somebody else');

  const peer = verifyBundle(sentByMe ? recipient.bundle : sender.bundle);
  const ownPreKey = sentByMe ? sender.pre : recipient.pre;
  const secret = sharedSecret(bundle, peer, ownPreKey, sentByMe ? 'initiator' : 'responder');
  const plain = await openAead(secret, ciphertext, headerBytes);
  const invitation = decode(InvitationV1Schema, plain, 'the invitation');
  const keyMaterial = invitation.encryption.case === 'aes256GcmHkdfSha256' ? invitation.encryption.value.keyMaterial : undefined;
  if (keyMaterial?.length !== 32) throw new ProtocolError('malformed', 'the key of a conversation is 32 bytes');
  if (!isConversationTopic(invitation.topic))
    throw new ProtocolError('wrong-topic', 'the invitation names a topic that is no conversation');

  const { context } = invitation;
  const [initiator, responder] = sentByMe ? [me.address, peer.address] : [peer.address, me.address];
  const derivation = await derive(secret, initiator, responder, context?.conversationId);
  return {
    topic: invitation.topic,
    keyMaterial,
    peer: peer.address,
    peerBundle: peer,
    createdNs,
    ...(context && {
      conversationId: context.conversationId,
      metadata: Object.assign(Object.create(null) as Record<string, string>, boundMetadata(context.metadata)),
    }),
    ...(invitation.consentProof && { consentProof: invitation.consentProof }),
    sentByMe,
    derived: derivation.topic === invitation.topic && equalBytes(derivation.keyMaterial, keyMaterial),
  };
}

/** The public part of a sealed invitation: who, to whom, when. Bundles are not verified. `known` is one that need not be read again. @throws ProtocolError malformed */
export function parseSealed(message: Uint8Array, known?: VerifiedBundle) {
  const { version } = decode(SealedInvitationSchema, message, 'the sealed invitation');
  if (version.case !== 'v1' || version.value.headerBytes.length === 0 || !version.value.ciphertext)
    throw new ProtocolError('malformed', 'the sealed invitation is incomplete');
  const { headerBytes, ciphertext } = version.value;
  const header = decode(SealedInvitationHeaderV1Schema, headerBytes, 'the header of the invitation');
  const [sender, recipient] = [party(header.sender, known), party(header.recipient, known)];
  return { headerBytes, ciphertext, sender, recipient, createdNs: header.createdNs };
}

function party(bundle: VerifiedBundle['signed'] | undefined, known: VerifiedBundle | undefined) {
  if (!bundle?.identityKey || !bundle.preKey) throw new ProtocolError('malformed', 'the invitation lacks a party');
  const { identityKey, preKey } = known?.signed ?? {};
  const isKnown = (key: SignedPublicKey, mine: SignedPublicKey | undefined) =>
    mine !== undefined && equalBytes(key.keyBytes, mine.keyBytes);
  return {
    bundle,
    identity: known && isKnown(bundle.identityKey, identityKey) ? known.identityKey : readSignedKey(bundle.identityKey).point,
    pre: known && isKnown(bundle.preKey, preKey) ? known.preKey : readSignedKey(bundle.preKey).point,
  };
}

/** Takes the secret of the pair with `initiator` in that role; the role that counts here follows from the order of the addresses. */
async function derive(secret: Uint8Array, initiator: Address, responder: Address, conversationId = '') {
  const inOrder = initiator < responder;
  const [first, second] = inOrder ? [initiator, responder] : [responder, initiator];
  const ordered = inOrder ? swapRoles(secret) : secret;
  const name = toHex(hmacSha256(ordered, utf8(`${conversationId}${first},${second}`)));
  return { topic: conversationTopic(name), keyMaterial: await hkdf(ordered, salt, utf8(`0|${first}|${second}`), 32) };
}

/** The other role's secret: its first two points change places (SPEC 6). */
const swapRoles = (secret: Uint8Array): Uint8Array => concat(secret.subarray(65, 130), secret.subarray(0, 65), secret.subarray(130));

/** At most 32 members of at most 1 KiB; the rest is decoration that nobody needs. */
const boundMetadata = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata)
      .filter(([key, value]) => key.length <= 1024 && value.length <= 1024)
      .slice(0, 32),
  );
