import type { Says } from '../../words/says.ts';
import type { Address } from './account.ts';

/** Characters of a name that somebody gives to somebody else. */
export const longestNickname = 60;

export interface ConversationRow {
  /** Stable and opaque. */
  readonly id: string;
  readonly peer: Address;
  /** Set for a conversation of more than two; `peer` is then its creator, or somebody in it where that is me. */
  readonly group: GroupView | null;
  /** Set when the conversation is a thread of its own with this peer (the application's conversation id). */
  readonly thread: string | null;
  /** `act`: it tells what was done, such as a reaction, and not what was said. */
  /** `says`: what is no text, to be put into words; `text` has it in English. */
  readonly preview: { readonly text: string; readonly mine: boolean; readonly says?: Says } | null;
  /** Words that wait in its composer. */
  readonly draft: string | null;
  /** Grows with each change of them. */
  readonly draftRevision: number;
  /** Files that wait there. */
  readonly files: number;
  /** Files that were sent off there and are no messages yet: on their way, or not taken. */
  readonly leaving: number;
  /** Newest message, else the invitation (milliseconds since 1970). */
  readonly time: number;
  readonly createdAt: number;
  /** Decoration by the application that began it; untrusted. */
  readonly metadata: Readonly<Record<string, string>> | null;
  /** The keys of this peer are not those that were known: to be accepted before anything is sent. */
  readonly otherKeys: boolean;
  /** `requests`: from somebody nobody has decided about. */
  readonly shelf: 'inbox' | 'requests' | 'blocked';
  /** A person's own order: first in the list, silent, or put away until something new comes. */
  readonly pinned: boolean;
  readonly muted: boolean;
  readonly archived: boolean;
  /** Why a request looks like spam; empty for all others. */
  readonly reasons: readonly SpamReason[];
  /** The only ground for its place in the inbox: our wallet signed at this time (ms) that the peer may write. */
  readonly proof: { readonly signedAt: number } | null;
  /** It belongs to keys that one of the two no longer uses: it can be read, and another takes its place. */
  readonly retired: boolean;
  readonly unread: number;
}

/** A part of a list of conversations. */
export interface ConversationWindow {
  /** The place of the first of them. */
  readonly offset: number;
  readonly rows: readonly ConversationRow[];
  /** How many there are in the list; null: not counted yet, and `more` says whether there are any beyond these. */
  readonly total: number | null;
  readonly more: boolean;
}

export type SpamReason =
  | {
      /** `link`: leads elsewhere; `secret`: asks for what opens a wallet; `bait`: promises money; `hidden`: marks that hide or turn text. */
      readonly kind: 'link' | 'secret' | 'bait' | 'hidden';
    }
  /** Begins and ends like somebody who is known. */
  | { readonly kind: 'look-alike'; readonly known: Address }
  /** So many conversations from one address. */
  | { readonly kind: 'many'; readonly count: number };

/** A conversation of more than two. */
export interface GroupView {
  /** The creator's, untrusted; may be empty. */
  readonly title: string;
  readonly members: readonly Address[];
  readonly creator: Address;
  /** Members who said that they are gone. */
  readonly left: readonly Address[];
  /** Whether I am its creator, who alone adds and removes. */
  readonly mine: boolean;
  /** Whether I may write here. */
  readonly open: boolean;
}

export interface PeerAnswer {
  readonly address: Address;
  /** `unknown`: the node could not be asked. */
  readonly state: 'reachable' | 'absent' | 'self' | 'unknown';
  /** A known peer whose address looks like this one and is another. */
  readonly lookAlike: Address | null;
  /** The conversation that exists already. */
  readonly conversation: string | null;
  /** `other-keys`: its wallet vouches for other keys than those that are known. `older-keys`: the node shows less than was seen before. */
  readonly warning: 'older-keys' | 'other-keys' | null;
}

/** What a search found. */
export interface SearchAnswer {
  /** Those whose name, title or address it is, the latest first. */
  readonly conversations: readonly ConversationRow[];
  /** Newest first. */
  readonly messages: readonly SearchHit[];
  readonly more: boolean;
  /** Filters that say nothing, as they were written. */
  readonly unknown: readonly string[];
  /** Messages that were looked through so far, while that goes on: there may be more to be found. */
  readonly indexing: { readonly done: number; readonly total: number } | null;
}

export interface SearchHit {
  readonly id: string;
  readonly conversation: ConversationRow;
  readonly sender: Address;
  readonly mine: boolean;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** A line of the message. */
  readonly text: string;
  /** Where in `text` the words stand, from and to, in order. */
  readonly marks: readonly (readonly [from: number, to: number])[];
}
