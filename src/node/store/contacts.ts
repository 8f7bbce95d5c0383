import { type ContactFacts, NotNewerError } from './store.ts';

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

/** The newest contact of a topic, as a store keeps it at hand. */
export interface NewestContact {
  readonly createdMs: number;
  readonly keys: Uint8Array;
  /** Bit by bit: 1 and 2 for the formats that are there. */
  readonly versions: number;
  /** The latest time among its envelopes. */
  readonly timestampNs: bigint;
}

/** What becomes of a contact: whether it is stored, which others go, and what the newest is now, if that changes. */
export interface ContactDecision<Known extends KnownContact> {
  readonly take: boolean;
  readonly gone: readonly Known[];
  readonly newest?: NewestContact;
}

/** Decides on one that its owner publishes here: it must be newer than the newest, or say the same. @throws NotNewerError */
export function decideOnPublished(
  { createdMs, keys, version, mustBeNewer }: ContactFacts,
  timestampNs: bigint,
  newest: NewestContact | undefined,
): ContactDecision<never> {
  const take = { take: true, gone: [] };
  let versions = version as number;
  if (newest) {
    if (Buffer.compare(newest.keys, keys) === 0) {
      // Clients publish each bundle in both formats, and again whenever they like; once each is enough.
      if ((newest.versions & version) !== 0) return { take: !mustBeNewer, gone: [] };
      versions |= newest.versions;
    } else if (createdMs <= newest.createdMs) {
      if (mustBeNewer) throw new NotNewerError('the pre-key is not newer than that of the contact which the topic has');
      return take;
    } else if (mustBeNewer && timestampNs < newest.timestampNs) {
      throw new NotNewerError('the envelope is older than the contact which the topic has, so nobody would find it');
    }
  }
  return { ...take, newest: { createdMs, keys, versions, timestampNs: latest(timestampNs, newest ? [newest] : []) } };
}

/** Decides on one that another node took: it finds its place among all of its topic, and those that have none beside it go. */
export function decideAmong<Known extends KnownContact>(
  one: KnownContact,
  known: readonly Known[],
  newest: NewestContact | undefined,
): ContactDecision<Known> {
  if (known.some((other) => outranks(other, one))) return { take: false, gone: [] };
  const gone = known.filter((other) => outranks(one, other));
  if (newest && compareKeys(one, newest) < 0) return { take: true, gone };
  const beside = known.filter((other) => !gone.includes(other) && compareKeys(one, other) === 0);
  const versions = beside.reduce((seen, other) => seen | other.version, one.version);
  const { createdMs, keys } = one;
  return { take: true, gone, newest: { createdMs, keys, versions, timestampNs: latest(one.timestampNs, beside) } };
}

function latest(timestampNs: bigint, others: readonly { readonly timestampNs: bigint }[]): bigint {
  let found = timestampNs;
  for (const other of others) if (other.timestampNs > found) found = other.timestampNs;
  return found;
}
