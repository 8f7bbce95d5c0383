import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import { safetyNumber } from '../../protocol/safety-number.ts';
import type { Clock } from '../../protocol/time.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Safety } from '../../rpc/views/safety.ts';
import { noteStop } from '../log.ts';
import { badParams } from '../refuse.ts';
import type { SafetyService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { existing } from './conversations.ts';
import type { Pin } from './pins.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Something in this conversation looks different now. */
  readonly changed: (conversation: string) => void;
}

/** How old what is known of a peer may be when a conversation is looked at. */
const freshMs = 10 * 60_000;

/** What a person is told of the keys of a peer, and says of them. */
export function createSafety({ sessions, clock, changed }: Deps): SafetyService {
  /** Numbers that were worked out: each takes a hundred milliseconds. */
  const numbers = new Map<string, Promise<string>>();

  const numberOf = (session: Session, { address, identityKey }: VerifiedBundle): Promise<string> => {
    const mine = { address: session.address, identityKey: session.keys.publicBundle().identityKey };
    const name = `${toHex(mine.identityKey)} ${toHex(identityKey)}`;
    const number = numbers.get(name) ?? safetyNumber(mine, { address, identityKey });
    if (numbers.size >= 256) numbers.clear();
    numbers.set(name, number);
    return number;
  };

  const plainView = async (session: Session, peer: Address): Promise<Safety> => {
    const [facts, warning] = [await session.pins.facts(peer), await session.contacts.warning(peer)];
    // Where the node shows other keys, nobody has verified those, and the shield would be of the ones before.
    const verified = facts && warning !== 'other-keys' && isVerified(facts, ownKey(session)) ? facts.verified : null;
    return {
      number: null,
      otherNumber: null,
      firstSeenAt: facts?.firstSeenAt ?? null,
      verifiedAt: verified?.at ?? null,
      warning,
      events: facts?.events ?? [],
    };
  };

  const viewWithNumbers = async (session: Session, peer: Address): Promise<Safety> => {
    const pin = await session.pins.get(peer);
    return {
      ...(await plainView(session, peer)),
      number: pin && (await numberOf(session, pin.bundle)),
      otherNumber: pin?.other ? await numberOf(session, pin.other) : null,
    };
  };

  const ownKey = ({ keys }: Session): string => toHex(keys.publicBundle().identityKey);

  const peerOf = async (session: Session, id: string): Promise<Address> => {
    const { peer, group } = await existing(session, id);
    if (group) throw badParams('refusals.safetyOfTwo');
    return peer;
  };

  return {
    async known(id) {
      const session = sessions.current();
      return plainView(session, await peerOf(session, id));
    },
    async read(id, numbers) {
      const session = sessions.current();
      const peer = await peerOf(session, id);
      const before = await session.pins.facts(peer);
      // What the node says comes later, and is told of as a change.
      session.contacts.lookUp(peer, freshMs).then(
        async () => (await session.pins.facts(peer))?.events.length !== before?.events.length && sessions.peek() === session && changed(id),
        (error: unknown) => noteStop('looking at a contact', error),
      );
      return numbers ? viewWithNumbers(session, peer) : plainView(session, peer);
    },
    async verify(id, number, verified) {
      const session = sessions.current();
      const peer = await peerOf(session, id);
      const pin = await session.pins.get(peer);
      // What was compared is what was shown: keys that changed in between were not.
      if (!pin || (await numberOf(session, pin.bundle)) !== number)
        throw new RefusalError('other-keys', 'The safety number is another one now. Compare it again.');
      const own = ownKey(session);
      await session.pins.change(peer, (now) => (now ? mark(now, pin, own, verified) : now), true);
      changed(id);
      return viewWithNumbers(session, peer);
    },
  };

  function mark(now: Pin, seen: Pin, own: string, verified: boolean): Pin {
    if (toHex(now.bundle.identityKey) !== toHex(seen.bundle.identityKey) || isVerified(now, own) === verified) return now;
    const at = clock();
    return {
      ...now,
      verified: verified ? { at, own } : null,
      events: [...now.events, { at, kind: verified ? 'verified' : 'unverified' }],
    };
  }
}

/** Whether these very identities were compared: with another key on either side the number is another. */
const isVerified = ({ verified }: Pick<Pin, 'verified'>, own: string): boolean => verified !== null && verified.own === own;
