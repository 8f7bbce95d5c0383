/** An ECDSA signature: r and s (64 bytes), and which of two keys recovery yields. */
export interface EcdsaSignature {
  readonly bytes: Uint8Array;
  readonly recovery: number;
}

/**
 * libsecp256k1 as `@bitauth/libauth` compiles it, driven without that package's own JavaScript, which carries the whole module in base64. Each function answers null
 * or false where the library refuses. `multiply` takes a time that depends on the scalar: see `secp256k1-blinded.ts`.
 */
export interface CurveModule {
  /** scalar × point, uncompressed. NOT in constant time. Null for a point off the curve, a scalar of zero or not below the group order. */
  multiply(scalar: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> | null;
  /** The product of two scalars; null when either is out of range. */
  multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> | null;
  /** In constant time; the nonce is RFC 6979's and s is low. Null for a key out of range, and for a digest that is: the library would draw another nonce than others. */
  sign(digest: Uint8Array, privateKey: Uint8Array): EcdsaSignature | null;
  /** Refuses a high s. */
  verify(digest: Uint8Array, signature: Uint8Array, point: Uint8Array): boolean;
  recover(digest: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array<ArrayBuffer> | null;
  /** Any encoding of a point in its uncompressed one; null for what is not on the curve. */
  decompress(point: Uint8Array): Uint8Array<ArrayBuffer> | null;
}

/** Functions of the module that are called, with their C signatures in `secp256k1.h`. */
interface Exports {
  _malloc(bytes: number): number;
  _secp256k1_context_create(flags: number): number;
  _secp256k1_context_randomize(context: number, seed: number): number;
  _secp256k1_ec_privkey_tweak_mul(context: number, key: number, tweak: number): number;
  _secp256k1_ec_pubkey_parse(context: number, out: number, bytes: number, length: number): number;
  _secp256k1_ec_pubkey_serialize(context: number, out: number, length: number, key: number, flags: number): number;
  _secp256k1_ec_pubkey_tweak_mul(context: number, key: number, tweak: number): number;
  _secp256k1_ec_seckey_verify(context: number, key: number): number;
  _secp256k1_ecdsa_recover(context: number, out: number, signature: number, digest: number): number;
  _secp256k1_ecdsa_recoverable_signature_parse_compact(context: number, out: number, bytes: number, recovery: number): number;
  _secp256k1_ecdsa_recoverable_signature_serialize_compact(context: number, out: number, recovery: number, signature: number): number;
  _secp256k1_ecdsa_sign_recoverable(context: number, out: number, digest: number, key: number, nonce: number, data: number): number;
  _secp256k1_ecdsa_signature_parse_compact(context: number, out: number, bytes: number): number;
  _secp256k1_ecdsa_verify(context: number, signature: number, digest: number, key: number): number;
}

// The layout that the module was linked for: static data, then a stack of 5 MiB, then the heap, in 16 MiB that never grow.
const pages = 256;
const staticBase = 1024;
const heapTop = staticBase + 67_696 + 16;
const stackBase = (heapTop + 4 + 15) & -16;
const heapBase = stackBase + 5_242_880;

const signAndVerify = 0x301;
const uncompressed = 2;

/** Makes the module ready. `seed` (32 random bytes) blinds what it computes with the generator. @throws when the bytes are not the module */
export async function instantiateCurve(bytes: BufferSource, seed: Uint8Array): Promise<CurveModule> {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const heap = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  view.setUint32(heapTop, heapBase, true);
  const abort = (): never => {
    throw new Error('secp256k1 stopped');
  };
  const { instance } = await WebAssembly.instantiate(bytes, {
    env: {
      memory,
      memoryBase: staticBase,
      table: new WebAssembly.Table({ element: 'anyfunc', initial: 6, maximum: 6 }),
      tableBase: 0,
      DYNAMICTOP_PTR: heapTop,
      STACKTOP: stackBase,
      abort,
      _abort: abort,
      enlargeMemory: abort,
      abortOnCannotGrowMemory: abort,
      getTotalMemory: () => pages * 65_536,
      ___setErrNo: () => 0,
      _emscripten_memcpy_big: (to: number, from: number, length: number) => {
        heap.copyWithin(to, from, from + length);
        return to;
      },
    },
    global: { Infinity, NaN },
  });
  const secp = instance.exports as unknown as Exports;
  const context = secp._secp256k1_context_create(signAndVerify);
  // Places that every call uses anew.
  const [scalar, digest, bytesIn, bytesOut, key, signature, number] = [32, 32, 65, 65, 64, 65, 4].map((size) => secp._malloc(size)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];

  /** Writes to a place; what does not fit must not run into the next one. */
  const put = (place: number, data: Uint8Array, size = 32): number => {
    if (data.length > size) throw new RangeError('too many bytes for the curve');
    heap.set(data, place);
    return place;
  };
  const parse = (point: Uint8Array): boolean => secp._secp256k1_ec_pubkey_parse(context, key, put(bytesIn, point, 65), point.length) === 1;
  const serialize = (): Uint8Array<ArrayBuffer> => {
    view.setUint32(number, 65, true);
    secp._secp256k1_ec_pubkey_serialize(context, bytesOut, number, key, uncompressed);
    return heap.slice(bytesOut, bytesOut + 65);
  };

  secp._secp256k1_context_randomize(context, put(scalar, seed));
  heap.fill(0, scalar, scalar + 32);

  return {
    multiply(by, point) {
      const done = parse(point) && secp._secp256k1_ec_pubkey_tweak_mul(context, key, put(scalar, by)) === 1;
      heap.fill(0, scalar, scalar + 32);
      return done ? serialize() : null;
    },
    multiplyScalars(a, b) {
      const done =
        secp._secp256k1_ec_seckey_verify(context, put(scalar, a)) === 1 &&
        secp._secp256k1_ec_privkey_tweak_mul(context, scalar, put(digest, b)) === 1;
      const product = done ? heap.slice(scalar, scalar + 32) : null;
      heap.fill(0, scalar, scalar + 32).fill(0, digest, digest + 32);
      return product;
    },
    sign(hash, privateKey) {
      const done =
        secp._secp256k1_ec_seckey_verify(context, put(digest, hash)) === 1 &&
        secp._secp256k1_ecdsa_sign_recoverable(context, signature, digest, put(scalar, privateKey), 0, 0) === 1;
      heap.fill(0, scalar, scalar + 32);
      if (!done) return null;
      secp._secp256k1_ecdsa_recoverable_signature_serialize_compact(context, bytesOut, number, signature);
      return { bytes: heap.slice(bytesOut, bytesOut + 64), recovery: view.getUint32(number, true) };
    },
    verify: (hash, compact, point) =>
      parse(point) &&
      secp._secp256k1_ecdsa_signature_parse_compact(context, signature, put(bytesIn, compact, 64)) === 1 &&
      secp._secp256k1_ecdsa_verify(context, signature, put(digest, hash), key) === 1,
    recover(hash, compact, recovery) {
      const done =
        secp._secp256k1_ecdsa_recoverable_signature_parse_compact(context, signature, put(bytesIn, compact, 64), recovery) === 1 &&
        secp._secp256k1_ecdsa_recover(context, key, signature, put(digest, hash)) === 1;
      return done ? serialize() : null;
    },
    decompress: (point) => (parse(point) ? serialize() : null),
  };
}
