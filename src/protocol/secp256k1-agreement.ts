import { secp256k1 } from '@noble/curves/secp256k1.js';
import { fromHex, type Random, randomBytes, toHex } from './bytes.ts';
import { beta, split } from './secp256k1-endomorphism.ts';

const { Point } = secp256k1;
const { Fn, Fp } = Point;
const p = Fp.ORDER;
const low = (1n << 256n) - 1n;
const beyond = (1n << 256n) - p;

type Affine = readonly [x: bigint, y: bigint];
/** Jacobian: x = X/Z², y = Y/Z³. */
type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];

/** Digits of five bits: −15 to 15, odd or zero. */
const width = 5;

/**
 * Private key × point for each pair, in JavaScript. A private key k is never walked along: with c random and fresh, k·P is (k − c)·P + c·P in one walk, whose
 * doublings both share, so that what time tells is about numbers that occur once. Null for what is no key or no point.
 */
export function agree(
  pairs: readonly (readonly [privateKey: Uint8Array, point: Uint8Array])[],
  random: Random = randomBytes,
): (Uint8Array<ArrayBuffer> | null)[] {
  const tables = new Map<Uint8Array, Tables | null>();
  const products = pairs.map(([privateKey, bytes]) => {
    let table = tables.get(bytes);
    if (table === undefined) {
      table = tablesOf(bytes);
      tables.set(bytes, table);
    }
    const key = numberOf(privateKey);
    if (!table || key === 0n || key >= Fn.ORDER) return null;
    const cover = Fn.create(numberOf(random(32)));
    return walk([Fn.sub(key, cover), cover], table) ?? plainly(key, bytes);
  });
  const inverses = Fp.invertBatch(products.map((product) => product?.[2] ?? 1n));
  return products.map((product, i) => product && toBytes(product, inverses[i] as bigint));
}

/** The odd multiples P, 3P, … 15P, and the same of λP. */
interface Tables {
  readonly plain: readonly Affine[];
  readonly turned: readonly Affine[];
}

function tablesOf(bytes: Uint8Array): Tables | null {
  let multiple: InstanceType<typeof Point>;
  try {
    multiple = Point.fromBytes(bytes);
  } catch {
    return null;
  }
  const twice = multiple.double();
  const multiples = [multiple];
  while (multiples.length < 1 << (width - 2)) {
    multiple = multiple.add(twice);
    multiples.push(multiple);
  }
  const inverses = Fp.invertBatch(multiples.map(({ Z }) => Z));
  const plain = multiples.map(({ X, Y }, i): Affine => [(X * (inverses[i] as bigint)) % p, (Y * (inverses[i] as bigint)) % p]);
  return { plain, turned: plain.map(([x, y]) => [(x * beta) % p, y]) };
}

/** Σ scalar·P by the digits of the halves of each, from the highest down. Null where the sum meets what the formulas for different points cannot add. */
function walk(scalars: readonly bigint[], { plain, turned }: Tables): Jacobian | null {
  const halves = scalars.flatMap((scalar) => {
    const [a, b] = split(scalar);
    return [
      { digits: digitsOf(a), table: plain },
      { digits: digitsOf(b), table: turned },
    ];
  });
  let sum: Jacobian | null = null;
  for (let i = Math.max(...halves.map(({ digits }) => digits.length)) - 1; i >= 0; i--) {
    if (sum) sum = double(sum);
    for (const { digits, table } of halves) {
      const digit = digits[i] ?? 0;
      if (digit === 0) continue;
      const [x, y] = table[Math.abs(digit) >> 1] as Affine;
      const next: Affine = [x, digit > 0 ? y : p - y];
      sum = sum ? add(sum, next) : [...next, 1n];
      if (!sum) return null;
    }
  }
  return sum;
}

/** The signed digits of a number, the lowest first, at most one in five not zero. */
function digitsOf(number: bigint): number[] {
  const sign = number < 0n ? -1 : 1;
  const digits: number[] = [];
  const size = 1 << width;
  for (let rest = number < 0n ? -number : number; rest > 0n; rest >>= 1n) {
    let digit = 0;
    if (rest & 1n) {
      digit = Number(rest & BigInt(size - 1));
      if (digit >= size / 2) digit -= size;
      rest -= BigInt(digit);
    }
    digits.push(sign * digit);
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

/** noble's own, which takes as long for every key; for the one case in 2^128 that the walk does not cover. */
function plainly(key: bigint, bytes: Uint8Array): Jacobian {
  const { x, y } = Point.fromBytes(bytes).multiply(key).toAffine();
  return [x, y, 1n];
}

function toBytes([X, Y]: Jacobian, inverse: bigint): Uint8Array<ArrayBuffer> {
  const square = (inverse * inverse) % p;
  const [x, y] = [Fp.create(X * square), Fp.create(Y * ((square * inverse) % p))];
  return fromHex(`04${hex(x)}${hex(y)}`);
}

const hex = (number: bigint): string => number.toString(16).padStart(64, '0');
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
