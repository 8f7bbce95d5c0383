import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat, type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** An ECDSA signature: r and s (64 bytes), and which of two keys recovery yields. */
export interface EcdsaSignature {
  readonly bytes: Uint8Array;
  readonly recovery: number;
}

/** A scalar in the field's range; 32 bytes, big-endian. */
export function generatePrivateKey(random: Random = randomBytes): Uint8Array<ArrayBuffer> {
  for (;;) {
    const key = random(32);
    if (secp256k1.utils.isValidSecretKey(key)) return key;
  }
}

/** Whether the bytes are a usable private key. */
export const isPrivateKey = (key: Uint8Array): boolean => key.length === 32 && secp256k1.utils.isValidSecretKey(key);

/** The public point of a private key, uncompressed; 65 bytes. @throws ProtocolError malformed */
export function publicPoint(privateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isPrivateKey(privateKey)) throw new ProtocolError('malformed', 'not a private key');
  return secp256k1.getPublicKey(privateKey, false) as Uint8Array<ArrayBuffer>;
}

/** Refuses anything but an uncompressed point on the curve (SPEC 1.1). @throws ProtocolError malformed */
export function checkPoint(point: Uint8Array): void {
  if (point.length !== 65 || point[0] !== 4) throw new ProtocolError('malformed', 'a public key is 65 bytes that begin with 04');
  try {
    secp256k1.Point.fromBytes(point).assertValidity();
  } catch (cause) {
    throw new ProtocolError('malformed', 'the public key is not on the curve', { cause });
  }
}

/** Signs a 32-byte digest, deterministically and with low s (SPEC 1.2). */
export function sign(digest: Uint8Array, privateKey: Uint8Array): EcdsaSignature {
  const signature = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' });
  return { bytes: signature.slice(1), recovery: signature[0] as number };
}

/** Whether the signature over a digest is by this key; high s and wrong sizes are refused, the recovery bit is not looked at (SPEC 1.3). */
export function verify(digest: Uint8Array, signature: EcdsaSignature, point: Uint8Array): boolean {
  if (signature.bytes.length !== 64 || !isRecovery(signature.recovery)) return false;
  try {
    return secp256k1.verify(signature.bytes, digest, point, { prehash: false, lowS: true, format: 'compact' });
  } catch {
    return false;
  }
}

/** The point whose key made the signature; 65 bytes. A wrong digest yields a stranger's, so compare (SPEC 1.4). @throws ProtocolError bad-signature */
export function recover(digest: Uint8Array, signature: EcdsaSignature): Uint8Array<ArrayBuffer> {
  if (signature.bytes.length !== 64 || !isRecovery(signature.recovery))
    throw new ProtocolError('bad-signature', 'a signature is 64 bytes and a recovery bit');
  try {
    const compressed = secp256k1.recoverPublicKey(concat(Uint8Array.of(signature.recovery), signature.bytes), digest, { prehash: false });
    return secp256k1.Point.fromBytes(compressed).toBytes(false) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new ProtocolError('bad-signature', 'no key can have made this signature', { cause });
  }
}

/** Diffie-Hellman: the full uncompressed point; 65 bytes (SPEC 1.8). @throws ProtocolError malformed */
export function sharedPoint(privateKey: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> {
  checkPoint(point);
  try {
    return secp256k1.getSharedSecret(privateKey, point, false) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new ProtocolError('malformed', 'the keys do not agree on a secret', { cause });
  }
}

const isRecovery = (value: number): boolean => value === 0 || value === 1;
