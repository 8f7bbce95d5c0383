import { equalBytes, toHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { KeyEvent } from '../../rpc/views/safety.ts';
import { mostEvents } from '../messages/contacts.ts';
import { type PackedPin, type Pin, type Pins, unpackPin } from '../messages/pins.ts';

/** Adds what a backup file knows of peers' keys; nothing that is known here gives way. Answers for how many peers there was news. */
export async function restorePins(pins: Pins, packed: readonly PackedPin[], now: number): Promise<number> {
  let added = 0;
  for (const each of packed) {
    const theirs = readPin(each);
    if (!theirs) continue;
    const before = await pins.get(theirs.bundle.address);
    const after = await pins.change(theirs.bundle.address, (mine) => mergePins(mine, theirs, now), true);
    if (after !== before) added += 1;
  }
  return added;
}

/** Null for keys that do not verify: what nobody could write with is no loss. */
function readPin(packed: PackedPin): Pin | null {
  try {
    return unpackPin(packed);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** What is known of a peer from both. Of two identities the one that is used here stays, and the other is told of as any change is. */
export function mergePins(mine: Pin | null, theirs: Pin, now: number): Pin {
  if (!mine) return { ...theirs, checkedAt: 0 };
  const theirKey = toHex(theirs.bundle.identityKey);
  if (theirKey !== toHex(mine.bundle.identityKey)) {
    const known = mine.former.includes(theirKey) || (mine.other && equalBytes(mine.other.identityKey, theirs.bundle.identityKey));
    if (known || mine.other) return mine;
    return { ...mine, other: theirs.bundle, events: eventsOf(mine.events, [{ at: now, kind: 'changed' }]) };
  }
  const merged: Pin = {
    ...mine,
    bundle: theirs.bundle.preKeyCreatedMs > mine.bundle.preKeyCreatedMs ? theirs.bundle : mine.bundle,
    firstSeenAt: Math.min(mine.firstSeenAt, theirs.firstSeenAt),
    former: [...new Set([...mine.former, ...theirs.former])],
    verified: mine.verified ?? theirs.verified,
    events: eventsOf(mine.events, theirs.events),
  };
  return JSON.stringify(plain(merged)) === JSON.stringify(plain(mine)) ? mine : merged;
}

const plain = ({ bundle, other: _, ...rest }: Pin): unknown => [rest, bundle.preKeyCreatedMs];

const eventsOf = (one: readonly KeyEvent[], other: readonly KeyEvent[]): KeyEvent[] => {
  const all = new Map([...one, ...other].map((event) => [`${event.at} ${event.kind}`, event]));
  return [...all.values()].sort((a, b) => a.at - b.at).slice(-mostEvents);
};
