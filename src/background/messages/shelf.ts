import type { Address } from '../../protocol/address.ts';
import { groupPrefix } from '../../protocol/group.ts';
import type { SubjectKind, Verdict } from '../../protocol/preferences.ts';
import type { Consent } from './consent.ts';
import { groupOf } from './group-state.ts';
import type { Marks } from './marks.ts';
import type { StoredConversation } from './model.ts';

/** Where a conversation stands: among those that count, apart from them, or out of sight. */
export type Shelf = 'inbox' | 'requests' | 'blocked';

/** Whom a decision about a conversation is about: a group by itself, since its creator may be welcome alone; else the peer. */
export const subjectOf = ({ group, conversationId, peer }: StoredConversation): { readonly kind: SubjectKind; readonly name: string } =>
  group && conversationId !== null ? { kind: 'groupId', name: conversationId.slice(groupPrefix.length) } : { kind: 'address', name: peer };

/** What was decided about a conversation in so many words: about its group, else about its creator or peer. */
export function decidedOn(row: StoredConversation, consent: Pick<Consent, 'of'>): Verdict | null {
  const { kind, name } = subjectOf(row);
  const direct = consent.of(kind, name);
  if (direct !== null || kind === 'address') return direct;
  return row.group ? consent.of('address', groupOf(row.group).creator) : null;
}

/** Whether we had a part in it: began it, or wrote there. That is an answer, also where no program said so to the network. */
export const hasAnswered = ({ begun, answered, lastOwnNs, last }: StoredConversation): boolean =>
  begun ?? answered ?? (lastOwnNs > 0n || last?.mine === true);

/** Whose decisions count, and what tells them. */
export interface Judge {
  readonly address: Address;
  readonly consent: Pick<Consent, 'of'>;
  readonly marks: Pick<Marks, 'of'>;
}

/** Whether nothing was decided and the peer showed our wallet's own word (SPEC 12.7). */
export const leansOnProof = (row: StoredConversation, { consent, marks }: Judge): boolean =>
  row.proof !== undefined && !marks.of(row).undone?.includes(row.proof.id) && decidedOn(row, consent) === null && !hasAnswered(row);

export function shelfOf(row: StoredConversation, judge: Judge): Shelf {
  const { address: me, consent } = judge;
  if (row.group && groupOf(row.group).creator === me) return 'inbox';
  const decided = decidedOn(row, consent);
  if (decided !== null) return decided === 'allowed' ? 'inbox' : 'blocked';
  return hasAnswered(row) || leansOnProof(row, judge) ? 'inbox' : 'requests';
}
