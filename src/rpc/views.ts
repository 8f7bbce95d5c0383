/** What the background shows to the extension's own pages: plain JSON, made for reading, never keys, topics or tokens. */

import type { LanguageSetting } from '../words/languages.ts';
import type { Said } from '../words/said.ts';
import type { Says } from '../words/says.ts';

export type { LanguageSetting } from '../words/languages.ts';

/** EIP-55 form. */
export type Address = `0x${string}`;

export interface Status {
  /** `welcome`: no account yet; `locked`: a vault and no keys; `ready`: unlocked. */
  readonly phase: 'welcome' | 'locked' | 'ready';
  /** The account that is open, or that unlocking will open. */
  readonly account: {
    readonly address: Address;
    readonly phraseSaved: boolean;
  } | null;
  /** All of them, in the order in which they came. */
  readonly accounts: readonly AccountView[];
  /** Set while wrong passphrases slow the next try down (milliseconds since 1970). */
  readonly nextUnlockAt: number | null;
  readonly failedUnlocks: number;
  readonly node: NodeState;
  /** Whether a node lacks what others have, or shows keys from before. */
  readonly nodeDoubt: boolean;
  /** Questions of sites that wait for an answer. */
  readonly prompts: number;
  /** Messages not read yet, over all conversations of the inbox; 0 while locked. */
  readonly unread: number;
  /** Whether the account can be had again without this browser, as far as we know: its phrase is on paper, or a backup file was made. */
  readonly backedUp: boolean;
  /** Conversations of people nobody has decided about; 0 while locked. */
  readonly requests: number;
  /** False until contact and key backup of a new account have reached the node. */
  readonly published: boolean;
  readonly theme: Theme;
  readonly language: LanguageSetting;
  /** The RPC server that is asked for names of Ethereum (ENS); null: nobody is asked. */
  readonly ensRpc: string | null;
}

/** An account as its owner sees it. */
export interface AccountView {
  readonly address: Address;
  /** Empty: none was given. Empty while locked, as the colour is null and nothing unread. */
  readonly name: string;
  /** By its place among the colours to choose from; null: none was chosen. */
  readonly color: number | null;
  /** Messages not read yet in its inbox. */
  readonly unread: number;
}

/** How many colours there are to choose from. */
export const accountColors = 8;
export const longestAccountName = 40;
/** Characters of a name that somebody gives to somebody else. */
export const longestNickname = 60;

/** What a notification of the system shows: none at all, that there is news, from whom, and what. */
export type NotificationLevel = 'off' | 'nothing' | 'name' | 'text';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';

/** `failed`: it answers with errors. `limited`: it asks us to slow down. `wrong`: what answers is no node. `clock`: one of the two clocks is off. */
export type NodeTrouble = 'unreachable' | 'failed' | 'limited' | 'wrong' | 'unauthorised' | 'clock';

export interface NodeState {
  readonly url: string;
  /** `idle`: locked or not asked yet. `clock`: this machine's clock is off by more than 10 minutes. `wrong`: something answers that is no node. */
  readonly state: 'idle' | 'syncing' | 'connected' | 'offline' | 'wrong' | 'clock' | 'unauthorised';
  /** What is wrong with it. */
  readonly trouble: NodeTrouble | null;
  /** The node's clock minus ours, milliseconds; 0 while nobody knows. */
  readonly skew: number;
  /** The node that was chosen and does not answer, while this one steps in. */
  readonly standsInFor: string | null;
  /** Envelopes still to be read in a catch-up under way, when known. */
  readonly remaining: number | null;
}

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
  readonly draft: string | null;
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

export interface MessageView {
  /** The XMTP message id, hex. */
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  readonly mine: boolean;
  /** Milliseconds since 1970, clamped where the sender's clock was ahead. */
  readonly sentAt: number;
  /** What the sender says, where that is more than ten minutes later than it can be. */
  readonly claimedAt: number | null;
  readonly contentType: string;
  readonly shown: Shown;
  /** For a reply: what it answers; null where that is not here. */
  readonly quote: Quote | null;
  readonly reactions: readonly ReactionView[];
  /** Own messages only: whether the other side says that it was read. */
  readonly read: boolean;
  /** Own messages only. Failed: the node refused it for good. */
  readonly state: 'queued' | 'sending' | 'sent' | 'failed' | null;
}

/** A message that another one answers. `says`: what it is where it is no text; `text` is that in English then. */
export interface Quote {
  readonly id: string;
  readonly sender: Address;
  readonly mine: boolean;
  readonly text: string;
  readonly says?: Says;
}

/** One sign on a message, and who put it there. */
export interface ReactionView {
  readonly sign: string;
  readonly senders: readonly Address[];
  readonly mine: boolean;
}

/** The forms that content is drawn in. */
export type Shown =
  /** `marks`: its writer meant marks such as **these**. */
  | { readonly form: 'text'; readonly text: string; readonly marks?: true }
  /** An answer to one message, which the view of the message quotes. */
  | { readonly form: 'reply'; readonly type: string; readonly fallback: string | null; readonly reference: string; readonly content: Shown }
  /** Hangs on another message and is none by itself. */
  | {
      readonly form: 'reaction';
      readonly type: string;
      readonly fallback: string | null;
      readonly reference: string;
      readonly sign: string;
      readonly added: boolean;
    }
  /** A file, near or far; `openFile` has what is in it. */
  | {
      readonly form: 'file';
      readonly type: string;
      readonly fallback: string | null;
      /** Fit to be saved under. */
      readonly filename: string;
      /** As the sender says. */
      readonly mimeType: string | null;
      /** Bytes; as the sender says, where it lies elsewhere. */
      readonly size: number | null;
      /** Whether it is a picture that may be drawn, by its bytes. */
      readonly image: boolean;
      /** Where it lies, if not in the message. */
      readonly host: string | null;
    }
  /** Everything up to its time was read. */
  | { readonly form: 'receipt'; readonly type: string; readonly fallback: string | null }
  | {
      readonly form: 'unknown';
      readonly type: string;
      readonly fallback: string | null;
      /** Announcements of our own in groups. */
      readonly says?: Says;
    };

/** A file that was chosen and not sent yet. */
export interface KeptFile {
  readonly filename: string;
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

/** What a file in a message is, opened. */
export interface OpenedFile {
  readonly filename: string;
  readonly mimeType: string | null;
  /** By its bytes; null for what is not to be drawn as a picture. */
  readonly imageType: string | null;
  /** Base64. */
  readonly data: string;
}

/** Bytes of a file that travels in the message itself. */
export const longestInline = 700_000;

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

/** What is in a backup file, as a check or a reading in tells it. */
export interface BackupReport {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly accounts: readonly BackupAccount[];
}

export interface BackupAccount {
  readonly address: Address;
  /**
   * `new`: is not here yet, and would be taken up; `same`: is here, and would be added to; `other-keys`: is here with another identity.
   */
  readonly here: 'new' | 'same' | 'other-keys';
  readonly peers: number;
  readonly conversations: number;
  readonly messages: number;
}

/** What a backup file has brought. */
export interface Restored {
  readonly address: Address;
  /** Whether there were pre-keys that this browser did not have. */
  readonly preKeys: boolean;
  /** Peers of whose keys there was news. */
  readonly peers: number;
  readonly messages: number;
  /** Accounts that were not taken up. */
  readonly left: readonly Address[];
}

/** What came of reading an export in. */
export interface ImportReport {
  readonly exportedAt: number;
  /** In the file. */
  readonly conversations: number;
  readonly messages: number;
  /** Messages that were not here. */
  readonly added: number;
}

/** What another node has of one topic. */
export interface NodeImportTopic {
  readonly topic: string;
  readonly kind: 'keys' | 'choices' | 'invitations' | 'conversation';
  /** Our own id of the conversation. */
  readonly conversation: string | null;
  readonly found: number;
  /** Of these, what was not here. */
  readonly added: number;
  /** Of these, what does not open. */
  readonly unread: number;
}

/** Taking in what another node has. */
export interface NodeImport {
  readonly account: Address;
  readonly url: string;
  readonly phase: 'running' | 'done' | 'stopped' | 'failed';
  /** Why it failed. What had come until then is here. */
  readonly failure: 'unreachable' | 'wrong' | 'unauthorised' | 'refused' | 'limited' | 'failed' | 'fault' | null;
  readonly topics: readonly NodeImportTopic[];
}

/** Something that happened to the keys of a peer. */
export interface KeyEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * `changed`: its wallet vouches for other keys; `accepted`: I use them; `verified`, `unverified`: I compared the safety number, or took that back; `older`:
   * the node showed keys from before.
   */
  readonly kind: 'changed' | 'accepted' | 'verified' | 'unverified' | 'older';
}

/** What is known of the keys of a peer. */
export interface Safety {
  /** Sixty digits, the same at the peer's; null while nothing is known, and where they were not asked for. */
  readonly number: string | null;
  /** The number that the other keys would give, while they wait to be accepted; null as above. */
  readonly otherNumber: string | null;
  /** When the key that is used was first seen here, milliseconds since 1970. */
  readonly firstSeenAt: number | null;
  readonly verifiedAt: number | null;
  readonly warning: PeerAnswer['warning'];
  /** Oldest first. */
  readonly events: readonly KeyEvent[];
}

/** Where pages see `window.xmtp`: everywhere, on `sites` alone, or where a page asks for it. */
export interface Exposure {
  readonly mode: 'all' | 'enabled' | 'asked';
  /** Scheme and host, whatever the port. */
  readonly sites: readonly string[];
}

export interface Settings {
  readonly nodeUrl: string;
  /** The addresses that are kept, the one in use among them. */
  readonly nodes: readonly string[];
  /** Those of them that step in when the chosen one does not answer. */
  readonly standby: readonly string[];
  /** Whether what is published goes to a second one of them too. */
  readonly publishToTwo: boolean;
  /** What came of laying them beside each other; null: not yet, or locked. */
  readonly comparison: NodeComparison | null;
  readonly exposure: Exposure;
  /** The site of the tab in front, where `window.xmtp` can appear at all. */
  readonly here: string | null;
  /** When a backup file of this account was last made here (milliseconds since 1970); null: never, or locked. */
  readonly backedUpAt: number | null;
  /** Minutes of no use until the extension locks; null: only with the browser, the screen lock and after 12 hours. */
  readonly autoLockMinutes: number | null;
  readonly theme: Theme;
  readonly language: LanguageSetting;
  readonly ensRpc: string | null;
  /** Whether others learn that their messages were read. */
  readonly receipts: boolean;
  /** Whether sites may ask for the whole account except its private keys (the keystore API). */
  readonly siteKeystore: boolean;
  readonly notifications: NotificationLevel;
  /** The key that messages to this account are sealed with: when it was made (milliseconds since 1970), and how many there were in all; null while locked. */
  readonly preKey: { readonly madeAt: number; readonly count: number } | null;
  /** What of the account's wallet is here, and whether Parley can renew the backup of its keys on the network; null while locked. */
  readonly wallet: { readonly held: 'phrase' | 'key' | 'none'; readonly sealsBackups: boolean } | null;
  /** After how many days the next one is made by itself; null: never. */
  readonly rotateDays: number | null;
  readonly version: string;
}

/** What several nodes have of the same topics and people. */
export interface NodeComparison {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly nodes: readonly NodeFinding[];
}

export interface NodeFinding {
  readonly url: string;
  readonly answered: boolean;
  /** Envelopes that were laid beside each other. */
  readonly looked: number;
  /** Messages that others have and this one has not. */
  readonly missing: number;
  /** Envelopes that not all have and that nobody can read. */
  readonly foreign: number;
  /** People whose newest keys it does not have. */
  readonly olderKeys: readonly Address[];
}

/** A site that is connected, or was once. */
export interface Site {
  readonly origin: string;
  /** null: it is not connected any more. */
  readonly grant: SiteGrant | null;
  /** null: it has done nothing yet, or Parley is locked. */
  readonly ledger: SiteLedger | null;
}

export interface SiteGrant {
  readonly permissions: readonly Permission[];
  /** The conversations that they name, as far as they are known. */
  readonly conversations: readonly NamedConversation[];
  readonly connectedAt: number;
  /** null: until the origin's last tab closes. */
  readonly expiresAt: number | null;
}

/** A conversation under the name that a site has for it. */
export interface NamedConversation {
  readonly name: string;
  readonly peers: readonly Address[];
  readonly title: string | null;
}

/** What a site did as one account: handed over counts each time. */
export interface SiteLedger {
  /** When it did something last (milliseconds since 1970). */
  readonly lastAt: number;
  readonly total: SiteCounts;
  /** Newest first, as 2026-11-25; days without anything are left out. */
  readonly days: readonly (SiteCounts & { readonly date: string })[];
  /** What went out last, newest first; of a group a few are named. */
  readonly sends: readonly { readonly at: number; readonly to: readonly Address[]; readonly others: number }[];
}

export interface SiteCounts {
  readonly conversations: number;
  readonly messages: number;
  /** Of the keystore API. */
  readonly calls: number;
  readonly sent: number;
}

/** As the contract of `window.xmtp` has it. */
export interface Permission {
  readonly kind: 'send' | 'read' | 'keystore';
  readonly peers: readonly Address[] | '*';
  readonly conversations?: readonly string[];
  readonly contentTypes?: readonly string[];
  readonly since?: 'now' | 'all';
  readonly grantedAt: number;
  /** null: until the origin's last tab closes. */
  readonly expiresAt: number | null;
}

/** What a site asks for; `expiresIn` in seconds. */
export interface PermissionRequest extends Omit<Permission, 'grantedAt' | 'expiresAt'> {
  readonly expiresIn?: number;
}

export interface NodeTest {
  readonly url: string;
  readonly ok: boolean;
  /** Round trip in milliseconds. */
  readonly roundTrip: number | null;
  readonly version: string | null;
  /** Node's clock minus ours, milliseconds. */
  readonly clockSkew: number | null;
  readonly trouble: NodeTrouble | 'refused' | null;
}

/** A site's question, as the approval window shows it. */
export interface Prompt {
  readonly id: string;
  readonly origin: string;
  /** The host as people read it, when it differs from the punycode in `origin`. */
  readonly decodedHost: string | null;
  readonly title: string;
  readonly account: Address;
  readonly askedAt: number;
  readonly question: /** The site may go on as before once Parley is unlocked. */
    | { readonly kind: 'unlock' }
    | { readonly kind: 'connect' }
    | {
        readonly kind: 'send';
        readonly peers: readonly Address[];
        /** The message about to be sent, when there is one that can be shown. */
        readonly said: Said | null;
        readonly contentType: string | null;
        /** True when the same yes also connects the site. */
        readonly connects: boolean;
      }
    | {
        readonly kind: 'permissions';
        readonly permissions: readonly PermissionRequest[];
        /** The conversations that they name. */
        readonly conversations: readonly NamedConversation[];
        readonly connects: boolean;
      };
  /** Others that wait behind this one. */
  readonly waiting: number;
}

export interface PromptAnswer {
  readonly allow: boolean;
  /** Seconds; null: until the site's last tab closes. Ignored for a refusal. */
  readonly expiresIn: number | null;
  /** What is left of the permissions that were asked for, each in its place; null for one that is not given. Without it all are given as asked. */
  readonly permissions?: readonly (PermissionRequest | null)[];
  /** Needed where the keystore is among what is allowed. */
  readonly passphrase?: string;
}

/** An account that is being made. */
export interface Founding {
  readonly id: string;
  /** What its owner brings: nothing, a phrase, a private key, a key bundle, or a wallet that stays outside. */
  readonly way: 'new' | 'phrase' | 'key' | 'bundle' | 'external';
  readonly address: Address | null;
  /** The node that was asked; null: not yet. */
  readonly node: string | null;
  readonly stage: FoundingStage;
}

/** What comes next for it. */
export type FoundingStage =
  | { readonly step: 'account' }
  | { readonly step: 'look' }
  /** `number` counts backups from the newest, 1; for opening one. */
  | { readonly step: 'sign'; readonly purpose: SigningPurpose; readonly text: string; readonly number: number }
  | { readonly step: 'backup' }
  | {
      readonly step: 'stuck';
      readonly why: 'backup-closed' | 'keys-elsewhere' | 'other-keys' | 'signs-differently';
      readonly tried: number;
      readonly older: number;
    }
  | { readonly step: 'ready'; readonly restored: boolean; readonly replaces: boolean; readonly backup: boolean };

/** To vouch for new keys, to seal their backup (twice), to open a backup that is there. */
export type SigningPurpose = 'create' | 'enable' | 'enable-again' | 'open';

/** One account of a recovery phrase. `known`: what the node has of it, null when it could not be asked. */
export interface PhraseAccount {
  readonly path: string;
  readonly address: Address;
  readonly known: 'conversations' | 'keys' | 'nothing' | null;
}

/** What a wallet is to sign now; `nonce` names the question and is good for one answer. */
export interface SigningQuestion {
  readonly nonce: string;
  readonly purpose: SigningPurpose;
  readonly text: string;
  readonly address: Address;
}

/** Why a wallet's answer is of no use. */
export type SignatureFault =
  | { readonly why: 'stale' | 'wrong-origin' | 'malformed' | 'contract' | 'previous' }
  | { readonly why: 'wrong-signer'; readonly signer: Address };

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

/** Events that the extension's own pages hear. */
export interface OwnEvents {
  status: Status;
  conversations: null;
  /** A search would find more now. */
  search: null;
  /** Somebody is called by another name now. */
  names: null;
  /** So much of a file has come or gone; `total` in bytes, null where nobody says. */
  transfer: { readonly id: string; readonly done: number; readonly total: number | null };
  /** An import from another node has gone on. */
  import: null;
  /** Something changed in this conversation. */
  messages: { readonly conversation: string };
  prompts: null;
  /** A site may do something else now. */
  sites: null;
}
