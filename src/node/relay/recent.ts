/** The newest of some hashes: what is on its way into the store counts as known by it. */
export class Recent {
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  has(hash: Uint8Array): boolean {
    return this.#names.has(hashName(hash));
  }

  add(hash: Uint8Array): void {
    const name = hashName(hash);
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size > this.#most) this.#names.delete(this.#names.values().next().value as string);
  }

  delete(hash: Uint8Array): void {
    this.#names.delete(hashName(hash));
  }
}

/** A hash as a member of a set. */
export const hashName = (hash: Uint8Array): string => Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
