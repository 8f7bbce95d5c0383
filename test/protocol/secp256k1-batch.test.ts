import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { concat, fromHex, randomBytes, toHex } from '../../src/protocol/bytes.ts';
import { publicPoint, sign, verify } from '../../src/protocol/secp256k1.ts';
import { type Claim, verifyAll } from '../../src/protocol/secp256k1-batch.ts';
import { curve } from '../../src/protocol/secp256k1-engine.ts';
import { useCurve } from '../support/curve.ts';
import { fc } from '../support/fast-check.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const keys = Array.from({ length: 3 }, () => randomBytes(32).fill(0, 0, 1));
const points = keys.map((key) => publicPoint(key));
let strangers = 0;

/** A good claim by one of three keys. Each test has its own signers: one that spoils a batch is remembered. */
function claim(by: number, signer = `signer ${by} of ${expect.getState().currentTestName}`): Claim {
  const key = keys[by] as Uint8Array;
  const digest = randomBytes(32);
  return { digest, signature: sign(digest, key), point: points[by] as Uint8Array, signer };
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const highS = (bytes: Uint8Array): Uint8Array =>
  concat(bytes.subarray(0, 32), fromHex((order - numberOf(bytes.subarray(32))).toString(16).padStart(64, '0')));

/** Ways in which a claim may differ from a good one; some of them change nothing of what a single check says. */
const changes: Record<string, (good: Claim) => Claim> = {
  nothing: (good) => good,
  'another digest': (good) => ({ ...good, digest: flip(good.digest, 3) }),
  'another r': (good) => ({ ...good, signature: { ...good.signature, bytes: flip(good.signature.bytes, 31) } }),
  'another s': (good) => ({ ...good, signature: { ...good.signature, bytes: flip(good.signature.bytes, 63) } }),
  'a wrong recovery bit': (good) => ({ ...good, signature: { ...good.signature, recovery: good.signature.recovery ^ 1 } }),
  'no recovery bit': (good) => ({ ...good, signature: { ...good.signature, recovery: 2 } }),
  'a high s': (good) => ({ ...good, signature: { bytes: highS(good.signature.bytes), recovery: good.signature.recovery ^ 1 } }),
  'another key': (good) => ({ ...good, point: publicPoint(randomBytes(32).fill(0, 0, 1)) }),
  'a point off the curve': (good) => ({ ...good, point: flip(good.point, 64) }),
  'a short signature': (good) => ({ ...good, signature: { ...good.signature, bytes: good.signature.bytes.slice(1) } }),
  zeros: (good) => ({ ...good, signature: { ...good.signature, bytes: new Uint8Array(64) } }),
  'r beyond the order': (good) => ({
    ...good,
    signature: { ...good.signature, bytes: concat(new Uint8Array(32).fill(255), good.signature.bytes.subarray(32)) },
  }),
};

describe.each(['noble', 'module'] as const)('signatures checked together by %s', (name) => {
  beforeAll(() => useCurve(name, 2));
  afterAll(() => useCurve('noble'));
  afterEach(() => void vi.restoreAllMocks());

  test('get the answers that they get one by one, whatever is wrong with some', async () => {
    const drawn = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom('nothing', 'nothing', 'nothing', ...Object.keys(changes))),
      {
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(drawn, async (list) => {
        const run = strangers++;
        const claims = list.map(([by, what]) => (changes[what] as (good: Claim) => Claim)(claim(by, `run ${run} of ${by}`)));
        expect(await verifyAll(claims)).toEqual(claims.map(({ digest, signature, point }) => verify(digest, signature, point)));
      }),
      { numRuns: 60 },
    );
  });

  test.each([1, 2, 5, 23, 24, 63, 64, 130, 260])('are all good when %i are, without one being checked alone', async (count) => {
    const claims = Array.from({ length: count }, (_, i) => claim(i % 3));
    const alone = vi.spyOn(curve(), 'verify');
    expect(await verifyAll(claims)).toEqual(claims.map(() => true));
    if (count >= 23) expect(alone).not.toHaveBeenCalled();
  });

  test.each(Object.keys(changes).filter((what) => !['nothing', 'a wrong recovery bit'].includes(what)))(
    'show a forgery in the middle of good ones: %s',
    async (what) => {
      const claims = Array.from({ length: 40 }, (_, i) => (i === 17 ? changes[what] : changes['nothing'])?.(claim(i % 3)) as Claim);
      expect(await verifyAll(claims)).toEqual(claims.map((_, i) => i !== 17));
    },
  );

  test('two forgeries made to cancel each other in an unweighted sum are both found', async () => {
    // Adding d·s to one digest and taking d·s' from another moves their terms by d·G and −d·G.
    const [a, b] = [claim(0), claim(1)];
    const moved = ({ digest, signature }: Claim, by: bigint): Uint8Array => {
      const s = numberOf(signature.bytes.subarray(32));
      return fromHex(((((numberOf(digest) + by * s) % order) + order) % order).toString(16).padStart(64, '0'));
    };
    const forged = [
      { ...a, digest: moved(a, 12345n) },
      { ...b, digest: moved(b, -12345n) },
    ];
    const good = [claim(0), claim(1), claim(0), claim(1)];
    expect(await verifyAll([...forged, ...good])).toEqual([false, false, true, true, true, true]);
  });

  test('a signer spoils one batch and is checked alone afterwards; the others stay together', async () => {
    const recover = vi.spyOn(curve(), 'recover');
    const alone = vi.spyOn(curve(), 'verify');
    const some = (): Claim[] =>
      [0, 0, 0, 0, 1, 1, 1, 1].map((by) => claim(by)).concat((changes['another s'] as (good: Claim) => Claim)(claim(2)));
    const answers = [...Array.from({ length: 8 }, () => true), false];
    expect(await verifyAll(some())).toEqual(answers);
    expect(recover).toHaveBeenCalledTimes(9);
    expect(alone).toHaveBeenCalledTimes(1);
    recover.mockClear();
    alone.mockClear();
    expect(await verifyAll(some())).toEqual(answers);
    expect(recover).not.toHaveBeenCalled();
    expect(alone).toHaveBeenCalledTimes(1);
  });

  test('a wrong recovery bit, which a single check does not look at, is as good in a batch', async () => {
    const claims = Array.from(
      { length: 12 },
      (_, i) => (i === 5 ? changes['a wrong recovery bit'] : changes['nothing'])?.(claim(i % 2)) as Claim,
    );
    expect(await verifyAll(claims)).toEqual(claims.map(() => true));
  });
});
