import type { Address } from '../protocol/address.ts';
import { aesGcmOpen, aesGcmSeal } from '../protocol/aead.ts';
import { concat, equalBytes, fromBase64, fromUtf8, type Random, randomBytes, toBase64, toHex, utf8 } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { sha256 } from '../protocol/hash.ts';
import { addressOfBundle, decodePrivateBundle, encodePrivateBundle } from '../protocol/private-keys.ts';
import { enableIdentityText, recoverSigner } from '../protocol/wallet-signature.ts';
import { KeystoreError } from './errors.ts';
import { decodeJson, encodeJson } from './json.ts';
import type { NewAccount } from './new-account.ts';
import { checkPassphrase, deriveKey, type KdfCost, withinBounds } from './passphrase.ts';
import { readPath, walletOfEntropy, walletOfKey } from './wallet.ts';
import type { BackupSeal } from './wallet-identity.ts';

/** What a backup file holds (docs/backup-file.md). */
export interface BackupContents {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly accounts: readonly BackedAccount[];
  /** The settings of the browser, for whoever wrote them to judge. */
  readonly settings: unknown;
}

export interface BackedAccount {
  readonly account: NewAccount;
  /** The keys of its conversations, in an order that `data` knows. */
  readonly keys: readonly Uint8Array[];
  /** What else belongs to the account, for whoever wrote it to judge. */
  readonly data: unknown;
}

interface Header {
  readonly format: 'parley-backup';
  readonly v: 1;
  readonly createdAt: number;
  readonly kdf: KdfCost & { readonly alg: 'argon2id'; readonly salt: string };
  readonly nonce: string;
  /** SHA-256 of what is sealed, hex: damage is known as such before the passphrase is. */
  readonly sum: string;
}

export const longestBackup = 256 * 1024 * 1024;
const longestHeader = 1024;
const mostAccounts = 100;
const mostKeys = 100_000;
const mostFormer = 100;
const format = 'parley-backup';

/**
 * Seals contents under a passphrase of their own: a line of JSON, and behind it the sealed rest, with what the line says as additional data. Opened again and
 * compared before it is handed out. @throws KeystoreError weak-passphrase, backup-damaged
 */
export async function sealBackupFile(
  contents: BackupContents,
  passphrase: string,
  cost: KdfCost,
  random: Random = randomBytes,
): Promise<Uint8Array> {
  checkPassphrase(passphrase);
  const body = encodeJson({
    accounts: contents.accounts.map(({ account, keys, data }) => ({ account: packAccount(account), keys, data })),
    settings: contents.settings,
  });
  const salt = random(16);
  const key = await deriveKey(passphrase, salt, cost);
  try {
    const nonce = random(12);
    // Without the sum, which is made of what is sealed.
    const kdf = { alg: 'argon2id', ...cost, salt: toBase64(salt) } as const;
    const head = { format, v: 1, createdAt: contents.createdAt, kdf, nonce: toBase64(nonce) } as const;
    const sealed = await aesGcmSeal(key, nonce, body, additional(head));
    const line = utf8(`${JSON.stringify({ ...head, sum: toHex(sha256(sealed)) } satisfies Header)}\n`);
    const opened = await aesGcmOpen(key, nonce, sealed, additional(head));
    if (!equalBytes(opened, body)) throw new KeystoreError('backup-damaged', 'the backup was not sealed as it is');
    opened.fill(0);
    return concat(line, sealed);
  } finally {
    key.fill(0);
    body.fill(0);
  }
}

/**
 * Opens a file. `accepted`: a cost that is good whatever the bounds say.
 * @throws KeystoreError not-a-backup, backup-newer, backup-foreign, backup-damaged, wrong-file-passphrase
 */
export async function openBackupFile(bytes: Uint8Array, passphrase: string, accepted: KdfCost): Promise<BackupContents> {
  const { header, sealed } = parseBackupFile(bytes);
  if (!withinBounds(header.kdf, accepted))
    throw new KeystoreError('backup-foreign', 'the file asks for a key derivation outside of its bounds');
  if (passphrase === '') throw new KeystoreError('wrong-file-passphrase', 'this is not the passphrase');
  const key = await deriveKey(passphrase, fromBase64(header.kdf.salt), header.kdf);
  let body: Uint8Array;
  try {
    body = await aesGcmOpen(key, fromBase64(header.nonce), sealed, additional(header));
  } catch (cause) {
    throw new KeystoreError('wrong-file-passphrase', 'this is not the passphrase of the file', { cause });
  } finally {
    key.fill(0);
  }
  try {
    return readBackupBody(body, header.createdAt);
  } finally {
    body.fill(0);
  }
}

/** What can be said of a file without its passphrase. @throws KeystoreError not-a-backup, backup-newer, backup-damaged */
export function parseBackupFile(bytes: Uint8Array): { readonly header: Header; readonly sealed: Uint8Array } {
  if (bytes.length > longestBackup) throw new KeystoreError('not-a-backup', 'the file is too large');
  const end = bytes.subarray(0, longestHeader).indexOf(10);
  const header = end < 0 ? null : headerOf(fromUtf8(bytes.subarray(0, end)));
  if (header?.format !== format) throw new KeystoreError('not-a-backup', 'the file is no backup of Parley');
  if (Number.isSafeInteger(header.v) && (header.v as number) > 1)
    throw new KeystoreError('backup-newer', 'the file was written by a newer Parley');
  const { v, createdAt, kdf, nonce, sum } = header;
  const sealed = bytes.subarray(end + 1);
  const whole =
    v === 1 &&
    Number.isSafeInteger(createdAt) &&
    typeof kdf === 'object' &&
    kdf !== null &&
    kdf.alg === 'argon2id' &&
    [kdf.m, kdf.t, kdf.p].every(Number.isSafeInteger) &&
    lengthOf(kdf.salt) === 16 &&
    lengthOf(nonce) === 12 &&
    sum === toHex(sha256(sealed));
  if (!whole) throw new KeystoreError('backup-damaged', 'the file is damaged or not complete');
  return { header: header as Header, sealed };
}

const headerOf = (text: string): Partial<Record<keyof Header, unknown>> & { readonly kdf?: Partial<Header['kdf']> | null } => {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};

const lengthOf = (base64: unknown): number => {
  try {
    return typeof base64 === 'string' ? fromBase64(base64).length : -1;
  } catch {
    return -1;
  }
};

const additional = ({ format: name, v, createdAt, kdf, nonce }: Omit<Header, 'sum'>): Uint8Array =>
  utf8(JSON.stringify([name, v, createdAt, kdf.alg, kdf.m, kdf.t, kdf.p, kdf.salt, nonce]));

function packAccount({ kind, wallet, bundle, former = [], seal = null, phraseSaved }: NewAccount): unknown {
  const secret = wallet && { key: wallet.key, entropy: wallet.entropy, path: wallet.path, extraWord: wallet.extraWord };
  return { kind, phraseSaved, wallet: secret, bundle: encodePrivateBundle(bundle), former: former.map(encodePrivateBundle), seal };
}

/** Reads what was sealed: made by us, by something else, or on purpose. @throws KeystoreError backup-foreign */
export function readBackupBody(body: Uint8Array, createdAt: number): BackupContents {
  try {
    return readBody(body, createdAt);
  } catch (cause) {
    throw cause instanceof KeystoreError
      ? cause
      : new KeystoreError('backup-foreign', 'the file holds something else than a backup', { cause });
  }
}

function readBody(body: Uint8Array, createdAt: number): BackupContents {
  const { accounts, settings } = decodeJson(body) as { accounts: unknown; settings: unknown };
  if (!Array.isArray(accounts) || accounts.length > mostAccounts) throw foreign('no list of accounts');
  return {
    createdAt,
    settings,
    accounts: accounts.map((each: { account: unknown; keys: unknown; data: unknown }) => {
      const { account, keys, data } = each;
      const good = Array.isArray(keys) && keys.length <= mostKeys && keys.every((key) => key instanceof Uint8Array && key.length === 32);
      if (!good) throw foreign('keys of conversations are 32 bytes');
      return { account: readAccount(account), keys: keys as Uint8Array[], data };
    }),
  };
}

/** Every key is computed again: an account is what its keys say, not what the file says of them. */
function readAccount(value: unknown): NewAccount {
  const { kind, wallet, bundle, former, seal, phraseSaved } = value as Record<keyof NewAccount, unknown>;
  if (kind !== 'phrase' && kind !== 'key' && kind !== 'bundle' && kind !== 'external') throw foreign('an account of no known kind');
  if (typeof phraseSaved !== 'boolean' || !Array.isArray(former) || former.length > mostFormer) throw foreign('an account without keys');
  const keys = readKeys(bundle);
  const before = former.map(readKeys);
  const read = wallet === null ? null : readWallet(wallet as Record<string, unknown>);
  const address = addressOfBundle(keys);
  if ((read && read.address !== address) || before.some((each) => addressOfBundle(each) !== address))
    throw foreign('the keys of an account belong to another wallet');
  if ((read === null) !== (kind === 'bundle' || kind === 'external')) throw foreign('an account without its wallet');
  return { kind, wallet: read, bundle: keys, former: before, seal: read ? null : readSeal(seal, address), phraseSaved };
}

/** A signature that is not the wallet's would seal backups that nobody can open. Files of before have none. */
function readSeal(value: unknown, address: Address): BackupSeal | null {
  if (value === undefined || value === null) return null;
  const { walletPreKey, signature } = value as Record<keyof BackupSeal, unknown>;
  if (!(walletPreKey instanceof Uint8Array) || walletPreKey.length !== 32) throw foreign('a backup seal without its key');
  if (!(signature instanceof Uint8Array) || signature.length !== 65) throw foreign('a backup seal without its signature');
  if (recoverSigner(enableIdentityText(walletPreKey), signature) !== address) throw foreign('a backup seal of another wallet');
  return { walletPreKey, signature };
}

function readKeys(bytes: unknown): NewAccount['bundle'] {
  if (!(bytes instanceof Uint8Array)) throw foreign('an account without keys');
  try {
    const bundle = decodePrivateBundle(bytes);
    encodePrivateBundle(bundle);
    return bundle;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new KeystoreError('backup-foreign', `the keys of an account are not good: ${error.message}`, { cause: error });
  }
}

function readWallet({ key, entropy, path, extraWord }: Record<string, unknown>): NonNullable<NewAccount['wallet']> {
  if (!(key instanceof Uint8Array) || key.length !== 32 || typeof extraWord !== 'boolean') throw foreign('a wallet without its key');
  if (entropy === null) return walletOfKey(key, null);
  if (!(entropy instanceof Uint8Array) || ![16, 20, 24, 28, 32].includes(entropy.length) || typeof path !== 'string')
    throw foreign('a wallet without its phrase');
  const wallet = walletOfKey(key, entropy, readPath(path), extraWord);
  // Words that lead to another wallet would be written down as if they led to this one.
  if (!extraWord && !equalBytes(walletOfEntropy(entropy, wallet.path ?? undefined).key, key))
    throw foreign('a phrase that is not the wallet’s');
  return wallet;
}

const foreign = (message: string): KeystoreError => new KeystoreError('backup-foreign', `the file holds ${message}`);
