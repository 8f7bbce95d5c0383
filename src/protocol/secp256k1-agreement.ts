import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Random, randomBytes } from './bytes.ts';
import { numberOf, pointBytes } from './secp256k1-numbers.ts';
import { type Jacobian, type Tables, tablesOf, toAffine, walk } from './secp256k1-walk.ts';

const { Point } = secp256k1;
const { Fn, Fp } = Point;

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
      table = tablesAt(bytes);
      tables.set(bytes, table);
    }
    const key = numberOf(privateKey);
    if (!table || key === 0n || key >= Fn.ORDER) return null;
    const cover = Fn.create(numberOf(random(32)));
    return (
      walk([
        [Fn.sub(key, cover), table],
        [cover, table],
      ]) ?? plainly(key, bytes)
    );
  });
  const inverses = Fp.invertBatch(products.map((product) => product?.[2] ?? 1n));
  return products.map((product, i) => product && pointBytes(...toAffine(product, inverses[i] as bigint)));
}

/** noble's own, which takes as long for every key; for the one case in 2^128 that the walk does not cover. */
function plainly(key: bigint, bytes: Uint8Array): Jacobian {
  const { x, y } = Point.fromBytes(bytes).multiply(key).toAffine();
  return [x, y, 1n];
}

function tablesAt(bytes: Uint8Array): Tables | null {
  try {
    return tablesOf(Point.fromBytes(bytes));
  } catch {
    return null;
  }
}
