import type { Keystore } from '../keystore/keystore.ts';
import type { Address } from '../protocol/address.ts';
import { equalBytes } from '../protocol/bytes.ts';
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
}

interface Known {
  readonly bundle: VerifiedBundle;
  readonly checkedAt: number;
}

export interface Contacts {
  /**
   * The keys to write to a wallet with, null when the node has none. Asks the node unless it did within `maxAgeMs`; what is known already is the answer
   * where the node has nothing better. @throws NodeError when the node cannot be asked and nothing is known
   */
  lookUp(address: Address, maxAgeMs: number): Promise<VerifiedBundle | null>;
  /** Keys that came with an invitation: a peer is known from then on. */
  learn(bundle: VerifiedBundle): Promise<void>;
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
    const { contact, checkedAt } = (await keystore.openRecord('contacts', key, sealed)) as StoredContact;
    const known = { bundle: verifyContact(contact, address), checkedAt };
    memory.set(address, known);
    return known;
  };

  const keep = async (bundle: VerifiedBundle, checkedAt: number): Promise<void> => {
    memory.set(bundle.address, { bundle, checkedAt });
    const key = await keystore.blind('contacts', bundle.address);
    const stored: StoredContact = { contact: encodeContact(bundle, 2), checkedAt };
    await cache.contacts.put(key, await keystore.sealRecord('contacts', key, stored));
  };

  return {
    async lookUp(address, maxAgeMs) {
      const known = await recall(address);
      if (known && known.checkedAt > clock() - maxAgeMs) return known.bundle;
      let found: VerifiedBundle | null;
      try {
        found = choose(await readTopic(node, address), address, known?.bundle ?? null);
      } catch (error) {
        if (known) return known.bundle;
        throw error;
      }
      const best = found ?? known?.bundle ?? null;
      if (best) await keep(best, clock());
      return best;
    },
    async learn(bundle) {
      const known = await recall(bundle.address);
      const best = better(known?.bundle ?? null, bundle);
      if (best !== known?.bundle) await keep(best, known?.checkedAt ?? 0);
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

/** The newest pre-key of the identity that is pinned, else of the identity that was published last. What does not verify is passed over. */
function choose(newestFirst: readonly Uint8Array[], address: Address, pinned: VerifiedBundle | null): VerifiedBundle | null {
  let best = pinned;
  for (const entry of newestFirst) {
    try {
      best = better(best, verifyContact(entry, address));
    } catch {
      // Anything may lie on a topic; the next entry may be good.
    }
  }
  return best;
}

/** Of two bundles of one wallet the one to keep: the identity that was known first, with its newest pre-key. */
function better(known: VerifiedBundle | null, found: VerifiedBundle): VerifiedBundle {
  if (!known) return found;
  if (!equalBytes(known.identityKey, found.identityKey)) return known;
  return found.preKeyCreatedMs > known.preKeyCreatedMs ? found : known;
}
