import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, test, vi } from 'vitest';
import { fromHex, randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { generatePrivateKey, publicPoint } from '../../src/protocol/secp256k1.ts';
import { agree } from '../../src/protocol/secp256k1-agreement.ts';
import { beta, join, lambda, split } from '../../src/protocol/secp256k1-endomorphism.ts';

const { Point } = secp256k1;
const n = Point.Fn.ORDER;
const bytesOf = (scalar: bigint): Uint8Array => fromHex(scalar.toString(16).padStart(64, '0'));
const byNoble = (key: Uint8Array, point: Uint8Array): string => toHex(secp256k1.getSharedSecret(key, point, false));
const ours = (key: Uint8Array, point: Uint8Array): string => toHex(agree([[key, point]])[0] ?? new Uint8Array(0));

describe('the endomorphism', () => {
  test('is what it is said to be', () => {
    const { x, y } = Point.BASE.toAffine();
    expect(Point.BASE.multiply(lambda).toAffine()).toEqual({ x: Point.Fp.mul(x, beta), y });
  });

  test('splits every scalar into two halves', () => {
    const edges = [0n, 1n, 2n, n - 1n, n >> 1n, (n >> 1n) + 1n, lambda, n - lambda, lambda + 1n, (1n << 128n) - 1n, 1n << 128n];
    const random = Array.from({ length: 500 }, () => BigInt(`0x${toHex(generatePrivateKey())}`));
    for (const scalar of [...edges, ...random]) {
      const [a, b] = split(scalar);
      expect(join(a, b)).toBe(scalar % n);
      for (const part of [a, b]) expect(part < 0n ? -part : part).toBeLessThan(1n << 129n);
    }
  });

  test('splits what was joined of two short ones into the same two', () => {
    for (let i = 0; i < 100; i++) {
      const [a, b] = [BigInt(`0x${toHex(randomBytes(8))}`), BigInt(`0x${toHex(randomBytes(8))}`)];
      expect(split(join(a, b))).toEqual([a, b]);
    }
  });
});

describe('agreement in JavaScript', () => {
  test('is noble’s, for any keys', () => {
    for (let i = 0; i < 60; i++) {
      const [key, point] = [generatePrivateKey(), publicPoint(generatePrivateKey())];
      expect(ours(key, point)).toBe(byNoble(key, point));
    }
  });

  test('is noble’s at the edges', () => {
    const scalars = [
      1n,
      2n,
      3n,
      15n,
      16n,
      17n,
      31n,
      n - 1n,
      n - 2n,
      n - 15n,
      n >> 1n,
      (n >> 1n) + 1n,
      lambda,
      n - lambda,
      (1n << 128n) - 1n,
    ];
    const points = [1n, 2n, n - 1n, lambda, n >> 1n].map((scalar) => publicPoint(bytesOf(scalar)));
    for (const scalar of scalars) for (const point of points) expect(ours(bytesOf(scalar), point)).toBe(byNoble(bytesOf(scalar), point));
  });

  test('is noble’s whatever covers the key, also where the walk meets its own sums', () => {
    const key = bytesOf(12_345n);
    const point = publicPoint(generatePrivateKey());
    for (const cover of [0n, 1n, 2n, 12_345n, 12_344n, 6_172n, n - 1n, n - 12_345n, lambda, n - lambda, 24_690n, n]) {
      const [product] = agree([[key, point]], () => bytesOf(cover) as Uint8Array<ArrayBuffer>);
      expect(toHex(product ?? new Uint8Array(0))).toBe(byNoble(key, point));
    }
  });

  test('covers the key anew each time', () => {
    const random = vi.fn(randomBytes);
    const [key, point] = [generatePrivateKey(), publicPoint(generatePrivateKey())];
    agree(
      [
        [key, point],
        [key, point],
      ],
      random,
    );
    expect(random.mock.calls).toEqual([[32], [32]]);
  });

  test('does several at once, and refuses each that is no key or no point alone', () => {
    const [key, point] = [generatePrivateKey(), publicPoint(generatePrivateKey())];
    const off = point.slice();
    off[64] = (off[64] as number) ^ 1;
    const answers = agree([
      [key, point],
      [new Uint8Array(32), point],
      [key, off],
      [bytesOf(n), point],
      [key, new Uint8Array(65)],
      [key, point],
    ]);
    expect(answers.map((answer) => answer && toHex(answer))).toEqual([byNoble(key, point), null, null, null, null, byNoble(key, point)]);
  });
});
