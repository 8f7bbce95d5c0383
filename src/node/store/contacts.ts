/** A contact of a topic, as far as it decides which of several stay. */
export interface KnownContact {
  /** When its pre-key was made, ms. */
  readonly createdMs: number;
  /** See `ContactFacts`. */
  readonly keys: Uint8Array;
  readonly version: number;
  /** Of its envelope. */
  readonly timestampNs: bigint;
  readonly digest: Uint8Array;
}

/** Positive when the keys of the first are the newer ones; two that were made at the same moment are told apart by their bytes. */
export const compareKeys = (a: Pick<KnownContact, 'createdMs' | 'keys'>, b: Pick<KnownContact, 'createdMs' | 'keys'>): number =>
  a.createdMs === b.createdMs ? Buffer.compare(a.keys, b.keys) : a.createdMs - b.createdMs;

/**
 * Whether one contact leaves another no place. Readers take the latest envelope for the current contact, so older keys must not lie above newer ones; and
 * of the same keys in the same format one envelope is enough, the earliest. What this leaves of a set does not depend on the order in which it came, so that all
 * nodes end with the same contacts: the relation is transitive.
 */
export function outranks(one: KnownContact, other: KnownContact): boolean {
  const newer = compareKeys(one, other);
  if (newer > 0) return one.timestampNs <= other.timestampNs;
  if (newer < 0 || one.version !== other.version) return false;
  if (one.timestampNs !== other.timestampNs) return one.timestampNs < other.timestampNs;
  return Buffer.compare(one.digest, other.digest) < 0;
}
