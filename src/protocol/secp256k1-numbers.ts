/** Numbers of the curve and their bytes, big-endian. */

/** The number that the first 32 bytes stand for. */
export function numberOf(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  return (((((view.getBigUint64(0) << 64n) | view.getBigUint64(8)) << 64n) | view.getBigUint64(16)) << 64n) | view.getBigUint64(24);
}

/** 32 bytes of a number below 2^256. */
export function bytesOf(number: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32);
  write(bytes, 0, number);
  return bytes;
}

/** A point in the form that travels: 04, x, y; 65 bytes. */
export function pointBytes(x: bigint, y: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(65);
  bytes[0] = 4;
  write(bytes, 1, x);
  write(bytes, 33, y);
  return bytes;
}

function write(bytes: Uint8Array, at: number, number: bigint): void {
  const view = new DataView(bytes.buffer, at);
  for (let i = 0; i < 4; i++) view.setBigUint64(8 * i, BigInt.asUintN(64, number >> BigInt(192 - 64 * i)));
}
