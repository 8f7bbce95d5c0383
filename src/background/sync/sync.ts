import type { AccountKeys } from '../../keystore/account-keys.ts';
import { NodeError } from '../../network/errors.ts';
import type { Address } from '../../protocol/address.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import { type Clock, msToNs } from '../../protocol/time.ts';
import { contactTopic, inviteTopic, privateStoreTopic } from '../../protocol/topic.ts';
import type { Cache } from '../../storage/cache.ts';
import type { Publication } from '../accounts/publication.ts';
import { createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import { noteStop } from '../log.ts';
import type { Consent } from '../messages/consent.ts';
import { newestFirst, type StoredConversation } from '../messages/model.ts';
import type { NodeAccess } from '../nodes/node-access.ts';
import { createAgain } from './again.ts';
import { lookFirst } from './first-look.ts';
import type { Inbox } from './inbox.ts';
import type { Order, Ordered } from './order.ts';
import { ahead } from './pages.ts';
import type { Reader } from './reader.ts';
import type { Rows } from './rows.ts';

/** How messages arrive: by asking for what came after the cursor. The stream (`follow.ts`) makes it sooner. */
export interface Sync {
  /** Fetches what came since the last time, and the history of conversations that are new here. */
  catchUp(): Promise<void>;
  /** The same, until what came is read: the history of what is new here takes longer. Joins a catching up that has not come so far. */
  reach(): Promise<void>;
  /** Fetches the history of conversations that are new here, and what came besides where no stream is certain to bring it. */
  fillUp(): Promise<void>;
  /** Whether all that came until a catching up in this session is here. */
  reached(): boolean;
  /** Whether nothing was taken since the last catching up, which was not long ago, and no history is missing: another one has nothing to say. */
  quiet(): boolean;
  /** Reads what is known already from its beginning, each conversation once a day, or once a week where the node tells its order: it need not have shown all of it when it was asked. */
  readAgain(): Promise<void>;
  /** Takes what a stream delivered. */
  take(envelopes: readonly Envelope[]): Promise<void>;
  /** Whether an envelope that was taken became a message or a conversation. */
  opened(envelope: Envelope): Promise<boolean>;
  /** What to follow: invitations, and every conversation. */
  topics(): string[];
}

interface Deps {
  readonly address: Address;
  readonly keystore: Pick<AccountKeys, 'openInvitation'>;
  readonly cache: Cache;
  readonly rows: Rows;
  readonly inbox: Inbox;
  readonly reader: Reader;
  readonly consent: Pick<Consent, 'load' | 'topic' | 'read' | 'readAll' | 'take'>;
  /** Takes what lies among our own keys. */
  readonly publication: Pick<Publication, 'take' | 'lookAgain'>;
  readonly node: Pick<NodeAccess, 'url' | 'query' | 'newest' | 'pages'>;
  readonly order: Order;
  readonly clock: Clock;
  /** The node's clock minus ours as its last answer told, ms. */
  readonly clockSkew: () => number | null;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  /** Whether the account was just unlocked: then the first look back is longer. */
  readonly unlocked: boolean;
  /** The first look of a new device is over. */
  readonly looked: () => void;
  readonly working: (work: { readonly remaining: number | null } | null) => void;
}

interface Invitations {
  /** Whether all of them are asked for. */
  readonly whole: boolean;
  readonly pages: AsyncIterable<readonly Envelope[]>;
}

interface History {
  readonly askedAt: number;
  readonly pages: AsyncIterable<readonly Envelope[]>;
}

/**
 * Times in envelopes are their senders', so that a late one may lie before the cursor. Invitations are few and lead to all the rest: they are looked for
 * far back each time.
 */
const overlapNs = msToNs(10 * 60_000);
const longOverlapNs = msToNs(48 * 3_600_000);
/** How often messages too are looked for that far back, and everything from its beginning: a node may have held back what lies deeper. */
const longOverlapEveryMs = 3_600_000;
const wholeEveryMs = 24 * 3_600_000;
/** After so long it is asked all the same: what is due once a week comes with it. */
const quietMs = 3_600_000;
/** The same at a node that is read in its order: nothing lies deeper there, unless the node lies. */
const orderedWholeEveryMs = 7 * wholeEveryMs;
const pageSize = 100;
/** Conversations whose history is fetched by one query; each group that is done stays done. */
const groupSize = 50;
/** Groups that are asked for beside the one that is taken in: so many that a node far away is not waited for, so few that little is asked for in vain. */
const groupsAhead = 4;
/** The same for what is read again: so few that a background with little time to live gets on. */
const againGroupSize = 10;

export function createSync(deps: Deps): Sync {
  const { address, keystore, cache, rows, inbox, reader, consent, publication, node, order, clock, clockSkew, signal } = deps;
  const { failpoint, working, looked } = deps;
  const cursorName = `main ${node.url}`;
  /** When everything was last read from its beginning because the node had another store. */
  const anewName = `anew ${node.url}`;
  /** When invitations were last read from their beginning. */
  const invitationsName = `invitations ${node.url}`;
  /** The same of what was decided elsewhere, by a node that is read in its order. */
  const decisionsName = `decisions ${node.url}`;
  let lookFarAt = deps.unlocked ? 0 : clock() + longOverlapEveryMs;
  let unlocked = deps.unlocked;
  /** Somebody wants to have what came, and not history alone. */
  let asked = false;
  /** When a catching up of this session had all that came. */
  let reachedAt: number | null = null;
  let taken = false;
  let looking: Promise<boolean> | null = null;
  /** Those who wait for the end of one that has not begun. */
  let waiting: (() => void)[] = [];

  const read = (): void =>
    void reader.run().catch((error: unknown) => {
      if (!signal.aborted) noteStop('reading', error);
    });

  const run = createSingle(async () => {
    await Promise.all([rows.load(), consent.load()]);
    if (signal.aborted) return;
    read(); // what a death left unread
    const news = asked || reachedAt === null || !order.told();
    asked = false;
    try {
      if (news) {
        looking = lookForNews();
        if (!(await looking.finally(() => (looking = null)))) return;
      }
      await fill();
      again.reset();
    } catch (error) {
      reachedAt = null; // it may not have been taken, or not read, as on a full disk
      if (error instanceof NodeError) again.later(error.retryAfterMs);
      throw error;
    }
  });

  const catchUp = (): Promise<void> => {
    asked = true;
    return run();
  };

  const reach = async (): Promise<void> => {
    await (looking ?? Promise.race([catchUp(), new Promise<void>((resolve) => waiting.push(resolve))]));
  };

  /** Takes what came since the last time. Answers false when it was stopped. */
  const lookForNews = async (): Promise<boolean> => {
    taken = false;
    const localBegan = clock();
    // The earlier of the two clocks: a cursor must not run ahead of what is still to come, whoever is wrong about the time.
    const began = (): bigint => msToNs(localBegan + Math.min(0, clockSkew() ?? 0));
    const reachedBefore = await cache.cursors.get(cursorName);
    const stored = reachedBefore ?? 0n;
    const cursor = smaller(stored, began());
    // Also when our clock was ahead once.
    const far = localBegan >= lookFarAt || cursor < stored - overlapNs;
    // Only a first time, or one after days, is worth a word to the user.
    const long = cursor < began() - longOverlapNs;
    if (long) working({ remaining: null });
    try {
      // All is asked for at once, and taken in this order: whom something is from decides where it stands.
      const decided = readDecisions(localBegan);
      decided.catch(() => undefined); // told below
      const look =
        reachedBefore === undefined && rows.count() === 0 ? lookFirst({ address, keystore, node, rows, inbox, reader, looked }) : null;
      const outcome = await order.read(topics, (pages) => takeByOrder(pages, decided, localBegan));
      let reached = cursor;
      if (outcome !== 'read') {
        const noteOrder = await order.mark();
        // A node that has another store at every look must not have everything read each time.
        const anew = outcome === 'anew' && localBegan - Number((await cache.cursors.get(anewName)) ?? 0n) >= wholeEveryMs;
        const invitations = askForInvitations(anew || unlocked || (await wholeDue(localBegan)) ? 0n : larger(cursor - longOverlapNs, 0n));
        const filled = filledTopics();
        const startNs = anew ? 0n : larger(cursor - (far ? longOverlapNs : overlapNs), 0n);
        const messages = filled.length > 0 ? ahead(node.pages({ topics: filled, startNs, direction: 'ascending', limit: pageSize })) : [];
        await decided;
        await look?.();
        await takeInvitations(invitations, localBegan);
        for await (const page of messages) {
          if (signal.aborted) return false;
          reached = larger(reached, smaller(page.at(-1)?.timestampNs ?? 0n, began()));
          await takePage(page, [{ name: cursorName, value: reached }]);
        }
        // Broken off, it has not asked for everything before the place.
        if (signal.aborted) return false;
        await noteOrder();
        if (anew) await cache.cursors.put(anewName, BigInt(localBegan));
        if (outcome === 'anew') await elsewhere();
        if (far) lookFarAt = localBegan + longOverlapEveryMs;
      }
      if (signal.aborted) return false;
      await cache.cursors.put(cursorName, larger(reached, began()));
      await reader.run();
      reachedAt = localBegan;
      for (const tell of waiting) tell();
      waiting = [];
      return true;
    } finally {
      if (long) working(null);
    }
  };

  /** Elsewhere than at a node that is read in its order they are asked for each time; there they come with everything else, unless the node held one back. */
  const readDecisions = async (now: number): Promise<void> => {
    if (!(await order.known())) return consent.read();
    if (now - Number((await cache.cursors.get(decisionsName)) ?? 0n) < orderedWholeEveryMs) return;
    await consent.readAll();
    await cache.cursors.put(decisionsName, BigInt(now));
  };

  /** The node has another store: what was seen in the one before says nothing of it. */
  const elsewhere = async (): Promise<void> => {
    await cache.cursors.put(decisionsName, 0n);
    await publication.lookAgain();
  };

  /** What the node took since the last time, in its order; all invitations besides where they are due, for a node may have held one back. */
  const takeByOrder = async (pages: AsyncIterable<Ordered>, decided: Promise<void>, now: number): Promise<void> => {
    const coming = ahead(pages);
    const invitations = (await wholeDue(now)) ? askForInvitations(0n) : null;
    await decided;
    if (invitations) await takeInvitations(invitations, now);
    for await (const { envelopes, cursor } of coming) {
      if (signal.aborted) return;
      await takePage(envelopes, [cursor]);
    }
  };

  const takePage = async (page: readonly Envelope[], cursors?: readonly Ordered['cursor'][]): Promise<void> => {
    await failpoint('sync:page');
    await takeOwn(page);
    await inbox.append(page, cursors);
    await failpoint('sync:appended');
    read();
  };

  /** What is about ourselves: whom we let write, and our keys. */
  const takeOwn = async (envelopes: readonly Envelope[]): Promise<void> => {
    await consent.take(envelopes);
    await publication.take(envelopes);
  };

  /** Whether all invitations are due to be read from their beginning. */
  const wholeDue = async (now: number): Promise<boolean> =>
    now - Number((await cache.cursors.get(invitationsName)) ?? 0n) >= (await wholeEvery());

  const wholeEvery = async (): Promise<number> => ((await order.known()) ? orderedWholeEveryMs : wholeEveryMs);

  const askForInvitations = (startNs: bigint): Invitations => ({
    whole: startNs === 0n,
    pages: ahead(node.pages({ topics: [inviteTopic(address)], startNs, direction: 'ascending', limit: pageSize })),
  });

  const takeInvitations = async ({ whole, pages }: Invitations, now: number): Promise<void> => {
    for await (const page of pages) {
      if (signal.aborted) return;
      await takePage(page);
    }
    if (!whole) return;
    await cache.cursors.put(invitationsName, BigInt(now));
    unlocked = false;
  };

  /** The topics whose history is here, all of it. */
  const filledTopics = (): string[] => topicsOf([...rows.all()].filter(({ filled }) => node.url in filled));

  /** What to follow: ourselves, and every conversation. */
  const topics = (): string[] => [
    inviteTopic(address),
    ...topicsOf([...rows.all()]),
    ...(consent.topic() === '' ? [] : [consent.topic()]),
    contactTopic(address),
    privateStoreTopic(address),
  ];

  const again = createAgain('catching up', catchUp, signal);

  /** The conversations whose history is not here, or not all of it. */
  const missing = (): StoredConversation[] => [...rows.all()].filter(({ filled }) => !(node.url in filled));

  /** Fetches the history of conversations from their beginning, those first that the list shows first, until there is none whose history is missing: reading may find more. */
  const fill = async (): Promise<void> => {
    for (;;) {
      const wanted = newestFirst(missing());
      if (wanted.length === 0) return;
      const groups = chunks(wanted, groupSize);
      // The next ones are on their way while these are taken in.
      const coming = groups.slice(0, groupsAhead).map(historyOf);
      for (const [position, group] of groups.entries()) {
        const following = groups[position + groupsAhead];
        if (following) coming.push(historyOf(following));
        if (!(await takeWhole(group, coming.shift() as History))) return;
      }
      await reader.run();
    }
  };

  const readAgain = createSingle(async () => {
    await rows.load();
    for (;;) {
      const due = clock() - (await wholeEvery());
      const old = [...rows.all()].filter(({ filled: { [node.url]: at } }) => at !== undefined && at <= due);
      const group = old.slice(0, againGroupSize);
      if (group.length === 0 || !(await takeWhole(group, historyOf(group)))) return;
    }
  });

  const historyOf = (group: readonly StoredConversation[]): History => ({
    askedAt: clock(),
    pages: ahead(node.pages({ topics: topicsOf(group), direction: 'ascending', limit: pageSize })),
  });

  /** Everything of these conversations; answers false when it was stopped. */
  const takeWhole = async (group: readonly StoredConversation[], { askedAt, pages }: History): Promise<boolean> => {
    if (signal.aborted) return false;
    for await (const page of pages) {
      if (signal.aborted) return false;
      await failpoint('sync:filling');
      await reader.read(await inbox.unread(page));
    }
    if (signal.aborted) return false;
    await failpoint('sync:filled');
    await rows.changeAll(
      group.map(({ id }) => id),
      (row) => ({ ...row, filled: withNode(row.filled, node.url, askedAt) }),
      'strict',
    );
    return true;
  };

  return {
    catchUp,
    reach,
    fillUp: run,
    reached: () => reachedAt !== null,
    quiet: () => !taken && reachedAt !== null && Math.abs(clock() - reachedAt) < quietMs && missing().length === 0,
    readAgain,
    async take(envelopes) {
      taken = true;
      await failpoint('stream:envelope');
      await takeOwn(envelopes);
      if ((await inbox.append(envelopes)) === 0) return;
      await failpoint('stream:appended');
      await reader.run();
    },
    opened: inbox.opened,
    topics,
  };
}

/** The nodes that a row remembers: those that were read last. */
const mostNodes = 5;

const withNode = (filled: StoredConversation['filled'], url: string, at: number): StoredConversation['filled'] => {
  const others = Object.entries(filled).filter(([other]) => other !== url);
  return Object.fromEntries([...others.sort(([, a], [, b]) => b - a).slice(0, mostNodes - 1), [url, at]]);
};

/** Each topic once: several conversations may contend for one. */
const topicsOf = (conversations: readonly StoredConversation[]): string[] => [...new Set(conversations.map(({ topic }) => topic))];

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
