import { secp256k1 } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { multiplyBlinded } from '../../src/protocol/secp256k1-blinded.ts';
import { curve } from '../../src/protocol/secp256k1-engine.ts';
import { isPrivateKey, publicPoint } from '../../src/protocol/secp256k1-noble.ts';
import type { CurveModule } from '../../src/protocol/secp256k1-wasm.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter(isPrivateKey);

/** By noble's multiplication for private numbers, which nothing of ours uses. */
const agreed = (secret: Uint8Array, point: Uint8Array): Uint8Array => secp256k1.getSharedSecret(secret, point, false);

describe.each(['noble', 'module'] as const)('key agreement by %s', (name) => {
  let module: CurveModule;
  /** What the multiplication, whose time tells of the scalar, was given. */
  const multiplied: string[] = [];
  beforeAll(async () => {
    await useCurve(name);
    const real = curve();
    module = {
      ...real,
      multiply: (scalar, point) => {
        multiplied.push(toHex(scalar));
        return real.multiply(scalar, point);
      },
    };
  });
  afterAll(() => useCurve('noble'));

  test('blinded products are those of noble, for one pair and for several that share a point', () => {
    fc.assert(
      fc.property(key, key, key, key, (a, b, c, d) => {
        const [p, q] = [publicPoint(c), publicPoint(d)];
        const pairs = [[a, p], [b, q], [b, p]] as const; // biome-ignore format: a table
        expect(multiplyBlinded(module, pairs)).toEqual(pairs.map(([secret, point]) => agreed(secret, point)));
        expect(multiplyBlinded(module, [[a, p]])).toEqual([agreed(a, p)]);
      }),
      { numRuns: 40 },
    );
  });

  test('the multiplication never sees a private key, and sees no number in two calls', () => {
    multiplied.length = 0;
    const secret = randomBytes(32).fill(0, 0, 1);
    const point = publicPoint(randomBytes(32).fill(0, 0, 1));
    for (let i = 0; i < 100; i++) multiplyBlinded(module, [[secret, point]]);
    expect(multiplied).toHaveLength(200);
    expect(new Set(multiplied).size).toBe(200);
    expect(multiplied).not.toContain(toHex(secret));
  });

  test('a point that is shared is blinded once', () => {
    multiplied.length = 0;
    const point = publicPoint(randomBytes(32).fill(0, 0, 1));
    multiplyBlinded(module, [
      [randomBytes(32).fill(0, 0, 1), point],
      [randomBytes(32).fill(0, 0, 1), point],
    ]);
    expect(multiplied).toHaveLength(3);
  });

  test('a point off the curve yields nothing', () => {
    const off = publicPoint(randomBytes(32).fill(0, 0, 1));
    off[64] = (off[64] as number) ^ 1;
    expect(multiplyBlinded(module, [[randomBytes(32).fill(0, 0, 1), off]])).toEqual([null]);
  });
});
