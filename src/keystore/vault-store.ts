import { equalBytes } from '../protocol/bytes.ts';
import { KeystoreError } from './errors.ts';
import { decodeVault, encodeVault, type Vault } from './vault.ts';

/** One value at rest. */
export interface Cell<T> {
  get(): Promise<T | undefined>;
  put(value: T): Promise<void>;
  delete(): Promise<void>;
}

/** The vault in two places: the primary decides, the mirror helps when the primary is lost, damaged or older. */
export class VaultStore {
  readonly #primary: Cell<Uint8Array>;
  readonly #mirror: Cell<Uint8Array>;

  constructor(primary: Cell<Uint8Array>, mirror: Cell<Uint8Array>) {
    this.#primary = primary;
    this.#mirror = mirror;
  }

  /** The newest good copy, of two equally new ones the primary; null when there never was one. The other copy is made equal to it. @throws KeystoreError vault-corrupt when no copy is good, vault-newer when one is of a format to come: nothing is written then; as the cell, where none is good and one cannot be read now */
  async read(): Promise<Vault | null> {
    const [primary, mirror] = await Promise.all([copyIn(this.#primary), copyIn(this.#mirror)]);
    const newest = [primary.vault, mirror.vault].filter((vault) => vault !== null).sort((a, b) => b.rev - a.rev)[0];
    if (!newest) {
      for (const { away } of [primary, mirror]) if (away) throw away.error;
      if (primary.damaged || mirror.damaged) throw new KeystoreError('vault-corrupt', 'both copies of the vault are damaged');
      return null;
    }
    const bytes = encodeVault(newest);
    // What cannot be written now, on a full disk say, is no reason not to open what is there.
    for (const [copy, { vault }] of [
      [this.#primary, primary],
      [this.#mirror, mirror],
    ] as const)
      if (!vault || !equalBytes(encodeVault(vault), bytes)) await copy.put(bytes).catch(() => undefined);
    return newest;
  }

  /** Writes the primary, reads it back, and only then the mirror: one good copy is there at every moment. */
  async write(vault: Vault): Promise<void> {
    const bytes = encodeVault(vault);
    await this.#primary.put(bytes);
    const back = await this.#primary.get();
    if (!back || !equalBytes(back, bytes)) throw new KeystoreError('vault-corrupt', 'the vault was not written as it is');
    await this.#mirror.put(bytes);
  }

  async delete(): Promise<void> {
    await this.#primary.delete();
    await this.#mirror.delete();
  }
}

/** Whether there are copies and none of them is good. One of a format to come is not judged. */
export function areDamaged(copies: readonly (Uint8Array | undefined)[]): boolean {
  const there = copies.filter((copy) => copy !== undefined);
  return there.length > 0 && there.every(isDamaged);
}

function isDamaged(copy: Uint8Array): boolean {
  try {
    decodeVault(copy);
    return false;
  } catch (error) {
    return !(error instanceof KeystoreError && error.reason === 'vault-newer');
  }
}

interface Copy {
  readonly vault: Vault | null;
  readonly damaged: boolean;
  /** Why it cannot be read just now. */
  readonly away?: { readonly error: unknown };
}

/** @throws KeystoreError vault-newer */
async function copyIn(cell: Cell<Uint8Array>): Promise<Copy> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await cell.get();
  } catch (error) {
    return { vault: null, damaged: false, away: { error } };
  }
  if (bytes !== undefined && isDamaged(bytes)) return { vault: null, damaged: true };
  return { vault: bytes ? decodeVault(bytes) : null, damaged: false };
}
