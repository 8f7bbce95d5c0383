import { type Value, writeContent } from '../../content-types/index.ts';
import { KeystoreError } from '../../keystore/errors.ts';
import type { KeystoreGroup } from '../../keystore/keystore.ts';
import { NodeError } from '../../network/errors.ts';
import { type Address, parseAddress } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { groupPrefix, maxGroupMembers, maxGroupTitle } from '../../protocol/group.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import { nsToMs } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { createExclusive } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { noteStop } from '../log.ts';
import { badParams, refused } from '../refuse.ts';
import type { Groups } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { compose } from './compose.ts';
import { existing } from './conversations.ts';
import { groupOf, mayWrite } from './group-state.ts';
import type { StoredConversation, StoredGroup } from './model.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly failpoint: Failpoint;
  readonly view: (id: string) => Promise<ConversationRow>;
  readonly changed: (conversation: string) => void;
}

/**
 * Founds groups and changes them. Each change is one publish of everything that belongs to it, written down before it is tried: invitations and announcement
 * arrive together or not at all.
 */
export function createGroups({ sessions, failpoint, view, changed }: Deps): Groups & { settle(): void } {
  const exclusive = createExclusive();

  const rowOf = async (session: Session, id: string): Promise<StoredConversation & { readonly group: StoredGroup }> => {
    const row = await existing(session, id);
    if (!row.group) throw new RefusalError('not-found', 'This conversation is no group.');
    return row as StoredConversation & { readonly group: StoredGroup };
  };

  /** A group of ours that goes on. */
  const ownGroup = async (session: Session, id: string) => {
    const row = await rowOf(session, id);
    const group = groupOf(row.group);
    if (group.creator !== session.address) throw refused('not-granted', 'refusals.creatorOnly');
    if (!mayWrite(row, session.address)) throw new RefusalError('not-found', 'This group has ended here.');
    return { row, group };
  };

  /** A conversation for an epoch of a group of ours, with the publish that founds it. */
  const found = async (
    session: Session,
    made: KeystoreGroup,
    invited: readonly VerifiedBundle[],
    createdNs: bigint,
    also: readonly Envelope[],
  ) => {
    const { group, key, binding, sealed } = made;
    const id = await session.rows.idOf(group.topic);
    const [peer] = invited;
    if (!peer) throw badParams('refusals.groupNeedsOthers');
    const conversation: StoredConversation = {
      id,
      binding,
      topic: group.topic,
      key,
      peer: peer.address,
      peerIdentityKey: toHex(peer.identityKey),
      derived: false,
      createdAt: nsToMs(createdNs),
      conversationId: groupPrefix + group.groupId,
      metadata: null,
      group: { state: group.bytes, left: [], closed: false },
      last: null,
      readUpTo: 0,
      unread: 0,
      lastOwnNs: createdNs,
      filled: {},
    };
    // One copy is for ourselves: by it the group is found on another device.
    const envelopes = [...invitations(invited, sealed, createdNs), envelope(session.address, sealed[0] as Uint8Array, createdNs), ...also];
    await failpoint('group:sealed');
    await session.post({ id: `invitation ${id}`, conversation: id, envelopes, failure: null, row: { kind: 'invitation', conversation } });
    return id;
  };

  const announce = (session: Session, row: StoredConversation, value: Extract<Value, { kind: 'group-update' }>) =>
    compose(session, row, writeContent(value));

  /** Invites those added and announces the new state, together. */
  const extend = async (session: Session, id: string, add: readonly VerifiedBundle[], title?: string): Promise<void> => {
    const { row } = await ownGroup(session, id);
    const createdNs = session.nextTimeNs(id);
    const change = { add, ...(title !== undefined && { title }) };
    const { group, sealed } = await refusing(session.keys.extendGroup({ bytes: row.group.state, key: row.key }, change, createdNs));
    const entry = await announce(
      session,
      { ...row, group: { ...row.group, state: group.bytes } },
      { kind: 'group-update', action: 'changed', group },
    );
    await failpoint('group:sealed');
    await session.post({ ...entry, envelopes: [...invitations(add, sealed, createdNs), ...entry.envelopes] });
  };

  const removeFrom = async (session: Session, id: string, removed: readonly Address[]): Promise<string> => {
    const { row, group } = await ownGroup(session, id);
    const staying = group.members.filter((member) => member !== session.address && !removed.includes(member));
    const closing = await announce(session, row, {
      kind: 'group-update',
      action: 'closed',
      removed: staying.length === 0 ? [] : [...removed],
    });
    if (staying.length === 0) {
      await session.post(closing);
      return id;
    }
    const bundles = await bundlesOf(session, staying);
    const createdNs = session.nextTimeNs(null);
    const made = await refusing(session.keys.succeedGroup(row.group.state, removed, bundles, createdNs));
    return found(session, made, bundles, createdNs, closing.envelopes);
  };

  const groups: Groups & { settle(): void } = {
    create: (title, members) =>
      exclusive(async () => {
        const session = sessions.current();
        await session.ready();
        checkTitle(title);
        const others = addressesOf(members).filter((member) => member !== session.address);
        if (others.length + 1 > maxGroupMembers) throw badParams('refusals.tooManyMembers', { number: maxGroupMembers });
        const bundles = await bundlesOf(session, others);
        const createdNs = session.nextTimeNs(null);
        const made = await refusing(session.keys.createGroup(bundles, title.trim(), createdNs));
        return view(await found(session, made, bundles, createdNs, []));
      }),
    add: (id, members) =>
      exclusive(async () => {
        const session = sessions.current();
        const { group } = await ownGroup(session, id);
        const fresh = addressesOf(members).filter((member) => !group.members.includes(member));
        if (group.members.length + fresh.length > maxGroupMembers) throw badParams('refusals.tooManyMembers', { number: maxGroupMembers });
        if (fresh.length > 0) await extend(session, id, await bundlesOf(session, fresh));
        return view(id);
      }),
    rename: (id, title) =>
      exclusive(async () => {
        const session = sessions.current();
        checkTitle(title);
        const { group } = await ownGroup(session, id);
        if (title.trim() !== group.title) await extend(session, id, [], title.trim());
        return view(id);
      }),
    remove: (id, members) =>
      exclusive(async () => {
        const session = sessions.current();
        const { group } = await ownGroup(session, id);
        const removed = addressesOf(members).filter((member) => group.members.includes(member));
        if (removed.includes(session.address)) throw badParams('refusals.leaveInstead');
        return view(removed.length === 0 ? id : await removeFrom(session, id, removed));
      }),
    leave: (id) =>
      exclusive(async () => {
        const session = sessions.current();
        const row = await rowOf(session, id);
        if (!mayWrite(row, session.address)) return view(id);
        const mine = groupOf(row.group).creator === session.address;
        // Without its creator nobody could add or remove: the group ends with the creator's leaving.
        const value = mine ? ({ action: 'closed', removed: [] } as const) : ({ action: 'left' } as const);
        await session.post(await announce(session, row, { kind: 'group-update', ...value }));
        changed(id);
        return view(id);
      }),
    settle() {
      const session = sessions.peek();
      if (!session) return;
      exclusive(async () => {
        await session.ready();
        for (const row of [...session.rows.all()]) {
          const { group } = row;
          if (!group || group.closed || group.left.length === 0 || groupOf(group).creator !== session.address) continue;
          await removeFrom(session, row.id, group.left);
        }
      }).catch((error: unknown) => {
        // Away or locked: the next wake finds it still to be done.
        if (!(error instanceof NodeError || error instanceof KeystoreError || error instanceof RefusalError))
          noteStop('removing who left', error);
      });
    },
  };
  return groups;
}

const envelope = (address: Address, message: Uint8Array, timestampNs: bigint): Envelope => ({
  contentTopic: inviteTopic(address),
  timestampNs,
  message,
});

const invitations = (invited: readonly VerifiedBundle[], sealed: readonly Uint8Array[], timestampNs: bigint): Envelope[] =>
  invited.map(({ address }, index) => envelope(address, sealed[index] as Uint8Array, timestampNs));

/** The keys of all of them. @throws RefusalError peer-absent, naming the first that cannot be reached */
async function bundlesOf({ contacts }: Session, members: readonly Address[]): Promise<VerifiedBundle[]> {
  const bundles: VerifiedBundle[] = [];
  for (const member of members) {
    const bundle = await contacts.lookUp(member, 60_000);
    if (!bundle) throw new RefusalError('peer-absent', `${member} is not on the network of this node yet.`, { field: 'members' });
    bundles.push(bundle);
  }
  return bundles;
}

function addressesOf(members: readonly string[]): Address[] {
  return [
    ...new Set(
      members.map((member) => {
        try {
          return parseAddress(member);
        } catch {
          throw badParams('refusals.wrongChecksum', { address: member });
        }
      }),
    ),
  ];
}

function checkTitle(title: string): void {
  if ([...title.trim()].length > maxGroupTitle) throw badParams('refusals.titleTooLong', { number: maxGroupTitle });
}

/** What the protocol does not let through is a parameter that was wrong. */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProtocolError) throw new RefusalError('bad-params', error.message, {}, { cause: error });
    throw error;
  }
}
