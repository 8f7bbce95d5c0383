import type { SessionArea } from '../../src/keystore/session.ts';
import type { Cell } from '../../src/keystore/vault-store.ts';

/** One value in memory, as a database would keep it. */
export function cell<T>(): Cell<T> & { value: T | undefined } {
  return {
    value: undefined,
    async get() {
      return this.value;
    },
    async put(value) {
      this.value = value;
    },
    async delete() {
      this.value = undefined;
    },
  };
}

/** The browser's memory of a session. It keeps JSON only, as the real one does in one of the browsers. */
export function sessionArea(): SessionArea & { clear(): void } {
  const kept = new Map<string, string>();
  return {
    get: async (key) => JSON.parse(kept.get(key) ?? 'null') ?? undefined,
    set: async (key, value) => void kept.set(key, JSON.stringify(value)),
    remove: async (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}
