import type { AccountKeys } from '../../keystore/account-keys.ts';
import type { KeystoreInvitation } from '../../keystore/keystore.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { verifyConsentProof } from '../../protocol/consent-proof.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { nsToMs } from '../../protocol/time.ts';
import type { Contacts } from '../messages/contacts.ts';
import { afterInvitation, chain } from '../messages/group-state.ts';
import { type Binding, claimedTime, type StoredProof } from '../messages/model.ts';
import { bind } from './bindings.ts';
import type { Rows } from './rows.ts';
import type { Received, Slice } from './slice.ts';

/** An invitation that opened, and whose keys it brings; `topicId`: the id of the first conversation of its topic. */
interface Met {
  readonly opened: KeystoreInvitation;
  readonly whose: Awaited<ReturnType<Contacts['learn']>>;
  readonly topicId: string;
}

interface Deps {
  readonly address: Address;
  readonly keystore: Pick<AccountKeys, 'openInvitation'>;
  readonly rows: Pick<Rows, 'count' | 'idOf'>;
  readonly contacts: Pick<Contacts, 'learn'>;
  /** Peers' messages from before this time (ms) count as read. */
  readonly since: number;
}

/** Another invitation to a topic that shows a conversation already: it is kept, and its keys are tried where those of the first do not open a message. */
export class SecondInvitation extends Error {}

/** What strangers may begin: everything that we follow is asked for at once. */
const mostConversations = 50_000;
const longestConversationId = 1024;

/** Reads invitations that stand together; answers for each what takes it into the slice, or throws why it is set aside. */
export function createInvitationReader({ address, keystore, rows, contacts, since }: Deps) {
  const meet = async (ahead: PromiseSettledResult<KeystoreInvitation>): Promise<Met> => {
    if (ahead.status === 'rejected') throw ahead.reason;
    const { peer, peerBundle, topic, conversationId = null } = ahead.value;
    if (peer === address) throw new ProtocolError('wrong-recipient', 'an invitation of ourselves to ourselves');
    if (conversationId !== null && conversationId.length > longestConversationId)
      throw new ProtocolError('too-large', 'the conversation id is too long');
    return { opened: ahead.value, whose: await contacts.learn(peerBundle), topicId: await rows.idOf(topic) };
  };

  const take = async ({ seq, seenAt }: Received, { opened, whose, topicId }: Met, slice: Slice): Promise<void> => {
    const { binding, topic, key, peer, peerBundle, derived, conversationId = null, metadata = null } = opened;
    const createdAt = claimedTime(nsToMs(opened.createdNs), seenAt);
    const peerIdentityKey = toHex(peerBundle.identityKey);
    const group = opened.group && { group: { state: opened.group.bytes, left: [], closed: false } };
    // A group does not stand on its creator's identity alone: those keys are a matter of the conversations of two.
    const keys = { otherKeys: whose === 'other', retired: (whose === 'former' || opened.former) && !opened.group };
    const proof = opened.sentByMe ? null : proofOf(opened, address, seenAt);
    const from = { ...(opened.sentByMe && { begun: true as const }), ...(proof && { proof }) };
    const about = { createdAt, conversationId, metadata, ...keys, ...group, ...from };
    const invitation: Binding = { binding, topic, key, peer, peerIdentityKey, derived, ...about };
    const known = slice.shownAt(topic);
    if (opened.group && known?.binding === binding) {
      slice.keep(afterInvitation(known, opened.group), known);
      if (seq !== null) slice.done.push(seq);
      return;
    }
    if (!known && rows.count() + slice.conversations.size >= mostConversations)
      throw new ProtocolError('too-large', 'there are too many conversations');
    const spoken = known !== undefined && (known.last !== null || slice.messages.some(({ record }) => record.conversation === known.id));
    const bound = bind(known, invitation, { topicId, spoken, readUpTo: since });
    for (const row of bound.rows) for (const each of chain(row, slice.all())) slice.conversations.set(each.id, each);
    slice.again ||= bound.again;
    if (bound.rival) throw new SecondInvitation();
    if (seq !== null) slice.done.push(seq);
  };

  return async (invitations: readonly Received[]): Promise<((slice: Slice) => Promise<void>)[]> => {
    const opened = await Promise.allSettled(invitations.map((each) => keystore.openInvitation(each)));
    // Begun in their order: of two identities of one wallet the first is the one that stays.
    const met = await Promise.allSettled(opened.map(meet));
    return met.map((each, i) => async (slice) => {
      if (each.status === 'rejected') throw each.reason;
      await take(invitations[i] as Received, each.value, slice);
    });
  };
}

/** Our wallet's word for the peer, if the invitation brings one that holds at first sight (SPEC 12.7). */
function proofOf({ consentProof, peer }: KeystoreInvitation, receiver: Address, seenAt: number): StoredProof | null {
  if (!consentProof) return null;
  try {
    const { id, signedMs } = verifyConsentProof(consentProof, { sender: peer, receiver }, () => seenAt);
    return { id, signedMs };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
