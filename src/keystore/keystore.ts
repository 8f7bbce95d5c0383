import type { Address } from '../protocol/address.ts';
import { equalBytes, type Random, randomBytes } from '../protocol/bytes.ts';
import { addressOfBundle } from '../protocol/private-keys.ts';
import { type Clock, systemClock } from '../protocol/time.ts';
import { AccountKeys } from './account-keys.ts';
import { sealBackupFile } from './backup-file.ts';
import type { BackupRequest, BackupSummary } from './backup-summary.ts';
import { KeystoreError } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Rekeyed } from './identity-types.ts';
import type { NewAccount } from './new-account.ts';
import { type Account, type Accounts, bodyOf, entryOf, forget, openAccount, openAccounts } from './open-accounts.ts';
import { OpenBackup } from './open-backup.ts';
import { checkPassphrase, defaultCost, isCheaper, type KdfCost } from './passphrase.ts';
import { type Deadlines, Session, type SessionArea } from './session.ts';
import { type Failures, Throttle } from './throttle.ts';
import {
  type AccountHead,
  accountsOf,
  createVault,
  mostAccounts,
  openBody,
  openVault,
  reviseVault,
  rewrapVault,
  type Vault,
  type VaultChange,
} from './vault.ts';
import { type AccountLook, encodeBody } from './vault-body.ts';
import { VaultKeeper } from './vault-keeper.ts';
import { type Cell, VaultStore } from './vault-store.ts';

export type { KeystoreGroup, KeystoreInvitation, SealedKey } from './identity-types.ts';

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
  /** In the order of the vault. */
  readonly accounts: Accounts;
  readonly deadlines: Deadlines;
}

/** The next vault, and what is so once it is written. */
interface Step {
  readonly vault: Vault;
  readonly accounts?: Accounts;
  take?(): void;
}

const hour = 3_600_000;
const longestUnlock = 12 * hour;

/**
 * The home of every private byte: one vault with the keys of every account, under one passphrase. The keys of an account are asked questions (open this invitation, seal
 * this message) and never handed out, except by `reveal`, which takes the passphrase. What they seal for others (`SealedKey`, `sealRecord`) is unreadable
 * while it is locked, and to the other accounts at all times.
 */
export class Keystore {
  readonly #keeper: VaultKeeper;
  readonly #session: Session;
  readonly #throttle: Throttle;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cost: KdfCost;
  readonly #backup: OpenBackup;
  #open: Open | null = null;
  readonly #keys = new Map<Address, AccountKeys>();

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
    this.#keeper = new VaultKeeper(new VaultStore(vault, mirror));
    this.#session = new Session(session, sessionKey);
    this.#throttle = new Throttle(failures, clock);
    this.#clock = clock;
    this.#random = random;
    this.#cost = cost;
    this.#backup = new OpenBackup(cost);
  }

  /** Comes back to life after a start of the background: what this session had unlocked is open again, unless its time is over. @throws KeystoreError vault-corrupt */
  async wake(): Promise<'none' | 'locked' | 'open'> {
    const vault = await this.#keeper.read();
    await this.#throttle.load();
    if (!vault) return 'none';
    const kept = await this.#session.resume(this.#clock());
    if (kept) {
      try {
        await this.#enter(vault, kept.dataKey, kept.deadlines);
      } catch {
        await this.lock();
      }
    }
    return this.state();
  }

  state(): 'none' | 'locked' | 'open' {
    if (!this.#keeper.vault) return 'none';
    return this.#open ? 'open' : 'locked';
  }

  /** The accounts, in the order in which they came; readable while locked. */
  accounts(): readonly AccountHead[] {
    return this.#keeper.vault ? accountsOf(this.#keeper.vault) : [];
  }

  /** Whether the rows of this account on the disk are sealed by the vault's own data key: those of the account that was the first in it. @throws KeystoreError locked, no-account */
  isFirst(address: Address): boolean {
    return this.#account(address).key === null;
  }

  /** What its owner calls it. @throws KeystoreError locked, no-account */
  look(address: Address): AccountLook {
    const { name, color } = this.#account(address);
    return { name, color };
  }

  /** The keys of an account, by default of the first. They refuse while the keystore is locked, and once the account is removed. @throws KeystoreError no-account */
  keys(address: Address | undefined = this.accounts()[0]?.address): AccountKeys {
    if (address === undefined) throw new KeystoreError('no-account', 'there is no account yet');
    const keys =
      this.#keys.get(address) ??
      new AccountKeys({
        open: () => this.#account(address),
        peek: () => this.#open?.accounts.get(address) ?? null,
        rekey: (change) => this.#rekey(address, change),
        backedUp: (index) => this.#backup.account(index),
        clock: this.#clock,
      });
    this.#keys.set(address, keys);
    return keys;
  }

  failures(): Failures {
    return this.#throttle.failures();
  }

  /**
   * Takes up an account that was made elsewhere: the first with a passphrase for the vault, which ends unlocked, every other with the passphrase of the vault.
   * @throws KeystoreError account-exists, weak-passphrase; as `check`, locked, too-many-accounts
   */
  async add(account: NewAccount, passphrase: string): Promise<void> {
    if (!this.#keeper.vault) {
      checkPassphrase(passphrase);
      return this.#found(account, passphrase);
    }
    this.#unlocked();
    await this.check(passphrase);
    const address = addressOfBundle(account.bundle);
    await this.#replace(async (open, vault, dataKey) => {
      const heads = accountsOf(vault);
      if (heads.some((head) => head.address === address)) throw new KeystoreError('account-exists', 'this account is here already');
      if (heads.length >= mostAccounts) throw new KeystoreError('too-many-accounts', `there are ${mostAccounts} accounts already`);
      const accounts = new Map(open.accounts).set(
        address,
        openAccount(entryOf(account, this.#random(32)), dataKey, this.#clock, this.#random),
      );
      const next = [...heads, { address, phraseSaved: account.phraseSaved }];
      return { vault: await this.#revised(vault, dataKey, { accounts: next, body: bodyOf(accounts) }), accounts };
    });
  }

  /** Destroys the keys of an account; the last one goes with `wipe` alone. @throws KeystoreError as `check`, locked, no-account, last-account */
  async remove(address: Address, passphrase: string): Promise<void> {
    this.#account(address);
    await this.check(passphrase);
    await this.#replace(async (open, vault, dataKey) => {
      const accounts = new Map(open.accounts);
      const removed = accounts.get(address);
      accounts.delete(address);
      if (accounts.size === 0) throw new KeystoreError('last-account', 'there is no other account');
      const next = accountsOf(vault).filter((head) => head.address !== address);
      const body = bodyOf(accounts);
      // Wrapped anew: the key may be bound to the one that goes.
      const written = await rewrapVault(vault, dataKey, passphrase, this.#cost, this.#random, { accounts: next, body }).finally(() =>
        body.fill(0),
      );
      return { vault: written, accounts, take: () => removed && forget(removed) };
    });
  }

  /** Names or colours an account. @throws KeystoreError locked, no-account */
  async describe(address: Address, look: Partial<AccountLook>): Promise<void> {
    this.#account(address);
    await this.#replace(async (open, vault, dataKey) => {
      const account = open.accounts.get(address);
      if (!account) return null;
      const accounts = new Map(open.accounts).set(address, { ...account, ...look });
      return { vault: await this.#revised(vault, dataKey, { body: bodyOf(accounts) }), accounts };
    });
  }

  /** @throws KeystoreError no-account, wrong-passphrase, too-soon, vault-corrupt, vault-foreign */
  async unlock(passphrase: string): Promise<void> {
    const vault = this.#keeper.need();
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
    (await this.#tryPassphrase(this.#keeper.need(), passphrase)).fill(0);
  }

  /** Drops every key. */
  async lock(): Promise<void> {
    this.#backup.close();
    this.#open?.dataKey.fill(0);
    for (const account of this.#open?.accounts.values() ?? []) forget(account);
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

  /** @throws KeystoreError as `unlock`, no-wallet */
  async reveal(address: Address, passphrase: string): Promise<{ readonly phrase: string | null; readonly privateKey: string }> {
    await this.check(passphrase);
    return this.#account(address).identity.secret();
  }

  /** Notes that the user has written the phrase down. @throws KeystoreError locked */
  setPhraseSaved(address: Address): Promise<void> {
    return this.#replace(async (_, vault, dataKey) => {
      const accounts = accountsOf(vault).map((head) => (head.address === address ? { ...head, phraseSaved: true } : head));
      return { vault: await this.#revised(vault, dataKey, { accounts }) };
    });
  }

  /**
   * A backup file of the account, with keys of its conversations and whatever else is given; it has a passphrase of its own.
   * @throws KeystoreError as `unlock`, weak-passphrase
   */
  async sealBackup(address: Address, passphrase: string, { filePassphrase, keys, data, settings }: BackupRequest): Promise<Uint8Array> {
    await this.check(passphrase);
    const { identity } = this.#account(address);
    const phraseSaved = this.accounts().some((head) => head.address === address && head.phraseSaved);
    const account = { account: identity.account(phraseSaved), keys: await identity.openKeys(keys), data };
    return sealBackupFile({ createdAt: this.#clock(), accounts: [account], settings }, filePassphrase, this.#cost, this.#random);
  }

  /** Opens a backup file and tells what is in it; its keys stay here until `closeBackup`. @throws KeystoreError as `openBackupFile` */
  openBackup(bytes: Uint8Array, filePassphrase: string): Promise<BackupSummary> {
    return this.#backup.open(bytes, filePassphrase);
  }

  closeBackup(): void {
    this.#backup.close();
  }

  /** Takes an account out of the open backup into a new vault, and ends unlocked. @throws KeystoreError as `add`, not-a-backup */
  async restoreAccount(index: number, passphrase: string): Promise<void> {
    await this.add(this.#backup.account(index).account, passphrase);
  }

  /** Destroys the vault: without the wrapped data key nothing sealed can be opened again. */
  async wipe(): Promise<void> {
    await this.lock();
    await this.#keeper.delete();
    await this.#throttle.reset();
  }

  async #rekey(address: Address, change: (identity: Identity) => Promise<Rekeyed | null>): Promise<boolean> {
    let done = false;
    await this.#replace(async (open, vault, dataKey) => {
      const account = this.#account(address);
      const rekeyed = await change(account.identity);
      if (!rekeyed) return null;
      done = true;
      const body = bodyOf(open.accounts, { address, secrets: rekeyed.secrets });
      return { vault: await this.#revised(vault, dataKey, { body }), take: rekeyed.take };
    });
    return done;
  }

  async #revised(vault: Vault, dataKey: Uint8Array, change: VaultChange): Promise<Vault> {
    try {
      return await reviseVault(vault, dataKey, change, this.#random);
    } finally {
      change.body?.fill(0);
    }
  }

  async #rewrap(passphrase: string): Promise<void> {
    await this.#replace(async (_, vault, dataKey) => ({ vault: await rewrapVault(vault, dataKey, passphrase, this.#cost, this.#random) }));
  }

  /** Writes a changed vault. */
  async #replace(next: (open: Open, vault: Vault, dataKey: Uint8Array) => Promise<Step | null>): Promise<void> {
    // A key of its own: a lock in between clears the other, and nothing may be sealed under zeros.
    const before = this.#unlocked();
    const dataKey = before.dataKey.slice();
    const written = ({ vault, accounts, take }: Step): void => {
      take?.();
      // A lock may have come in between; its keys stay dropped.
      if (this.#open) this.#open = { ...this.#open, vault, ...(accounts && { accounts }) };
      else for (const account of accounts?.values() ?? []) forget(account);
    };
    await this.#keeper.change((vault) => next(this.#open ?? before, vault, dataKey), written).finally(() => dataKey.fill(0));
  }

  #unlocked(): Open {
    this.#keeper.need();
    if (!this.#open) throw new KeystoreError('locked', 'Parley is locked');
    return this.#open;
  }

  #account(address: Address): Account {
    const account = this.#unlocked().accounts.get(address);
    if (!account) throw new KeystoreError('no-account', 'this account is not here');
    return account;
  }

  /** Seals the first account in a new vault, and opens it. */
  async #found(account: NewAccount, passphrase: string): Promise<void> {
    const body = encodeBody([entryOf(account, null)]);
    const head = { address: addressOfBundle(account.bundle), phraseSaved: account.phraseSaved };
    const { vault, dataKey } = await createVault({ account: head, createdAt: this.#clock(), body, passphrase }, this.#cost, this.#random);
    if (!equalBytes(await openBody(vault, dataKey), body)) throw new KeystoreError('vault-corrupt', 'the vault was not sealed as it is');
    await this.#keeper.create(vault);
    body.fill(0);
    const deadlines = { lockAt: this.#clock() + longestUnlock, idleAt: null };
    await this.#enter(vault, dataKey, deadlines);
    await this.#session.start(dataKey, deadlines);
  }

  #tryPassphrase(vault: Vault, passphrase: string): Promise<Uint8Array> {
    return this.#throttle.guess(() => openVault(vault, passphrase, this.#cost));
  }

  async #enter(vault: Vault, dataKey: Uint8Array, deadlines: Deadlines): Promise<void> {
    const body = await openBody(vault, dataKey);
    const addresses = accountsOf(vault).map(({ address }) => address);
    try {
      const accounts = openAccounts(body, addresses, dataKey, this.#clock, this.#random);
      this.#open = { vault, dataKey, accounts, deadlines };
    } finally {
      body.fill(0);
    }
  }
}
