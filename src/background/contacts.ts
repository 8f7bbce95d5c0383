import type { Keystore } from '../keystore/keystore.ts';
import type { Address } from '../protocol/address.ts';
import { equalBytes, toHex } from '../protocol/bytes.ts';
import { encodeContact, verifyContact } from '../protocol/contact-bundle.ts';
import type { VerifiedBundle } from '../protocol/public-keys.ts';
import type { Clock } from '../protocol/time.ts';
import { contactTopic } from '../protocol/topic.ts';
import type { Cache } from '../storage/cache.ts';
import type { NodeAccess } from './node-access.ts';

/** What is read of one contact topic at most: anybody's noise there must not cost us more. */
const maxEntries = 200;
const maxBytes = 1024 * 1024;

/** As the cache keeps it, sealed. The bytes are verified again at every start. */
interface StoredContact {
  readonly contact: Uint8Array;
  readonly checkedAt: number;
  readonly older?: boolean;
  readonly other?: Uint8Array | null;
  readonly former?: readonly string[];
}

interface Known {
  readonly bundle: VerifiedBundle;
  readonly checkedAt: number;
  /** The node showed nothing but older pre-keys of this identity. */
  readonly older: boolean;
  /** Keys of another identity that the same wallet signed: nobody writes with them until a person says so. */
  readonly other: VerifiedBundle | null;
  /** Identity keys (hex) that another took the place of: to meet them in old invitations is no news. */
  readonly former: readonly string[];
}

/** What is odd about the keys of a wallet, as they were last seen. */
export type ContactWarning = 'older-keys' | 'other-keys';

export interface Contacts {
  /**
   * The keys to write to a wallet with, null when the node has none. Asks the node unless it did within `maxAgeMs`; what is known already is the answer
   * where the node has nothing better. @throws NodeError when the node cannot be asked and nothing is known
   */
  lookUp(address: Address, maxAgeMs: number): Promise<VerifiedBundle | null>;
  /** Keys that came with an invitation: a peer is known from then on. Answers whether they are of the identity that is known. */
  learn(bundle: VerifiedBundle): Promise<boolean>;
  /** What is known already, without asking the node. */
  known(address: Address): Promise<VerifiedBundle | null>;
  warning(address: Address): Promise<ContactWarning | null>;
  /** From now on the wallet is who its other keys say. */
  acceptOther(address: Address): Promise<void>;
}

interface Deps {
  readonly keystore: Keystore;
  readonly cache: Cache;
  readonly node: Pick<NodeAccess, 'pages'>;
  readonly clock: Clock;
}

/** Contacts of peers: verified, and the first identity key of a wallet is the one that stays. */
export function createContacts({ keystore, cache, node, clock }: Deps): Contacts {
  const memory = new Map<Address, Known>();

  const recall = async (address: Address): Promise<Known | null> => {
    const remembered = memory.get(address);
    if (remembered) return remembered;
    const key = await keystore.blind('contacts', address);
    const sealed = await cache.contacts.get(key);
    if (!sealed) return null;
    const { contact, checkedAt, older = false, other, former = [] } = (await keystore.openRecord('contacts', key, sealed)) as StoredContact;
    const known = {
      bundle: verifyContact(contact, address),
      checkedAt,
      older,
      other: other ? verifyContact(other, address) : null,
      former,
    };
    memory.set(address, known);
    return known;
  };

  const keep = async (known: Known): Promise<void> => {
    const { bundle, checkedAt, older, other, former } = known;
    memory.set(bundle.address, known);
    const key = await keystore.blind('contacts', bundle.address);
    const stored: StoredContact = { contact: encodeContact(bundle, 2), checkedAt, older, other: other && encodeContact(other, 2), former };
    await cache.contacts.put(key, await keystore.sealRecord('contacts', key, stored));
  };

  return {
    async lookUp(address, maxAgeMs) {
      const known = await recall(address);
      if (known && known.checkedAt > clock() - maxAgeMs) return known.bundle;
      let found: VerifiedBundle[];
      try {
        found = verified(await readTopic(node, address), address);
      } catch (error) {
        if (known) return known.bundle;
        throw error;
      }
      const best = found.reduce(better, known?.bundle ?? null);
      if (!best) return null;
      const same = found.filter((bundle) => sameIdentity(bundle, best));
      const former = known?.former ?? [];
      // What programs without a memory would write with.
      const [newest] = found;
      const replaced = newest !== undefined && former.includes(toHex(newest.identityKey));
      const older = replaced || (same.length > 0 && same.every(({ preKeyCreatedMs }) => preKeyCreatedMs < best.preKeyCreatedMs));
      if (older) console.warn('the node shows an older contact of a peer than was seen before');
      const other = newest && !replaced && !sameIdentity(newest, best) ? newest : (known?.other ?? null);
      await keep({ bundle: best, checkedAt: clock(), older, other, former });
      return best;
    },
    async learn(bundle) {
      const known = await recall(bundle.address);
      if (known && !sameIdentity(known.bundle, bundle)) {
        if (!known.former.includes(toHex(bundle.identityKey))) await keep({ ...known, other: bundle });
        return false;
      }
      const best = better(known?.bundle ?? null, bundle);
      if (best !== known?.bundle) await keep({ checkedAt: 0, older: false, other: null, former: [], ...known, bundle: best });
      return true;
    },
    known: async (address) => (await recall(address))?.bundle ?? null,
    async warning(address) {
      const known = await recall(address);
      if (known?.other) return 'other-keys';
      return known?.older ? 'older-keys' : null;
    },
    async acceptOther(address) {
      const known = await recall(address);
      if (!known?.other) return;
      const accepted = toHex(known.other.identityKey);
      const former = [...known.former, toHex(known.bundle.identityKey)].filter((each) => each !== accepted);
      await keep({ bundle: known.other, checkedAt: 0, older: false, other: null, former });
    },
  };
}

/** The messages of a contact topic, newest first. */
async function readTopic(node: Pick<NodeAccess, 'pages'>, address: Address): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = [];
  let bytes = 0;
  for await (const page of node.pages({ topics: [contactTopic(address)], direction: 'descending', limit: 100 })) {
    for (const { message } of page) {
      bytes += message.length;
      if (entries.length >= maxEntries || bytes > maxBytes) return entries;
      entries.push(message);
    }
  }
  return entries;
}

/** The entries that verify. */
const verified = (newestFirst: readonly Uint8Array[], address: Address): VerifiedBundle[] =>
  newestFirst.flatMap((entry) => {
    try {
      return [verifyContact(entry, address)];
    } catch {
      return []; // anything may lie on a topic; the next entry may be good
    }
  });

const sameIdentity = (a: VerifiedBundle, b: VerifiedBundle): boolean => equalBytes(a.identityKey, b.identityKey);

/** Of two bundles of one wallet the one to keep: the identity that was known first, with its newest pre-key. */
function better(known: VerifiedBundle | null, found: VerifiedBundle): VerifiedBundle {
  if (!known) return found;
  return sameIdentity(known, found) && found.preKeyCreatedMs > known.preKeyCreatedMs ? found : known;
}
