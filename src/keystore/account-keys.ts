import type { Address } from '../protocol/address.ts';
import type { Random } from '../protocol/bytes.ts';
import type { ConsentEntry } from '../protocol/consent.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { InvitationContext } from '../protocol/invitation.ts';
import type { OpenedMessage } from '../protocol/message.ts';
import type { ConsentAction } from '../protocol/preferences.ts';
import type { VerifiedBundle } from '../protocol/public-keys.ts';
import type { Clock } from '../protocol/time.ts';
import type { BackedAccount } from './backup-file.ts';
import { KeystoreError } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Held, KeystoreGroup, KeystoreInvitation, MessageToOpen, MessageToSeal, Rekeyed, SealedKey } from './identity-types.ts';
import type { SealedRecords } from './sealed-records.ts';

/** An account while the keystore is open. */
export interface OpenAccount {
  readonly identity: Identity;
  readonly records: SealedRecords;
}

/** A conversation whose key comes from a file; `identityKey`: whose conversation it is with, a group's creator's. */
interface Restored {
  readonly topic: string;
  readonly identityKey: Uint8Array;
}

/** A key as it is kept here, and the name of what it binds. */
interface KeptKey {
  readonly key: SealedKey;
  readonly binding: string;
}

/** What the keystore lends to the keys of one of its accounts. */
interface Lent {
  /** @throws KeystoreError locked, no-account when it was removed */
  open(): OpenAccount;
  peek(): OpenAccount | null;
  /** Writes other keys down and puts them in force; answers whether there were any. @throws KeystoreError locked */
  rekey(change: (identity: Identity) => Promise<Rekeyed | null>): Promise<boolean>;
  /** An account of the open backup. @throws KeystoreError not-a-backup */
  backedUp(index: number): BackedAccount;
  readonly clock: Clock;
}

/** The questions that one account of the keystore answers, while it is unlocked; private keys stay inside. */
export class AccountKeys {
  readonly #account: Lent;

  constructor(account: Lent) {
    this.#account = account;
  }

  /** Puts a new pre-key in front; the older ones stay for what was sealed to them (SPEC 3.8). @throws KeystoreError locked */
  async rotatePreKey(): Promise<void> {
    await this.#account.rekey(async (identity) => identity.rotated());
  }

  /** Puts a new identity in the place of the present one, which stays for what was said to it. @throws KeystoreError locked, no-wallet */
  async renewIdentity(): Promise<void> {
    await this.#account.rekey(async (identity) => identity.renewed());
  }

  /** Answers a call of the keystore API for somebody outside, who must be allowed to make it. @throws KeystoreError locked, KeystoreCallError */
  async answerCall(asker: string, method: string, request: Uint8Array | null): Promise<Uint8Array> {
    return this.#account.open().identity.answerCall(asker, method, request);
  }

  /** Forgets what calls of this asker have left behind. */
  forgetCalls(asker: string): void {
    this.#account.peek()?.identity.forgetCalls(asker);
  }

  /** Whether this identity key is ours, or was. @throws KeystoreError locked */
  wasMine(identityKey: Uint8Array): boolean {
    return this.#account.open().identity.wasMine(identityKey);
  }

  /** Takes up what backups of this wallet have and we do not: pre-keys of this identity, and other identities to read by. Answers whether there was any. @throws KeystoreError locked */
  adoptPreKeys(backups: readonly Uint8Array[]): Promise<boolean> {
    return this.#account.rekey((identity) => identity.joined(backups));
  }

  /** What of the wallet is here. @throws KeystoreError locked */
  held(): Held {
    return this.#account.open().identity.held();
  }

  /** Whether a backup for the network can be sealed here, as often as is needed: by the wallet, or by what it has signed once. @throws KeystoreError locked */
  sealsBackups(): boolean {
    return this.#account.open().identity.sealsBackups();
  }

  /** Whether a backup opens and lacks none of our pre-keys. @throws KeystoreError locked */
  async isBackedUpBy(backup: Uint8Array): Promise<boolean> {
    return this.#account.open().identity.isBackedUpBy(backup);
  }

  /** Whether a backup opens at all. @throws KeystoreError locked */
  async opens(backup: Uint8Array): Promise<boolean> {
    return this.#account.open().identity.opens(backup);
  }

  /** Takes up the pre-keys that the open backup has of this very identity; answers whether there were any. @throws KeystoreError locked, ProtocolError wrong-sender */
  joinBackup(index: number): Promise<boolean> {
    return this.#account.rekey(async (identity) => identity.joinedWith(this.#account.backedUp(index).account.bundle));
  }

  /** The keys of conversations in the open backup, sealed as they are kept here, with the names of what they bind. @throws KeystoreError locked */
  keysOfBackup(index: number, conversations: readonly Restored[]): Promise<KeptKey[]> {
    return this.#keep(this.#account.backedUp(index).keys, conversations);
  }

  /** The keys of conversations for an export, which only this account reads, beside this content alone. @throws KeystoreError locked */
  async sealExport(digest: Uint8Array, conversations: readonly { readonly topic: string; readonly key: SealedKey }[]): Promise<Uint8Array> {
    return this.#account.open().identity.sealExport(digest, conversations);
  }

  /** The same keys again, as `keysOfBackup` gives them. @throws KeystoreError locked, backup-foreign */
  async keysOfExport(digest: Uint8Array, sealed: Uint8Array, conversations: readonly Restored[]): Promise<KeptKey[]> {
    return this.#keep(await this.#account.open().identity.openExport(digest, sealed), conversations);
  }

  async #keep(keys: readonly Uint8Array[], conversations: readonly Restored[]): Promise<KeptKey[]> {
    if (keys.length !== conversations.length) throw new KeystoreError('backup-foreign', 'the file has other conversations than keys');
    return this.#account
      .open()
      .identity.sealKeys(conversations.map((conversation, position) => ({ ...conversation, key: keys[position] as Uint8Array })));
  }

  /** How many pre-keys there are, and when the newest was made (milliseconds). @throws KeystoreError locked */
  preKeys(): { readonly count: number; readonly newestMs: number } {
    return this.#account.open().identity.preKeys();
  }

  /** @throws KeystoreError locked */
  address(): Address {
    return this.#account.open().identity.address();
  }

  /** @throws KeystoreError locked */
  publicBundle(): VerifiedBundle {
    return this.#account.open().identity.publicBundle();
  }

  /** A token for publishing, made for the time `now` (the node's, milliseconds) and kept for 55 minutes. @throws KeystoreError locked */
  authToken(now?: number): string {
    return this.#account.open().identity.authToken(now ?? this.#account.clock());
  }

  /** Forgets the token, when a node refused it. */
  renewToken(): void {
    this.#account.peek()?.identity.renewToken();
  }

  /** The contact in the legacy and in the signed format, to be published in this order. @throws KeystoreError locked */
  contactMessages(): readonly [Uint8Array, Uint8Array] {
    return this.#account.open().identity.contactMessages();
  }

  /** The private bundle, sealed by the wallet for the private store of the network. @throws KeystoreError locked */
  async keyBackup(): Promise<Uint8Array> {
    return this.#account.open().identity.keyBackup();
  }

  /** Derives and seals the invitation to a conversation. @throws KeystoreError locked */
  async createInvitation(
    peer: VerifiedBundle,
    context: InvitationContext | undefined,
    createdNs: bigint,
  ): Promise<{ readonly topic: string; readonly sealed: Uint8Array; readonly key: SealedKey; readonly binding: string }> {
    return this.#account.open().identity.createInvitation(peer, context, createdNs);
  }

  /** Founds a group with these members. @throws KeystoreError locked, ProtocolError */
  async createGroup(members: readonly VerifiedBundle[], title: string, createdNs: bigint): Promise<KeystoreGroup> {
    return this.#account.open().identity.createGroup(members, title, createdNs);
  }

  /** Adds members to a group of ours, or renames it; invitations are to those added. @throws KeystoreError locked, ProtocolError */
  async extendGroup(...change: Parameters<Identity['extendGroup']>): Promise<KeystoreGroup> {
    return this.#account.open().identity.extendGroup(...change);
  }

  /** Begins the next epoch of a group of ours without some; invitations are to those who stay. @throws KeystoreError locked, ProtocolError */
  async succeedGroup(...change: Parameters<Identity['succeedGroup']>): Promise<KeystoreGroup> {
    return this.#account.open().identity.succeedGroup(...change);
  }

  /** @throws KeystoreError locked, ProtocolError */
  async openInvitation(envelope: { readonly timestampNs: bigint; readonly message: Uint8Array }): Promise<KeystoreInvitation> {
    return this.#account.open().identity.openInvitation(envelope);
  }

  /** The topic of the owner's decisions about others. @throws KeystoreError locked */
  async preferencesTopic(): Promise<string> {
    return this.#account.open().identity.preferencesTopic();
  }

  /** The same of identities of this wallet before the present one. @throws KeystoreError locked */
  async formerPreferencesTopics(): Promise<readonly string[]> {
    return this.#account.open().identity.formerPreferencesTopics();
  }

  /** A decision as only the owner reads it. @throws KeystoreError locked */
  async sealConsent(action: ConsentAction): Promise<Uint8Array> {
    return this.#account.open().identity.sealConsent(action);
  }

  /** Opens a decision of this identity, or of one before it. @throws KeystoreError locked, ProtocolError when it is none of the owner's decisions */
  async openConsent(envelope: Envelope): Promise<ConsentEntry> {
    return this.#account.open().identity.openConsent(envelope);
  }

  /** @throws KeystoreError locked */
  async sealMessage(message: MessageToSeal): Promise<{ readonly message: Uint8Array; readonly id: string }> {
    return this.#account.open().identity.sealMessage(message);
  }

  /** @throws KeystoreError locked, ProtocolError */
  async openMessage(message: MessageToOpen): Promise<OpenedMessage> {
    return this.#account.open().identity.openMessage(message);
  }

  /** Opens each as `openMessage` does, together, and says of each what became of it. @throws KeystoreError locked */
  async openMessages(messages: readonly MessageToOpen[]): Promise<PromiseSettledResult<OpenedMessage>[]> {
    return this.#account.open().identity.openMessages(messages);
  }

  /** Seals a row for the disk. @throws KeystoreError locked */
  sealRecord(store: string, key: string, value: unknown): Promise<Uint8Array> {
    return this.#account.open().records.seal(store, key, value);
  }

  /** @throws KeystoreError locked, ProtocolError cannot-decrypt */
  openRecord(store: string, key: string, sealed: Uint8Array): Promise<unknown> {
    return this.#account.open().records.open(store, key, sealed);
  }

  /** The same for bytes as they are. @throws KeystoreError locked */
  sealBytes(store: string, key: string, plain: Uint8Array): Promise<Uint8Array> {
    return this.#account.open().records.sealBytes(store, key, plain);
  }

  /** @throws KeystoreError locked, ProtocolError cannot-decrypt */
  openBytes(store: string, key: string, sealed: Uint8Array): Promise<Uint8Array> {
    return this.#account.open().records.openBytes(store, key, sealed);
  }

  /** A name for the disk that tells nothing, the same every time. @throws KeystoreError locked */
  blind(store: string, text: string): Promise<string> {
    return this.#account.open().records.blind(store, text);
  }

  /** Bytes that nobody else can guess, the same ones every time for the same purpose and text: `text` has to name all that they are used for. @throws KeystoreError locked */
  repeatable(purpose: string, text: string): Promise<Random> {
    return this.#account.open().records.repeatable(purpose, text);
  }
}
