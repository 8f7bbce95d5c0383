import { NodeError } from '../../network/errors.ts';
import type { NodeClient } from '../../network/node-client.ts';
import type { Address } from '../../protocol/address.ts';
import { equalBytes, toHex } from '../../protocol/bytes.ts';
import { type Envelope, envelopeDigest } from '../../protocol/envelope.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import { type Clock, msToNs } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { NodeComparison, NodeFinding } from '../../rpc/views/settings.ts';
import { createExclusive } from '../exclusive.ts';
import { readContacts } from '../messages/contacts.ts';
import { timeOf } from '../messages/model.ts';
import type { Session } from '../session.ts';

/** Lays what several nodes say beside each other: a node that keeps back, rolls back or invents is known by the others. */
export interface Comparing {
  /** Compares now. What only another node has is taken in, so that nothing stays lost. */
  run(session: Session): Promise<NodeComparison>;
  /** What came of the last time; null: there was none. */
  last(session: Session): Promise<NodeComparison | null>;
  /** Whether the last time spoke against one of them; never fails, since the status stands on it. */
  doubts(session: Session): Promise<boolean>;
  /** Compares if it is time. */
  runIfDue(session: Session): Promise<void>;
}

interface Deps {
  /** Those that are used and those that may step in. */
  readonly nodes: () => Promise<readonly string[]>;
  readonly connect: (url: string) => Pick<NodeClient, 'pages'>;
  readonly clock: Clock;
  readonly changed: () => void;
}

const everyMs = 6 * 3_600_000;
/** How far back is looked, and what is too new to have reached everybody. */
const windowMs = 7 * 86_400_000;
const settlingMs = 2 * 60_000;
const mostTopics = 40;
const mostContacts = 10;
const mostEnvelopes = 1_000;

const noteName = 'comparison of nodes';

/** What one node has of the topics that are looked at; `since`: it may have more from before. */
interface Shelf {
  readonly url: string;
  readonly envelopes: ReadonlyMap<string, Envelope>;
  readonly since: bigint;
  readonly contacts: ReadonlyMap<Address, readonly VerifiedBundle[]>;
}

export function createComparing({ nodes, connect, clock, changed }: Deps): Comparing {
  const known = new WeakMap<Session, Promise<NodeComparison | null>>();

  const read = async ({ keys, records }: Session): Promise<NodeComparison | null> => {
    const key = await keys.blind('notes', noteName);
    const sealed = await records.notes.get(key);
    return sealed ? ((await keys.openRecord('notes', key, sealed)) as NodeComparison) : null;
  };

  const last = (session: Session): Promise<NodeComparison | null> => {
    const found =
      known.get(session) ??
      read(session).catch((error: unknown) => {
        // What could not be read now may be read the next time.
        known.delete(session);
        throw error;
      });
    known.set(session, found);
    return found;
  };

  const compare = async (session: Session): Promise<NodeComparison> => {
    await session.ready();
    const urls = [...new Set(await nodes())];
    const until = msToNs(clock() - settlingMs);
    const rows = [...session.rows.all()].sort((a, b) => timeOf(b) - timeOf(a));
    const topics = [...new Set([inviteTopic(session.address), ...rows.slice(0, mostTopics).map(({ topic }) => topic)])];
    const people = [...new Set([session.address, ...rows.flatMap(({ group, peer }) => (group ? [] : [peer]))])].slice(0, mostContacts);
    const found = await Promise.all(urls.map((url) => shelfOf(url, connect(url), topics, people, until)));
    const shelves = found.filter((shelf) => shelf !== null);
    const findings = await judge(session, shelves, people);
    const comparison: NodeComparison = {
      at: clock(),
      nodes: urls.map((url, index) => findings.find((each) => each.url === url) ?? silent(url, found[index] === null)),
    };
    const key = await session.keys.blind('notes', noteName);
    await session.records.notes.put(key, await session.keys.sealRecord('notes', key, comparison));
    known.set(session, Promise.resolve(comparison));
    changed();
    return comparison;
  };

  const shelfOf = async (
    url: string,
    client: Pick<NodeClient, 'pages'>,
    topics: readonly string[],
    people: readonly Address[],
    endNs: bigint,
  ): Promise<Shelf | null> => {
    const startNs = endNs - msToNs(windowMs);
    const envelopes = new Map<string, Envelope>();
    let since = startNs;
    let seen = 0;
    try {
      for await (const page of client.pages({ topics, startNs, endNs, direction: 'descending', limit: 100 })) {
        for (const each of page) envelopes.set(toHex(envelopeDigest(each.contentTopic, each.message)), each);
        seen += page.length; // the same ones again count too: a node must come to an end
        if (seen < mostEnvelopes) continue;
        since = page.at(-1)?.timestampNs ?? startNs;
        break;
      }
      const contacts = new Map<Address, readonly VerifiedBundle[]>();
      for (const person of people) contacts.set(person, await readContacts(client, person));
      return { url, envelopes, since, contacts };
    } catch (error) {
      if (error instanceof NodeError) return null;
      throw error;
    }
  };

  const exclusive = createExclusive();
  return {
    run: (session) => exclusive(() => compare(session)),
    last,
    doubts: (session) =>
      last(session).then(
        (comparison) => comparison?.nodes.some(isDoubtful) ?? false,
        () => false, // a lock may have come in between
      ),
    runIfDue: (session) =>
      exclusive(async () => {
        if (new Set(await nodes()).size < 2) return;
        const before = await last(session);
        if (!before || clock() - before.at >= everyMs) await compare(session);
      }),
  };
}

const silent = (url: string, unanswered: boolean): NodeFinding => ({
  url,
  answered: !unanswered,
  looked: 0,
  missing: 0,
  foreign: 0,
  olderKeys: [],
});

async function judge(session: Session, shelves: readonly Shelf[], people: readonly Address[]): Promise<NodeFinding[]> {
  if (shelves.length === 0) return [];
  // Beyond where the shortest look ended nobody can be said to lack anything.
  const since = shelves
    .map((shelf) => shelf.since)
    .sort(ascending)
    .at(-1) as bigint;
  const all = new Map<string, Envelope>();
  for (const { envelopes } of shelves) for (const [digest, each] of envelopes) if (each.timestampNs > since) all.set(digest, each);
  const apart = [...all].filter(([digest]) => shelves.some(({ envelopes }) => !envelopes.has(digest)));
  await session.sync.take(apart.map(([, envelope]) => envelope));
  const missing = new Map<string, number>();
  const foreign = new Map<string, number>();
  for (const [digest, envelope] of apart) {
    const genuine = await session.sync.opened(envelope);
    for (const { url, envelopes } of shelves) {
      if (genuine && !envelopes.has(digest)) missing.set(url, (missing.get(url) ?? 0) + 1);
      if (!genuine && envelopes.has(digest)) foreign.set(url, (foreign.get(url) ?? 0) + 1);
    }
  }
  const older = new Map<string, Address[]>();
  for (const person of people) {
    const pinned = person === session.address ? session.keys.publicBundle() : await session.contacts.known(person);
    const identity = pinned?.identityKey ?? shelves.flatMap(({ contacts }) => contacts.get(person) ?? [])[0]?.identityKey;
    if (!identity) continue;
    const newestAt = (shelf: Shelf): number =>
      Math.max(
        0,
        ...(shelf.contacts.get(person) ?? [])
          .filter((each) => equalBytes(each.identityKey, identity))
          .map(({ preKeyCreatedMs }) => preKeyCreatedMs),
      );
    const newest = Math.max(pinned?.preKeyCreatedMs ?? 0, ...shelves.map(newestAt));
    for (const shelf of shelves) if (newestAt(shelf) < newest) older.set(shelf.url, [...(older.get(shelf.url) ?? []), person]);
  }
  return shelves.map(({ url }) => ({
    url,
    answered: true,
    looked: all.size,
    missing: missing.get(url) ?? 0,
    foreign: foreign.get(url) ?? 0,
    olderKeys: older.get(url) ?? [],
  }));
}

const ascending = (a: bigint, b: bigint): number => Number(a > b) - Number(a < b);

/** Whether a node is to be told of: it lacks what others have, or shows keys from before. */
export const isDoubtful = ({ missing, olderKeys }: NodeFinding): boolean => missing > 0 || olderKeys.length > 0;
