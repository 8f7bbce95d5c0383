import type { Value } from '../content-types/index.ts';
import type { PathKind } from '../keystore/wallet.ts';
import type { PageCaller } from '../rpc/caller.ts';
import type { Typed, TypedKey } from '../rpc/typed.ts';
import type { Address, NotificationLevel, Status, Theme } from '../rpc/views/account.ts';
import type { ConversationRow, ConversationWindow, PeerAnswer, SearchAnswer } from '../rpc/views/conversations.ts';
import type { Founding, PhraseAccount, SignatureFault, SigningQuestion } from '../rpc/views/founding.ts';
import type { KeptFile, KeptFileHead, LeavingMark, MessageView, OpenedFile } from '../rpc/views/messages.ts';
import type { OpenedConversation } from '../rpc/views/opened.ts';
import type { KeystoreCall, MessagesQuery, PageConversation, PageMessage, Resumed } from '../rpc/views/page.ts';
import type { Safety } from '../rpc/views/safety.ts';
import type { Exposure, NodeComparison, NodeTest, Settings } from '../rpc/views/settings.ts';
import type { Permission, PermissionRequest, Prompt, PromptAnswer, Site } from '../rpc/views/sites.ts';
import type { BackupReport, ImportReport, NodeImport, Restored } from '../rpc/views/transfers.ts';
import type { LanguageSetting } from '../words/languages.ts';
import type { Amended } from './sites/grants.ts';

/** What the method table stands on. Each service has a file of its own; `main.ts` assembles them. */
export interface Services {
  readonly accounts: Accounts;
  readonly foundings: Foundings;
  readonly backups: Backups;
  readonly exports: Exports;
  readonly nodeImports: NodeImports;
  readonly parcels: ParcelsService;
  readonly conversations: Conversations;
  readonly drafts: DraftsService;
  readonly groups: Groups;
  readonly names: NamesService;
  readonly search: SearchService;
  readonly requests: Requests;
  readonly messages: Messages;
  readonly openings: Openings;
  readonly attachments: AttachmentsService;
  readonly keptFiles: KeptFilesService;
  readonly safety: SafetyService;
  readonly settings: SettingsService;
  readonly sites: Sites;
}

/** As a page sends it: whether the addresses are right is still to be seen. */
export type AskedPermission = Omit<PermissionRequest, 'peers'> & { readonly peers: readonly string[] | '*' };

export interface Accounts {
  status(): Promise<Status>;
  unlock(passphrase: string): Promise<Status>;
  lock(): Promise<Status>;
  revealPhrase(passphrase: string): Promise<{ readonly phrase: string | null; readonly privateKey: string }>;
  phraseSaved(): Promise<Status>;
  /** From here on `next` opens Parley, and `passphrase` does not. */
  changePassphrase(passphrase: string, next: string): Promise<Status>;
  /** A new key that messages to this account are sealed with; what was sealed to the older ones stays readable. */
  rotatePreKey(): Promise<Status>;
  /** Other keys for the wallet, in the place of these: the last resort. Conversations end with it; what was said stays readable here. */
  newIdentity(passphrase: string): Promise<Status>;
  /** Brings another account to the front. */
  switchTo(address: string): Promise<Status>;
  /** Names or colours an account; an empty name, or null, takes that back. */
  describe(address: string, look: { readonly name?: string; readonly color?: number | null }): Promise<Status>;
  /** Takes one of several accounts out of this browser: its keys, messages and grants. What is on the network stays. */
  remove(address: string, passphrase: string): Promise<Status>;
  /** Destroys keys, messages and settings of this browser. */
  wipe(passphrase: string): Promise<Status>;
}

/** The ways to an account: one at a time, step by step; what was reached outlives the background, and nothing is published before `finish`. */
export interface Foundings {
  /** The account that is being made; null: none. */
  state(): Promise<Founding | null>;
  /** Begins anew: another that was begun is dropped. */
  begin(start: FoundingStart): Promise<Founding>;
  /** Some accounts of a phrase: five from `from` on, in one of the usual orders, or those at one path. */
  accounts(which: { readonly kind: PathKind; readonly from: number } | { readonly path: string }): Promise<PhraseAccount[]>;
  choose(path: string): Promise<Founding>;
  /** Asks the node what it has of this wallet; another node only before there is any account. */
  look(nodeUrl: string | null): Promise<Founding>;
  ask(origin: string | null): Promise<SigningQuestion>;
  answer(answer: {
    readonly nonce: string;
    readonly origin: string | null;
    readonly signature: string;
  }): Promise<{ readonly founding: Founding; readonly fault: SignatureFault | null }>;
  decide(choice: 'older' | 'new-identity' | 'backup' | 'no-backup'): Promise<Founding>;
  /** Puts the account into the vault and opens it. */
  finish(passphrase: string): Promise<Status>;
  drop(): Promise<null>;
}

export type FoundingStart =
  | { readonly way: 'new'; readonly words: 12 | 24; readonly node: string | null }
  | { readonly way: 'phrase'; readonly phrase: string; readonly extraWord: string; readonly node: string | null }
  | { readonly way: 'key'; readonly key: string }
  /** `keys`: base64 of a file, or of what was pasted. */
  | { readonly way: 'bundle'; readonly keys: string }
  | { readonly way: 'external'; readonly address: string };

/** Backup files. They cross to our own pages in pieces, in base64. */
export interface Backups {
  /** Makes a file and keeps it until it was read and saved; the second passphrase is the file's. */
  make(
    passphrase: string,
    filePassphrase: string,
    messages: boolean,
  ): Promise<{ readonly id: string; readonly size: number; readonly name: string }>;
  /** Opens what was received and tells what is in it. Nothing is changed. */
  open(id: string, filePassphrase: string): Promise<BackupReport>;
  /** Takes it up: makes the account under a new passphrase, or with the passphrase of the one that is here adds what it lacks. */
  restore(id: string, passphrase: string): Promise<Restored>;
}

/** Conversations in files that anybody can read. */
export interface Exports {
  /** Makes a file of one conversation, or of all (null). */
  make(only: string | null): Promise<{
    readonly id: string;
    readonly size: number;
    readonly name: string;
    readonly conversations: number;
    readonly messages: number;
  }>;
  /** Adds what is missing here. @throws RefusalError other-account, not-an-export, KeystoreError backup-newer, backup-foreign */
  take(id: string): Promise<ImportReport>;
}

/** Taking in what another node has of the account in front. */
export interface NodeImports {
  /** Null: none since the start, or since the lock. */
  state(): Promise<NodeImport | null>;
  /** Begins; `state` tells how it goes. @throws RefusalError bad-params, not-now */
  start(address: string): Promise<NodeImport | null>;
  stop(): Promise<NodeImport | null>;
  /** Forgets what was told. */
  drop(): void;
}

/** Files between a page and the background. */
export interface ParcelsService {
  /** The next bytes, base64. */
  read(id: string, offset: number): Promise<string>;
  /** The file is with its owner. */
  saved(id: string): Promise<void>;
  receive(size: number): Promise<{ readonly id: string }>;
  /** The next piece. */
  put(id: string, offset: number, data: string): Promise<null>;
  close(id: string): Promise<null>;
}

export type ListedShelf = ConversationRow['shelf'] | 'archive';

/** At whose word something is written: only a person's decides anything about who may answer. */
export type Writer = 'person' | 'site' | 'program';

export interface Conversations {
  /** Newest first, from the cache alone; the pinned ones before all others in the inbox. Without `shelf`: all of them. */
  list(page: {
    readonly before?: number;
    readonly limit?: number;
    readonly shelf?: ListedShelf;
  }): Promise<{ readonly rows: ConversationRow[]; readonly more: boolean }>;
  /** The same by their places in the list, and how many there are; `total` is null while only the newest have been read. */
  window(shelf: ListedShelf, offset: number, limit: number): Promise<ConversationWindow>;
  get(id: string): Promise<ConversationRow>;
  lookUp(peer: string): Promise<PeerAnswer>;
  start(
    peer: string,
    context?: {
      readonly conversationId?: string;
      readonly metadata?: Record<string, string>;
    },
    by?: Writer,
  ): Promise<ConversationRow>;
  /** Takes the other keys that the wallet of this address vouches for as its own, in place of those that were known. */
  acceptKeys(peer: string): Promise<void>;
  /** Answers whether anything was unread. */
  markRead(id: string): Promise<boolean>;
}

/** Words that wait in composers. */
export interface DraftsService {
  /** What a page seals with until the background has its words. */
  key(): Promise<TypedKey>;
  /** Keeps what stands in a composer now. Answers with what another window wrote meanwhile, where this one did not know of it: that stands `before` it. */
  save(said: Typed): Promise<{ readonly revision: number; readonly before: string }>;
  /** Lays words behind those that wait there; `id`: of the request that was to send them. Nothing else is kept there until `then` is done. */
  add(conversation: string, text: string, id?: string, then?: () => Promise<void>): Promise<void>;
}

/** Looks through what is here; no node is asked. */
export interface SearchService {
  /** Reads what it looks through, for whoever is about to look for something. */
  ready(): Promise<void>;
  /** `conversation`: in it alone. `limit`: of messages. */
  find(wanted: { readonly text: string; readonly conversation?: string; readonly limit?: number }): Promise<SearchAnswer>;
}

/** What the owner of the account calls other people. */
export interface NamesService {
  /** By address; an account that is locked knows nobody. */
  all(): Promise<Readonly<Record<Address, string>>>;
  /** Gives a name, or with an empty one takes it away. */
  put(peer: string, name: string): Promise<void>;
}

/** The keys of the peer of a conversation of two. */
export interface SafetyService {
  /** What is known already, without the numbers and without asking the node. */
  known(conversation: string): Promise<Safety>;
  /** `numbers`: with the safety numbers, which take a tenth of a second to work out. */
  read(conversation: string, numbers: boolean): Promise<Safety>;
  /** Notes that `number` was compared with the peer's, or takes that back. */
  verify(conversation: string, number: string, verified: boolean): Promise<Safety>;
}

/** The first look at a conversation. */
export interface Openings {
  /** All that its screen shows first, in one answer, with as many of the newest messages as are asked for. Nothing is marked as read by it, and the node is not asked. */
  open(conversation: string, limit?: number): Promise<OpenedConversation>;
}

/** What a person decides about those who write, and about the order of their own lists. */
export interface Requests {
  /** Allows or denies the peer, or a group; told to the owner's other programs by the network. */
  decide(id: string, verdict: 'allowed' | 'denied'): Promise<ConversationRow>;
  /** No longer lets somebody in by the wallet's own signed word. */
  undoProof(id: string): Promise<ConversationRow>;
  /** For this browser alone. */
  arrange(
    id: string,
    order: { readonly pinned?: boolean; readonly muted?: boolean; readonly archived?: boolean },
  ): Promise<ConversationRow>;
}

/** Conversations of more than two. Each answers with the conversation as it is afterwards; after a removal that is another one. */
export interface Groups {
  create(title: string, members: readonly string[]): Promise<ConversationRow>;
  add(id: string, members: readonly string[]): Promise<ConversationRow>;
  remove(id: string, members: readonly string[]): Promise<ConversationRow>;
  rename(id: string, title: string): Promise<ConversationRow>;
  /** A creator's leaving ends the group. */
  leave(id: string): Promise<ConversationRow>;
}

export interface Messages {
  /** Newest last; `before` is a message id. */
  list(
    id: string,
    page: { readonly before?: string; readonly limit?: number },
  ): Promise<{ readonly messages: MessageView[]; readonly more: boolean }>;
  /** Resolves when the final bytes are written down; the network comes after. A string is a text. The same `clientId` gives the same message. */
  send(id: string, content: string | Value, clientId: string, by?: Writer): Promise<MessageView>;
  /** Waits up to `ms` for the message to leave the queue. */
  settled(messageId: string, ms: number): Promise<MessageView>;
  retry(messageId: string): Promise<void>;
  /** Deletes a message here and nowhere else; it does not come back with the next look at the network. */
  hide(messageId: string): Promise<void>;
  /** Tells the peer that the conversation was read, where the settings say so. */
  receipt(id: string): Promise<void>;
  discard(messageId: string): Promise<void>;
}

export interface AttachmentsService {
  /** Fetches it first, where it lies elsewhere: that place learns our internet address. */
  open(messageId: string): Promise<OpenedFile>;
  /** Answers when the final bytes are written down; a file that goes elsewhere is there by then. */
  send(
    conversation: string,
    file: { readonly filename: string; readonly mimeType: string; readonly data: Uint8Array; readonly replyTo: string | null },
    clientId: string,
  ): Promise<MessageView>;
  /**
   * Lays the file of a message among those that are chosen for another conversation, under the name `id`: it is sent from there, sealed anew. Of strangers
   * only once they are accepted.
   */
  forward(messageId: string, conversation: string, id: string): Promise<null>;
  /** Calls off what is on its way: `id` is the message that was opened, the `clientId` of the one that was sent, or the name of what is forwarded. */
  cancel(id: string): Promise<null>;
}

/** Where pages see `window.xmtp`. */
export interface ExposureService {
  /** Brings what the browser runs in pages in step with the setting. */
  apply(): Promise<void>;
  /** The site in front of the user, if the provider can appear there at all. */
  here(): Promise<string | null>;
}

/** Files that were chosen for a conversation and not sent yet; `id` is the name that whoever chose them gave. */
export interface KeptFilesService {
  /** `leaving`: it was sent off in the same moment. @throws RefusalError not-found, too-many */
  keep(conversation: string, id: string, file: KeptFile, leaving?: LeavingMark | null): Promise<void>;
  /** In the order in which they were chosen; none of them is read for it. */
  list(conversation: string): Promise<KeptFileHead[]>;
  get(conversation: string, id: string): Promise<KeptFile | null>;
  /** The conversations in which files are on their way, or could not go. */
  leaving(): Promise<string[]>;
  /** Notes that a file was sent off, or could not go. Answers whether it is kept. */
  mark(conversation: string, id: string, leaving: LeavingMark | null): Promise<boolean>;
  drop(conversation: string, id: string): Promise<void>;
}

export interface SettingsService {
  read(): Promise<Settings>;
  setNode(url: string, passphrase: string | null): Promise<Settings>;
  /** Keeps an address to choose from later; `removeNode` forgets one that is not in use. */
  addNode(url: string): Promise<Settings>;
  removeNode(url: string): Promise<Settings>;
  /** Whether a node that is kept may step in for the chosen one; to let it takes the passphrase. */
  setStandby(url: string, on: boolean, passphrase: string | null): Promise<Settings>;
  /** Whether what is published goes to a second node too. */
  setPublishToTwo(on: boolean): Promise<Settings>;
  /** Lays what the nodes have beside each other. */
  compareNodes(): Promise<NodeComparison>;
  testNode(url: string): Promise<NodeTest>;
  setAutoLock(minutes: number | null): Promise<Settings>;
  setRotateDays(days: number | null): Promise<Settings>;
  setExposure(mode: Exposure['mode']): Promise<Settings>;
  /** Shows `window.xmtp` on a site, or no longer, where only chosen ones see it. */
  exposeTo(site: string, on: boolean): Promise<Settings>;
  setTheme(theme: Theme): Promise<Settings>;
  setLanguage(language: LanguageSetting): Promise<Settings>;
  /** Who is asked for names of Ethereum; null: nobody, which takes no passphrase. @throws RefusalError bad-params, KeystoreError wrong-passphrase */
  setEnsRpc(url: string | null, passphrase: string | null): Promise<Settings>;
  /** Somebody was told of what the browser has lost. */
  lossSeen(): Promise<void>;
  setReceipts(on: boolean): Promise<Settings>;
  /** Whether sites may ask for the keystore API; off takes it from those that have it. */
  setSiteKeystore(on: boolean): Promise<Settings>;
  setNotifications(level: NotificationLevel): Promise<Settings>;
}

/** What pages may do, and the questions that pages ask. */
export interface Sites {
  accounts(caller: PageCaller): Promise<readonly string[]>;
  requestAccounts(caller: PageCaller): Promise<readonly string[]>;
  permissions(caller: PageCaller): Promise<readonly Permission[]>;
  revoke(caller: PageCaller, kind?: Permission['kind']): Promise<null>;
  canMessage(caller: PageCaller, peers: readonly string[]): Promise<Record<string, boolean>>;
  requestPermissions(caller: PageCaller, permissions: readonly AskedPermission[]): Promise<readonly Permission[]>;
  newConversation(
    caller: PageCaller,
    params: {
      /** More than one: a group. */
      readonly peers: readonly string[];
      readonly conversationId?: string;
      readonly metadata?: Record<string, string>;
    },
  ): Promise<PageConversation>;
  listConversations(
    caller: PageCaller,
    page: { readonly limit?: number; readonly cursor?: string },
  ): Promise<{ readonly conversations: readonly PageConversation[]; readonly cursor?: string }>;
  sendMessage(
    caller: PageCaller,
    params: {
      /** Either of the two. */
      readonly conversation?: string;
      readonly peer?: string;
      readonly content: unknown;
      readonly contentType?: string;
      readonly clientId?: string;
    },
  ): Promise<PageMessage>;
  listMessages(caller: PageCaller, query: MessagesQuery): Promise<{ readonly messages: readonly PageMessage[]; readonly cursor?: string }>;
  subscribe(caller: PageCaller, params: { readonly kind: 'messages' | 'conversations'; readonly conversation?: string }): Promise<string>;
  unsubscribe(caller: PageCaller, subscription: string): Promise<boolean>;
  /** The content script's: subscriptions go on that an earlier life of the background held. */
  resume(caller: PageCaller, subscriptions: readonly Resumed[]): Promise<null>;
  /** A call of the keystore API; asks nobody for its permission. */
  keystore(caller: PageCaller, call: KeystoreCall): Promise<{ readonly response: string }>;
  prompts(): Promise<Prompt[]>;
  answer(id: string, answer: PromptAnswer): Promise<null>;
  /** The sites that see the account in front, newest first, and behind them those that did so once. */
  list(): Promise<readonly Site[]>;
  revokeSite(origin: string): Promise<null>;
  /** Makes less of a permission, or takes it back. @throws RefusalError bad-params when it stands otherwise by now, or would become more */
  amend(origin: string, seen: Permission, kept: Amended | null): Promise<null>;
  /** Drops what is written down of a site that is not connected. */
  forgetSite(origin: string): Promise<null>;
}
