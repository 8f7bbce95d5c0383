import { secp256k1 } from '@noble/curves/secp256k1.js';
import { expect } from 'vitest';
import { concat, fromHex, toHex } from '../../src/protocol/bytes.ts';
import { checkPoint, isPrivateKey, publicPoint, sharedPoint, sharedPoints, sign, verify } from '../../src/protocol/secp256k1.ts';
import { type Claim, verifyAll } from '../../src/protocol/secp256k1-batch.ts';
import { curveModule } from '../../src/protocol/secp256k1-engine.ts';
import { nobleCurve } from '../../src/protocol/secp256k1-noble.ts';
import { scriptCurve } from '../../src/protocol/secp256k1-script.ts';
import type { CurveModule } from '../../src/protocol/secp256k1-wasm.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';
import { bytes, exactly, people, place } from './arbitraries.ts';
import { flip, outcome, property } from './property.ts';

// A batch counts from two signatures on, so that both ways of checking are tried.
await useCurve('module', 2);
const module = curveModule() as CurveModule;

const order = secp256k1.Point.Fn.ORDER;
const bytesOf = (number: bigint): Uint8Array<ArrayBuffer> => fromHex(number.toString(16).padStart(64, '0'));
const number = (given: Uint8Array): bigint => BigInt(`0x${toHex(given)}`);

const edge = fc.bigInt(-2n, 2n).map((step) => bytesOf(order + step));
/** Scalars and digests, those around the order of the group among them. */
const anyNumber = fc.oneof(
  { weight: 9, arbitrary: exactly(32) },
  { weight: 1, arbitrary: edge },
  { weight: 1, arbitrary: fc.constant(bytesOf(0n)) },
);
const key = fc.oneof(exactly(32), fc.constantFrom(bytesOf(1n), bytesOf(order - 1n))).filter(isPrivateKey);
const pool = people.flatMap(({ bundle }) => [bundle.identity, bundle.preKeys[0]]).map(({ secret, point }) => ({ secret, point }));
const someKey = fc.constantFrom(...pool);

property('noble and the module sign alike, and each takes what the other signed', [key, anyNumber], (secret, digest) => {
  const signature = sign(digest, secret);
  expect(signature).toEqual(nobleCurve.sign(digest, secret));
  const point = publicPoint(secret);
  for (const curve of [nobleCurve, scriptCurve, module]) expect(curve.verify(digest, signature.bytes, point)).toBe(true);
  for (const curve of [scriptCurve, module]) expect(curve.recover(digest, signature.bytes, signature.recovery)).toEqual(point);
});

property(
  'a signature with a changed bit, in it or in what it signs, is none for either',
  [someKey, exactly(32), place, fc.boolean()],
  ({ secret, point }, digest, at, inDigest) => {
    const signature = sign(digest, secret).bytes;
    for (const curve of [nobleCurve, scriptCurve, module])
      expect(inDigest ? curve.verify(flip(digest, at), signature, point) : curve.verify(digest, flip(signature, at), point)).toBe(false);
  },
);

property(
  'noble and the module recover the same key, or none, from whatever looks like a signature',
  [anyNumber, anyNumber, anyNumber, fc.constantFrom(0, 1)],
  (digest, r, s, recovery) => {
    const signature = concat(r, s);
    for (const curve of [scriptCurve, module])
      expect(curve.recover(digest, signature, recovery)).toEqual(nobleCurve.recover(digest, signature, recovery));
  },
);

property(
  'of a signature and its twin of high s only the low one counts, for either',
  [someKey, exactly(32)],
  ({ secret, point }, digest) => {
    const { bytes: low } = sign(digest, secret);
    const s = number(low.subarray(32));
    expect(s <= order / 2n).toBe(true);
    const twin = concat(low.subarray(0, 32), bytesOf(order - s));
    expect([nobleCurve, scriptCurve, module].map((curve) => curve.verify(digest, twin, point))).toEqual([false, false, false]);
  },
);

property('two keys agree on one secret, whoever computes it, by noble as by the module', [key, someKey], (mine, theirs) => {
  const shared = sharedPoint(mine, theirs.point);
  expect(sharedPoint(theirs.secret, publicPoint(mine))).toEqual(shared);
  expect(nobleCurve.multiply(mine, theirs.point)).toEqual(shared);
});

property(
  'secrets that are computed together are those that are computed one by one',
  [fc.array(fc.tuple(someKey, someKey), { maxLength: 4 })],
  (pairs) => {
    const asked = pairs.map(([mine, theirs]) => [mine.secret, theirs.point] as const);
    expect(sharedPoints(asked)).toEqual(asked.map(([secret, point]) => sharedPoint(secret, point)));
  },
);

property('a public key with a changed bit is refused as malformed', [someKey, place], async ({ point }, at) => {
  checkPoint(point);
  expect(await outcome(() => checkPoint(flip(point, at)))).toBe('malformed');
});

property(
  'noble and the module take the same bytes for a point',
  [
    fc.oneof(
      bytes(70),
      exactly(65),
      exactly(32).map((x) => concat(Uint8Array.of(2), x)),
      someKey.map(({ point }) => point),
      exactly(64).map((rest) => concat(Uint8Array.of(4), rest)),
    ),
  ],
  (given) => {
    expect(module.decompress(given)).toEqual(nobleCurve.decompress(given));
  },
);

// Good and bad claims of many signers, made once. Each bad one is bad in another way.
const claims: Claim[] = pool.flatMap(({ secret, point }, who) =>
  [0, 1, 2, 3].map((way) => {
    const digest = new Uint8Array(32).fill(who + 10 * way);
    const { bytes: good, recovery } = sign(digest, secret);
    const signature = [
      { bytes: good, recovery },
      { bytes: good, recovery: 1 - recovery },
      { bytes: concat(good.subarray(0, 32), bytesOf(order - number(good.subarray(32)))), recovery: 1 - recovery },
      { bytes: flip(good, 7 * who), recovery },
    ][way] as Claim['signature'];
    return { digest, signature, point, signer: `signer ${who}` };
  }),
);
let batches = 0;

property(
  'signatures that are checked together are judged as one by one, whoever spoils the batch',
  [fc.array(fc.constantFrom(...claims), { maxLength: 4 })],
  async (some) => {
    // Signers are new each time: one who has spoiled a batch is not asked into another.
    batches += 1;
    const batch = some.map((claim) => ({ ...claim, signer: `${claim.signer} of ${batches}` }));
    expect(await verifyAll(batch)).toEqual(batch.map(({ digest, signature, point }) => verify(digest, signature, point)));
  },
);
