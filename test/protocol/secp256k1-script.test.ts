import { secp256k1 } from '@noble/curves/secp256k1.js';
import { expect, test, vi } from 'vitest';
import { concat, randomBytes } from '../../src/protocol/bytes.ts';
import { generatePrivateKey, publicPoint } from '../../src/protocol/secp256k1.ts';
import { nobleCurve } from '../../src/protocol/secp256k1-noble.ts';
import { bytesOf, numberOf, pointBytes } from '../../src/protocol/secp256k1-numbers.ts';
import { scriptCurve } from '../../src/protocol/secp256k1-script.ts';

const order = secp256k1.Point.Fn.ORDER;
const field = secp256k1.Point.Fp.ORDER;

test('numbers are written as they are read', () => {
  for (const number of [0n, 1n, 255n, 2n ** 64n - 1n, 2n ** 64n, order, field, 2n ** 256n - 1n])
    expect(numberOf(bytesOf(number))).toBe(number);
  const point = publicPoint(generatePrivateKey());
  expect(pointBytes(numberOf(point.subarray(1)), numberOf(point.subarray(33)))).toEqual(point);
});

test('what the walk cannot add goes to noble, and is judged alike: the key is the generator or its opposite, the numbers meet', () => {
  const byNoble = vi.spyOn(nobleCurve, 'verify');
  let met = 0;
  for (const secret of [1n, order - 1n, 2n, 3n])
    for (let i = 0; i < 20; i++) {
      const digest = generatePrivateKey();
      const point = publicPoint(bytesOf(secret));
      const s = bytesOf(numberOf(generatePrivateKey()) >> 1n);
      const own = nobleCurve.sign(digest, bytesOf(secret))?.bytes ?? new Uint8Array(64);
      for (const signature of [own, concat(digest, s), concat(bytesOf(order - numberOf(digest)), s)]) {
        const expected = nobleCurve.verify(digest, signature, point);
        byNoble.mockClear();
        expect(scriptCurve.verify(digest, signature, point)).toBe(expected);
        met += byNoble.mock.calls.length;
      }
    }
  expect(met).toBeGreaterThan(0);
  byNoble.mockRestore();
});

test('an x of the sum that lies between the order and the field counts as r without the order', () => {
  // The first such x on the curve; its point is the sum for the key (R − u1·G)/u2, which anybody can make.
  let x = order + 1n;
  const at = (): InstanceType<typeof secp256k1.Point> | null => {
    try {
      return secp256k1.Point.fromBytes(concat(Uint8Array.of(2), bytesOf(x)));
    } catch {
      return null;
    }
  };
  while (!at()) x++;
  const r = x - order;
  const { Fn, BASE } = secp256k1.Point;
  const [digest, s] = [randomBytes(32), numberOf(generatePrivateKey()) >> 1n];
  const [u1, u2] = [Fn.div(Fn.create(numberOf(digest)), s), Fn.div(r, s)];
  const R = at() as InstanceType<typeof secp256k1.Point>;
  const key = R.subtract(BASE.multiply(u1)).multiply(Fn.inv(u2));
  expect(scriptCurve.verify(digest, concat(bytesOf(r), bytesOf(s)), key.toBytes(false))).toBe(true);
  expect(nobleCurve.verify(digest, concat(bytesOf(r), bytesOf(s)), key.toBytes(false))).toBe(true);
});

test('sizes and unknown recovery bits are refused', () => {
  const point = publicPoint(generatePrivateKey());
  expect(scriptCurve.verify(new Uint8Array(31), new Uint8Array(64).fill(1), point)).toBe(false);
  expect(scriptCurve.verify(new Uint8Array(32), new Uint8Array(65).fill(1), point)).toBe(false);
  expect(scriptCurve.recover(new Uint8Array(32), new Uint8Array(63).fill(1), 0)).toBe(null);
  expect(scriptCurve.recover(new Uint8Array(32), new Uint8Array(64).fill(1), 2)).toBe(null);
});
