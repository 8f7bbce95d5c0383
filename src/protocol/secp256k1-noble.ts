import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat } from './bytes.ts';
import type { CurveModule } from './secp256k1-wasm.ts';

const { Point } = secp256k1;
const { Fn } = Point;

/** Whether the bytes are a usable private key. */
export const isPrivateKey = (key: Uint8Array): boolean => key.length === 32 && secp256k1.utils.isValidSecretKey(key);

/** The uncompressed public point of a usable private key. */
export const publicPoint = (key: Uint8Array): Uint8Array<ArrayBuffer> => secp256k1.getPublicKey(key, false) as Uint8Array<ArrayBuffer>;

/** The curve by @noble/curves: what computes where the module is not there, and what the module is held against. */
export const nobleCurve: CurveModule = {
  multiply: (scalar, point) => attempt(() => Point.fromBytes(point).multiplyUnsafe(Fn.fromBytes(scalar)).toBytes(false)),
  multiplyScalars: (a, b) =>
    attempt(() => {
      const [x, y] = [Fn.fromBytes(a), Fn.fromBytes(b)];
      return x === 0n || y === 0n ? null : Fn.toBytes(Fn.mul(x, y));
    }),
  sign(digest, privateKey) {
    const signature = attempt(() => secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' }));
    return signature && { bytes: signature.slice(1), recovery: signature[0] as number };
  },
  verify: (digest, signature, point) =>
    attempt(() => secp256k1.verify(signature, digest, point, { prehash: false, lowS: true, format: 'compact' })) ?? false,
  recover: (digest, signature, recovery) =>
    attempt(() => {
      const compressed = secp256k1.recoverPublicKey(concat(Uint8Array.of(recovery), signature), digest, { prehash: false });
      return Point.fromBytes(compressed).toBytes(false);
    }),
  decompress: (point) => attempt(() => Point.fromBytes(point).toBytes(false)),
};

/** Null where noble throws. */
function attempt<T>(compute: () => T | null): (T extends Uint8Array ? Uint8Array<ArrayBuffer> : T) | null {
  try {
    return compute() as never;
  } catch {
    return null;
  }
}
