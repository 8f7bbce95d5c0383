import { equalBytes, randomBytes } from './bytes.ts';
import { publicPoint } from './secp256k1-noble.ts';
import { scriptCurve } from './secp256k1-script.ts';
import { type CurveModule, instantiateCurve } from './secp256k1-wasm.ts';

/** Where the WebAssembly module comes from, and what suits the machine that runs it. */
export interface CurveSource {
  /** Fetches the bytes of the module; asked once, when there is enough to do. */
  readonly load: () => Promise<BufferSource>;
  /** From how many signatures beyond one per key checking them together in JavaScript beats the module one by one. Engines differ: never, where BigInt is slow. */
  readonly batchFrom: number;
}

/** What JavaScript alone gains by checking together from the first few on. */
const scriptBatchFrom = 4;

let source: CurveSource | null = null;
let module: CurveModule | null = null;
let loading: Promise<void> | null = null;

/** Says where the module is; nothing is fetched before `quickenCurve`. Null goes back to JavaScript alone. */
export function offerCurve(offered: CurveSource | null): void {
  source = offered;
  module = null;
  loading = null;
}

/** Makes the module ready, if one is offered: worth it before many signatures or invitations. What fails is logged, and JavaScript goes on. */
export function quickenCurve(): Promise<void> {
  const from = source;
  if (!from) return Promise.resolve();
  loading ??= instantiate(from).then(
    (ready) => {
      if (source === from) module = ready;
    },
    (error: unknown) => console.warn('the curve runs without WebAssembly', error),
  );
  return loading;
}

/** The module, once it is ready. */
export const curveModule = (): CurveModule | null => module;

/** Whatever computes now. */
export const curve = (): CurveModule => module ?? scriptCurve;

/** From how many signatures beyond one per key they are worth checking together. */
export const batchFrom = (): number => (module ? (source?.batchFrom ?? scriptBatchFrom) : scriptBatchFrom);

async function instantiate({ load }: CurveSource): Promise<CurveModule> {
  const ready = await instantiateCurve(await load(), randomBytes(32));
  // Damaged bytes, or an engine that miscompiles them, would be found here rather than in somebody's messages.
  const scalar = randomBytes(32).fill(0, 0, 1);
  const one = new Uint8Array(32).fill(1, 31);
  if (!equalBytes(ready.multiply(scalar, publicPoint(one)) ?? new Uint8Array(0), publicPoint(scalar)))
    throw new Error('the module computes something else');
  return ready;
}
