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
export interface Vault {
  readonly v: 1;
  readonly address: Address;
  readonly createdAt: number;
  readonly rev: number;
  readonly phraseSaved: boolean;
  readonly kdf: KdfCost & { readonly alg: 'argon2id'; readonly salt: string };
  /** The wrapped data key: nonce and ciphertext. */
  readonly kek: Sealed;
  readonly body: Sealed;
}

interface Sealed {
  readonly nonce: string;
  readonly ct: string;
}

/** What a new revision of a vault may change. */
export interface VaultChange {
  readonly phraseSaved?: boolean;
  readonly body?: Uint8Array;
}

/** Seals a body of secrets under a fresh data key and the passphrase. The caller owns (and clears) the data key. */
export async function createVault(
  {
    address,
    createdAt,
    body,
    passphrase,
    phraseSaved = false,
  }: {
    readonly address: Address;
    readonly createdAt: number;
    readonly body: Uint8Array;
    readonly passphrase: string;
    readonly phraseSaved?: boolean;
  },
  cost: KdfCost,
  random: Random = randomBytes,
): Promise<{ readonly vault: Vault; readonly dataKey: Uint8Array }> {
  const dataKey = random(32);
  const kdf = { alg: 'argon2id' as const, ...cost, salt: toBase64(random(16)) };
  const head = { v: 1 as const, address, createdAt, rev: 1, phraseSaved, kdf };
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

/** The vault with changed clear fields or body, one revision on. */
export async function reviseVault(vault: Vault, dataKey: Uint8Array, change: VaultChange, random: Random = randomBytes): Promise<Vault> {
  const body = change.body ?? (await openBody(vault, dataKey));
  const head = { ...vault, rev: vault.rev + 1, phraseSaved: change.phraseSaved ?? vault.phraseSaved };
  return { ...head, body: await sealBody(dataKey, head, body, random) };
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
): Promise<Vault> {
  const head = { ...vault, rev: vault.rev + 1, kdf: { alg: 'argon2id' as const, ...cost, salt: toBase64(random(16)) } };
  const body = await openBody(vault, dataKey);
  try {
    return { ...head, kek: await wrap(passphrase, head, dataKey, random), body: await sealBody(dataKey, head, body, random) };
  } finally {
    body.fill(0);
  }
}

/** The vault as JSON, with a checksum behind it: a damaged copy must be known as such before the passphrase is, so that the other copy can help. */
export function encodeVault(vault: Vault): Uint8Array {
  return utf8(JSON.stringify({ ...vault, sum: checksum(vault) }));
}

/** @throws KeystoreError vault-corrupt */
export function decodeVault(bytes: Uint8Array): Vault {
  try {
    const { sum, ...vault } = JSON.parse(fromUtf8(bytes)) as Vault & { readonly sum: unknown };
    const { v, address, createdAt, rev, phraseSaved, kdf, kek, body } = vault;
    const whole =
      v === 1 &&
      sum === checksum(vault) &&
      parseAddress(address) === address &&
      [createdAt, rev, kdf.m, kdf.t, kdf.p].every(Number.isSafeInteger) &&
      typeof phraseSaved === 'boolean' &&
      kdf.alg === 'argon2id' &&
      [kdf.salt, kek.nonce, kek.ct, body.nonce, body.ct].every((text) => typeof text === 'string');
    if (!whole) throw new TypeError('not a vault');
    return vault;
  } catch (cause) {
    throw new KeystoreError('vault-corrupt', 'the vault is damaged', { cause });
  }
}

const checksum = (vault: Vault): string => toHex(sha256(utf8(JSON.stringify(vault))));

type Head = Omit<Vault, 'kek' | 'body'>;

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

const wrapData = ({ v, address, createdAt, kdf }: Head): Uint8Array =>
  utf8(JSON.stringify(['parley vault key', v, address, createdAt, kdf.alg, kdf.m, kdf.t, kdf.p, kdf.salt]));

const bodyData = ({ v, address, createdAt, rev, phraseSaved }: Head): Uint8Array =>
  utf8(JSON.stringify(['parley vault body', v, address, createdAt, rev, phraseSaved]));
