import { secp256k1 } from '@noble/curves/secp256k1.js';
import { nobleCurve } from './secp256k1-noble.ts';
import { numberOf, pointBytes } from './secp256k1-numbers.ts';
import { hasX, type Tables, tablesOf, toAffine, walk } from './secp256k1-walk.ts';
import type { CurveModule } from './secp256k1-wasm.ts';

const { Point } = secp256k1;
const { Fn, Fp } = Point;
const n = Fn.ORDER;

/**
 * The curve in JavaScript. Signatures are checked and signers recovered by one walk along the generator and another point, whose doublings both share: two thirds of what noble takes for its
 * two multiplications. All else is noble's, and so is what the walk cannot add.
 */
export const scriptCurve: CurveModule = {
  ...nobleCurve,
  verify(digest, signature, bytes) {
    if (digest.length !== 32 || signature.length !== 64) return false;
    const [r, s] = [numberOf(signature), numberOf(signature.subarray(32))];
    const point = pointAt(bytes);
    if (!point || r === 0n || r >= n || s === 0n || s > n >> 1n) return false;
    const inverse = Fn.inv(s);
    const sum = walk([
      [Fn.mul(Fn.create(numberOf(digest)), inverse), generator()],
      [Fn.mul(r, inverse), tablesOf(point)],
    ]);
    // x of the sum is what r was before it was taken modulo n.
    return sum ? hasX(sum, r) || (r + n < Fp.ORDER && hasX(sum, r + n)) : nobleCurve.verify(digest, signature, bytes);
  },
  recover(digest, signature, recovery) {
    if (digest.length !== 32 || signature.length !== 64 || (recovery !== 0 && recovery !== 1)) return null;
    const [r, s] = [numberOf(signature), numberOf(signature.subarray(32))];
    if (r === 0n || r >= n || s === 0n || s >= n) return null;
    const compressed = new Uint8Array(33);
    compressed[0] = 2 + recovery;
    compressed.set(signature.subarray(0, 32), 1);
    const point = pointAt(compressed);
    if (!point) return null;
    const inverse = Fn.inv(r);
    const sum = walk([
      [Fn.neg(Fn.mul(Fn.create(numberOf(digest)), inverse)), generator()],
      [Fn.mul(s, inverse), tablesOf(point)],
    ]);
    return sum ? pointBytes(...toAffine(sum, Fp.inv(sum[2]))) : nobleCurve.recover(digest, signature, recovery);
  },
};

/** Wider than for other points, since it is computed once: 64 multiples, 16 KiB. */
let ofGenerator: Tables | undefined;
const generator = (): Tables => {
  ofGenerator ??= tablesOf(Point.BASE, 8);
  return ofGenerator;
};

function pointAt(bytes: Uint8Array): InstanceType<typeof Point> | null {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return null;
  }
}
