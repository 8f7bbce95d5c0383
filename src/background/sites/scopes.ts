import type { Address } from '../../rpc/views/account.ts';
import type { Permission, PermissionRequest } from '../../rpc/views/sites.ts';

/** A conversation as far as permissions look at it. */
export interface SeenConversation {
  /** The origin's own name for it. */
  readonly name: string;
  /** Everybody in it but the account. */
  readonly peers: readonly Address[];
}

export interface SeenMessage {
  readonly contentType: string;
  /** Milliseconds. */
  readonly sentAt: number;
}

type Scope = Pick<Permission, 'peers' | 'conversations' | 'contentTypes' | 'since'>;

/** Whether a permission reaches a conversation: everybody in it, and by name where it names some. An empty list allows nothing; only the star is everybody. */
export const reaches = ({ peers, conversations }: Scope, { name, peers: present }: SeenConversation): boolean =>
  (peers === '*' || (present.length > 0 && present.every((peer) => peers.includes(peer)))) && (conversations?.includes(name) ?? true);

/** Whether a permission reaches a message of a conversation that it reaches: its type, and its time. */
export const reachesMessage = ({ contentTypes, since, grantedAt }: Permission, { contentType, sentAt }: SeenMessage): boolean =>
  (contentTypes?.includes(contentType) ?? true) && (since === 'all' || sentAt >= grantedAt);

/** Whether what was granted is no more than what was asked for. */
export const narrows = (granted: Scope & Pick<Permission, 'kind'>, asked: Scope & Pick<Permission, 'kind'>): boolean =>
  granted.kind === asked.kind &&
  (asked.peers === '*' || (granted.peers !== '*' && granted.peers.every((peer) => asked.peers.includes(peer)))) &&
  within(granted.conversations, asked.conversations) &&
  within(granted.contentTypes, asked.contentTypes) &&
  (granted.since !== 'all' || asked.since === 'all');

/** Whether a permission that is held gives everything that is asked for, however long it lasts: who has it need not ask. */
export const covers = (held: Permission, asked: PermissionRequest): boolean => narrows(asked, held);

/** Absent is everything. */
const within = (inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean =>
  outer === undefined || (inner?.every((each) => outer.includes(each)) ?? false);
