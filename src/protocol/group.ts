import { create } from '@bufbuild/protobuf';
import {
  type GroupDescriptor,
  GroupDescriptorSchema,
  type SignedGroupDescriptor,
  SignedGroupDescriptorSchema,
} from '../gen/parley/group/v1/group_pb.ts';
import { type InvitationV1, InvitationV1Schema } from '../gen/xmtp/message_contents/invitation_pb.ts';
import { SignatureSchema } from '../gen/xmtp/message_contents/signature_pb.ts';
import { type Address, parseAddress } from './address.ts';
import { concat, equalBytes, fromBase64Url, fromHex, type Random, randomBytes, toBase64Url, toHex, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { sha256 } from './hash.ts';
import type { OpenedInvitation } from './invitation.ts';
import { type PrivateBundle, publicBundle, signByPreKey } from './private-keys.ts';
import { readSignature, type VerifiedBundle, verifyBundle } from './public-keys.ts';
import { verify } from './secp256k1.ts';
import { conversationTopic, isConversationTopic } from './topic.ts';
import { decode, encode } from './wire.ts';

/** Conversation ids that begin so are groups; behind it stands the group's id in hex (docs/group-conversations.md). */
export const groupPrefix = 'parley.chat/group/1/';

/** Members of a group, the creator among them. Their list, in base64, fits into the metadata of an invitation that every client takes. */
export const maxGroupMembers = 250;

/** Characters of a title. */
export const maxGroupTitle = 200;

/** What a group is in one epoch. */
export interface GroupState {
  /** 32 hex digits; the same in every epoch. */
  readonly groupId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly topic: string;
  /** SHA-256 of the epoch's key material; 32 bytes. */
  readonly keyHash: Uint8Array;
  /** In ascending order, the creator's among them. */
  readonly members: readonly Address[];
  readonly title: string;
  readonly previousTopic: string | null;
}

/** A state that its creator signed. */
export interface SignedGroup extends GroupState {
  readonly creator: Address;
  /** 65 bytes. */
  readonly creatorIdentityKey: Uint8Array;
  /** An encoded SignedGroupDescriptor: what invitations and announcements carry. */
  readonly bytes: Uint8Array;
}

/** A state together with the key of its epoch (32 bytes). */
export interface KeyedGroup {
  readonly group: SignedGroup;
  readonly keyMaterial: Uint8Array;
}

/** Whether a conversation id is of a group. */
export const isGroupId = (conversationId: string | undefined): boolean => conversationId?.startsWith(groupPrefix) ?? false;

/** Founds a group under a new topic and a new key. @throws ProtocolError malformed (no other member, a title too long), too-large (members) */
export function createGroup(
  bundle: PrivateBundle,
  { members, title = '' }: { readonly members: readonly Address[]; readonly title?: string },
  random: Random = randomBytes,
): KeyedGroup {
  return epochOf(bundle, { groupId: toHex(random(16)), epoch: 1, members, title, previousTopic: null }, random);
}

/** The same epoch with more members or another title, one revision on. @throws ProtocolError wrong-sender (not the creator), too-large, malformed */
export function extendGroup(
  bundle: PrivateBundle,
  group: SignedGroup,
  { add = [], title = group.title }: { readonly add?: readonly Address[]; readonly title?: string },
): SignedGroup {
  mustBeCreator(bundle, group);
  return signGroup(bundle, { ...group, revision: group.revision + 1, members: [...group.members, ...add], title });
}

/** The next epoch, under a topic and a key that those who left do not have. @throws ProtocolError wrong-sender, malformed (nobody left) */
export function succeedGroup(
  bundle: PrivateBundle,
  group: SignedGroup,
  { remove }: { readonly remove: readonly Address[] },
  random: Random = randomBytes,
): KeyedGroup {
  mustBeCreator(bundle, group);
  const members = group.members.filter((member) => !remove.includes(member));
  const { groupId, epoch, title, topic } = group;
  return epochOf(bundle, { groupId, epoch: epoch + 1, members, title, previousTopic: topic }, random);
}

/** The invitation that every member gets, byte for byte the same, sealed to each. */
export function groupInvitation({ group, keyMaterial }: KeyedGroup): InvitationV1 {
  const text = toBase64Url(group.bytes);
  const metadata: Record<string, string> = {};
  for (let part = 0; part * partLength < text.length; part++)
    metadata[`${metadataKey}.${part}`] = text.slice(part * partLength, (part + 1) * partLength);
  return create(InvitationV1Schema, {
    topic: group.topic,
    context: { conversationId: groupPrefix + group.groupId, metadata },
    encryption: { case: 'aes256GcmHkdfSha256', value: { keyMaterial } },
  });
}

/**
 * The group that an opened invitation is to, or null for any other conversation. Only the creator invites: what comes from somebody else, does not
 * name me, or does not fit its own topic and key is refused.
 * @throws ProtocolError malformed, bad-signature, wrong-sender, wrong-recipient, wrong-topic
 */
export function readGroupInvitation(opened: OpenedInvitation, me: VerifiedBundle): SignedGroup | null {
  const { conversationId } = opened;
  if (conversationId === undefined || !isGroupId(conversationId)) return null;
  const group = readGroup(textOf(opened.metadata ?? {}));
  if (conversationId !== groupPrefix + group.groupId) throw new ProtocolError('malformed', 'the invitation names another group');
  if (group.topic !== opened.topic) throw new ProtocolError('wrong-topic', 'the group has another topic than its invitation');
  if (!equalBytes(group.keyHash, sha256(opened.keyMaterial)))
    throw new ProtocolError('malformed', 'the group has another key than its invitation');
  const inviter = opened.sentByMe ? me.identityKey : opened.peerBundle.identityKey;
  if (!equalBytes(group.creatorIdentityKey, inviter)) throw new ProtocolError('wrong-sender', 'only the creator of a group invites to it');
  const other = opened.sentByMe ? opened.peer : me.address;
  if (!group.members.includes(other)) throw new ProtocolError('wrong-recipient', 'the invited is no member of the group');
  return group;
}

/** Reads a signed state, wherever it was found. @throws ProtocolError malformed, bad-signature, wrong-sender, wrong-topic, too-large */
export function readGroup(bytes: Uint8Array): SignedGroup {
  const { descriptor, creator, signature } = decode(SignedGroupDescriptorSchema, bytes, 'the group');
  if (!creator || signature?.union.case !== 'ecdsaCompact') throw new ProtocolError('malformed', 'the group is not signed');
  const bundle = verifyBundle(creator);
  if (!verify(digestOf(descriptor), readSignature(signature), bundle.preKey))
    throw new ProtocolError('bad-signature', 'the group is not signed by its creator');
  const parsed = decode(GroupDescriptorSchema, descriptor, 'the descriptor of the group');
  if (!equalBytes(encode(GroupDescriptorSchema, parsed), descriptor))
    throw new ProtocolError('malformed', 'the descriptor is not canonical');
  const state = stateOf(parsed);
  if (!state.members.includes(bundle.address)) throw new ProtocolError('wrong-sender', 'the creator is no member of the group');
  return { ...state, creator: bundle.address, creatorIdentityKey: bundle.identityKey, bytes };
}

/**
 * Whether a state of the same epoch takes the place of the one that holds: false for the same or an older one.
 * @throws ProtocolError wrong-sender (another creator), wrong-topic (another group, epoch, topic or key), malformed (it drops members, or says
 * something else under the same revision)
 */
export function supersedes(next: SignedGroup, held: SignedGroup): boolean {
  if (!equalBytes(next.creatorIdentityKey, held.creatorIdentityKey))
    throw new ProtocolError('wrong-sender', 'the group belongs to somebody else');
  const sameEpoch = next.groupId === held.groupId && next.epoch === held.epoch;
  if (!sameEpoch || next.topic !== held.topic || !equalBytes(next.keyHash, held.keyHash))
    throw new ProtocolError('wrong-topic', 'this is another group, or another epoch of it');
  const [older, newer] = next.revision > held.revision ? [held, next] : [next, held];
  if (older.members.some((member) => !newer.members.includes(member)))
    throw new ProtocolError('malformed', 'within an epoch nobody leaves the list');
  if (next.revision === held.revision && !equalBytes(signedPart(next), signedPart(held)))
    throw new ProtocolError('malformed', 'the creator signed two states under one number');
  return next.revision > held.revision;
}

/** Whether `next` is the epoch after `held`. @throws ProtocolError wrong-sender, wrong-topic */
export function succeeds(next: SignedGroup, held: SignedGroup): boolean {
  if (next.groupId !== held.groupId || next.epoch !== held.epoch + 1) return false;
  if (!equalBytes(next.creatorIdentityKey, held.creatorIdentityKey))
    throw new ProtocolError('wrong-sender', 'the group belongs to somebody else');
  if (next.previousTopic !== held.topic) throw new ProtocolError('wrong-topic', 'the next epoch follows another topic');
  return true;
}

const metadataKey = 'parley.group';
/** Characters of one entry; clients keep 1024, and 32 entries. */
const partLength = 1000;
const domain = utf8('parley group 1\n');

const digestOf = (descriptor: Uint8Array): Uint8Array => sha256(concat(domain, descriptor));

const signedPart = ({ bytes }: SignedGroup): Uint8Array => decode(SignedGroupDescriptorSchema, bytes, 'the group').descriptor;

function epochOf(bundle: PrivateBundle, state: Omit<GroupState, 'revision' | 'topic' | 'keyHash'>, random: Random): KeyedGroup {
  const topic = conversationTopic(toHex(random(32)));
  const keyMaterial = random(32);
  return { group: signGroup(bundle, { ...state, revision: 1, topic, keyHash: sha256(keyMaterial) }), keyMaterial };
}

function signGroup(bundle: PrivateBundle, state: GroupState): SignedGroup {
  const me = publicBundle(bundle);
  const members = [...new Set([...state.members, me.address].map((member) => parseAddress(member).toLowerCase()))].sort();
  const descriptor = encode(
    GroupDescriptorSchema,
    create(GroupDescriptorSchema, {
      groupId: fromHex(state.groupId),
      epoch: state.epoch,
      revision: state.revision,
      topic: state.topic,
      keyHash: state.keyHash,
      members: members.map((member) => fromHex(member)),
      title: state.title,
      previousTopic: state.previousTopic ?? '',
    }),
  );
  const signature = signByPreKey(bundle, digestOf(descriptor));
  const signed: SignedGroupDescriptor = create(SignedGroupDescriptorSchema, {
    descriptor,
    creator: me.signed,
    signature: create(SignatureSchema, { union: { case: 'ecdsaCompact', value: { ...signature } } }),
  });
  // Read again as others will: what they refuse must not be signed.
  return readGroup(encode(SignedGroupDescriptorSchema, signed));
}

function stateOf({ groupId, epoch, revision, topic, keyHash, members, title, previousTopic }: GroupDescriptor): GroupState {
  if (groupId.length !== 16) throw new ProtocolError('malformed', 'a group has an id of 16 bytes');
  if (keyHash.length !== 32) throw new ProtocolError('malformed', 'a group names its key by 32 bytes');
  if (epoch < 1 || revision < 1) throw new ProtocolError('malformed', 'epochs and revisions count from 1');
  if (!isConversationTopic(topic)) throw new ProtocolError('wrong-topic', 'the topic of the group is no conversation');
  if ((previousTopic === '') !== (epoch === 1) || (previousTopic !== '' && !isConversationTopic(previousTopic)))
    throw new ProtocolError('wrong-topic', 'the topic of the epoch before does not fit');
  if (members.length > maxGroupMembers) throw new ProtocolError('too-large', `a group has at most ${maxGroupMembers} members`);
  if (members.length < 2) throw new ProtocolError('malformed', 'a group has two members at least');
  if ([...title].length > maxGroupTitle) throw new ProtocolError('too-large', `a title has at most ${maxGroupTitle} characters`);
  const names = members.map((member) => {
    if (member.length !== 20) throw new ProtocolError('malformed', 'an address is 20 bytes');
    return toHex(member);
  });
  if (names.some((name, index) => index > 0 && name <= (names[index - 1] as string)))
    throw new ProtocolError('malformed', 'members are listed in ascending order, each once');
  return {
    groupId: toHex(groupId),
    epoch,
    revision,
    topic,
    keyHash,
    members: names.map((name) => parseAddress(`0x${name}`)),
    title,
    previousTopic: previousTopic === '' ? null : previousTopic,
  };
}

function textOf(metadata: Readonly<Record<string, string>>): Uint8Array {
  let text = '';
  for (let part = 0; Object.hasOwn(metadata, `${metadataKey}.${part}`); part++) text += metadata[`${metadataKey}.${part}`];
  try {
    return fromBase64Url(text);
  } catch (cause) {
    throw new ProtocolError('malformed', 'the invitation to a group does not describe it', { cause });
  }
}

function mustBeCreator(bundle: PrivateBundle, { creatorIdentityKey }: SignedGroup): void {
  if (!equalBytes(publicBundle(bundle).identityKey, creatorIdentityKey))
    throw new ProtocolError('wrong-sender', 'only its creator changes a group');
}
