import { afterEach, expect, test, vi } from 'vitest';
import { utf8 } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { publicPoint, recover, sharedPoint, sign, verify } from '../../src/protocol/secp256k1.ts';
import { curve, curveModule, offerCurve, quickenCurve } from '../../src/protocol/secp256k1-engine.ts';
import { scriptCurve } from '../../src/protocol/secp256k1-script.ts';
import { curveSource } from '../support/curve.ts';

afterEach(() => {
  offerCurve(null);
  vi.restoreAllMocks();
});

const key = sha256(utf8('a key'));
const digest = sha256(utf8('a digest'));

test('the module is fetched when it is wanted and not before, and once only', async () => {
  const load = vi.fn(curveSource().load);
  offerCurve({ load, batchFrom: 10 });
  verify(digest, sign(digest, key), publicPoint(key));
  expect(load).not.toHaveBeenCalled();
  expect(curve()).toBe(scriptCurve);
  await Promise.all([quickenCurve(), quickenCurve()]);
  await quickenCurve();
  expect(load).toHaveBeenCalledTimes(1);
  expect(curve()).toBe(curveModule());
});

test.each<[string, () => Promise<Uint8Array<ArrayBuffer>>]>([
  ['cannot be fetched', () => Promise.reject(new Error('gone'))],
  ['is not WebAssembly', async () => new Uint8Array(100)],
  [
    'computes something else',
    async () => {
      // One byte of the code of the multiplication by a scalar, found by trial: the module still compiles.
      const bytes = (await curveSource().load()) as Uint8Array<ArrayBuffer>;
      return damaged(bytes);
    },
  ],
])('noble goes on where the module %s', async (_, load) => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  offerCurve({ load, batchFrom: 10 });
  await quickenCurve();
  expect(warn).toHaveBeenCalledTimes(1);
  expect(curve()).toBe(scriptCurve);
  const signature = sign(digest, key);
  expect(verify(digest, signature, publicPoint(key))).toBe(true);
  expect(recover(digest, signature)).toEqual(publicPoint(key));
  expect(sharedPoint(key, publicPoint(digest))).toEqual(sharedPoint(digest, publicPoint(key)));
});

/** The module with its static data changed, which holds the curve's constants: it compiles, and computes wrongly. */
function damaged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const changed = bytes.slice();
  for (let i = changed.length - 60_000; i < changed.length - 8; i++) changed[i] = (changed[i] as number) ^ 1;
  return changed;
}

test('a module that was offered before another is dropped with it', async () => {
  let done: (bytes: BufferSource) => void = () => undefined;
  offerCurve({
    load: () =>
      new Promise((resolve) => {
        done = resolve;
      }),
    batchFrom: 10,
  });
  const late = quickenCurve();
  offerCurve(null);
  done(await curveSource().load());
  await late;
  expect(curveModule()).toBeNull();
});
