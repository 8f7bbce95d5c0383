import type { Address } from '../protocol/address.ts';
import { equalBytes } from '../protocol/bytes.ts';
import { envelopeDigest } from '../protocol/envelope.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type InvitationContext, type OpenedInvitation, openInvitation } from '../protocol/invitation.ts';
import type { PrivateBundle } from '../protocol/private-keys.ts';

/** A conversation as the keystore remembers it, under its topic. */
export interface KeystoreConversation {
  readonly peer: Address;
  readonly createdNs: bigint;
  /** 32 bytes. */
  readonly keyMaterial: Uint8Array;
  /** Whether topic and key follow from the keys of the two. */
  readonly derived: boolean;
  readonly context?: InvitationContext;
  readonly consentProof?: NonNullable<OpenedInvitation['consentProof']>;
}

/** What calls leave behind; the caller keeps it. */
export interface KeystoreMemory {
  readonly conversations: Map<string, KeystoreConversation>;
  readonly legacyConversations: Map<string, { readonly peer: Address; readonly createdNs: bigint }>;
  /** The last run of each refresh job, in ns. */
  readonly jobs: Map<number, bigint>;
}

export const emptyMemory = (): KeystoreMemory => ({ conversations: new Map(), legacyConversations: new Map(), jobs: new Map() });

/**
 * Binds a topic to a conversation, once: the first one stays. Another peer or key for the same topic is hostile and refused, except that the
 * conversation whose topic derives from its own two displaces one whose topic does not (SPEC 7.6).
 * @throws ProtocolError wrong-topic
 */
export function remember(memory: KeystoreMemory, topic: string, conversation: KeystoreConversation): void {
  const known = memory.conversations.get(topic);
  const same = known?.peer === conversation.peer && equalBytes(known.keyMaterial, conversation.keyMaterial);
  if (known && !same && (known.derived || !conversation.derived))
    throw new ProtocolError('wrong-topic', 'the topic belongs to another conversation');
  if (!same) memory.conversations.set(topic, conversation);
}

/** An invitation as it came: its envelope's time and bytes. */
export interface ReceivedInvite {
  readonly contentTopic: string;
  readonly timestampNs: bigint;
  readonly payload: Uint8Array;
}

/** Opens invitations and remembers their conversations, in node order whatever their order here; answers each in its place. */
export async function rememberInvites(
  bundle: PrivateBundle,
  memory: KeystoreMemory,
  invites: readonly ReceivedInvite[],
): Promise<({ readonly topic: string; readonly conversation: KeystoreConversation } | ProtocolError)[]> {
  const opened = await Promise.all(invites.map((invite) => open(bundle, invite)));
  const inNodeOrder = [...invites.keys()].sort((a, b) => compare(invites[a] as ReceivedInvite, invites[b] as ReceivedInvite));
  for (const index of inNodeOrder) {
    const invited = opened[index];
    if (!invited || invited instanceof ProtocolError) continue;
    try {
      remember(memory, invited.topic, invited.conversation);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      opened[index] = error;
    }
  }
  return opened;
}

/** What a keystore tells about a conversation: no keys. */
export const referenceTo = (
  topic: string,
  { peer, createdNs, context, consentProof }: Omit<KeystoreConversation, 'keyMaterial' | 'derived'>,
) => ({
  topic,
  peerAddress: peer,
  createdNs,
  ...(context && { context: { conversationId: context.conversationId, metadata: context.metadata } }),
  ...(consentProof && { consentProofPayload: consentProof }),
});

async function open(bundle: PrivateBundle, { timestampNs, payload }: ReceivedInvite) {
  try {
    const invitation = await openInvitation(bundle, { timestampNs, message: payload });
    return { topic: invitation.topic, conversation: conversationIn(invitation) };
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

const conversationIn = ({
  peer,
  createdNs,
  keyMaterial,
  derived,
  conversationId,
  metadata,
  consentProof,
}: OpenedInvitation): KeystoreConversation => ({
  peer,
  createdNs,
  keyMaterial,
  derived,
  ...(conversationId !== undefined && { context: { conversationId, metadata: metadata ?? {} } }),
  ...(consentProof && { consentProof }),
});

function compare(a: ReceivedInvite, b: ReceivedInvite): number {
  if (a.timestampNs !== b.timestampNs) return a.timestampNs < b.timestampNs ? -1 : 1;
  const [first, second] = [a, b].map(({ contentTopic, payload }) => envelopeDigest(contentTopic, payload)) as [Uint8Array, Uint8Array];
  const differing = first.findIndex((byte, i) => byte !== second[i]);
  return differing < 0 ? 0 : (first[differing] as number) - (second[differing] as number);
}
