import { type Random, randomBytes, toHex } from './bytes.ts';
import { type Envelope, envelopeDigest } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import {
  type ConsentAction,
  ciphertextId,
  decodeActions,
  encodeAction,
  type IdentityKey,
  openFromSelf,
  preferencesIdentifier,
  type SubjectKind,
  sealToSelf,
  type Verdict,
} from './preferences.ts';
import { type Clock, msToNs, systemClock } from './time.ts';
import { preferencesTopic } from './topic.ts';

/** What one entry of the preferences topic decided, and where it stands. */
export interface ConsentEntry {
  /** Names the ciphertext: copies of it decide nothing more. */
  readonly id: string;
  readonly timestampNs: bigint;
  /** Orders entries of one time; hex. */
  readonly digest: string;
  readonly actions: readonly ConsentAction[];
}

/** Decisions by `consentKey`; who is not in it is unknown. */
export type ConsentState = ReadonlyMap<string, Verdict>;

/** The name of a subject in a `ConsentState`; addresses are the same in any case (SPEC 12.3). */
export const consentKey = (kind: SubjectKind, name: string): string => `${kind}-${kind === 'address' ? name.toLowerCase() : name}`;

/** Seals a decision for the own preferences topic; its time lies after `previousNs`, that of the last one (SPEC 12.4). */
export async function sealConsent(
  identity: IdentityKey,
  action: ConsentAction,
  previousNs = 0n,
  clock: Clock = systemClock,
  random: Random = randomBytes,
): Promise<Envelope> {
  const now = msToNs(clock());
  // A whole millisecond later, because existing clients order by milliseconds.
  const timestampNs = now > previousNs ? now : (previousNs / msToNs(1) + 1n) * msToNs(1);
  const contentTopic = preferencesTopic(await preferencesIdentifier(identity));
  return { contentTopic, timestampNs, message: await sealToSelf(identity, encodeAction(action), random) };
}

/** Opens an entry of the own preferences topic; what is refused decides nothing and is skipped (SPEC 12.2). @throws ProtocolError */
export async function openConsent(identity: IdentityKey, envelope: Envelope): Promise<ConsentEntry> {
  if (envelope.contentTopic !== preferencesTopic(await preferencesIdentifier(identity)))
    throw new ProtocolError('wrong-topic', 'the entry is not from my preferences');
  return {
    id: ciphertextId(envelope.message),
    timestampNs: envelope.timestampNs,
    digest: toHex(envelopeDigest(envelope.contentTopic, envelope.message)),
    actions: decodeActions(await openFromSelf(identity, envelope.message)),
  };
}

/**
 * Adds entries just read to those seen before, in node order: by time, then digest. A ciphertext keeps the place of its first sighting, so that
 * nobody undoes a decision by publishing an old one again, under whatever time; within `read`, the first in node order counts.
 */
export function addSightings(seen: readonly ConsentEntry[], read: readonly ConsentEntry[]): ConsentEntry[] {
  const entries = new Map<string, ConsentEntry>();
  for (const entry of [...seen, ...read.toSorted(inNodeOrder)]) if (!entries.has(entry.id)) entries.set(entry.id, entry);
  return [...entries.values()].sort(inNodeOrder);
}

/**
 * The decisions that hold after all entries in node order: the last about a subject wins, a denial wins an exact tie of times, and a local
 * choice that is not published yet wins over both.
 */
export function foldConsent(entries: readonly ConsentEntry[], localChoices: ConsentState = new Map()): ConsentState {
  const decided = new Map<string, { readonly verdict: Verdict; readonly atNs: bigint }>();
  for (const { timestampNs: atNs, actions } of addSightings([], entries)) {
    for (const { verdict, kind, names } of actions) {
      for (const name of names) {
        const key = consentKey(kind, name);
        const known = decided.get(key);
        if (known?.atNs !== atNs || verdict === 'denied') decided.set(key, { verdict, atNs });
      }
    }
  }
  const state = new Map<string, Verdict>();
  for (const [key, { verdict }] of decided) state.set(key, verdict);
  for (const [key, verdict] of localChoices) state.set(key, verdict);
  return state;
}

function inNodeOrder(a: ConsentEntry, b: ConsentEntry): number {
  if (a.timestampNs !== b.timestampNs) return a.timestampNs < b.timestampNs ? -1 : 1;
  return a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0;
}
