const eight = new DataView(new ArrayBuffer(8));
const bytesOfEight = new Uint8Array(eight.buffer);

/** Writes a time as eight bytes, the greatest first, and answers what comes behind it: what `Buffer` has for this makes several large numbers of each. */
export function writeTime(bytes: Uint8Array, timeNs: bigint, at: number): number {
  eight.setBigInt64(0, timeNs);
  bytes.set(bytesOfEight, at);
  return at + 8;
}
