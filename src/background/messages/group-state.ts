import { readContent } from '../../content-types/index.ts';
import type { Address } from '../../protocol/address.ts';
import { decodeContent } from '../../protocol/content.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { readGroup, type SignedGroup, succeeds, supersedes } from '../../protocol/group.ts';
import type { GroupView } from '../../rpc/views/conversations.ts';
import type { Binding, StoredConversation, StoredGroup } from './model.ts';

/** What invitations and announcements make of a group (docs/group-conversations.md). */

const read = new WeakMap<Uint8Array, SignedGroup>();

/** The state that holds. Its signature is checked once for each copy in memory. */
export function groupOf({ state }: StoredGroup): SignedGroup {
  const known = read.get(state) ?? readGroup(state);
  read.set(state, known);
  return known;
}

/** Who may write here, where these are not just the peer and I. */
export const membersOf = ({ group }: Pick<Binding, 'group'>): readonly Address[] | undefined => group && groupOf(group).members;

/** The conversation after one more invitation to the same epoch. @throws ProtocolError when the two disagree */
export function afterInvitation(row: StoredConversation, invited: SignedGroup): StoredConversation {
  if (!row.group || !supersedes(invited, groupOf(row.group))) return row;
  return { ...row, group: { ...row.group, state: invited.bytes } };
}

/** The conversation after a message, which may announce a change. @throws ProtocolError when its sender may not, or when it does not fit */
export async function afterMessage(row: StoredConversation, sender: Address, payload: Uint8Array): Promise<StoredConversation> {
  if (!row.group) return row;
  const content = await decodeContent(payload);
  if (!content.type.startsWith('parley.chat/groupUpdate:')) return row;
  const value = readContent(content);
  if (value.kind !== 'group-update') return row;
  if (value.action === 'left') return sender === groupOf(row.group).creator ? row : withoutMember(row, row.group, sender);
  if (sender !== groupOf(row.group).creator) throw new ProtocolError('wrong-sender', 'only its creator changes a group');
  if (value.action === 'closed') return { ...row, group: { ...row.group, closed: true } };
  return afterInvitation(row, value.group);
}

const withoutMember = (row: StoredConversation, group: StoredGroup, member: Address): StoredConversation =>
  group.left.includes(member) ? row : { ...row, group: { ...group, left: [...group.left, member] } };

/**
 * Ties a new epoch to those around it, in whatever order they come: an epoch that has a next one is closed, and what is unread in it counts in the last one
 * that follows. Answers the conversations that are different now.
 * @throws ProtocolError when this epoch is bound to another topic already
 */
export function chain(row: StoredConversation, others: Iterable<StoredConversation>): StoredConversation[] {
  if (!row.group) return [row];
  const mine = groupOf(row.group);
  const epochs = [...others].flatMap((other) => {
    if (!other.group || other.id === row.id || other.conversationId !== row.conversationId) return [];
    const state = groupOf(other.group);
    return state.creator === mine.creator ? [{ row: other, group: other.group, state }] : [];
  });
  if (epochs.some(({ state }) => state.epoch === mine.epoch))
    throw new ProtocolError('wrong-topic', 'this epoch of the group has another topic');
  const before = epochs.filter(({ state }) => succeeds(mine, state))[0];
  const after = epochs.filter(({ state }) => succeeds(state, mine))[0];
  const unread = row.unread + (before?.row.unread ?? 0);
  const changed = before ? [{ ...before.row, unread: 0, group: { ...before.group, closed: true, next: row.id } }] : [];
  if (!after) return [{ ...row, unread }, ...changed];
  let last = after.row;
  for (let next: typeof after | undefined = after; next; next = epochs.find(({ row: { id } }) => id === last.group?.next)) last = next.row;
  return [
    { ...row, unread: 0, group: { ...row.group, closed: true, next: after.row.id } },
    { ...last, unread: last.unread + unread },
    ...changed,
  ];
}

/** Whether I may still write in a conversation: a group may have ended, or I may have left it. */
export const mayWrite = ({ group }: Pick<Binding, 'group'>, me: Address): boolean =>
  !group || (!group.closed && !group.left.includes(me) && groupOf(group).members.includes(me));

/** A conversation and those that show the epochs of the group before it, the newest first. */
export function epochsOf(id: string, rows: { all(): Iterable<StoredConversation> }): string[] {
  const before = new Map<string, string>();
  for (const row of rows.all()) if (row.group?.next !== undefined) before.set(row.group.next, row.id);
  const epochs = [id];
  for (let epoch = before.get(id); epoch !== undefined && !epochs.includes(epoch); epoch = before.get(epoch)) epochs.push(epoch);
  return epochs;
}

/** What is shown of a group. */
export const groupView = ({ group }: Pick<Binding, 'group'>, me: Address): GroupView | null => {
  if (!group) return null;
  const { title, members, creator } = groupOf(group);
  return { title, members, creator, left: group.left, mine: creator === me, open: mayWrite({ group }, me) };
};
