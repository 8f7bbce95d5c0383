import type { Address } from '../../protocol/address.ts';
import { equalBytes, toHex } from '../../protocol/bytes.ts';
import { verifyContact } from '../../protocol/contact-bundle.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import type { Clock } from '../../protocol/time.ts';
import { contactTopic } from '../../protocol/topic.ts';
import type { KeyEvent } from '../../rpc/views/safety.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import type { Pin, Pins } from './pins.ts';

/** What is read of one contact topic at most: anybody's noise there must not cost us more. */
const maxEntries = 200;
const maxBytes = 1024 * 1024;

/** Of each peer; the oldest go first. */
export const mostEvents = 100;

/** What is odd about the keys of a wallet, as they were last seen. */
export type ContactWarning = 'older-keys' | 'other-keys';

export interface Contacts {
  /**
   * The keys to write to a wallet with, null when the node has none. Asks the node unless it did within `maxAgeMs`; what is known already is the answer
   * where the node has nothing better. @throws NodeError when the node cannot be asked and nothing is known
   */
  lookUp(address: Address, maxAgeMs: number): Promise<VerifiedBundle | null>;
  /** Keys that came with an invitation: a peer is known from then on. Answers whose they are: of the identity that is known, of another, or of one before it. */
  learn(bundle: VerifiedBundle): Promise<'known' | 'other' | 'former'>;
  /** What is known already, without asking the node. */
  known(address: Address): Promise<VerifiedBundle | null>;
  warning(address: Address): Promise<ContactWarning | null>;
  /** From now on the wallet is who its other keys say. */
  acceptOther(address: Address): Promise<void>;
}

interface Deps {
  readonly pins: Pins;
  readonly node: Pick<NodeAccess, 'pages'>;
  readonly clock: Clock;
  /** A wallet vouches for another identity than the one that is known. */
  readonly otherKeys: (address: Address) => void;
}

/** Contacts of peers: verified, and the first identity key of a wallet is the one that stays. */
export function createContacts({ pins, node, clock, otherKeys }: Deps): Contacts {
  const first = (bundle: VerifiedBundle): Pin => ({
    bundle,
    firstSeenAt: clock(),
    checkedAt: 0,
    older: false,
    other: null,
    former: [],
    verified: null,
    events: [],
  });
  const event = (pin: Pin, kind: KeyEvent['kind']): Pin => ({ ...pin, events: [...pin.events, { at: clock(), kind }].slice(-mostEvents) });

  /** The pin with another identity beside it, which is an event when it is a new one. */
  const withOther = (pin: Pin, other: VerifiedBundle): Pin => {
    const told = pin.other && sameIdentity(pin.other, other);
    return told ? { ...pin, other: better(pin.other, other) } : event({ ...pin, other }, 'changed');
  };

  /** Changes a pin, and tells of an identity that was not there before. */
  const change = async (address: Address, next: (pin: Pin | null) => Pin | null, firmly = false): Promise<Pin | null> => {
    let news = false;
    const pin = await pins.change(
      address,
      (before) => {
        const after = next(before);
        news = after?.other != null && !(before?.other && sameIdentity(before.other, after.other));
        return after;
      },
      firmly,
    );
    if (news) otherKeys(address);
    return pin;
  };

  return {
    async lookUp(address, maxAgeMs) {
      const before = await pins.get(address);
      if (before && before.checkedAt > clock() - maxAgeMs) return before.bundle;
      let found: VerifiedBundle[];
      try {
        found = await readContacts(node, address);
      } catch (error) {
        if (before) return before.bundle;
        throw error;
      }
      const pin = await change(address, (known) => {
        const best = found.reduce(better, known?.bundle ?? null);
        return best && afterLook({ ...(known ?? first(best)), bundle: best }, found);
      });
      return pin?.bundle ?? null;
    },
    async learn(bundle) {
      let answer: 'known' | 'other' | 'former' = 'known';
      await change(bundle.address, (known) => {
        if (!known) return first(bundle);
        if (sameIdentity(known.bundle, bundle)) {
          const best = better(known.bundle, bundle);
          return best === known.bundle ? known : { ...known, bundle: best };
        }
        answer = known.former.includes(toHex(bundle.identityKey)) ? 'former' : 'other';
        return answer === 'former' ? known : withOther(known, bundle);
      });
      return answer;
    },
    known: async (address) => (await pins.get(address))?.bundle ?? null,
    async warning(address) {
      const facts = await pins.facts(address);
      if (facts?.other) return 'other-keys';
      return facts?.older ? 'older-keys' : null;
    },
    async acceptOther(address) {
      const accept = (pin: Pin | null): Pin | null => {
        if (!pin?.other) return pin;
        const accepted = toHex(pin.other.identityKey);
        const former = [...pin.former, toHex(pin.bundle.identityKey)].filter((each) => each !== accepted);
        return event(
          { ...pin, bundle: pin.other, firstSeenAt: clock(), checkedAt: 0, older: false, other: null, former, verified: null },
          'accepted',
        );
      };
      await change(address, accept, true);
    },
  };

  /** What a look at the node makes of a pin that has the best bundle already. */
  function afterLook(pin: Pin, found: readonly VerifiedBundle[]): Pin {
    const { bundle, former } = pin;
    const same = found.filter((each) => sameIdentity(each, bundle));
    // What programs without a memory would write with.
    const [newest] = found;
    const replaced = newest !== undefined && former.includes(toHex(newest.identityKey));
    const older = replaced || (same.length > 0 && same.every(({ preKeyCreatedMs }) => preKeyCreatedMs < bundle.preKeyCreatedMs));
    const looked = { ...pin, checkedAt: clock(), older };
    const told = older && !pin.older ? event(looked, 'older') : looked;
    return newest && !replaced && !sameIdentity(newest, bundle) ? withOther(told, newest) : told;
  }
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

/** The bundles of a wallet that a node has, newest first. @throws NodeError */
export const readContacts = async (node: Pick<NodeAccess, 'pages'>, address: Address): Promise<VerifiedBundle[]> =>
  verified(await readTopic(node, address), address);

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
