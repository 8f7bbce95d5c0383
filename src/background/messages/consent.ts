import type { AccountKeys } from '../../keystore/account-keys.ts';
import { NodeError } from '../../network/errors.ts';
import { toHex } from '../../protocol/bytes.ts';
import { addSightings, type ConsentEntry, type ConsentState, consentKey, foldConsent } from '../../protocol/consent.ts';
import { type Envelope, envelopeDigest } from '../../protocol/envelope.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { type ConsentAction, ciphertextId, type SubjectKind, type Verdict } from '../../protocol/preferences.ts';
import { type Clock, msToNs } from '../../protocol/time.ts';
import type { Cache } from '../../storage/cache.ts';
import type { Records } from '../../storage/records.ts';
import { createExclusive, createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import { createAgain } from '../sync/again.ts';

/** Whom the owner lets write: what every program of the owner decided, by the preferences topic, and what was decided here and is still on its way there. */
export interface Consent {
  /** Must have run before anything is looked up. */
  load(): Promise<void>;
  /** The owner's preferences topic; known once loaded. */
  topic(): string;
  of(kind: SubjectKind, name: string): Verdict | null;
  /** Whether this ciphertext was read before. */
  knows(message: Uint8Array): boolean;
  /** Holds from now on, whatever the network says, and goes there as soon as it can. Resolves when it is on the disk. */
  decide(verdict: Verdict, kind: SubjectKind, names: readonly string[]): Promise<void>;
  /** Reads what was decided elsewhere. @throws NodeError */
  read(): Promise<void>;
  /** The same from the beginning. @throws NodeError */
  readAll(): Promise<void>;
  /** Takes what a stream delivered; envelopes of other topics are no concern of this. */
  take(envelopes: readonly Envelope[]): Promise<void>;
  /** Brings what waits to the node, now and again until it is there. */
  run(): Promise<void>;
}

interface Deps {
  readonly keystore: Pick<AccountKeys, 'preferencesTopic' | 'sealConsent' | 'openConsent' | 'sealRecord' | 'openRecord' | 'blind'>;
  readonly cache: Pick<Cache, 'notes' | 'cursors'>;
  readonly records: Pick<Records, 'notes'>;
  readonly node: Pick<NodeAccess, 'url' | 'pages' | 'publish'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  /** When the browser last went back to an older state of what waits, ms; null: never. */
  readonly lossAt: () => Promise<number | null>;
  /** Whether all that was decided elsewhere until now is here, since a stream brings it. */
  readonly upToDate: () => boolean;
  /** Somebody is allowed, denied or unknown who was not before. */
  readonly changed: () => void;
}

/** A choice on its way. Its ciphertext is fixed: however often it is published, it counts once. */
interface Waiting {
  readonly action: ConsentAction;
  readonly message: Uint8Array;
  /** When it was made, ms; absent in rows of a version before. */
  readonly at?: number;
}

/** Decisions that are kept; beyond it the topic is somebody's joke. */
const mostEntries = 100_000;
/** Programs of the owner may publish late, or with a clock that is behind. */
const overlapNs = msToNs(48 * 3_600_000);
/** An entry that claims to lie further ahead does not push our own times there: a node would refuse them. */
const mostAheadNs = msToNs(2 * 60_000);
const oneMsNs = msToNs(1);

export function createConsent({ keystore, cache, records, node, clock, signal, failpoint, lossAt, upToDate, changed }: Deps): Consent {
  const writing = createExclusive();
  const cursorName = `consent ${node.url}`;
  let entries: readonly ConsentEntry[] = [];
  let known = { of: entries, ids: new Set<string>() };
  let waiting: readonly Waiting[] = [];
  let state: ConsentState = new Map();
  /** What was looked up in it. Every list asks of every conversation, and to put the key together takes longer than all the rest. */
  let looked = new Map<SubjectKind, Map<string, Verdict | null>>();
  let topic = '';
  let names = { entries: '', waiting: '' };
  let whole = true;
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> => {
    loading ??= (async () => {
      topic = await keystore.preferencesTopic();
      names = { entries: await keystore.blind('consent', 'entries'), waiting: await keystore.blind('consent', 'waiting') };
      const [read, own] = await Promise.all([cache.notes.get(names.entries), records.notes.get(names.waiting)]);
      if (read) entries = (await keystore.openRecord('consent', names.entries, read)) as readonly ConsentEntry[];
      if (own) waiting = (await keystore.openRecord('consent', names.waiting, own)) as readonly Waiting[];
      setState(folded());
    })().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  const folded = (): ConsentState => {
    const choices = new Map<string, Verdict>();
    for (const { action } of waiting) for (const name of action.names) choices.set(consentKey(action.kind, name), action.verdict);
    return foldConsent(entries, choices);
  };

  const setState = (next: ConsentState): void => {
    state = next;
    looked = new Map();
  };

  const refold = (): void => {
    const before = state;
    setState(folded());
    if (before.size !== state.size || [...state].some(([key, verdict]) => before.get(key) !== verdict)) changed();
  };

  const writeWaiting = async (next: readonly Waiting[]): Promise<void> => {
    await records.notes.put(names.waiting, await keystore.sealRecord('consent', names.waiting, next));
    waiting = next;
  };

  /** Adds what was read to what is known. Ciphertexts that are known are not opened again; what does not open decides nothing. */
  const add = (envelopes: readonly Envelope[]): Promise<void> =>
    writing(async () => {
      const known = new Set(entries.map(({ id }) => id));
      const fresh: ConsentEntry[] = [];
      for (const envelope of envelopes) {
        if (envelope.contentTopic !== topic || entries.length + fresh.length >= mostEntries) continue;
        try {
          if (known.has(ciphertextId(envelope.message))) continue;
          fresh.push(await keystore.openConsent(envelope));
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }
      if (fresh.length === 0) return;
      entries = addSightings(entries, fresh);
      await cache.notes.put(names.entries, await keystore.sealRecord('consent', names.entries, entries));
      const there = new Set(entries.map(({ id }) => id));
      // What a death kept us from noting as published.
      const left = waiting.filter(({ message }) => !there.has(ciphertextId(message)));
      if (left.length < waiting.length) await writeWaiting(left);
      refold();
    });

  const read = createSingle(async () => {
    await load();
    const began = msToNs(clock());
    const cursor = (await cache.cursors.get(cursorName)) ?? 0n;
    const startNs = whole || cursor < overlapNs ? 0n : cursor - overlapNs;
    for await (const page of node.pages({ topics: [topic], startNs, direction: 'ascending', limit: 100 })) {
      if (signal.aborted) return;
      await add(page);
      await failpoint('consent:read');
    }
    whole = false;
    await cache.cursors.put(cursorName, began);
  });

  /** Later than every decision before it: programs order them by their milliseconds. */
  const nextTimeNs = (): bigint => {
    const now = msToNs(clock());
    const last = entries.at(-1)?.timestampNs ?? 0n;
    return last < now || last > now + mostAheadNs ? now : (last / oneMsNs + 1n) * oneMsNs;
  };

  /** A choice that came back with an older state may have given way to a later one before it was lost: that one stands. */
  const giveWay = async (): Promise<void> => {
    const lost = await lossAt();
    if (lost === null) return;
    await writing(async () => {
      const decidedAt = new Map<string, bigint>();
      for (const { timestampNs, actions } of entries)
        for (const { kind, names: subjects } of actions) for (const name of subjects) decidedAt.set(consentKey(kind, name), timestampNs);
      const stands = ({ action: { kind, names: subjects }, at = 0 }: Waiting): boolean =>
        at >= lost || !subjects.some((name) => (decidedAt.get(consentKey(kind, name)) ?? 0n) > msToNs(at));
      const left = waiting.filter(stands);
      if (left.length < waiting.length) await writeWaiting(left);
      refold();
    });
  };

  const run = createSingle(async () => {
    await load();
    if (waiting.length === 0 || signal.aborted) return;
    try {
      // What another program decided meanwhile comes before: our choice is the newer one. It may also show that ours has arrived.
      if (!upToDate()) await read();
      await giveWay();
      for (let next = waiting[0]; next && !signal.aborted; next = waiting[0]) {
        const timestampNs = nextTimeNs();
        await failpoint('consent:publishing');
        await node.publish([{ contentTopic: topic, timestampNs, message: next.message }]);
        await failpoint('consent:published');
        await note(next, timestampNs);
      }
      again.reset();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      again.later(error.retryAfterMs);
    }
  });
  const again = createAgain('publishing a choice', run, signal);

  const note = ({ message, action }: Waiting, timestampNs: bigint): Promise<void> =>
    writing(async () => {
      const id = ciphertextId(message);
      const entry = { id, timestampNs, digest: toHex(envelopeDigest(topic, message)), actions: [action] };
      entries = addSightings(entries, [entry]);
      await cache.notes.put(names.entries, await keystore.sealRecord('consent', names.entries, entries));
      await writeWaiting(waiting.filter((each) => ciphertextId(each.message) !== id));
      refold();
    });

  return {
    load,
    topic: () => topic,
    of(kind, name) {
      let ofKind = looked.get(kind);
      if (!ofKind) {
        ofKind = new Map();
        looked.set(kind, ofKind);
      }
      let verdict = ofKind.get(name);
      if (verdict === undefined) {
        verdict = state.get(consentKey(kind, name)) ?? null;
        ofKind.set(name, verdict);
      }
      return verdict;
    },
    knows(message) {
      if (known.of !== entries) known = { of: entries, ids: new Set(entries.map(({ id }) => id)) };
      return known.ids.has(ciphertextId(message));
    },
    decide: async (verdict, kind, subjects) => {
      await load();
      await writing(async () => {
        const action: ConsentAction = { verdict, kind, names: subjects };
        const about = new Set(subjects.map((name) => consentKey(kind, name)));
        // An earlier choice about the same that has not left is no longer wanted.
        const others = waiting.filter((each) => !each.action.names.every((name) => about.has(consentKey(each.action.kind, name))));
        await writeWaiting([...others, { action, message: await keystore.sealConsent(action), at: clock() }]);
        await failpoint('consent:chosen');
        refold();
      });
    },
    read,
    readAll() {
      whole = true;
      return read();
    },
    async take(envelopes) {
      await load();
      if (envelopes.some(({ contentTopic }) => contentTopic === topic)) await add(envelopes);
    },
    run,
  };
}
