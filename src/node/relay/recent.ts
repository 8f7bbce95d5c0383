import { HashTable } from './hash-table.ts';

/** The newest of some hashes, at least so many: what is on its way into the store counts as known by it. In two tables, of which the older goes as a whole: to take one out for each that comes in costs more than the rest. */
export class Recent {
  readonly #least: number;
  #newer = new HashTable();
  #older = new HashTable();

  constructor(least: number) {
    this.#least = least;
  }

  has(hash: Uint8Array): boolean {
    return this.#newer.has(hash) || this.#older.has(hash);
  }

  add(hash: Uint8Array): void {
    this.#newer.set(hash, 0);
    if (this.#newer.size < this.#least) return;
    this.#older = this.#newer;
    this.#newer = new HashTable(this.#least);
  }

  delete(hash: Uint8Array): void {
    this.#newer.delete(hash);
    this.#older.delete(hash);
  }
}

/** A hash as a member of a set. */
export const hashName = (hash: Uint8Array): string => Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
