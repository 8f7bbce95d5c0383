import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { concat, fromHex, randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { isPrivateKey, nobleCurve, publicPoint } from '../../src/protocol/secp256k1-noble.ts';
import { scriptCurve } from '../../src/protocol/secp256k1-script.ts';
import { type CurveModule, instantiateCurve } from '../../src/protocol/secp256k1-wasm.ts';
import { curveFile } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const field = 2n ** 256n - 2n ** 32n - 977n;
const bytesOf = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));

let module: CurveModule;
beforeAll(async () => {
  module = await instantiateCurve(await readFile(curveFile), randomBytes(32));
});

/** Numbers of 32 bytes, with those in front where rules of range end. */
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ minLength: 32, maxLength: 32 }) },
  fc
    .constantFrom(0n, 1n, 2n, order / 2n, order / 2n + 1n, order - 1n, order, order + 1n, field - 1n, field, field + 1n, 2n ** 256n - 1n)
    .map(bytesOf),
);
const key = scalar.map((bytes) => (nobleCurve.sign(new Uint8Array(32), bytes) ? bytes : bytesOf(7n)));
/** Points on the curve, and bytes that are none: off the curve, in other encodings, of other lengths, at infinity, with a coordinate beyond the field. */
const point = fc.oneof(
  { weight: 4, arbitrary: key.map((secret) => publicPoint(secret)) },
  key.map((secret) => publicPoint(secret).map((byte, i) => (i === 64 ? byte ^ 1 : byte))),
  key.map((secret) => Uint8Array.of(2 + ((publicPoint(secret)[64] as number) & 1), ...publicPoint(secret).subarray(1, 33))),
  scalar.map((x) => Uint8Array.of(2, ...x)),
  fc.tuple(scalar, scalar).map(([x, y]) => Uint8Array.of(4, ...x, ...y)),
  fc.uint8Array({ maxLength: 65 }),
);
const points = { numRuns: 200 };
/** libsecp256k1 also reads the hybrid form; callers refuse it by its first byte. */
const isHybrid = (bytes: Uint8Array): boolean => bytes[0] === 6 || bytes[0] === 7;

test('multiplies as noble does, and refuses the same scalars and points', () => {
  fc.assert(
    fc.property(scalar, point, (by, at) => {
      fc.pre(!isHybrid(at));
      expect(module.multiply(by, at)).toEqual(nobleCurve.multiply(by, at));
    }),
    points,
  );
});

test('reads and refuses the same encodings of points', () => {
  fc.assert(
    fc.property(point, (bytes) => {
      fc.pre(!isHybrid(bytes));
      expect(module.decompress(bytes)).toEqual(nobleCurve.decompress(bytes));
    }),
    points,
  );
});

test('signs the same bytes, and refuses the same keys and every digest that is no scalar', () => {
  fc.assert(
    fc.property(scalar, scalar, (digest, secret) => {
      expect(module.sign(digest, secret)).toEqual(isPrivateKey(digest) ? nobleCurve.sign(digest, secret) : null);
    }),
    points,
  );
});

test('verifies and recovers alike, whatever r, s, recovery bit and digest are', () => {
  const signature = fc.oneof(
    fc.record({ digest: scalar, secret: key }).map(({ digest, secret }) => {
      const made = nobleCurve.sign(digest, secret);
      return { digest, at: publicPoint(secret), bytes: made?.bytes ?? new Uint8Array(64), recovery: made?.recovery ?? 0 };
    }),
    fc
      .tuple(scalar, scalar, scalar, point, fc.integer({ min: 0, max: 1 }))
      .map(([digest, r, s, at, recovery]) => ({ digest, at, bytes: concat(r, s), recovery })),
  );
  const change = fc.constantFrom('nothing', 'recovery', 's', 'digest', 'r');
  fc.assert(
    fc.property(signature, change, ({ digest, at, bytes, recovery }, what) => {
      fc.pre(!isHybrid(at));
      const changed = {
        digest: what === 'digest' ? digest.map((byte) => byte ^ 1) : digest,
        recovery: what === 'recovery' ? recovery ^ 1 : recovery,
        bytes:
          what === 's'
            ? concat(
                bytes.subarray(0, 32),
                bytesOf((((order - BigInt(`0x${toHex(bytes.subarray(32))}`)) % 2n ** 256n) + 2n ** 256n) % 2n ** 256n),
              )
            : what === 'r'
              ? bytes.map((byte, i) => (i === 31 ? byte ^ 1 : byte))
              : bytes,
      };
      for (const curve of [module, scriptCurve]) {
        expect(curve.verify(changed.digest, changed.bytes, at)).toBe(nobleCurve.verify(changed.digest, changed.bytes, at));
        expect(curve.recover(changed.digest, changed.bytes, changed.recovery)).toEqual(
          nobleCurve.recover(changed.digest, changed.bytes, changed.recovery),
        );
      }
    }),
    { numRuns: 400 },
  );
});

test('multiplies scalars modulo the group order, and refuses zero and what is beyond', () => {
  fc.assert(
    fc.property(scalar, scalar, (a, b) => {
      const [x, y] = [a, b].map((bytes) => BigInt(`0x${toHex(bytes)}`)) as [bigint, bigint];
      const inRange = [x, y].every((value) => value > 0n && value < order);
      expect(module.multiplyScalars(a, b)).toEqual(inRange ? bytesOf((x * y) % order) : null);
    }),
    points,
  );
});

test('bytes that do not fit are refused before they are written', () => {
  expect(() => module.multiply(new Uint8Array(33), publicPoint(bytesOf(1n)))).toThrow(RangeError);
  expect(() => module.verify(new Uint8Array(32), new Uint8Array(65), publicPoint(bytesOf(1n)))).toThrow(RangeError);
  expect(() => module.decompress(new Uint8Array(66))).toThrow(RangeError);
});

test('no private number stays in the memory of the module', async () => {
  const spied: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      spied.push(this);
    }
  };
  const seed = randomBytes(32);
  const watched = await instantiateCurve(await readFile(curveFile), seed).finally(() => {
    WebAssembly.Memory = Memory;
  });
  const secret = randomBytes(32).fill(0, 0, 1);
  const other = randomBytes(32).fill(0, 0, 1);
  watched.sign(randomBytes(32), secret);
  watched.multiply(secret, publicPoint(other));
  watched.multiplyScalars(secret, other);
  const memory = Buffer.from((spied[0] as WebAssembly.Memory).buffer);
  for (const hidden of [secret, other, seed]) expect(memory.indexOf(hidden)).toBe(-1);
});
