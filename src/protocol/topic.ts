import type { Address } from './address.ts';
import { utf8 } from './bytes.ts';

/** The kinds of topics (SPEC 4.1). `unknown` is everything else. */
export type TopicKind =
  | 'contact'
  | 'privatestore'
  | 'invite'
  | 'intro'
  | 'm'
  | 'mE'
  | 'dm'
  | 'dmE'
  | 'userpreferences'
  | 'groupInvite'
  | 'unknown';

export interface ParsedTopic {
  readonly kind: TopicKind;
  /** What follows the kind, up to the ending; may contain slashes. */
  readonly name: string;
  /** For the kinds that belong to one address: that address as it stands in the topic. */
  readonly address?: string;
}

/** Bytes that a topic may have (SPEC 13.3). */
export const maxTopicLength = 300;

export const contactTopic = (address: Address): string => wrap(`contact-${address}`);
export const inviteTopic = (address: Address): string => wrap(`invite-${address}`);
export const introTopic = (address: Address): string => wrap(`intro-${address}`);
export const privateStoreTopic = (address: Address): string => wrap(`privatestore-${address}/key_bundle`);
export const conversationTopic = (name: string): string => wrap(`m-${name}`);

/** The topic of private preferences; `identifier` is what only their owner's identity key yields (SPEC 12.1). */
export const preferencesTopic = (identifier: string): string => wrap(`userpreferences-${identifier}`);

/** The topic of a legacy conversation: both addresses in ascending order. */
export const directTopic = (a: Address, b: Address): string => wrap(`dm-${a < b ? a : b}-${a < b ? b : a}`);

/** The topic that relays and never stores (SPEC 4.2). */
export const ephemeralTopic = (topic: string): string =>
  topic.startsWith('/xmtp/0/dm-') ? topic.replace('/xmtp/0/dm-', '/xmtp/0/dmE-') : topic.replace('/xmtp/0/m', '/xmtp/0/mE');

/** The inverse of `ephemeralTopic`; other topics are returned as they are. */
export const ordinaryTopic = (topic: string): string => topic.replace(/^\/xmtp\/0\/(m|dm)E-/, '/xmtp/0/$1-');

export const isEphemeralTopic = (topic: string): boolean => topic.startsWith('/xmtp/0/mE-') || topic.startsWith('/xmtp/0/dmE-');

/** What kind of topic this is, whose, and its name. A node asks it several times of every envelope, and a pattern takes several times as long. */
export function parseTopic(topic: string): ParsedTopic {
  const dash = topic.indexOf('-', prefix.length);
  const nameEnd = topic.length - suffix.length;
  if (!topic.startsWith(prefix) || nameEnd <= dash + 1 || !topic.endsWith(suffix)) return { kind: 'unknown', name: topic };
  const kind = topic.slice(prefix.length, dash);
  if (!kinds.has(kind)) return { kind: 'unknown', name: topic };
  const name = topic.slice(dash + 1, nameEnd);
  const known = kind as TopicKind;
  return owned.has(known) ? { kind: known, name, address: name.split('/', 1)[0] as string } : { kind: known, name };
}

/** Whether a peer may name this topic in an invitation: one of the message kind, printable, at most 300 bytes (SPEC 4.5). */
export const isConversationTopic = (topic: string): boolean =>
  /^\/xmtp\/0\/m-[\x21-\x7e]+\/proto$/.test(topic) && utf8(topic).length <= maxTopicLength;

/** The test that existing clients apply when they list (SPEC 4.4). */
export function isValidTopic(topic: string): boolean {
  const start = topic.indexOf('0/');
  if (start < 0) return false;
  // Without a proper ending the places are the wrong way round, or -1: existing clients then look at what lies between them, and so do we.
  const name = topic.substring(start + 2, topic.lastIndexOf('/proto'));
  return name.length > 0 && /^[\x21-\x7f]+$/.test(name);
}

const prefix = '/xmtp/0/';
const suffix = '/proto';
const wrap = (name: string): string => `${prefix}${name}${suffix}`;

const owned = new Set<TopicKind>(['contact', 'privatestore', 'invite', 'intro']);
const kinds = new Set<string>(['contact', 'privatestore', 'invite', 'intro', 'm', 'mE', 'dm', 'dmE', 'userpreferences', 'groupInvite']);
