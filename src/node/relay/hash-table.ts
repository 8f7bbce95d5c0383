import { randomInt } from 'node:crypto';

const hashLength = 32;
const leastBits = 6;
/** The part of a table that may be in use: beyond it what is looked for lies far from where it should be. */
const mostFull = 5 / 8;

/**
 * Hashes of 32 bytes, each with a number from 0 on, in memory that holds nothing but bytes: a set of texts has an object for each, which the collector of garbage moves about and which is
 * somewhere else whenever it is looked for, and every envelope is looked for several times.
 */
export class HashTable {
  #bits: number;
  #slots: number;
  #hashes: Buffer;
  /** One more than the number; 0: nothing is there. */
  #values: Float64Array;
  #size = 0;

  /** `expected`: so many have room without being moved. */
  constructor(expected = 0) {
    this.#bits = leastBits;
    while (2 ** this.#bits * mostFull < expected) this.#bits += 1;
    this.#slots = 2 ** this.#bits;
    this.#hashes = Buffer.alloc(this.#slots * hashLength);
    this.#values = new Float64Array(this.#slots);
  }

  get size(): number {
    return this.#size;
  }

  has(hash: Uint8Array): boolean {
    return this.#values[this.#slotOf(hash)] !== 0;
  }

  get(hash: Uint8Array): number | undefined {
    const value = this.#values[this.#slotOf(hash)] as number;
    return value === 0 ? undefined : value - 1;
  }

  /** In the place of the number that it had. */
  set(hash: Uint8Array, value: number): void {
    let slot = this.#slotOf(hash);
    if (this.#values[slot] === 0) {
      if (this.#size + 1 > this.#slots * mostFull) {
        this.#grow();
        slot = this.#slotOf(hash);
      }
      this.#hashes.set(hash, slot * hashLength);
      this.#size += 1;
    }
    this.#values[slot] = value + 1;
  }

  delete(hash: Uint8Array): boolean {
    let hole = this.#slotOf(hash);
    if (this.#values[hole] === 0) return false;
    const last = this.#slots - 1;
    // What comes behind moves up, as far as it is found from there: nothing may be missing between a hash and where it is looked for first.
    for (let slot = (hole + 1) & last; this.#values[slot] !== 0; slot = (slot + 1) & last) {
      if (((slot - this.#startOf(this.#hashes, slot * hashLength)) & last) < ((slot - hole) & last)) continue;
      this.#hashes.copyWithin(hole * hashLength, slot * hashLength, (slot + 1) * hashLength);
      this.#values[hole] = this.#values[slot] as number;
      hole = slot;
    }
    this.#values[hole] = 0;
    this.#size -= 1;
    return true;
  }

  /** Tells of all, in no order: the hash is what begins at `at` of these bytes. */
  each(tell: (bytes: Uint8Array, at: number, value: number) => void): void {
    for (let slot = 0; slot < this.#slots; slot++)
      if (this.#values[slot] !== 0) tell(this.#hashes, slot * hashLength, (this.#values[slot] as number) - 1);
  }

  /** Where a hash is, or where there would be room for it. */
  #slotOf(hash: Uint8Array): number {
    const last = this.#slots - 1;
    let slot = this.#startOf(hash, 0);
    while (this.#values[slot] !== 0 && !this.#isAt(slot, hash)) slot = (slot + 1) & last;
    return slot;
  }

  #isAt(slot: number, hash: Uint8Array): boolean {
    const [hashes, at] = [this.#hashes, slot * hashLength];
    for (let index = 0; index < hashLength; index++) if (hashes[at + index] !== hash[index]) return false;
    return true;
  }

  /** Where the hash that lies here is looked for first. Nobody outside can know it, and so make many hashes that are looked for in one place. */
  #startOf(bytes: Uint8Array, at: number): number {
    return ((Math.imul(wordAt(bytes, at), factors[0]) + Math.imul(wordAt(bytes, at + 4), factors[1])) | 0) >>> (32 - this.#bits);
  }

  #grow(): void {
    const [hashes, values, slots] = [this.#hashes, this.#values, this.#slots];
    this.#bits += 1;
    this.#slots = slots * 2;
    this.#hashes = Buffer.alloc(this.#slots * hashLength);
    this.#values = new Float64Array(this.#slots);
    for (let slot = 0; slot < slots; slot++) {
      if (values[slot] === 0) continue;
      const hash = hashes.subarray(slot * hashLength, (slot + 1) * hashLength);
      const to = this.#slotOf(hash);
      this.#hashes.set(hash, to * hashLength);
      this.#values[to] = values[slot] as number;
    }
  }
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);

const odd = (): number => randomInt(2 ** 31) * 2 + 1;
const factors = [odd(), odd()] as const;
