/** The newest of some hashes, at least so many: what is on its way into the store counts as known by it. In two sets, of which the older goes as a whole: to take one out for each that comes in costs more than the rest. */
export class Recent {
  readonly #least: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(least: number) {
    this.#least = least;
  }

  has(hash: Uint8Array): boolean {
    const name = hashName(hash);
    return this.#newer.has(name) || this.#older.has(name);
  }

  add(hash: Uint8Array): void {
    this.#newer.add(hashName(hash));
    if (this.#newer.size < this.#least) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  delete(hash: Uint8Array): void {
    const name = hashName(hash);
    this.#newer.delete(name);
    this.#older.delete(name);
  }
}

/** A hash as a member of a set. */
export const hashName = (hash: Uint8Array): string => Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
