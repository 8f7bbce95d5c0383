import type { AccountKeys } from '../../keystore/account-keys.ts';
import { KeystoreError } from '../../keystore/errors.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { quickenCurve } from '../../protocol/secp256k1-engine.ts';
import { nsToMs } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { Cache } from '../../storage/cache.ts';
import type { InboxRecord, MessageRecord } from '../../storage/cache-schema.ts';
import { StorageError } from '../../storage/errors.ts';
import { createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import type { Contacts } from '../messages/contacts.ts';
import { afterMessage } from '../messages/group-state.ts';
import type { Marks } from '../messages/marks.ts';
import { previewOf, previewText, type StoredEnvelope, type StoredMessage, sentTimes, showPayload, withMessage } from '../messages/model.ts';
import type { Reactions } from '../messages/reactions.ts';
import { conversationOf, hasTopicAlone } from './bindings.ts';
import { createRaw } from './inbox.ts';
import { createInvitationReader, SecondInvitation } from './invitations.ts';
import { createOpening, type Opening } from './opening.ts';
import type { Rows } from './rows.ts';
import { createSlice, type NewMessage, type Received, type Slice } from './slice.ts';

/** Reads envelopes: each becomes a message, a conversation, or a line in quarantine that says why. */
export interface Reader {
  /** Reads what waits in the inbox, until nothing does. */
  run(): Promise<void>;
  /**
   * Reads messages as they come from a node, without a stop in the inbox: for what is asked for again until it is noted that it was read. Resolves when what they
   * became is written.
   */
  read(envelopes: readonly StoredEnvelope[]): Promise<void>;
}

interface Deps {
  readonly address: Address;
  readonly keystore: AccountKeys;
  readonly cache: Cache;
  readonly rows: Rows;
  readonly contacts: Pick<Contacts, 'learn'>;
  readonly marks: Pick<Marks, 'load' | 'isHidden'>;
  readonly reactions: Pick<Reactions, 'note'>;
  /** Peers' messages from before this time (ms) count as read: the history of an account that was brought here. */
  readonly since: number;
  readonly signal: AbortSignal;
  readonly failpoint: Failpoint;
  /** Topics were added, or changed hands. */
  readonly topicsChanged: () => void;
  readonly changed: (conversations: Iterable<string>) => void;
  /** Somebody has left a group. */
  readonly membersLeft: () => void;
  readonly remaining: (count: number | null) => void;
}

/** What is to be read, and how it is had. */
interface Waiting {
  /** Its row of the inbox; null: it was never there. */
  readonly seq: number | null;
  readonly open: () => Promise<Received>;
}

const batch = 128;
const invitationsAtOnce = 16;
/** From how many on it is worth making the curve's module ready. */
const many = 16;
/** Others want the thread too. */
const sliceMs = 50;

export function createReader(deps: Deps): Reader {
  const {
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
    topicsChanged,
    changed,
    membersLeft,
    remaining,
  } = deps;
  const ownInvites = inviteTopic(address);
  const readInvitations = createInvitationReader({ address, keystore, rows, contacts, since });
  const openMessages = createOpening(address, keystore);

  const raw = createRaw(address, keystore);
  let begun = false;

  const ready = () => Promise.all([rows.load(), marks.load()]);

  /** Reads these in slices, and lets others have the thread in between. */
  const readAll = async (waiting: readonly Waiting[]): Promise<void> => {
    if (waiting.length >= many) await quickenCurve();
    const opened = await Promise.allSettled(waiting.map(({ open }) => open()));
    for (let taken = 0; taken < waiting.length && !signal.aborted; ) {
      taken += await rows.exclusive(() => readSlice(waiting.slice(taken), opened.slice(taken)));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };

  const run = createSingle(async () => {
    await ready();
    // A fault of the moment says nothing of the envelope.
    if (!begun) await cache.inbox.requeue(['unexpected']);
    begun = true;
    let count = 0;
    for (;;) {
      const waiting = signal.aborted ? [] : await cache.inbox.next(batch);
      if (waiting.length === 0) break;
      if (waiting.length === batch && count % 10 === 0) remaining(await cache.inbox.waiting());
      count += 1;
      await readAll(waiting.map((row) => ({ seq: row.seq, open: () => openRow(row) })));
    }
    remaining(null);
  });

  /** Reads and writes as many of the given as fit into a slice; returns how many. */
  const readSlice = async (waiting: readonly Waiting[], opened: readonly PromiseSettledResult<Received>[]): Promise<number> => {
    const slice = createSlice(rows);
    const until = performance.now() + sliceMs;
    let taken = 0;
    while (taken < waiting.length && (taken === 0 || performance.now() < until)) {
      const invitations = invitationsFrom(opened, taken);
      if (invitations.length > 0) {
        const taking = await readInvitations(invitations);
        for (const [i, take] of taking.entries()) await take(slice).catch(setAside(slice, invitations[i] as Received));
        taken += invitations.length;
        continue;
      }
      // Messages up to the next invitation: what it brings is not there before it, and must be there after it.
      const messages: Received[] = [];
      for (; taken < waiting.length; taken += 1) {
        const row = opened[taken] as (typeof opened)[number];
        if (row.status === 'rejected') setAside(slice, waiting[taken] as Waiting)(row.reason);
        else if (isInvitation(row.value)) break;
        else messages.push(row.value);
      }
      const opening = await openMessages(messages, slice);
      for (const [i, open] of opening.entries()) {
        const message = messages[i] as Received;
        await readMessage(message, open, slice).catch(setAside(slice, message));
      }
    }
    await failpoint('reader:read');
    await write(slice);
    await failpoint('reader:written');
    return taken;
  };

  const openRow = async ({ seq, digest, sealed }: InboxRecord): Promise<Received> => {
    if (!sealed) throw new ProtocolError('malformed', 'the envelope is gone');
    return { seq, ...((await keystore.openRecord('inbox', digest, sealed)) as StoredEnvelope) };
  };

  const setAside =
    (slice: Slice, row: Waiting | Received) =>
    (error: unknown): void => {
      const reason = reasonOf(error);
      if (row.seq !== null) slice.quarantined.push({ seq: row.seq, reason });
      else if ('message' in row) slice.aside.push({ envelope: row, reason });
    };

  /** The invitations that stand together at a place, as many as are opened in a few milliseconds. */
  const invitationsFrom = (rows: readonly PromiseSettledResult<Received>[], start: number): Received[] => {
    const found: Received[] = [];
    for (const row of rows.slice(start, start + invitationsAtOnce)) {
      if (row.status === 'rejected' || !isInvitation(row.value)) break;
      found.push(row.value);
    }
    return found;
  };

  const isInvitation = ({ contentTopic }: Received): boolean => contentTopic === ownInvites;

  const readMessage = async ({ seq, seenAt }: Received, open: Opening, slice: Slice): Promise<void> => {
    const { opened, conversation } = await open();
    const { shown } = await showPayload(opened.payload);
    if (!slice.row(conversation.id)) slice.conversations.set(conversation.id, { ...conversationOf(conversation, since), rival: true });
    const row = slice.row(conversation.id);
    if (row) slice.keep(await afterMessage(row, opened.sender, opened.payload), row);
    const record: StoredMessage = {
      id: opened.id,
      conversation: conversation.id,
      sender: opened.sender,
      mine: opened.sender === address,
      ...sentTimes(nsToMs(opened.createdNs), seenAt),
      payload: opened.payload,
    };
    slice.messages.push({ seq, record, dedup: await keystore.blind('messages', toHex(opened.dedupKey)), shown });
  };

  /** A message in a line, if it is here. */
  const wordsOf = async (id: string, fresh: readonly NewMessage[]): Promise<string | null> => {
    const near = fresh.find(({ record }) => record.id === id);
    if (near) return previewText(near.shown);
    const kept = await cache.messages.get(id);
    if (!kept || marks.isHidden(kept.id)) return null;
    return (await previewOf((await keystore.openRecord('messages', kept.id, kept.sealed)) as StoredMessage)).text;
  };

  const write = async (slice: Slice): Promise<void> => {
    const { done, quarantined, aside, conversations } = slice;
    const known = await cache.messages.knownDedup(
      slice.messages.map(({ dedup }) => dedup),
      slice.messages.map(({ record }) => (aloneIn(slice, record.conversation) ? record.conversation : null)),
    );
    const fresh: NewMessage[] = [];
    const aliases: { id: string; dedup: string }[] = [];
    for (const message of slice.messages) {
      const { seq, record, dedup, shown } = message;
      if (seq !== null) done.push(seq);
      const conversation = slice.row(record.conversation);
      if (known.has(dedup)) aliases.push({ id: record.id, dedup });
      if (known.has(dedup) || !conversation || marks.isHidden(record.id)) continue;
      known.add(dedup);
      let about: string | null = null;
      if (shown.form === 'reaction') {
        await reactions.note(record, shown);
        about = await wordsOf(shown.reference, fresh);
      }
      fresh.push(message);
      conversations.set(record.conversation, withMessage(conversation, record, shown, about));
    }
    const messages = await Promise.all(fresh.map(({ record, dedup }) => messageRecord(keystore, record, dedup)));
    const topics = [...conversations.values()].some((row) => rows.get(row.id)?.topic !== row.topic);
    const sealed = await Promise.all([...conversations.values()].map(rows.seal));
    await cache.apply({
      done,
      quarantined,
      aside: await Promise.all(aside.map(sealAside)),
      messages,
      aliases,
      conversations: sealed,
      lookedUp: true,
      alone: new Set([...conversations.values()].filter(hasTopicAlone).map(({ id }) => id)),
    });
    for (const row of conversations.values()) rows.wrote(row);
    for (const { reason } of [...quarantined, ...aside]) console.info(`an envelope was set aside: ${reason}`);
    if (slice.again) await cache.inbox.requeue(['cannot-decrypt', 'wrong-sender']);
    if (topics || slice.again) topicsChanged();
    if (conversations.size > 0) changed(conversations.keys());
    if ([...conversations.values()].some(({ group }) => group && !group.closed && group.left.length > 0)) membersLeft();
  };

  const sealAside = async ({ envelope, reason }: Slice['aside'][number]) => {
    const { contentTopic, timestampNs, message, seenAt } = envelope;
    const stored = { contentTopic, timestampNs, message, seenAt };
    const digest = await raw.digestOf(stored);
    return { digest, sealed: await raw.seal(digest, stored), reason };
  };

  return {
    run,
    async read(envelopes) {
      await ready();
      await readAll(envelopes.map((envelope) => ({ seq: null, open: async () => ({ ...envelope, seq: null }) })));
    },
  };
}

const aloneIn = (slice: Slice, id: string): boolean => {
  const row = slice.row(id);
  return row !== undefined && hasTopicAlone(row);
};

/** A message as the cache takes it. */
export const messageRecord = async (keystore: AccountKeys, record: StoredMessage, dedup: string): Promise<MessageRecord> => ({
  id: record.id,
  conversation: record.conversation,
  time: record.sentAt,
  dedup,
  sealed: await keystore.sealRecord('messages', record.id, record),
});

/** Why an envelope is set aside. What is our own trouble, or the lock, stops the loop instead: the envelope waits. */
function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.reason;
  if (error instanceof SecondInvitation) return 'second-invitation';
  if (error instanceof KeystoreError || error instanceof StorageError) throw error;
  console.error('an envelope could not be read', error);
  return 'unexpected';
}
