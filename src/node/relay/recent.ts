/** The newest of some hashes: what is on its way into the store counts as known by it. */
export class Recent {
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  has(hash: Uint8Array): boolean {
    return this.#names.has(nameOf(hash));
  }

  add(hash: Uint8Array): void {
    const name = nameOf(hash);
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size > this.#most) this.#names.delete(this.#names.values().next().value as string);
  }

  delete(hash: Uint8Array): void {
    this.#names.delete(nameOf(hash));
  }
}

const nameOf = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');
