import { KeystoreError } from './errors.ts';
import type { Vault } from './vault.ts';
import type { VaultStore } from './vault-store.ts';

/** The vault of this browser as it is known now. Changes are written one after the other: each builds on the revision before. */
export class VaultKeeper {
  readonly #store: VaultStore;
  #vault: Vault | null = null;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(store: VaultStore) {
    this.#store = store;
  }

  get vault(): Vault | null {
    return this.#vault;
  }

  /** @throws KeystoreError no-account */
  need(): Vault {
    if (!this.#vault) throw new KeystoreError('no-account', 'there is no account yet');
    return this.#vault;
  }

  /** @throws KeystoreError vault-corrupt */
  async read(): Promise<Vault | null> {
    this.#vault = await this.#store.read();
    return this.#vault;
  }

  async create(vault: Vault): Promise<void> {
    await this.#store.write(vault);
    this.#vault = vault;
  }

  /** `next` makes another vault from the one that is there, or null for no change; `written` runs before the next change begins. */
  async change<T extends { readonly vault: Vault }>(next: (vault: Vault) => Promise<T | null>, written: (step: T) => void): Promise<void> {
    const change = async (): Promise<void> => {
      const step = await next(this.need());
      if (!step) return;
      await this.#store.write(step.vault).catch(async (error: unknown) => {
        // What counts is what the disk holds now: that passphrase is the one to ask for.
        this.#vault = (await this.#store.read().catch(() => null)) ?? this.#vault;
        throw error;
      });
      this.#vault = step.vault;
      written(step);
    };
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    await changed;
  }

  /** After what is being written: a change under way would bring the vault back. */
  async delete(): Promise<void> {
    await this.#changing;
    await this.#store.delete();
    this.#vault = null;
  }
}
