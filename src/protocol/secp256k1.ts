import { type Random, randomBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { agree } from './secp256k1-agreement.ts';
import { multiplyBlinded } from './secp256k1-blinded.ts';
import { curve, curveModule } from './secp256k1-engine.ts';
import * as noble from './secp256k1-noble.ts';
import type { EcdsaSignature } from './secp256k1-wasm.ts';

export type { EcdsaSignature };

/** A scalar in the field's range; 32 bytes, big-endian. */
export function generatePrivateKey(random: Random = randomBytes): Uint8Array<ArrayBuffer> {
  for (;;) {
    const key = random(32);
    if (isPrivateKey(key)) return key;
  }
}

/** Whether the bytes are a usable private key. */
export const isPrivateKey = noble.isPrivateKey;

/** The public point of a private key, uncompressed; 65 bytes. @throws ProtocolError malformed */
export function publicPoint(privateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isPrivateKey(privateKey)) throw new ProtocolError('malformed', 'not a private key');
  return noble.publicPoint(privateKey);
}

/** Refuses anything but an uncompressed point on the curve (SPEC 1.1). @throws ProtocolError malformed */
export function checkPoint(point: Uint8Array): void {
  if (!isUncompressed(point)) throw new ProtocolError('malformed', 'a public key is 65 bytes that begin with 04');
  if (!curve().decompress(point)) throw new ProtocolError('malformed', 'the public key is not on the curve');
}

/** Signs a 32-byte digest, deterministically and with low s (SPEC 1.2). @throws ProtocolError malformed */
export function sign(digest: Uint8Array, privateKey: Uint8Array): EcdsaSignature {
  if (digest.length !== 32 || !isPrivateKey(privateKey)) throw new ProtocolError('malformed', 'not a digest, or not a private key');
  const signature = curve().sign(digest, privateKey) ?? noble.nobleCurve.sign(digest, privateKey);
  if (!signature) throw new ProtocolError('malformed', 'the digest cannot be signed');
  return signature;
}

/** Whether the signature over a digest is by this key; high s and wrong sizes are refused, the recovery bit is not looked at (SPEC 1.3). */
export const verify = (digest: Uint8Array, signature: EcdsaSignature, point: Uint8Array): boolean =>
  isSignature(signature) && digest.length === 32 && isUncompressed(point) && curve().verify(digest, signature.bytes, point);

/** The point whose key made the signature; 65 bytes. A wrong digest yields a stranger's, so compare (SPEC 1.4). @throws ProtocolError bad-signature */
export function recover(digest: Uint8Array, signature: EcdsaSignature): Uint8Array<ArrayBuffer> {
  if (!isSignature(signature) || digest.length !== 32)
    throw new ProtocolError('bad-signature', 'a signature is 64 bytes and a recovery bit');
  const point = curve().recover(digest, signature.bytes, signature.recovery);
  if (!point) throw new ProtocolError('bad-signature', 'no key can have made this signature');
  return point;
}

/** Diffie-Hellman: the full uncompressed point; 65 bytes (SPEC 1.8). @throws ProtocolError malformed */
export function sharedPoint(privateKey: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> {
  return sharedPoints([[privateKey, point]])[0] as Uint8Array<ArrayBuffer>;
}

/** The same for several pairs of a private key and a point, which costs less than one by one. @throws ProtocolError malformed */
export function sharedPoints(pairs: readonly (readonly [privateKey: Uint8Array, point: Uint8Array])[]): Uint8Array<ArrayBuffer>[] {
  for (const [privateKey, point] of pairs) {
    checkPoint(point);
    if (!isPrivateKey(privateKey)) throw new ProtocolError('malformed', 'not a private key');
  }
  const module = curveModule();
  return (module ? multiplyBlinded(module, pairs) : agree(pairs)).map((point) => {
    if (!point) throw new ProtocolError('malformed', 'the keys do not agree on a secret');
    return point;
  });
}

/** 64 bytes and a recovery bit; what they say is for the curve to find out. */
export const isSignature = ({ bytes, recovery }: EcdsaSignature): boolean => bytes.length === 64 && (recovery === 0 || recovery === 1);

/** The one form of a point that travels (SPEC 1.1). */
export const isUncompressed = (point: Uint8Array): boolean => point.length === 65 && point[0] === 4;
