import { type Address, parseAddress } from '../protocol/address.ts';
import { aesGcmOpen, aesGcmSeal } from '../protocol/aead.ts';
import { fromBase64, fromUtf8, type Random, randomBytes, toBase64, toHex, utf8 } from '../protocol/bytes.ts';
import { sha256 } from '../protocol/hash.ts';
import { KeystoreError } from './errors.ts';
import { checkCost, deriveKey, type KdfCost } from './passphrase.ts';

/**
 * The vault, as it lies on the disk: JSON with a data key wrapped by the passphrase, and a body sealed under the data key.
 * `rev` grows with every write, so that an older copy is known as such.
 */
export type Vault = VaultOfMany | VaultOfOne;

/** The format that is written: 1 to 100 accounts. */
export interface VaultOfMany extends Common {
  readonly v: 2;
  readonly accounts: readonly AccountHead[];
}

/** The format before, with one account. It is read, and becomes the other with its next revision. */
interface VaultOfOne extends Common {
  readonly v: 1;
  readonly phraseSaved: boolean;
}

interface Common {
  /** The account that the data key is bound to: the only one of the older format, one of several. */
  readonly address: Address;
  readonly createdAt: number;
  readonly rev: number;
  readonly kdf: KdfCost & { readonly alg: 'argon2id'; readonly salt: string };
  /** The wrapped data key: nonce and ciphertext. */
  readonly kek: Sealed;
  readonly body: Sealed;
}

/** What is known of an account without the passphrase. */
export interface AccountHead {
  readonly address: Address;
  /** Whether its owner has the phrase on paper, as far as we know. */
  readonly phraseSaved: boolean;
}

interface Sealed {
  readonly nonce: string;
  readonly ct: string;
}

/** What a new revision of a vault may change. */
export interface VaultChange {
  readonly accounts?: readonly AccountHead[];
  readonly body?: Uint8Array;
}

export const mostAccounts = 100;

/** The accounts, in the order in which they came. */
export const accountsOf = (vault: Vault): readonly AccountHead[] =>
  vault.v === 1 ? [{ address: vault.address, phraseSaved: vault.phraseSaved }] : vault.accounts;

/** Seals a body of secrets under a fresh data key and the passphrase. The caller owns (and clears) the data key. */
export async function createVault(
  {
    account,
    createdAt,
    body,
    passphrase,
  }: { readonly account: AccountHead; readonly createdAt: number; readonly body: Uint8Array; readonly passphrase: string },
  cost: KdfCost,
  random: Random = randomBytes,
): Promise<{ readonly vault: Vault; readonly dataKey: Uint8Array }> {
  const dataKey = random(32);
  const kdf = { alg: 'argon2id' as const, ...cost, salt: toBase64(random(16)) };
  const head = { v: 2 as const, address: account.address, createdAt, rev: 1, accounts: [account], kdf };
  const kek = await wrap(passphrase, head, dataKey, random);
  const vault = { ...head, kek, body: await sealBody(dataKey, head, body, random) };
  return { vault, dataKey };
}

/** The data key. @throws KeystoreError wrong-passphrase, vault-foreign */
export async function openVault(vault: Vault, passphrase: string, accepted: KdfCost): Promise<Uint8Array> {
  checkCost(vault.kdf, accepted);
  // Argon2id takes no empty one, and none was ever set.
  if (passphrase === '') throw new KeystoreError('wrong-passphrase', 'this is not the passphrase');
  const key = await deriveKey(passphrase, fromBase64(vault.kdf.salt), vault.kdf);
  try {
    return await aesGcmOpen(key, fromBase64(vault.kek.nonce), fromBase64(vault.kek.ct), wrapData(vault));
  } catch (cause) {
    throw new KeystoreError('wrong-passphrase', 'this is not the passphrase', { cause });
  } finally {
    key.fill(0);
  }
}

/** The secrets. @throws KeystoreError vault-corrupt */
export async function openBody(vault: Vault, dataKey: Uint8Array): Promise<Uint8Array> {
  try {
    return await aesGcmOpen(dataKey, fromBase64(vault.body.nonce), fromBase64(vault.body.ct), bodyData(vault));
  } catch (cause) {
    throw new KeystoreError('vault-corrupt', 'the vault is damaged', { cause });
  }
}

/** The vault with other accounts or another body, one revision on. @throws KeystoreError vault-corrupt */
export async function reviseVault(
  vault: Vault,
  dataKey: Uint8Array,
  change: VaultChange,
  random: Random = randomBytes,
): Promise<VaultOfMany> {
  const body = change.body ?? (await openBody(vault, dataKey));
  const head = nextHead(vault, change.accounts);
  return { ...head, kek: vault.kek, body: await sealBody(dataKey, head, body, random) };
}

/**
 * The vault under another passphrase or a dearer derivation, one revision on. The data key stays, so that everything sealed under it does too: whoever
 * has an older copy of the vault can go on guessing the older passphrase. @throws KeystoreError vault-corrupt
 */
export async function rewrapVault(
  vault: Vault,
  dataKey: Uint8Array,
  passphrase: string,
  cost: KdfCost,
  random: Random = randomBytes,
  change: VaultChange = {},
): Promise<VaultOfMany> {
  const next = nextHead(vault, change.accounts);
  const address = (next.accounts[0] as AccountHead).address;
  const head = { ...next, address, kdf: { alg: 'argon2id' as const, ...cost, salt: toBase64(random(16)) } };
  const body = change.body?.slice() ?? (await openBody(vault, dataKey));
  try {
    return { ...head, kek: await wrap(passphrase, head, dataKey, random), body: await sealBody(dataKey, head, body, random) };
  } finally {
    body.fill(0);
  }
}

const nextHead = (vault: Vault, accounts = accountsOf(vault)): Omit<VaultOfMany, 'kek' | 'body'> => ({
  v: 2,
  address: vault.address,
  createdAt: vault.createdAt,
  rev: vault.rev + 1,
  accounts,
  kdf: vault.kdf,
});

/** The vault as JSON, with a checksum behind it: a damaged copy must be known as such before the passphrase is, so that the other copy can help. */
export function encodeVault(vault: Vault): Uint8Array {
  return utf8(JSON.stringify({ ...vault, sum: checksum(vault) }));
}

/** @throws KeystoreError vault-corrupt, vault-newer */
export function decodeVault(bytes: Uint8Array): Vault {
  let newer = false;
  try {
    const { sum, ...vault } = JSON.parse(fromUtf8(bytes)) as Vault & { readonly sum: unknown };
    newer = Number(vault.v) > 2 && sum === checksum(vault);
    const { address, createdAt, rev, kdf, kek, body } = vault;
    const accounts = vault.v === 1 || vault.v === 2 ? accountsOf(vault) : [];
    const whole =
      sum === checksum(vault) &&
      parseAddress(address) === address &&
      accounts.length > 0 &&
      accounts.length <= mostAccounts &&
      accounts.every((each) => parseAddress(each.address) === each.address && typeof each.phraseSaved === 'boolean') &&
      [createdAt, rev, kdf.m, kdf.t, kdf.p].every(Number.isSafeInteger) &&
      kdf.alg === 'argon2id' &&
      [kdf.salt, kek.nonce, kek.ct, body.nonce, body.ct].every((text) => typeof text === 'string');
    if (!whole) throw new TypeError('not a vault');
    return vault;
  } catch (cause) {
    if (newer) throw new KeystoreError('vault-newer', 'the vault was written by a newer Parley');
    throw new KeystoreError('vault-corrupt', 'the vault is damaged', { cause });
  }
}

const checksum = (vault: Vault): string => toHex(sha256(utf8(JSON.stringify(vault))));

type Head = Omit<VaultOfMany, 'kek' | 'body'> | Omit<VaultOfOne, 'kek' | 'body'>;

async function wrap(passphrase: string, head: Head, dataKey: Uint8Array, random: Random): Promise<Sealed> {
  const key = await deriveKey(passphrase, fromBase64(head.kdf.salt), head.kdf);
  try {
    return await seal(key, dataKey, wrapData(head), random);
  } finally {
    key.fill(0);
  }
}

const sealBody = (dataKey: Uint8Array, head: Head, body: Uint8Array, random: Random): Promise<Sealed> =>
  seal(dataKey, body, bodyData(head), random);

async function seal(key: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array, random: Random): Promise<Sealed> {
  const nonce = random(12);
  return { nonce: toBase64(nonce), ct: toBase64(await aesGcmSeal(key, nonce, plaintext, additionalData)) };
}

/** The same in both formats: the key stays wrapped as it is when the format changes. */
const wrapData = ({ address, createdAt, kdf }: Head): Uint8Array =>
  utf8(JSON.stringify(['parley vault key', 1, address, createdAt, kdf.alg, kdf.m, kdf.t, kdf.p, kdf.salt]));

const bodyData = (head: Head): Uint8Array => {
  const { v, address, createdAt, rev } = head;
  const rest = v === 1 ? [head.phraseSaved] : head.accounts.flatMap((account) => [account.address, account.phraseSaved]);
  return utf8(JSON.stringify(['parley vault body', v, address, createdAt, rev, ...rest]));
};
