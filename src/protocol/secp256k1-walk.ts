import { secp256k1 } from '@noble/curves/secp256k1.js';
import { beta, split } from './secp256k1-endomorphism.ts';

const { Point } = secp256k1;
const { Fp } = Point;
const p = Fp.ORDER;
const low = (1n << 256n) - 1n;
const beyond = (1n << 256n) - p;

type Affine = readonly [x: bigint, y: bigint];
/** Jacobian: x = X/Z², y = Y/Z³. */
export type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];

/** The odd multiples P, 3P, … of a point up to what digits of `width` bits need, and the same of λP. */
export interface Tables {
  readonly width: number;
  readonly plain: readonly Affine[];
  readonly turned: readonly Affine[];
}

/** Five bits cost the least for a point that is walked along a few times. */
export function tablesOf(point: InstanceType<typeof Point>, width = 5): Tables {
  const twice = point.double();
  const multiples = [point];
  for (let multiple = point; multiples.length < 1 << (width - 2); multiples.push(multiple)) multiple = multiple.add(twice);
  const inverses = Fp.invertBatch(multiples.map(({ Z }) => Z));
  const plain = multiples.map(({ X, Y }, i): Affine => [(X * (inverses[i] as bigint)) % p, (Y * (inverses[i] as bigint)) % p]);
  return { width, plain, turned: plain.map(([x, y]) => [(x * beta) % p, y]) };
}

/**
 * Σ scalar·point, by the digits of the halves of each scalar, from the highest down, in a time that depends on the scalars. Null where the sum meets what the formulas for
 * different points cannot add, and for a sum without a digit.
 */
export function walk(terms: readonly (readonly [scalar: bigint, tables: Tables])[]): Jacobian | null {
  const halves = terms.flatMap(([scalar, { width, plain, turned }]) => {
    const [a, b] = split(scalar);
    return [
      { digits: digitsOf(a, width), table: plain },
      { digits: digitsOf(b, width), table: turned },
    ];
  });
  let sum: Jacobian | null = null;
  for (let i = places - 1; i >= 0; i--) {
    if (sum) sum = double(sum);
    for (const { digits, table } of halves) {
      const digit = digits[i] as number;
      if (digit === 0) continue;
      const [x, y] = table[Math.abs(digit) >> 1] as Affine;
      const next: Affine = [x, digit > 0 ? y : p - y];
      sum = sum ? add(sum, next) : [...next, 1n];
      if (!sum) return null;
    }
  }
  return sum;
}

/** Bits of a half, and one that the last digit may carry into. */
const places = 130;

/** The signed digits of a number of at most 129 bits, the lowest first: odd or zero, of so many bits, at most one in `width` not zero. */
function digitsOf(number: bigint, width: number): Int8Array {
  const sign = number < 0n ? -1 : 1;
  const words = new Uint32Array(5);
  for (let i = 0, rest = number < 0n ? -number : number; i < 5; i++, rest >>= 32n) words[i] = Number(BigInt.asUintN(32, rest));
  const bits = (at: number, count: number): number => {
    const [word, shift] = [at >> 5, at & 31];
    const above = shift + count > 32 ? (words[word + 1] ?? 0) << (32 - shift) : 0;
    return (((words[word] as number) >>> shift) | above) & ((1 << count) - 1);
  };
  const digits = new Int8Array(places);
  let carry = 0;
  for (let at = 0; at < places; ) {
    if (bits(at, 1) === carry) {
      at++;
      continue;
    }
    const digit = bits(at, width) + carry;
    carry = digit >> (width - 1);
    digits[at] = sign * (digit - (carry << width));
    at += width;
  }
  return digits;
}

// The usual formulas for a curve with a = 0. Numbers are below 2^257 and may be negative, which nothing minds before the end.

function double([X, Y, Z]: Jacobian): Jacobian {
  const A = reduce(X * X);
  const B = reduce(Y * Y);
  const C = reduce(B * B);
  const D = 2n * (reduce((X + B) * (X + B)) - A - C);
  const E = 3n * A;
  const X3 = reduce(E * E - 2n * D);
  return [X3, reduce(E * (D - X3) - 8n * C), reduce(2n * Y * Z)];
}

/** Null where both have the same x: the same point, or its opposite. */
function add([X, Y, Z]: Jacobian, [x, y]: Affine): Jacobian | null {
  const ZZ = reduce(Z * Z);
  const H = reduce(x * ZZ - X);
  if (H % p === 0n) return null;
  const R = reduce(y * reduce(Z * ZZ) - Y);
  const HH = reduce(H * H);
  const HHH = reduce(H * HH);
  const V = reduce(X * HH);
  const X3 = reduce(R * R - HHH - 2n * V);
  return [X3, reduce(R * (V - X3) - Y * HHH), reduce(Z * H)];
}

/** The same number modulo p = 2^256 − 2^32 − 977, by multiplying what stands above 2^256 by the rest of that, twice: a third faster than the remainder. */
function reduce(number: bigint): bigint {
  const once = (number >> 256n) * beyond + (number & low);
  return (once >> 256n) * beyond + (once & low);
}

/** Whether x of the sum is this number, which needs no inverse. */
export const hasX = ([X, , Z]: Jacobian, x: bigint): boolean => (X - x * ((Z * Z) % p)) % p === 0n;

/** 65 bytes' worth of digits: x and y, given 1/Z. */
export function toAffine([X, Y]: Jacobian, inverse: bigint): Affine {
  const square = (inverse * inverse) % p;
  return [Fp.create(X * square), Fp.create(Y * ((square * inverse) % p))];
}
