import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromHex, randomBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkPoint, generatePrivateKey, publicPoint, recover, sharedPoint, sign, verify } from '../../src/protocol/secp256k1.ts';
import { nobleCurve } from '../../src/protocol/secp256k1-noble.ts';
import { useCurve } from '../support/curve.ts';
import { refused } from './refused.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const key = sha256(utf8('a key'));
const point = publicPoint(key);
const digest = sha256(utf8('a digest'));

/** The other signature over the same digest: s replaced by the group order less s. */
function highS({ bytes, recovery }: ReturnType<typeof sign>): ReturnType<typeof sign> {
  const s = (order - BigInt(`0x${toHex(bytes.subarray(32))}`)).toString(16).padStart(64, '0');
  return { bytes: fromHex(toHex(bytes.subarray(0, 32)) + s), recovery: recovery ^ 1 };
}

describe.each(['noble', 'module'] as const)('the curve by %s', (name) => {
  beforeAll(() => useCurve(name));
  afterAll(() => useCurve('noble'));

  test('signing is deterministic and what is signed verifies and recovers', () => {
    const signature = sign(digest, key);
    expect(sign(digest, key)).toEqual(signature);
    expect(verify(digest, signature, point)).toBe(true);
    expect(recover(digest, signature)).toEqual(point);
  });

  test('a digest beyond the group order is signed as others sign it', () => {
    for (const extreme of [new Uint8Array(32), new Uint8Array(32).fill(255), fromHex((order + 5n).toString(16))]) {
      const signature = sign(extreme, key);
      expect(signature).toEqual(nobleCurve.sign(extreme, key));
      expect(verify(extreme, signature, point)).toBe(true);
    }
  });

  test('a high s, another digest, another key, a wrong size or recovery bit does not verify', () => {
    const signature = sign(digest, key);
    expect(verify(digest, highS(signature), point)).toBe(false);
    expect(verify(sha256(digest), signature, point)).toBe(false);
    expect(verify(digest, signature, publicPoint(sha256(key)))).toBe(false);
    expect(verify(digest, { ...signature, bytes: signature.bytes.slice(0, 63) }, point)).toBe(false);
    expect(verify(digest, { ...signature, bytes: new Uint8Array(64) }, point)).toBe(false);
    expect(verify(digest, { ...signature, recovery: 2 }, point)).toBe(false);
  });

  test('recovery takes a high s, as wallets may give one, and finds the same key', () => {
    expect(recover(digest, highS(sign(digest, key)))).toEqual(point);
  });

  test('recovery refuses a signature that nobody can have made', async () => {
    await refused('bad-signature', () => recover(digest, { bytes: new Uint8Array(64), recovery: 0 }));
    await refused('bad-signature', () => recover(digest, { bytes: new Uint8Array(64).fill(255), recovery: 1 }));
    await refused('bad-signature', () => recover(digest, { bytes: randomBytes(65), recovery: 0 }));
    await refused('bad-signature', () => recover(digest, { ...sign(digest, key), recovery: 3 }));
  });

  test('both sides agree on the same full point', () => {
    const other = generatePrivateKey();
    expect(sharedPoint(key, publicPoint(other))).toEqual(sharedPoint(other, point));
    expect(sharedPoint(key, publicPoint(other))).toHaveLength(65);
  });

  test('a compressed, hybrid, short, foreign or infinite point is refused before keys are agreed on', async () => {
    const compressed = Uint8Array.of(2 + ((point[64] as number) & 1), ...point.subarray(1, 33));
    const hybrid = Uint8Array.of(6 + ((point[64] as number) & 1), ...point.subarray(1));
    const offCurve = point.map((byte, i) => (i === 64 ? byte ^ 1 : byte));
    const infinite = Uint8Array.of(4, ...new Uint8Array(64));
    for (const bad of [compressed, hybrid, offCurve, infinite, point.slice(0, 64), new Uint8Array(0)]) {
      await refused('malformed', () => checkPoint(bad));
      await refused('malformed', () => sharedPoint(key, bad));
    }
  });

  test('zero and the group order are no private keys, and generation passes over them', async () => {
    const group = fromHex(order.toString(16));
    for (const bad of [new Uint8Array(32), group, new Uint8Array(31).fill(1)]) await refused('malformed', () => publicPoint(bad));
    const pieces = [new Uint8Array(32), group, key];
    expect(generatePrivateKey(() => pieces.shift() as Uint8Array<ArrayBuffer>)).toEqual(key);
  });
});
