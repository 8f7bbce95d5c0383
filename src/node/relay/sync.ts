import { create, toBinary } from '@bufbuild/protobuf';
import { type StoreQueryRequest, StoreQueryRequestSchema, type StoreQueryResponse } from '../../gen/waku/store/v3/store_pb.ts';
import { toHex } from '../../protocol/bytes.ts';
import { msToNs } from '../../protocol/time.ts';
import type { Judgement } from './guard.ts';
import { decodeAnswer } from './hash-answer.ts';
import type { Ledger } from './ledger.ts';
import type { WakuMessage } from './waku-message.ts';

/** Hashes that are compared at a time, and messages that are fetched at a time. */
const hashesPerPage = 4000;
const messagesPerPage = 100;
/** How far a foreign store is looked back into, at first and then from where it was left. */
const firstWindowMs = 24 * 3_600_000;
const overlapMs = 20_000;
/** The longest wait for a limit, before the rest is left to the next time. */
const maxWaitMs = 10_000;

export interface SyncDeps {
  readonly ledger: Ledger;
  /** Sends a request to the peer's store. */
  ask(request: Uint8Array): Promise<Uint8Array>;
  /** Everything that decides what a peer's store may tell: when it changes, the peer is read from the beginning. */
  readonly settings: string;
  /** The messages among these that are not here. */
  missing(hashes: readonly Uint8Array[]): readonly Uint8Array[];
  /** Takes what passes the guard, and resolves when it is durable. */
  take(messages: readonly { readonly pubsubTopic: string; readonly message: WakuMessage }[]): Promise<readonly Judgement[]>;
  clock(): number;
  readonly stopped: () => boolean;
}

export interface Synced {
  /** Compared, lacking here, and taken. */
  readonly compared: number;
  readonly missing: number;
  readonly repaired: number;
  /** How far the peer's store was ahead of what has been read of it, at the end. */
  readonly lag: number;
}

/** Where a peer's time was left, for stores that know no order of their own; for the life of the process. */
const seenUntil = new Map<string, number>();

/**
 * Brings here what a peer's store has and ours has not. A node of ours is read in the order of its store from where it was left, so that nothing is passed over;
 * any other Waku store is compared by hashes over a window of time. @throws Error when the peer does not answer
 */
export async function syncWith(peer: string, deps: SyncDeps): Promise<Synced> {
  let place = deps.ledger.placeIn(peer, deps.settings) ?? { storeId: '', seq: 0 };
  const counts = { compared: 0, missing: 0, repaired: 0, lag: 0 };
  while (!deps.stopped()) {
    const answer = await query(deps, { afterSequence: BigInt(place.seq), paginationLimit: BigInt(hashesPerPage) });
    if (answer.sequence === undefined || answer.storeId === undefined) return byTime(peer, deps, counts);
    const storeId = toHex(answer.storeId);
    if (storeId !== place.storeId && place.seq !== 0) {
      place = { storeId, seq: 0 };
      continue;
    }
    const whole = await repair(deps, hashesOf(answer), counts);
    const [seq, head] = [Number(answer.sequence), Number(answer.head ?? 0n)];
    counts.lag = Math.max(0, head - (whole ? seq : place.seq));
    if (!whole) break;
    if (seq <= place.seq && storeId === place.storeId) break;
    place = { storeId, seq };
    await deps.ledger.ready();
    deps.ledger.setPlace(peer, deps.settings, place);
    if (seq >= head) break;
  }
  return counts;
}

async function byTime(peer: string, deps: SyncDeps, counts: Counts): Promise<Synced> {
  const nowMs = deps.clock();
  const timeStart = msToNs((seenUntil.get(peer) ?? nowMs - firstWindowMs) - overlapMs);
  let cursor: Uint8Array | undefined;
  do {
    const answer = await query(deps, {
      timeStart,
      timeEnd: msToNs(nowMs + overlapMs),
      paginationForward: true,
      paginationLimit: BigInt(messagesPerPage),
      ...(cursor && { paginationCursor: cursor }),
    });
    if (!(await repair(deps, hashesOf(answer), counts))) return counts;
    cursor = answer.paginationCursor;
  } while (cursor && !deps.stopped());
  seenUntil.set(peer, nowMs);
  return counts;
}

type Counts = { -readonly [Name in keyof Synced]: Synced[Name] };

/** Fetches what is missing of these; answers whether all of it was decided on. The next page is on its way while one is taken. */
async function repair(deps: SyncDeps, hashes: readonly Uint8Array[], counts: Counts): Promise<boolean> {
  counts.compared += hashes.length;
  const left = [...deps.missing(hashes)];
  counts.missing += left.length;
  const fetch = async (): Promise<Fetched | null> => {
    if (left.length === 0 || deps.stopped()) return null;
    const asked = left.splice(0, messagesPerPage);
    const { messages } = await query(deps, { messageHashes: asked.map((hash) => new Uint8Array(hash)), includeData: true });
    // A page that was too large has its beginning only; what the peer no longer has is not waited for.
    const came = new Set(messages.map(({ messageHash }) => toHex(messageHash ?? new Uint8Array())));
    if (came.size > 0) left.unshift(...asked.filter((hash) => !came.has(toHex(hash))));
    return messages.flatMap(({ message, pubsubTopic }) => (message && pubsubTopic ? [{ message, pubsubTopic }] : []));
  };
  for (let fetched = await fetch(); fetched; ) {
    const next = fetch();
    next.catch(() => {}); // it is waited for below, unless this page is not taken
    if (!(await takeAll(deps, fetched, counts))) return false;
    fetched = await next;
  }
  return !deps.stopped();
}

type Fetched = readonly { readonly pubsubTopic: string; readonly message: WakuMessage }[];

/** Takes a page, and waits for limits; answers whether all of it was decided on. */
async function takeAll(deps: SyncDeps, page: Fetched, counts: Counts): Promise<boolean> {
  let waiting = page;
  for (let waitedMs = 0; waiting.length > 0; waitedMs += 1000) {
    const judged = await deps.take(waiting);
    counts.repaired += judged.filter(({ verdict }) => verdict === 'accept').length;
    waiting = waiting.filter((_, index) => {
      const judgement = judged[index];
      return judgement !== undefined && judgement.verdict !== 'accept' && judgement.retryMs !== undefined;
    });
    if (waiting.length === 0) break;
    if (waitedMs >= maxWaitMs || deps.stopped()) return false;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return true;
}

async function query(deps: SyncDeps, request: Partial<Omit<StoreQueryRequest, '$typeName' | '$unknown'>>): Promise<Answered> {
  const bytes = toBinary(StoreQueryRequestSchema, create(StoreQueryRequestSchema, { requestId: crypto.randomUUID(), ...request }));
  for (let attempt = 0; ; attempt++) {
    const { answer, hashes } = decodeAnswer(await deps.ask(bytes));
    if (answer.statusCode === 429 && attempt < 10 && !deps.stopped()) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      continue;
    }
    if (answer.statusCode !== 200) throw new Error(`the store of the peer answers ${answer.statusCode}: ${answer.statusDesc}`);
    return Object.assign(answer, { hashes });
  }
}

/** An answer, with the hashes that stand alone in it. */
type Answered = StoreQueryResponse & { readonly hashes: readonly Uint8Array[] };

const hashesOf = ({ messages, hashes }: Answered): Uint8Array[] => [
  ...hashes,
  ...messages.flatMap(({ messageHash }) => (messageHash?.length === 32 ? [messageHash] : [])),
];
