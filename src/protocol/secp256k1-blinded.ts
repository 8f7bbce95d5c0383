import { secp256k1 } from '@noble/curves/secp256k1.js';
import { randomBytes, toHex } from './bytes.ts';
import { bytesOf } from './secp256k1-numbers.ts';
import type { CurveModule } from './secp256k1-wasm.ts';

const { Fn } = secp256k1.Point;

/** A random scalar of 128 bits and its inverse; used once. */
interface Blind {
  readonly scalar: Uint8Array;
  readonly inverse: Uint8Array;
}

/** An inversion costs as much as a third of a multiplication, so that many share one. */
const together = 32;
const blinds: Blind[] = [];

/**
 * Private key × point for each pair, by the module's multiplication, whose time depends on the scalar: it has no other. It never sees a private key: with b random and fresh, k·P is computed as (k/b)·(b·P), so that what time tells is about numbers that occur once. Null where the
 * curve refuses.
 */
export function multiplyBlinded(
  curve: CurveModule,
  pairs: readonly (readonly [privateKey: Uint8Array, point: Uint8Array])[],
): (Uint8Array<ArrayBuffer> | null)[] {
  if (blinds.length === 0) blinds.push(...makeBlinds());
  const { scalar, inverse } = blinds.pop() as Blind;
  const moved = new Map<Uint8Array, Uint8Array | null>();
  const shared = pairs.map(([privateKey, point]) => {
    const blinded = moved.get(point) ?? curve.multiply(scalar, point);
    moved.set(point, blinded);
    const quotient = curve.multiplyScalars(privateKey, inverse);
    const product = blinded && quotient && curve.multiply(quotient, blinded);
    quotient?.fill(0);
    return product;
  });
  scalar.fill(0);
  inverse.fill(0);
  return shared;
}

function makeBlinds(): Blind[] {
  const scalars = Array.from({ length: together }, () => BigInt(`0x${toHex(randomBytes(16))}`) + 1n);
  return Fn.invertBatch(scalars).map((inverse, i) => ({ scalar: bytesOf(scalars[i] as bigint), inverse: bytesOf(inverse as bigint) }));
}
