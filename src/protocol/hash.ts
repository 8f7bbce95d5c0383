import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat } from './bytes.ts';

/** SHA-256 of the parts one after another; 32 bytes. */
export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => own(nobleSha256(join(parts)));

/** SHA-256 of these parts and what is given each time, for many that begin alike; 32 bytes. */
export function beginSha256(...parts: readonly Uint8Array[]): (rest: Uint8Array) => Uint8Array<ArrayBuffer> {
  const begun = nobleSha256.create().update(join(parts));
  return (rest) => own(begun.clone().update(rest).digest());
}

/** SHA-512 of the parts one after another; 64 bytes. */
export const sha512 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => own(nobleSha512(join(parts)));

/** Keccak-256 (not SHA3-256) of the parts one after another; 32 bytes. */
export const keccak256 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => own(keccak_256(join(parts)));

/** HMAC-SHA-256; 32 bytes. */
export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> => own(hmac(nobleSha256, key, message));

const join = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts));
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
