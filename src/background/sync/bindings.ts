import type { Binding, Rival, StoredConversation } from '../messages/model.ts';

/**
 * Anybody can name any topic in an invitation, so several may contend for one. Shown is the one whose topic and key derive from its own pair (SPEC 7.4),
 * else the one known first. The others are its rivals: kept with their keys, and tried for messages that it does not open.
 */

/** What follows from one more invitation to a topic. */
export interface Bound {
  /** The conversations that it makes or changes. */
  readonly rows: readonly StoredConversation[];
  /** Whether it is a rival of the one that is shown. */
  readonly rival: boolean;
  /** Whether messages that did not open may open now. */
  readonly again: boolean;
}

/** Rivals of one topic whose keys are tried; there is hardly ever one. */
export const mostRivals = 64;

/** `topicId`: the id of a topic's first conversation; `spoken`: whether anything was said in the known one; `readUpTo`: as in `StoredConversation`. */
export function bind(
  known: StoredConversation | undefined,
  binding: Binding,
  { topicId, spoken, readUpTo }: { readonly topicId: string; readonly spoken: boolean; readonly readUpTo: number },
): Bound {
  if (!known) return { rows: [conversationOf({ ...binding, id: topicId }, readUpTo)], rival: false, again: false };
  if (known.binding === binding.binding) return { rows: [], rival: false, again: false };
  if (binding.derived && !known.derived) {
    // What was said under the other key stays the other's.
    const next = spoken ? conversationOf({ ...binding, id: binding.binding }, readUpTo) : { ...known, ...binding };
    return { rows: takeOver(known, next), rival: false, again: true };
  }
  const { rivals = [] } = known;
  if (rivals.length >= mostRivals || rivals.some((rival) => rival.binding === binding.binding))
    return { rows: [], rival: true, again: false };
  return { rows: [{ ...known, rivals: [...rivals, { ...binding, id: binding.binding }] }], rival: true, again: true };
}

/** The conversation that a topic shows from now on, and the one that it showed before. */
export function takeOver(before: StoredConversation, next: StoredConversation): StoredConversation[] {
  const {
    binding,
    topic,
    key,
    peer,
    peerIdentityKey,
    derived,
    createdAt,
    conversationId,
    metadata,
    otherKeys = false,
    retired = false,
    group,
  } = before;
  const id = next.id === before.id ? binding : before.id;
  const rival: Rival = {
    id,
    binding,
    topic,
    key,
    peer,
    peerIdentityKey,
    derived,
    createdAt,
    conversationId,
    metadata,
    otherKeys,
    retired,
    ...(group && { group }),
  };
  const rivals = [rival, ...(before.rivals ?? [])].filter((each) => each.binding !== next.binding);
  const shown = { ...next, rivals };
  return next.id === before.id ? [shown] : [shown, { ...before, rivals: [], rival: true }];
}

/** A conversation in which nothing was said yet. */
export const conversationOf = (binding: Rival, readUpTo: number): StoredConversation => ({
  ...binding,
  last: null,
  readUpTo,
  unread: 0,
  lastOwnNs: 0n,
  filled: {},
});

/** Whether no other conversation has messages of its topic. */
export const hasTopicAlone = ({ rival, rivals = [] }: StoredConversation): boolean => rival !== true && rivals.length === 0;
