import type { Address } from '../protocol/address.ts';
import { equalBytes, type Random, randomBytes } from '../protocol/bytes.ts';
import type { ConsentEntry } from '../protocol/consent.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { InvitationContext } from '../protocol/invitation.ts';
import type { OpenedMessage } from '../protocol/message.ts';
import type { ConsentAction } from '../protocol/preferences.ts';
import { addressOfBundle, type PrivateBundle } from '../protocol/private-keys.ts';
import type { VerifiedBundle } from '../protocol/public-keys.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { type BackedAccount, type BackupContents, openBackupFile, sealBackupFile } from './backup-file.ts';
import { type BackupRequest, type BackupSummary, summaryOf } from './backup-summary.ts';
import { KeystoreError } from './errors.ts';
import {
  createIdentity,
  encodeBody,
  Identity,
  type KeystoreGroup,
  type KeystoreInvitation,
  type MessageToOpen,
  type MessageToSeal,
  openBackups,
  type Rekeyed,
  type SealedKey,
} from './identity.ts';
import type { NewAccount } from './new-account.ts';
import { checkPassphrase, defaultCost, isCheaper, type KdfCost } from './passphrase.ts';
import { SealedRecords } from './sealed-records.ts';
import { type Deadlines, Session, type SessionArea } from './session.ts';
import { type Failures, Throttle } from './throttle.ts';
import { createVault, openBody, openVault, reviseVault, rewrapVault, type Vault, type VaultChange } from './vault.ts';
import { type Cell, VaultStore } from './vault-store.ts';
import { generateWallet, readSecret, type Wallet } from './wallet.ts';

export type { KeystoreGroup, KeystoreInvitation, SealedKey } from './identity.ts';

export interface KeystoreDeps {
  readonly vault: Cell<Uint8Array>;
  readonly mirror: Cell<Uint8Array>;
  readonly session: SessionArea;
  readonly sessionKey: Cell<CryptoKey>;
  readonly failures: Pick<Cell<unknown>, 'get' | 'put'>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly cost?: KdfCost;
}

interface Open {
  readonly vault: Vault;
  readonly dataKey: Uint8Array;
  readonly identity: Identity;
  readonly records: SealedRecords;
  readonly deadlines: Deadlines;
}

const hour = 3_600_000;
const longestUnlock = 12 * hour;

/**
 * The home of every private byte. It is asked questions (open this invitation, seal this message) and never hands out a key, except to `reveal`,
 * which takes the passphrase. What it seals for others (`SealedKey`, `sealRecord`) is unreadable while it is locked.
 */
export class Keystore {
  readonly #store: VaultStore;
  readonly #session: Session;
  readonly #throttle: Throttle;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cost: KdfCost;
  #vault: Vault | null = null;
  #open: Open | null = null;
  #import: Wallet | null = null;
  #backup: BackupContents | null = null;
  #revising: Promise<unknown> = Promise.resolve();

  constructor({
    vault,
    mirror,
    session,
    sessionKey,
    failures,
    clock = systemClock,
    random = randomBytes,
    cost = defaultCost,
  }: KeystoreDeps) {
    this.#store = new VaultStore(vault, mirror);
    this.#session = new Session(session, sessionKey);
    this.#throttle = new Throttle(failures, clock);
    this.#clock = clock;
    this.#random = random;
    this.#cost = cost;
  }

  /** Comes back to life after a start of the background: what this session had unlocked is open again, unless its time is over. @throws KeystoreError vault-corrupt */
  async wake(): Promise<'none' | 'locked' | 'open'> {
    this.#vault = await this.#store.read();
    await this.#throttle.load();
    if (!this.#vault) return 'none';
    const kept = await this.#session.resume(this.#clock());
    if (kept) {
      try {
        await this.#enter(this.#vault, kept.dataKey, kept.deadlines);
      } catch {
        await this.lock();
      }
    }
    return this.state();
  }

  state(): 'none' | 'locked' | 'open' {
    if (!this.#vault) return 'none';
    return this.#open ? 'open' : 'locked';
  }

  /** The account that is open or that unlocking would open; readable while locked. */
  account(): { readonly address: Address; readonly phraseSaved: boolean } | null {
    return this.#vault && { address: this.#vault.address, phraseSaved: this.#vault.phraseSaved };
  }

  failures(): Failures {
    return this.#throttle.failures();
  }

  /** Makes a wallet with a recovery phrase and an identity signed by it, and ends unlocked. @throws KeystoreError account-exists, weak-passphrase */
  async createWallet(passphrase: string): Promise<void> {
    this.#checkNew(passphrase);
    const wallet = generateWallet(this.#random);
    await this.#found(wallet, createIdentity(wallet, this.#clock, this.#random), passphrase);
  }

  /** Takes up an account that was made elsewhere, and ends unlocked. @throws KeystoreError account-exists, weak-passphrase */
  async add({ wallet, bundle, phraseSaved, former }: NewAccount, passphrase: string): Promise<void> {
    this.#checkNew(passphrase);
    await this.#found(wallet, bundle, passphrase, phraseSaved, former);
  }

  /** Reads a recovery phrase or a private key and tells whose it is; `finishImport` goes on. @throws KeystoreError bad-secret, account-exists */
  beginImport(secret: string): { readonly address: Address } {
    if (this.#vault) throw new KeystoreError('account-exists', 'there is an account already');
    this.#import = readSecret(secret);
    return { address: this.#import.address };
  }

  /**
   * Takes up the identity of the newest backup that opens, or makes one where there was no backup, and ends unlocked.
   * @throws KeystoreError backup-unreadable when backups exist and none opens: nothing is written then, weak-passphrase
   */
  async finishImport(passphrase: string, backups: readonly Uint8Array[]): Promise<{ readonly restored: boolean }> {
    this.#checkNew(passphrase);
    const wallet = this.#import;
    if (!wallet) throw new KeystoreError('bad-secret', 'no wallet is being imported');
    const found = await openBackups(wallet, backups);
    if (!found && backups.length > 0)
      throw new KeystoreError('backup-unreadable', 'the node holds a backup of this account that its wallet does not open');
    await this.#found(wallet, found ?? createIdentity(wallet, this.#clock, this.#random), passphrase);
    this.#import = null;
    return { restored: found !== null };
  }

  cancelImport(): void {
    this.#import = null;
  }

  /** @throws KeystoreError no-account, wrong-passphrase, too-soon, vault-corrupt, vault-foreign */
  async unlock(passphrase: string): Promise<void> {
    const vault = this.#need();
    const dataKey = await this.#tryPassphrase(vault, passphrase);
    const deadlines = { lockAt: this.#clock() + longestUnlock, idleAt: null };
    await this.#enter(vault, dataKey, deadlines);
    await this.#session.start(dataKey, deadlines);
    // What cannot be written now, on a full disk say, is tried again at the next unlock.
    if (isCheaper(vault.kdf, this.#cost)) await this.#rewrap(passphrase).catch(() => undefined);
  }

  /**
   * From here on another passphrase opens the vault. At every moment on the way one of the two does; when this throws, the older one may be the one.
   * @throws KeystoreError as `unlock`, locked, weak-passphrase
   */
  async changePassphrase(present: string, next: string): Promise<void> {
    this.#unlocked();
    checkPassphrase(next);
    await this.check(present);
    await this.#rewrap(next);
  }

  /** Whether this is the passphrase; wrong ones count as they do at unlocking. @throws KeystoreError as `unlock` */
  async check(passphrase: string): Promise<void> {
    (await this.#tryPassphrase(this.#need(), passphrase)).fill(0);
  }

  /** Drops every key. */
  async lock(): Promise<void> {
    this.#backup = null;
    this.#open?.records.clear();
    this.#open?.identity.clear();
    this.#open = null;
    await this.#session.end();
  }

  /** Notes a use: unused for `autoLockMinutes`, it locks (null: never for want of use). Returns when it will lock, milliseconds. @throws KeystoreError locked */
  async touch(autoLockMinutes: number | null): Promise<number> {
    const open = this.#unlocked();
    const deadlines = { lockAt: open.deadlines.lockAt, idleAt: autoLockMinutes === null ? null : this.#clock() + autoLockMinutes * 60_000 };
    this.#open = { ...open, deadlines };
    await this.#session.setDeadlines(deadlines);
    return Math.min(deadlines.lockAt, deadlines.idleAt ?? Number.POSITIVE_INFINITY);
  }

  /** Locks if its time is over; answers whether it is locked. */
  async lockIfDue(): Promise<boolean> {
    const now = this.#clock();
    const due = this.#open?.deadlines;
    if (due && (now >= due.lockAt || (due.idleAt !== null && now >= due.idleAt))) await this.lock();
    return this.#open === null;
  }

  /** @throws KeystoreError as `unlock` */
  async reveal(passphrase: string): Promise<{ readonly phrase: string | null; readonly privateKey: string }> {
    await this.check(passphrase);
    return this.#unlocked().identity.secret();
  }

  /** Notes that the user has written the phrase down. @throws KeystoreError locked */
  setPhraseSaved(): Promise<void> {
    return this.#revise(() => ({ phraseSaved: true }));
  }

  /** Puts a new pre-key in front; the older ones stay for what was sealed to them (SPEC 3.8). @throws KeystoreError locked */
  async rotatePreKey(): Promise<void> {
    await this.#rekey(async (identity) => identity.rotated());
  }

  /** Puts a new identity in the place of the present one, which stays for what was said to it. @throws KeystoreError locked, no-wallet */
  async renewIdentity(): Promise<void> {
    await this.#rekey(async (identity) => identity.renewed());
  }

  /** Whether this identity key is ours, or was. @throws KeystoreError locked */
  wasMine(identityKey: Uint8Array): boolean {
    return this.#identity().wasMine(identityKey);
  }

  /** Takes up what backups of this wallet have and we do not: pre-keys of this identity, and other identities to read by. Answers whether there was any. @throws KeystoreError locked */
  adoptPreKeys(backups: readonly Uint8Array[]): Promise<boolean> {
    return this.#rekey((identity) => identity.joined(backups));
  }

  /** Whether the wallet itself is here, to sign as often as is needed. @throws KeystoreError locked */
  holdsWallet(): boolean {
    return this.#identity().holdsWallet();
  }

  /** Whether a backup opens and lacks none of our pre-keys. @throws KeystoreError locked */
  async isBackedUpBy(backup: Uint8Array): Promise<boolean> {
    return this.#identity().isBackedUpBy(backup);
  }

  /** Whether a backup opens at all. @throws KeystoreError locked */
  async opens(backup: Uint8Array): Promise<boolean> {
    return this.#identity().opens(backup);
  }

  /**
   * A backup file of the account, with keys of its conversations and whatever else is given; it has a passphrase of its own.
   * @throws KeystoreError as `unlock`, weak-passphrase
   */
  async sealBackup(passphrase: string, { filePassphrase, keys, data, settings }: BackupRequest): Promise<Uint8Array> {
    await this.check(passphrase);
    const { identity, vault } = this.#unlocked();
    const account = { account: identity.account(vault.phraseSaved), keys: await identity.openKeys(keys), data };
    return sealBackupFile({ createdAt: this.#clock(), accounts: [account], settings }, filePassphrase, this.#cost, this.#random);
  }

  /** Opens a backup file and tells what is in it; its keys stay here until `closeBackup`. @throws KeystoreError as `openBackupFile` */
  async openBackup(bytes: Uint8Array, filePassphrase: string): Promise<BackupSummary> {
    this.#backup = null;
    const contents = await openBackupFile(bytes, filePassphrase, this.#cost);
    this.#backup = contents;
    return summaryOf(contents);
  }

  closeBackup(): void {
    this.#backup = null;
  }

  /** Takes an account out of the open backup into a new vault, and ends unlocked. @throws KeystoreError as `add`, not-a-backup */
  async restoreAccount(index: number, passphrase: string): Promise<void> {
    await this.add(this.#backedUp(index).account, passphrase);
  }

  /** Takes up the pre-keys that the open backup has of this very identity; answers whether there were any. @throws KeystoreError locked, ProtocolError wrong-sender */
  joinBackup(index: number): Promise<boolean> {
    return this.#rekey(async (identity) => identity.joinedWith(this.#backedUp(index).account.bundle));
  }

  /** The keys of conversations in the open backup, sealed as they are kept here, with the names of what they bind. @throws KeystoreError locked */
  async keysOfBackup(
    index: number,
    conversations: readonly { readonly topic: string; readonly identityKey: Uint8Array }[],
  ): Promise<{ readonly key: SealedKey; readonly binding: string }[]> {
    const { keys } = this.#backedUp(index);
    if (keys.length !== conversations.length) throw new KeystoreError('backup-foreign', 'the file has other conversations than keys');
    return this.#identity().sealKeys(
      conversations.map((conversation, position) => ({ ...conversation, key: keys[position] as Uint8Array })),
    );
  }

  /** How many pre-keys there are, and when the newest was made (milliseconds). @throws KeystoreError locked */
  preKeys(): { readonly count: number; readonly newestMs: number } {
    return this.#identity().preKeys();
  }

  /** Destroys the vault: without the wrapped data key nothing sealed can be opened again. */
  async wipe(): Promise<void> {
    await this.lock();
    // A revision under way would bring the vault back.
    await this.#revising;
    await this.#store.delete();
    await this.#throttle.reset();
    this.#vault = null;
  }

  /** @throws KeystoreError locked */
  address(): Address {
    return this.#identity().address();
  }

  /** @throws KeystoreError locked */
  publicBundle(): VerifiedBundle {
    return this.#identity().publicBundle();
  }

  /** A token for publishing, made for the time `now` (the node's, milliseconds) and kept for 55 minutes. @throws KeystoreError locked */
  authToken(now: number = this.#clock()): string {
    return this.#identity().authToken(now);
  }

  /** Forgets the token, when a node refused it. */
  renewToken(): void {
    this.#open?.identity.renewToken();
  }

  /** The contact in the legacy and in the signed format, to be published in this order. @throws KeystoreError locked */
  contactMessages(): readonly [Uint8Array, Uint8Array] {
    return this.#identity().contactMessages();
  }

  /** The private bundle, sealed by the wallet for the private store of the network. @throws KeystoreError locked */
  async keyBackup(): Promise<Uint8Array> {
    return this.#identity().keyBackup();
  }

  /** Derives and seals the invitation to a conversation. @throws KeystoreError locked */
  async createInvitation(
    peer: VerifiedBundle,
    context: InvitationContext | undefined,
    createdNs: bigint,
  ): Promise<{ readonly topic: string; readonly sealed: Uint8Array; readonly key: SealedKey; readonly binding: string }> {
    return this.#identity().createInvitation(peer, context, createdNs);
  }

  /** Founds a group with these members. @throws KeystoreError locked, ProtocolError */
  async createGroup(members: readonly VerifiedBundle[], title: string, createdNs: bigint): Promise<KeystoreGroup> {
    return this.#identity().createGroup(members, title, createdNs);
  }

  /** Adds members to a group of ours, or renames it; invitations are to those added. @throws KeystoreError locked, ProtocolError */
  async extendGroup(...change: Parameters<Identity['extendGroup']>): Promise<KeystoreGroup> {
    return this.#identity().extendGroup(...change);
  }

  /** Begins the next epoch of a group of ours without some; invitations are to those who stay. @throws KeystoreError locked, ProtocolError */
  async succeedGroup(...change: Parameters<Identity['succeedGroup']>): Promise<KeystoreGroup> {
    return this.#identity().succeedGroup(...change);
  }

  /** @throws KeystoreError locked, ProtocolError */
  async openInvitation(envelope: { readonly timestampNs: bigint; readonly message: Uint8Array }): Promise<KeystoreInvitation> {
    return this.#identity().openInvitation(envelope);
  }

  /** The topic of the owner's decisions about others. @throws KeystoreError locked */
  async preferencesTopic(): Promise<string> {
    return this.#identity().preferencesTopic();
  }

  /** A decision as only the owner reads it. @throws KeystoreError locked */
  async sealConsent(action: ConsentAction): Promise<Uint8Array> {
    return this.#identity().sealConsent(action);
  }

  /** @throws KeystoreError locked, ProtocolError when it is none of the owner's decisions */
  async openConsent(envelope: Envelope): Promise<ConsentEntry> {
    return this.#identity().openConsent(envelope);
  }

  /** @throws KeystoreError locked */
  async sealMessage(message: MessageToSeal): Promise<{ readonly message: Uint8Array; readonly id: string }> {
    return this.#identity().sealMessage(message);
  }

  /** @throws KeystoreError locked, ProtocolError */
  async openMessage(message: MessageToOpen): Promise<OpenedMessage> {
    return this.#identity().openMessage(message);
  }

  /** Opens each as `openMessage` does, together, and says of each what became of it. @throws KeystoreError locked */
  async openMessages(messages: readonly MessageToOpen[]): Promise<PromiseSettledResult<OpenedMessage>[]> {
    return this.#identity().openMessages(messages);
  }

  /** Seals a row for the disk. @throws KeystoreError locked */
  sealRecord(store: string, key: string, value: unknown): Promise<Uint8Array> {
    return this.#unlocked().records.seal(store, key, value);
  }

  /** @throws KeystoreError locked, ProtocolError cannot-decrypt */
  openRecord(store: string, key: string, sealed: Uint8Array): Promise<unknown> {
    return this.#unlocked().records.open(store, key, sealed);
  }

  /** A name for the disk that tells nothing, the same every time. @throws KeystoreError locked */
  blind(store: string, text: string): Promise<string> {
    return this.#unlocked().records.blind(store, text);
  }

  async #rekey(change: (identity: Identity) => Promise<Rekeyed | null>): Promise<boolean> {
    let rekeyed: Rekeyed | null = null;
    await this.#revise(async ({ identity }) => {
      rekeyed = await change(identity);
      return rekeyed && { body: rekeyed.body };
    });
    const done = rekeyed as Rekeyed | null;
    done?.body.fill(0);
    done?.take();
    return done !== null;
  }

  /** Writes a changed vault, one change after another: each builds on the revision before. */
  #revise(change: (open: Open) => VaultChange | null | Promise<VaultChange | null>): Promise<void> {
    return this.#replace(async (open, vault, dataKey) => {
      const changes = await change(open);
      return changes && reviseVault(vault, dataKey, changes, this.#random);
    });
  }

  #rewrap(passphrase: string): Promise<void> {
    return this.#replace((_, vault, dataKey) => rewrapVault(vault, dataKey, passphrase, this.#cost, this.#random));
  }

  async #replace(next: (open: Open, vault: Vault, dataKey: Uint8Array) => Promise<Vault | null>): Promise<void> {
    const open = this.#unlocked();
    // A key of its own: a lock in between clears the other, and nothing may be sealed under zeros.
    const dataKey = open.dataKey.slice();
    const revise = async (): Promise<void> => {
      const vault = await next(open, this.#need(), dataKey);
      if (!vault) return;
      await this.#store.write(vault).catch(async (error: unknown) => {
        // What counts is what the disk holds now: that passphrase is the one to ask for.
        this.#vault = (await this.#store.read().catch(() => null)) ?? this.#vault;
        throw error;
      });
      this.#vault = vault;
      // A lock may have come in between; its keys stay dropped.
      if (this.#open) this.#open = { ...this.#open, vault };
    };
    const revised = this.#revising.then(revise).finally(() => dataKey.fill(0));
    this.#revising = revised.catch(() => undefined);
    await revised;
  }

  #backedUp(index: number): BackedAccount {
    const account = this.#backup?.accounts[index];
    if (!account) throw new KeystoreError('not-a-backup', 'no backup with this account is open');
    return account;
  }

  #need(): Vault {
    if (!this.#vault) throw new KeystoreError('no-account', 'there is no account yet');
    return this.#vault;
  }

  #unlocked(): Open {
    this.#need();
    if (!this.#open) throw new KeystoreError('locked', 'Parley is locked');
    return this.#open;
  }

  #identity(): Identity {
    return this.#unlocked().identity;
  }

  #checkNew(passphrase: string): void {
    if (this.#vault) throw new KeystoreError('account-exists', 'there is an account already');
    checkPassphrase(passphrase);
  }

  /** Seals wallet and identity in a new vault, and opens it. */
  async #found(
    wallet: Wallet | null,
    bundle: PrivateBundle,
    passphrase: string,
    phraseSaved = false,
    former: readonly PrivateBundle[] = [],
  ): Promise<void> {
    const body = encodeBody(wallet, bundle, former);
    const address = addressOfBundle(bundle);
    const { vault, dataKey } = await createVault(
      { address, createdAt: this.#clock(), body, passphrase, phraseSaved },
      this.#cost,
      this.#random,
    );
    if (!equalBytes(await openBody(vault, dataKey), body)) throw new KeystoreError('vault-corrupt', 'the vault was not sealed as it is');
    await this.#store.write(vault);
    body.fill(0);
    this.#vault = vault;
    const deadlines = { lockAt: this.#clock() + longestUnlock, idleAt: null };
    await this.#enter(vault, dataKey, deadlines);
    await this.#session.start(dataKey, deadlines);
  }

  #tryPassphrase(vault: Vault, passphrase: string): Promise<Uint8Array> {
    return this.#throttle.guess(() => openVault(vault, passphrase, this.#cost));
  }

  async #enter(vault: Vault, dataKey: Uint8Array, deadlines: Deadlines): Promise<void> {
    const body = await openBody(vault, dataKey);
    const records = new SealedRecords(dataKey);
    const identity = new Identity(body, vault.address, records, this.#clock, this.#random);
    body.fill(0);
    this.#open = { vault, dataKey, identity, records, deadlines };
  }
}
