import { create } from '@bufbuild/protobuf';
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Ciphertext, CiphertextSchema } from '../gen/xmtp/message_contents/ciphertext_pb.ts';
import { type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';

const none = new Uint8Array(0);

// Node hands every call of WebCrypto to another thread, which costs more than HKDF does; browsers do not.
const inNode = 'process' in globalThis;

/** Seals under a secret of any length: HKDF-SHA-256 with a fresh salt of 32 bytes, AES-256-GCM with a fresh nonce of 12 (SPEC 1.9). */
export async function sealAead(
  secret: Uint8Array,
  plaintext: Uint8Array,
  additionalData: Uint8Array = none,
  random: Random = randomBytes,
): Promise<Ciphertext> {
  const hkdfSalt = random(32);
  const gcmNonce = random(12);
  const key = await deriveKey(secret, hkdfSalt);
  const payload = await encrypt(key, gcmNonce, plaintext, additionalData);
  return create(CiphertextSchema, { union: { case: 'aes256GcmHkdfSha256', value: { hkdfSalt, gcmNonce, payload } } });
}

/** A secret that opens or seals many: imported once. */
export type AeadSecret = Uint8Array | CryptoKey;

/** Spares `openAead` the import of each call. */
export const importAeadSecret = async (secret: Uint8Array): Promise<AeadSecret> =>
  inNode ? secret : crypto.subtle.importKey('raw', own(secret), 'HKDF', false, ['deriveKey']);

/** Opens what `sealAead` sealed. @throws ProtocolError malformed (sizes), cannot-decrypt */
export async function openAead(
  secret: AeadSecret,
  ciphertext: Ciphertext,
  additionalData: Uint8Array = none,
): Promise<Uint8Array<ArrayBuffer>> {
  const { hkdfSalt, gcmNonce, payload } = checkCiphertext(ciphertext);
  return decrypt(await deriveKey(secret, hkdfSalt), gcmNonce, payload, additionalData);
}

/** The parts of a well-formed ciphertext. @throws ProtocolError malformed */
export function checkCiphertext(ciphertext: Ciphertext | undefined): {
  readonly hkdfSalt: Uint8Array;
  readonly gcmNonce: Uint8Array;
  readonly payload: Uint8Array;
} {
  if (ciphertext?.union.case !== 'aes256GcmHkdfSha256') throw new ProtocolError('malformed', 'no ciphertext');
  const parts = ciphertext.union.value;
  if (parts.hkdfSalt.length !== 32) throw new ProtocolError('malformed', 'a salt is 32 bytes');
  if (parts.gcmNonce.length !== 12) throw new ProtocolError('malformed', 'a nonce is 12 bytes');
  if (parts.payload.length < 16) throw new ProtocolError('malformed', 'a payload ends in a tag of 16 bytes');
  return parts;
}

/** HKDF-SHA-256; `length` in bytes. */
export async function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length = 32): Promise<Uint8Array<ArrayBuffer>> {
  if (inNode) return nobleHkdf(sha256, ikm, salt, info, length) as Uint8Array<ArrayBuffer>;
  const base = await crypto.subtle.importKey('raw', own(ikm), 'HKDF', false, ['deriveBits']);
  const bits = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: own(info) }, base, length * 8);
  return new Uint8Array(bits);
}

/** Plain AES-256-GCM with a key of 32 bytes, or one imported by `importAesKey`, and a nonce of 12; the tag is appended. */
export const aesGcmSeal = async (
  key: Uint8Array | CryptoKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  additionalData: Uint8Array = none,
): Promise<Uint8Array<ArrayBuffer>> => encrypt(await imported(key), nonce, plaintext, additionalData);

/** The inverse of `aesGcmSeal`. @throws ProtocolError cannot-decrypt */
export const aesGcmOpen = async (
  key: Uint8Array | CryptoKey,
  nonce: Uint8Array,
  sealed: Uint8Array,
  additionalData: Uint8Array = none,
): Promise<Uint8Array<ArrayBuffer>> => decrypt(await imported(key), nonce, sealed, additionalData);

/** A non-extractable key for `aesGcmSeal` and `aesGcmOpen`, to spare the import of each call. */
export const importAesKey = (key: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['encrypt', 'decrypt']);

/** A fresh non-extractable AES key. */
export const generateAesKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

const imported = (key: Uint8Array | CryptoKey): Promise<CryptoKey> =>
  key instanceof Uint8Array ? importAesKey(key) : Promise.resolve(key);

async function deriveKey(secret: AeadSecret, salt: Uint8Array): Promise<CryptoKey> {
  if (inNode && secret instanceof Uint8Array) return importAesKey(await hkdf(secret, salt, none));
  const base = secret instanceof Uint8Array ? await crypto.subtle.importKey('raw', own(secret), 'HKDF', false, ['deriveKey']) : secret;
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: none },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

async function encrypt(
  key: CryptoKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  additionalData: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const parameters = { name: 'AES-GCM', iv: own(nonce), additionalData: own(additionalData) };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, key, own(plaintext)));
}

async function decrypt(
  key: CryptoKey,
  nonce: Uint8Array,
  sealed: Uint8Array,
  additionalData: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const parameters = { name: 'AES-GCM', iv: own(nonce), additionalData: own(additionalData) };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, own(sealed)));
  } catch (cause) {
    throw new ProtocolError('cannot-decrypt', 'the key, the data or the additional data is not what was sealed', { cause });
  }
}

// WebCrypto's types exclude views of shared memory, which never reach us.
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
