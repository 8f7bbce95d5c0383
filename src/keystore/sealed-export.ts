import { aesGcmOpen, aesGcmSeal, hkdf, importAesKey } from '../protocol/aead.ts';
import { concat, type Random, utf8 } from '../protocol/bytes.ts';
import type { IdentityKey } from '../protocol/preferences.ts';
import { KeystoreError } from './errors.ts';
import { decodeJson, encodeJson } from './json.ts';

/**
 * Beside an export that anybody can read stand the keys of its conversations. Only the identity that sealed them opens them, and only beside the very content
 * that they were sealed with: a file that was changed, or made by somebody else, does not import. Nonce (12 bytes) and AES-256-GCM ciphertext of the keys as
 * JSON; the digest of the content is the additional data.
 */
export async function sealExport(
  identity: Pick<IdentityKey, 'secret'>,
  digest: Uint8Array,
  keys: readonly Uint8Array[],
  random: Random,
): Promise<Uint8Array> {
  const nonce = random(12);
  return concat(nonce, await aesGcmSeal(await keyOf(identity), nonce, encodeJson(keys), digest));
}

/** The keys, in their order. @throws KeystoreError backup-foreign when none of the identities sealed them beside this content */
export async function openExport(
  identities: readonly Pick<IdentityKey, 'secret'>[],
  digest: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array[]> {
  for (const identity of identities) {
    const plain = await aesGcmOpen(await keyOf(identity), sealed.subarray(0, 12), sealed.subarray(12), digest).catch(() => null);
    if (plain) return decodeJson(plain) as Uint8Array[];
  }
  throw new KeystoreError('backup-foreign', 'the file was not written by this account, or changed since');
}

const keyOf = async ({ secret }: Pick<IdentityKey, 'secret'>): Promise<CryptoKey> =>
  importAesKey(await hkdf(secret, new Uint8Array(0), utf8('parley export|1'), 32));
