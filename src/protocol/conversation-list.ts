import type { Address } from './address.ts';
import type { VerifiedContact } from './contact-bundle.ts';
import type { Envelope } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { openLegacyMessage } from './legacy-message.ts';
import type { PrivateBundle } from './private-keys.ts';
import { addressOfBundle, publicBundle } from './private-keys.ts';
import { directTopic, introTopic } from './topic.ts';

/** A conversation as a list tells it. */
export interface ListedConversation {
  readonly version: 1 | 2;
  readonly topic: string;
  readonly peer: Address;
  readonly createdNs: bigint;
  /** Of version 2 alone; absent and empty are the same. */
  readonly conversationId?: string;
}

/** How a conversation with a peer begins: it is there, or it is a legacy one of which nothing is sent yet, or it takes an invitation. */
export type Beginning =
  | { readonly form: 'existing'; readonly conversation: ListedConversation }
  | { readonly form: 'legacy'; readonly topic: string }
  | { readonly form: 'invitation' };

/**
 * The legacy conversations that my introductions tell: one for each peer with a message that opens, dated by the oldest of them (SPEC 9.7).
 * What does not open is left out: introductions are open to everybody.
 */
export async function openIntroductions(bundle: PrivateBundle, envelopes: readonly Envelope[]): Promise<ListedConversation[]> {
  const me = addressOfBundle(bundle);
  const byPeer = new Map<Address, ListedConversation>();
  for (const { contentTopic, message } of envelopes) {
    if (contentTopic !== introTopic(me)) continue;
    try {
      const { peer, createdNs } = await openLegacyMessage({ bundle, message, envelopeTopic: contentTopic });
      const known = byPeer.get(peer);
      if (!known || createdNs < known.createdNs) byPeer.set(peer, { version: 1, topic: directTopic(me, peer), peer, createdNs });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return inOrderOfCreation([...byPeer.values()]);
}

/** Both versions side by side, the oldest first (SPEC 17.2). */
export const inOrderOfCreation = (conversations: readonly ListedConversation[]): ListedConversation[] =>
  [...conversations].sort((a, b) => (a.createdNs < b.createdNs ? -1 : a.createdNs > b.createdNs ? 1 : 0));

/**
 * Decides how a conversation with a peer begins, as existing clients do (SPEC 17.3): one of version 2 with the same id goes on; without an id,
 * so does a legacy one; a peer whose only contact is legacy gets a legacy one; all others are invited. `contact` is null where none was found.
 * @throws ProtocolError wrong-recipient (myself), unknown-key (no contact), unsupported (a legacy conversation between keys that have no legacy form)
 */
export function beginConversation(
  bundle: PrivateBundle,
  peer: Address,
  conversationId: string | undefined,
  { known, contact }: { readonly known: readonly ListedConversation[]; readonly contact: VerifiedContact | null },
): Beginning {
  const me = publicBundle(bundle);
  if (peer === me.address) throw new ProtocolError('wrong-recipient', 'a conversation with oneself');
  const withPeer = known.filter((conversation) => conversation.peer === peer);
  const same = withPeer.find(
    (conversation) => conversation.version === 2 && (conversation.conversationId ?? '') === (conversationId ?? ''),
  );
  if (same) return { form: 'existing', conversation: same };
  if (!contact) throw new ProtocolError('unknown-key', 'the peer is not on the network');
  const legacy = withPeer.find(({ version }) => version === 1);
  if (conversationId || (!legacy && contact.version === 2)) return { form: 'invitation' };
  if (!me.legacy || !contact.legacy) throw new ProtocolError('unsupported', 'a legacy conversation takes legacy keys on both sides');
  return legacy ? { form: 'existing', conversation: legacy } : { form: 'legacy', topic: directTopic(me.address, peer) };
}
