import { secp256k1 } from '@noble/curves/secp256k1.js';

const { Fn } = secp256k1.Point;

/** λ·(x, y) = (β·x, y) for every point of the curve: half of a multiplication comes for one product in the field. */
export const lambda = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;
export const beta = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een;

// Two short vectors of the lattice of (a, b) with a + b·λ ≡ 0.
const a1 = 0x3086d221a7d46bcde86c90e49284eb15n;
const b1 = -0xe4437ed6010e88286f547fa90abfe4c3n;
const a2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8n;
const b2 = a1;

/** a and b of at most 128 bits and a sign, with scalar ≡ a + b·λ. */
export function split(scalar: bigint): readonly [a: bigint, b: bigint] {
  const c1 = nearest(b2 * scalar);
  const c2 = nearest(-b1 * scalar);
  return [scalar - c1 * a1 - c2 * a2, -c1 * b1 - c2 * b2];
}

/** a + b·λ. */
export const join = (a: bigint, b: bigint): bigint => Fn.create(a + b * lambda);

const half = Fn.ORDER / 2n;
const nearest = (product: bigint): bigint => (product + (product >= 0n ? half : -half)) / Fn.ORDER;
