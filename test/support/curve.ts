import { readFile } from 'node:fs/promises';
import { type CurveSource, offerCurve, quickenCurve } from '../../src/protocol/secp256k1-engine.ts';

export const curveFile = new URL('../../node_modules/@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm', import.meta.url);

/** The module as the package brings it. In Node it is ahead of any batch, unless a test wants one. */
export const curveSource = (batchFrom = Number.POSITIVE_INFINITY): CurveSource => ({
  load: async () => new Uint8Array(await readFile(curveFile)),
  batchFrom,
});

/** From here on the curve is computed by the module, or again by noble alone. */
export async function useCurve(name: 'module' | 'noble', batchFrom?: number): Promise<void> {
  offerCurve(name === 'module' ? curveSource(batchFrom) : null);
  await quickenCurve();
}
