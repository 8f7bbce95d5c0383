import type { AccountKeys } from '../keystore/account-keys.ts';
import type { NodeClient } from '../network/node-client.ts';
import type { Address } from '../protocol/address.ts';
import { type Clock, msToNs } from '../protocol/time.ts';
import type { Cache } from '../storage/cache.ts';
import type { AccountRecords } from '../storage/records.ts';
import { createPublication } from './accounts/publication.ts';
import { settleRenewal } from './accounts/renewal.ts';
import type { Awake } from './awake.ts';
import { type DiskStatus, noticingRoom, watchDisk, watchRecords } from './disk.ts';
import type { Events } from './events.ts';
import { createSpaced, pause } from './exclusive.ts';
import type { Failpoint } from './failpoint.ts';
import { noteStop } from './log.ts';
import { type Consent, createConsent } from './messages/consent.ts';
import { type Contacts, createContacts } from './messages/contacts.ts';
import { createMarks, type Marks } from './messages/marks.ts';
import type { OutboxEntry } from './messages/model.ts';
import { createNames, type Names } from './messages/names.ts';
import { createPins, type Pins } from './messages/pins.ts';
import { createReactions, type Reactions } from './messages/reactions.ts';
import { createSearchIndex, type SearchIndex } from './messages/search-index.ts';
import { type NodeAccess, watchNode } from './nodes/node-access.ts';
import type { NodeStatus, NodeTrouble } from './nodes/node-state.ts';
import { createLedger, type Ledger } from './sites/ledger.ts';
import { createFollow, followAgainMs } from './sync/follow.ts';
import { createInbox } from './sync/inbox.ts';
import { createNews } from './sync/news.ts';
import { createOrder } from './sync/order.ts';
import { createOutbox, type Outbox } from './sync/outbox.ts';
import { createReader } from './sync/reader.ts';
import { createRows, type Rows } from './sync/rows.ts';
import { createShowing } from './sync/shown-entry.ts';
import { createSync, type Sync } from './sync/sync.ts';

/** The open account and everything that works for it. It begins with unlocking (or a start while unlocked) and ends with the lock. */
export interface Session {
  readonly address: Address;
  readonly keys: AccountKeys;
  readonly records: AccountRecords;
  readonly cache: Cache;
  readonly node: NodeAccess;
  readonly rows: Rows;
  readonly contacts: Contacts;
  readonly consent: Consent;
  readonly marks: Marks;
  readonly names: Names;
  readonly reactions: Reactions;
  readonly search: SearchIndex;
  readonly ledger: Ledger;
  readonly pins: Pins;
  readonly outbox: Outbox;
  readonly sync: Sync;
  /** Resolves when what came until now is here. @throws NodeError */
  upToDate(): Promise<void>;
  /** Everything that must have been read from the disk before something is sent. */
  ready(): Promise<void>;
  /** Writes down what is to be sent, shows it, and begins to send. Resolves when it is shown. */
  post(entry: OutboxEntry, request?: string): Promise<void>;
  /** Goes on with what an earlier session of this account wrote down in its last moment. Resolves when it is shown. */
  takeUp(): Promise<void>;
  /** Decides about somebody: here at once, on the network as soon as it can be reached. */
  decide(...decision: Parameters<Consent['decide']>): Promise<void>;
  /** A time for something of ours: now, and later than any before in this conversation. */
  nextTimeNs(conversation: string | null): bigint;
  /** Makes a new pre-key, and brings it to the node as soon as that can be reached. */
  rotatePreKey(): Promise<void>;
  /** There are conversations that were not followed before. */
  topicsChanged(): void;
  /** Goes on with all that waits. `ask`: also asks the node for news now, stream or not. */
  resume(ask: boolean): void;
  /** Whether it was stopped. */
  ended(): boolean;
  /** Ends everything at once: nothing is asked of the network or shown from here on. */
  stop(): void;
  /** Resolves when what was under way has come to rest. */
  rest(): Promise<void>;
}

export interface SessionDeps {
  readonly keys: AccountKeys;
  readonly records: AccountRecords;
  readonly cache: Cache;
  readonly client: NodeClient;
  readonly status: NodeStatus;
  readonly disk: DiskStatus;
  /** A call to the node went wrong, or is slow. */
  readonly nodeTroubled: (trouble: NodeTrouble | 'slow') => void;
  readonly events: Events;
  readonly clock: Clock;
  readonly awake: Awake;
  readonly failpoint: Failpoint;
  /** Whether the passphrase opened it just now. */
  readonly unlocked: boolean;
  /** Messages of peers from before this time count as read, ms. */
  readonly since: number;
  /** After how many days the pre-key is renewed by itself; null: never. */
  readonly rotateDays: () => Promise<number | null>;
  /** When the browser last lost what it kept, or went back to an older state of it, ms; null: never. */
  readonly lossAt: () => Promise<number | null>;
  readonly statusChanged: () => void;
  /** Something was written down to be sent after this session had ended: the one in its place goes on with it. */
  readonly handOver: (address: Address) => Promise<void>;
  /** Somebody has left a group. */
  readonly membersLeft: () => void;
}

/** The list and the status are made of all conversations, and a catch-up changes some of them twenty times a second, ms. */
const listEveryMs = 250;
/** What waits for room on the disk is asked for again once something else has found some, no more often than this, ms. */
const roomEveryMs = 5_000;
/** What is said first goes by the same request as the invitation before it, where it is said at once, as by a site, ms. */
const invitationWaitsMs = 250;

export function openSession(deps: SessionDeps): Session {
  const {
    keys: keystore,
    client,
    status,
    disk,
    nodeTroubled,
    events,
    clock,
    awake,
    failpoint,
    unlocked,
    since,
    rotateDays,
    lossAt,
    statusChanged,
    handOver,
    membersLeft,
  } = deps;
  const address = keystore.address();
  const control = new AbortController();
  const { signal } = control;
  const watched = noticingRoom(disk, () => roomAgain());
  const cache = watchDisk(deps.cache, watched, signal);
  const records = watchRecords(deps.records, watched, signal);

  const tellList = (): void => {
    events.emit('conversations', null);
    statusChanged();
  };
  const listChanged = createSpaced(tellList, () => listEveryMs, signal);
  const changed = (conversations: Iterable<string>): void => {
    if (signal.aborted) return;
    for (const conversation of conversations) events.emit('messages', { conversation });
    listChanged();
  };

  const node = watchNode(client, status, signal, nodeTroubled);
  const rows = createRows(keystore, cache);
  const pins = createPins({ account: address, keystore, table: records.pins });
  const contacts = createContacts({
    pins,
    node,
    clock,
    otherKeys: (peer) =>
      run('telling of other keys', async () => {
        await rows.load();
        const pairs = rows.ofPeer(peer).filter(({ group }) => !group);
        const ids = pairs.map(({ id }) => id);
        await rows.changeAll(ids, (row) => (row.retired ? row : { ...row, otherKeys: true }));
        changed(ids);
      }),
  });
  const reactions = createReactions(keystore, cache);
  const marks = createMarks(keystore, records);
  const names = createNames(keystore, records);
  const ledger = createLedger({ keystore, records, clock });
  const search = createSearchIndex(keystore, cache, signal);
  const consent = createConsent({
    keystore,
    cache,
    records,
    node,
    clock,
    signal,
    failpoint,
    lossAt,
    upToDate: () => news.isHere(),
    changed: () => signal.aborted || tellList(),
  });
  const outbox = createOutbox({
    keystore,
    records,
    node,
    clock,
    signal,
    failpoint,
    changed: (conversation) => {
      if (!signal.aborted) events.emit('messages', { conversation });
    },
  });
  const publication = createPublication({
    address,
    keystore,
    records,
    node,
    told: () => order.known(),
    clock,
    signal,
    failpoint,
    changed: statusChanged,
    adopted: () =>
      run('reading again', async () => {
        await cache.inbox.requeue();
        await reader.run();
      }),
  });
  const inbox = createInbox({ address, keystore, cache, rows, marks, clock });
  const reader = createReader({
    address,
    keystore,
    cache,
    rows,
    contacts,
    marks,
    reactions,
    since,
    signal,
    failpoint,
    changed,
    membersLeft: () => !signal.aborted && membersLeft(),
    topicsChanged: () => topicsChanged(),
    remaining: (remaining) => status.syncing(remaining === null ? null : { remaining }),
  });
  const order = createOrder({ cache, node, clock, signal });
  const sync = createSync({
    consent,
    publication,
    address,
    keystore,
    cache,
    rows,
    inbox,
    reader,
    node,
    order,
    clock,
    clockSkew: client.clockSkewMs,
    signal,
    failpoint,
    unlocked,
    working: status.syncing,
    looked: () => signal.aborted || tellList(),
  });
  const showing = createShowing({ outbox, keystore, cache, rows, signal });
  let readying: Promise<void> | undefined;
  const ready = async (): Promise<void> => {
    readying ??= (async () => {
      await Promise.all([rows.load(), outbox.load(), consent.load(), marks.load(), names.load()]);
      await settleRenewal(keystore, records, rows, address);
      await showing.all();
    })().catch((error: unknown) => {
      readying = undefined;
      throw error;
    });
    await readying;
    await showing.left();
  };
  const follow = createFollow({ order, sync, awake, clock, signal, ready });
  const news = createNews({ order, follow, sync });

  const followAgain = createSpaced(follow.restart, () => followAgainMs(rows.count(), order.told()), signal);
  const topicsChanged = (): void => {
    followAgain();
    run('catching up', sync.fillUp);
  };

  let lastNs = 0n;
  const running = new Set<Promise<void>>();
  /** Something that goes on by itself; what stops it is logged, and the next wake tries again. */
  const run = (what: string, job: () => Promise<void>): void => {
    if (signal.aborted) return;
    const promise: Promise<void> = job()
      .catch((error: unknown) => {
        if (!signal.aborted) noteStop(what, error);
      })
      .finally(() => running.delete(promise));
    running.add(promise);
  };

  const resume = (ask: boolean): void => {
    follow.start();
    run('sending', async () => {
      await ready();
      await outbox.run();
    });
    run('publishing a choice', consent.run);
    run('publishing', async () => {
      const days = await rotateDays();
      if (days !== null && clock() - keystore.preKeys().newestMs > days * 86_400_000) await publication.rotate();
      await publication.run();
    });
    run('catching up', () => news.ask(ask));
    run('reading again', sync.readAgain);
  };
  const roomAgain = createSpaced(
    () => resume(true),
    () => roomEveryMs,
    signal,
  );

  return {
    address,
    keys: keystore,
    records,
    cache,
    node,
    rows,
    contacts,
    pins,
    consent,
    marks,
    names,
    reactions,
    search,
    ledger,
    outbox,
    sync,
    upToDate: news.all,
    ready,
    async post(entry, request) {
      const written = outbox.add(entry, request);
      // What is being written down is waited for at the end.
      running.add(written);
      await written.finally(() => running.delete(written));
      if (signal.aborted) return handOver(address);
      await showing.one(entry);
      await failpoint('post:shown');
      changed([entry.conversation]);
      const invites = entry.row.kind === 'invitation';
      run('sending', async () => {
        if (invites) await pause(invitationWaitsMs, signal);
        await outbox.run();
      });
      if (invites) topicsChanged();
    },
    async takeUp() {
      await ready();
      await outbox.takeUp();
      await showing.all();
      topicsChanged();
      run('sending', outbox.run);
    },
    async decide(...decision) {
      await consent.decide(...decision);
      run('publishing a choice', consent.run);
    },
    nextTimeNs(conversation) {
      const last = (conversation === null ? undefined : rows.get(conversation)?.lastOwnNs) ?? 0n;
      const before = last > lastNs ? last : lastNs;
      const now = msToNs(clock());
      lastNs = now > before ? now : before + 1_000_000n;
      return lastNs;
    },
    async rotatePreKey() {
      await publication.rotate();
      run('publishing', publication.run);
    },
    topicsChanged,
    resume,
    ended: () => signal.aborted,
    stop() {
      control.abort();
      void cache.close();
    },
    async rest() {
      while (running.size > 0) await Promise.all(running);
      await cache.end();
    },
  };
}
