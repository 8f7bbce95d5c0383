import { secp256k1 } from '@noble/curves/secp256k1.js';
import { createBreath } from './breath.ts';
import { equalBytes, randomBytes } from './bytes.ts';
import { type EcdsaSignature, isSignature, isUncompressed, recover, verify } from './secp256k1.ts';
import { batchFrom, curve, curveModule } from './secp256k1-engine.ts';
import { bytesOf, numberOf } from './secp256k1-numbers.ts';

const { Point } = secp256k1;
const { Fn } = Point;
type Point = InstanceType<typeof Point>;

/** A signature to check. */
export interface Claim {
  readonly digest: Uint8Array;
  readonly signature: EcdsaSignature;
  /** 65 bytes, on the curve. */
  readonly point: Uint8Array;
  /** Whoever answers for it: one that spoiled a batch is checked one by one from then on. */
  readonly signer: string;
}

/**
 * What `verify` says of each claim, found for many at once: with R the point that r and the recovery bit stand for, and w a random number of at least 128 bits per
 * claim, Σ w·(u1·G + u2·Q − R) is zero if every signature is good, and if one is not, then but once in 2^128. Where the sum is not zero, each is checked alone.
 */
export async function verifyAll(claims: readonly Claim[]): Promise<boolean[]> {
  const breathe = createBreath();
  const results = new Array<boolean>(claims.length).fill(false);
  const alone = new Set(claims.keys());
  // Every key costs a multiplication of its own, so that only what goes beyond one per key is gained.
  const keys = new Set(claims.map(({ point }) => point)).size;
  const together =
    claims.length - keys < batchFrom()
      ? []
      : claims.flatMap((claim, i) => {
          const parts = spoilers.has(claim.signer) ? null : decompose(claim);
          return parts ? [{ ...parts, i }] : [];
        });
  if (together.length > 0) {
    const good = isZero(together);
    for (const { i } of together) {
      const claim = claims[i] as Claim;
      if (good || recovers(claim)) {
        results[i] = true;
        alone.delete(i);
      } else spoiled(claim.signer);
      if (!good) await breathe();
    }
  }
  for (const i of alone) {
    const { digest, signature, point } = claims[i] as Claim;
    results[i] = verify(digest, signature, point);
    await breathe();
  }
  return results;
}

/** Signers who made a batch fail: each can do so once. The oldest are forgotten. */
const spoilers = new Set<string>();
const mostSpoilers = 4096;

function spoiled(signer: string): void {
  if (spoilers.size >= mostSpoilers) spoilers.delete(spoilers.values().next().value as string);
  spoilers.add(signer);
}

/** A claim in the numbers that the sum is made of. */
interface Parts {
  readonly point: Uint8Array;
  readonly z: bigint;
  readonly r: bigint;
  readonly s: bigint;
  readonly R: Point;
}

/** Null for what only `verify` may judge: sizes, ranges and a high s that it refuses, a key off the curve, an r that stands for no point. */
function decompose({ digest, signature, point }: Claim): Parts | null {
  if (!isSignature(signature) || digest.length !== 32 || !isUncompressed(point) || !curve().decompress(point)) return null;
  const [r, s] = [numberOf(signature.bytes.subarray(0, 32)), numberOf(signature.bytes.subarray(32))];
  if (r === 0n || r >= Fn.ORDER || s === 0n || s > Fn.ORDER >> 1n) return null;
  const compressed = new Uint8Array(33);
  compressed[0] = 2 + signature.recovery;
  compressed.set(signature.bytes.subarray(0, 32), 1);
  const bytes = curve().decompress(compressed);
  const R = bytes && pointOf(bytes);
  return R && { point, z: Fn.create(numberOf(digest)), r, s, R };
}

/** Whether Σ w·(u1·G + u2·Q − R) is the zero point: Σ w·R on one side, a multiple of G and one of each key on the other. */
function isZero(claims: readonly Parts[]): boolean {
  const { weights, digits, width } = randomWeights(claims.length);
  const inverses = Fn.invertBatch(claims.map(({ s }) => s));
  let ofG = 0n;
  const ofKeys = new Map<Uint8Array, bigint>();
  for (const [i, { z, r, point }] of claims.entries()) {
    const share = Fn.mul(weights[i] as bigint, inverses[i] as bigint);
    ofG = Fn.add(ofG, Fn.mul(share, z));
    ofKeys.set(point, Fn.add(ofKeys.get(point) ?? 0n, Fn.mul(share, r)));
  }
  let right = Point.BASE.multiplyUnsafe(ofG);
  for (const [point, sum] of ofKeys) right = right.add(times(point, sum));
  const all = claims.map(({ R }) => R);
  return right.equals(weightedSum(all, digits, width));
}

/**
 * Random weights of at least 128 bits, drawn as the signed digits that the sum needs: digit j of width c stands for a number from −2^(c−1) to 2^(c−1)−1 and
 * counts 2^(cj) times, so that every sequence of digits is another weight.
 */
function randomWeights(count: number) {
  const width = count < 24 ? 3 : count < 64 ? 4 : count < 256 ? 5 : 6;
  const windows = Math.ceil(128 / width);
  const half = 1 << (width - 1);
  const random = randomBytes(count * windows);
  const digits = new Int8Array(random.length);
  const weights: bigint[] = [];
  for (let i = 0; i < count; i++) {
    let weight = 0n;
    for (let j = windows - 1; j >= 0; j--) {
      const digit = ((random[i * windows + j] as number) & (2 * half - 1)) - half;
      digits[i * windows + j] = digit;
      weight = (weight << BigInt(width)) + BigInt(digit);
    }
    weights.push(Fn.create(weight));
  }
  return { weights, digits, width };
}

/** Σ weight·point by buckets: per digit position, points of one digit are added up first, and the sums are counted by adding running totals. */
function weightedSum(points: readonly Point[], digits: Int8Array, width: number): Point {
  const windows = digits.length / points.length;
  const negated = points.map((point) => point.negate());
  let sum = Point.ZERO;
  for (let j = windows - 1; j >= 0; j--) {
    for (let bit = 0; bit < width && sum !== Point.ZERO; bit++) sum = sum.double();
    const buckets = new Array<Point | undefined>((1 << (width - 1)) + 1);
    for (let i = 0; i < points.length; i++) {
      const digit = digits[i * windows + j] as number;
      if (digit === 0) continue;
      const size = Math.abs(digit);
      const point = (digit > 0 ? points[i] : negated[i]) as Point;
      buckets[size] = buckets[size]?.add(point) ?? point;
    }
    let running: Point | undefined;
    let total = sum;
    for (let size = buckets.length - 1; size > 0; size--) {
      const bucket = buckets[size];
      if (bucket) running = running?.add(bucket) ?? bucket;
      if (running) total = total.add(running);
    }
    sum = total;
  }
  return sum;
}

/** scalar × key; only public numbers, so that any way of computing will do. */
function times(point: Uint8Array, scalar: bigint): Point {
  const product = curveModule()?.multiply(bytesOf(scalar), point);
  return product ? pointOf(product) : Point.fromBytes(point).multiplyUnsafe(scalar);
}

/** The stricter question of a batch: whether the signature yields the very key, recovery bit included. */
function recovers({ digest, signature, point }: Claim): boolean {
  try {
    return equalBytes(recover(digest, signature), point);
  } catch {
    return false;
  }
}

/** A point from the curve's own hands, which is on the curve. */
const pointOf = (bytes: Uint8Array): Point => Point.fromAffine({ x: numberOf(bytes.subarray(1, 33)), y: numberOf(bytes.subarray(33)) });
