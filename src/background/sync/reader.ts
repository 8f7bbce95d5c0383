import type { AccountKeys } from '../../keystore/account-keys.ts';
import { KeystoreError } from '../../keystore/errors.ts';
import type { KeystoreInvitation } from '../../keystore/keystore.ts';
import type { Address } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { verifyConsentProof } from '../../protocol/consent-proof.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { OpenedMessage } from '../../protocol/message.ts';
import { quickenCurve } from '../../protocol/secp256k1-engine.ts';
import { nsToMs } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import type { Shown } from '../../rpc/views/messages.ts';
import type { Cache, InboxRecord, MessageRecord } from '../../storage/cache.ts';
import { StorageError } from '../../storage/errors.ts';
import { createSingle } from '../exclusive.ts';
import type { Failpoint } from '../failpoint.ts';
import type { Contacts } from '../messages/contacts.ts';
import { afterInvitation, afterMessage, chain, membersOf } from '../messages/group-state.ts';
import type { Marks } from '../messages/marks.ts';
import {
  type Binding,
  claimedTime,
  previewOf,
  previewText,
  type Rival,
  type StoredConversation,
  type StoredEnvelope,
  type StoredMessage,
  type StoredProof,
  sentTimes,
  showPayload,
  withMessage,
} from '../messages/model.ts';
import type { Reactions } from '../messages/reactions.ts';
import { bind, conversationOf } from './bindings.ts';
import type { Rows } from './rows.ts';

/** Reads what waits in the inbox: each envelope becomes a message, a conversation, or a line in quarantine that says why. */
export interface Reader {
  /** Reads until nothing waits. */
  run(): Promise<void>;
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

interface NewMessage {
  readonly seq: number;
  readonly record: StoredMessage;
  readonly dedup: string;
  readonly shown: Shown;
}

/** A row of the inbox that opened. */
interface Received extends StoredEnvelope {
  readonly seq: number;
}

/** An invitation that opened, and whose keys it brings; `topicId`: the id of the first conversation of its topic. */
interface Met {
  readonly opened: KeystoreInvitation;
  readonly whose: Awaited<ReturnType<Contacts['learn']>>;
  readonly topicId: string;
}

/** What came of opening a message together with others, and by which conversation. */
interface Ahead {
  readonly conversation: StoredConversation;
  readonly result: PromiseSettledResult<OpenedMessage>;
}

/** What a slice has come to so far; written in one transaction. */
interface Slice {
  readonly done: number[];
  readonly quarantined: { seq: number; reason: string }[];
  readonly conversations: Map<string, StoredConversation>;
  readonly messages: NewMessage[];
  /** There are more keys to try: what was set aside may open now. */
  again: boolean;
}

const batch = 128;
const invitationsAtOnce = 16;
/** From how many on it is worth making the curve's module ready. */
const many = 16;
/** What strangers may begin: everything that we follow is asked for at once. */
const mostConversations = 50_000;
/** Others want the thread too. */
const sliceMs = 50;
const longestConversationId = 1024;

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

  let begun = false;

  const run = createSingle(async () => {
    await Promise.all([rows.load(), marks.load()]);
    // A fault of the moment says nothing of the envelope.
    if (!begun) await cache.inbox.requeue(['unexpected']);
    begun = true;
    let count = 0;
    for (;;) {
      const waiting = signal.aborted ? [] : await cache.inbox.next(batch);
      if (waiting.length === 0) break;
      if (waiting.length >= many) await quickenCurve();
      if (waiting.length === batch && count % 10 === 0) remaining(await cache.inbox.waiting());
      count += 1;
      let left = waiting;
      while (left.length > 0 && !signal.aborted) {
        const now = left;
        left = now.slice(await rows.exclusive(() => readSlice(now)));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    remaining(null);
  });

  /** Reads and writes as many of the given as fit into a slice; returns how many. */
  const readSlice = async (waiting: readonly InboxRecord[]): Promise<number> => {
    const slice: Slice = { done: [], quarantined: [], conversations: new Map(), messages: [], again: false };
    const until = performance.now() + sliceMs;
    const opened = await Promise.allSettled(waiting.map(openRow));
    let taken = 0;
    while (taken < waiting.length && (taken === 0 || performance.now() < until)) {
      const invitations = invitationsFrom(opened, taken);
      if (invitations.length > 0) {
        const ahead = await Promise.allSettled(invitations.map((each) => keystore.openInvitation(each)));
        // Begun in their order: of two identities of one wallet the first is the one that stays.
        const met = await Promise.allSettled(ahead.map(meet));
        for (const [i, each] of invitations.entries())
          await readInvitation(each, met[i] as (typeof met)[number], slice).catch(setAside(slice, each));
        taken += invitations.length;
        continue;
      }
      // Messages up to the next invitation: what it brings is not there before it, and must be there after it.
      const messages: Received[] = [];
      for (; taken < waiting.length; taken += 1) {
        const row = opened[taken] as (typeof opened)[number];
        if (row.status === 'rejected') setAside(slice, waiting[taken] as InboxRecord)(row.reason);
        else if (isInvitation(row.value)) break;
        else messages.push(row.value);
      }
      const ahead = await openAhead(messages, slice);
      for (const [i, message] of messages.entries()) await readMessage(message, ahead[i] ?? null, slice).catch(setAside(slice, message));
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
    (slice: Slice, { seq }: { readonly seq: number }) =>
    (error: unknown): void =>
      void slice.quarantined.push({ seq, reason: reasonOf(error) });

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

  const meet = async (ahead: PromiseSettledResult<KeystoreInvitation>): Promise<Met> => {
    if (ahead.status === 'rejected') throw ahead.reason;
    const { peer, peerBundle, topic, conversationId = null } = ahead.value;
    if (peer === address) throw new ProtocolError('wrong-recipient', 'an invitation of ourselves to ourselves');
    if (conversationId !== null && conversationId.length > longestConversationId)
      throw new ProtocolError('too-large', 'the conversation id is too long');
    return { opened: ahead.value, whose: await contacts.learn(peerBundle), topicId: await rows.idOf(topic) };
  };

  const readInvitation = async ({ seq, seenAt }: Received, met: PromiseSettledResult<Met>, slice: Slice): Promise<void> => {
    if (met.status === 'rejected') throw met.reason;
    const { opened, whose, topicId } = met.value;
    const { binding, topic, key, peer, peerBundle, derived, conversationId = null, metadata = null } = opened;
    const createdAt = claimedTime(nsToMs(opened.createdNs), seenAt);
    const peerIdentityKey = toHex(peerBundle.identityKey);
    const group = opened.group && { group: { state: opened.group.bytes, left: [], closed: false } };
    // A group does not stand on its creator's identity alone: those keys are a matter of the conversations of two.
    const keys = { otherKeys: whose === 'other', retired: (whose === 'former' || opened.former) && !opened.group };
    const proof = opened.sentByMe ? null : proofOf(opened, address, seenAt);
    const from = { ...(opened.sentByMe && { begun: true as const }), ...(proof && { proof }) };
    const about = { createdAt, conversationId, metadata, ...keys, ...group, ...from };
    const invitation: Binding = { binding, topic, key, peer, peerIdentityKey, derived, ...about };
    const known = shownAt(topic, slice);
    if (opened.group && known?.binding === binding) {
      keep(afterInvitation(known, opened.group), known, slice);
      slice.done.push(seq);
      return;
    }
    if (!known && rows.count() + slice.conversations.size >= mostConversations)
      throw new ProtocolError('too-large', 'there are too many conversations');
    const spoken = known !== undefined && (known.last !== null || slice.messages.some(({ record }) => record.conversation === known.id));
    const bound = bind(known, invitation, { topicId, spoken, readUpTo: since });
    for (const row of bound.rows) for (const each of chain(row, everyRow(slice))) slice.conversations.set(each.id, each);
    slice.again ||= bound.again;
    if (bound.rival) throw new SecondInvitation();
    slice.done.push(seq);
  };

  /** What a message or an invitation makes of a conversation; a longer list of members lets more messages in. */
  const keep = (next: StoredConversation, before: StoredConversation, slice: Slice): void => {
    if (next === before) return;
    slice.conversations.set(next.id, next);
    slice.again ||= next.group?.state !== before.group?.state;
  };

  const everyRow = function* (slice: Slice): Iterable<StoredConversation> {
    yield* slice.conversations.values();
    for (const row of rows.all()) if (!slice.conversations.has(row.id)) yield row;
  };

  const shownAt = (topic: string, slice: Slice): StoredConversation | undefined => {
    for (const row of slice.conversations.values()) if (row.topic === topic && !row.rival) return row;
    return rows.byTopic(topic);
  };

  /** Opens messages together by the conversations that their topics show, which costs a fraction of one by one. */
  const openAhead = async (messages: readonly Received[], slice: Slice): Promise<(Ahead | null)[]> => {
    const shown = messages.map(({ contentTopic }) => shownAt(contentTopic, slice) ?? null);
    const placed = messages.flatMap((received, i) => (shown[i] ? [toOpen(received, shown[i])] : []));
    const opened = (await keystore.openMessages(placed)).values();
    return shown.map(
      (conversation) => conversation && { conversation, result: opened.next().value as PromiseSettledResult<OpenedMessage> },
    );
  };

  const toOpen = ({ contentTopic, message }: Received, conversation: StoredConversation | Rival) => {
    const { key, topic, peer } = conversation;
    const members = membersOf(conversation);
    return { key, topic, envelopeTopic: contentTopic, peer, message, ...(members && { members }) };
  };

  const readMessage = async (received: Received, ahead: Ahead | null, slice: Slice): Promise<void> => {
    const { seq, contentTopic, seenAt } = received;
    const shownHere = shownAt(contentTopic, slice);
    if (!shownHere) throw new ProtocolError('wrong-topic', 'no conversation has this topic');
    const { opened, conversation } = await openByOneOf(shownHere, received, ahead);
    const { shown } = await showPayload(opened.payload);
    if (!slice.conversations.has(conversation.id) && !rows.get(conversation.id))
      slice.conversations.set(conversation.id, { ...conversationOf(conversation, since), rival: true });
    const row = slice.conversations.get(conversation.id) ?? rows.get(conversation.id);
    if (row) keep(await afterMessage(row, opened.sender, opened.payload), row, slice);
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

  /** Opens a message by the conversation that its topic shows, else by a rival. */
  const openByOneOf = async (shown: StoredConversation, received: Received, ahead: Ahead | null) => {
    const open = async (conversation: StoredConversation | Rival) => {
      const opened = await openBy(conversation, received, ahead);
      if (membersOf(conversation)) return { opened, conversation };
      // A wallet can sign for any number of identities; a conversation is between two of them.
      const { sender, senderIdentityKey } = opened;
      const known = sender === address ? keystore.wasMine(senderIdentityKey) : toHex(senderIdentityKey) === conversation.peerIdentityKey;
      if (!known) throw new ProtocolError('wrong-sender', 'the message is signed by another identity of its sender');
      return { opened, conversation };
    };
    try {
      return await open(shown);
    } catch (error) {
      for (const rival of error instanceof ProtocolError ? (shown.rivals ?? []) : []) {
        const outcome = await open(rival).catch(unlessRefused);
        if (outcome) return outcome;
      }
      throw error;
    }
  };

  /** What was found ahead counts as long as the conversation is the same: a message before this one may have let its sender in. */
  const openBy = async (conversation: StoredConversation | Rival, received: Received, ahead: Ahead | null): Promise<OpenedMessage> => {
    if (conversation !== ahead?.conversation) return keystore.openMessage(toOpen(received, conversation));
    if (ahead.result.status === 'rejected') throw ahead.result.reason;
    return ahead.result.value;
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
    const { done, quarantined, conversations } = slice;
    const known = await cache.messages.knownDedup(slice.messages.map(({ dedup }) => dedup));
    const fresh: NewMessage[] = [];
    const aliases: { id: string; dedup: string }[] = [];
    for (const message of slice.messages) {
      const { seq, record, dedup, shown } = message;
      done.push(seq);
      const conversation = conversations.get(record.conversation) ?? rows.get(record.conversation);
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
    await cache.apply({ done, quarantined, messages, aliases, conversations: sealed });
    for (const row of conversations.values()) rows.wrote(row);
    for (const { seq, reason } of quarantined) console.info(`envelope ${seq} set aside: ${reason}`);
    if (slice.again) await cache.inbox.requeue(['cannot-decrypt', 'wrong-sender']);
    if (topics || slice.again) topicsChanged();
    if (conversations.size > 0) changed(conversations.keys());
    if ([...conversations.values()].some(({ group }) => group && !group.closed && group.left.length > 0)) membersLeft();
  };

  return { run };
}

/** A message as the cache takes it. */
export const messageRecord = async (keystore: AccountKeys, record: StoredMessage, dedup: string): Promise<MessageRecord> => ({
  id: record.id,
  conversation: record.conversation,
  time: record.sentAt,
  dedup,
  sealed: await keystore.sealRecord('messages', record.id, record),
});

/** Our wallet's word for the peer, if the invitation brings one that holds at first sight (SPEC 12.7). */
function proofOf({ consentProof, peer }: KeystoreInvitation, receiver: Address, seenAt: number): StoredProof | null {
  if (!consentProof) return null;
  try {
    const { id, signedMs } = verifyConsentProof(consentProof, { sender: peer, receiver }, () => seenAt);
    return { id, signedMs };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

class SecondInvitation extends Error {}

const unlessRefused = (error: unknown): undefined => {
  if (!(error instanceof ProtocolError)) throw error;
};

/** Why an envelope is set aside. What is our own trouble, or the lock, stops the loop instead: the envelope waits. */
function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.reason;
  if (error instanceof SecondInvitation) return 'second-invitation';
  if (error instanceof KeystoreError || error instanceof StorageError) throw error;
  console.error('an envelope could not be read', error);
  return 'unexpected';
}
