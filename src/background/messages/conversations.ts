import { NodeError } from '../../network/errors.ts';
import { type Address, parseAddress } from '../../protocol/address.ts';
import { toHex } from '../../protocol/bytes.ts';
import { isGroupId } from '../../protocol/group.ts';
import type { VerifiedBundle } from '../../protocol/public-keys.ts';
import { type Clock, nsToMs } from '../../protocol/time.ts';
import { inviteTopic } from '../../protocol/topic.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { createExclusive } from '../exclusive.ts';
import { badParams } from '../refuse.ts';
import type { Conversations, ListedShelf, Writer } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import type { Rows } from '../sync/rows.ts';
import type { Draft, Drafts } from './drafts.ts';
import { groupView } from './group-state.ts';
import type { KeptFiles, WaitingFiles } from './kept-files.ts';
import { isArchived } from './marks.ts';
import { conversationView, newestFirst, type StoredConversation, timeOf } from './model.ts';
import { leansOnProof, shelfOf } from './shelf.ts';
import { endsOf, reasonsFor } from './spam.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly drafts: Pick<Drafts, 'of'>;
  readonly keptFiles: Pick<KeptFiles, 'waiting'>;
  /** The list looks different now. */
  readonly changed: () => void;
}

/** How long an answer of the node about a peer holds while somebody types. */
const lookUpAgeMs = 60_000;
const pageSize = 50;

export function createConversations({ sessions, clock, drafts, keptFiles, changed }: Deps): Conversations {
  const starting = createExclusive();

  const viewsOf = async (session: Session, shown: readonly StoredConversation[]): Promise<ConversationRow[]> => {
    const known = knownOf(session);
    const ids = shown.map(({ id }) => id);
    const [words, files] = await Promise.all([drafts.of(session, ids), keptFiles.waiting(session, ids)]);
    return shown.map((row, position) => viewWith(session, row, { ...words[position], files: files.get(row.id) }, known));
  };

  const view = async (session: Session, row: StoredConversation): Promise<ConversationRow> => {
    const [[words], files] = await Promise.all([drafts.of(session, [row.id]), keptFiles.waiting(session, [row.id])]);
    return viewWith(session, row, { ...words, files: files.get(row.id) }, knownOf(session));
  };

  const viewWith = (
    session: Session,
    row: StoredConversation,
    waiting: Partial<Draft> & { readonly files: WaitingFiles | undefined },
    known: ReturnType<typeof knownOf>,
  ): ConversationRow => {
    const { address, rows, marks } = session;
    const shelf = shelfOf(row, session);
    const mark = marks.of(row);
    const proof = row.proof && leansOnProof(row, session) ? { signedAt: row.proof.signedMs } : null;
    return conversationView(row, {
      draft: waiting.text ?? null,
      draftRevision: waiting.revision ?? 0,
      files: waiting.files?.chosen ?? 0,
      leaving: waiting.files?.leaving ?? 0,
      group: groupView(row, address),
      shelf,
      proof,
      reasons: shelf === 'requests' ? reasonsFor(row, known(), pairsWith(rows, row.peer).length) : [],
      pinned: mark.pinned ?? false,
      muted: mark.muted ?? false,
      archived: isArchived(row, mark),
    });
  };

  /** Somebody of the inbox by how the address begins and ends; looked for once, and only where it is asked for. */
  const knownOf = (session: Session) => {
    let found: Map<string, Address> | undefined;
    return () => {
      if (!found) {
        found = new Map();
        for (const address of knownTo(session)) found.set(endsOf(address), address);
      }
      const known = found;
      return (ends: string) => known.get(ends);
    };
  };

  const standsOn = (session: Session, row: StoredConversation, shelf: ListedShelf | undefined): boolean => {
    // An epoch of a group that has a next one is shown as a part of that.
    if (row.group?.next !== undefined) return false;
    if (shelf === undefined) return true;
    if (shelf === 'inbox' || shelf === 'archive')
      return shelfOf(row, session) === 'inbox' && isArchived(row, session.marks.of(row)) === (shelf === 'archive');
    return shelfOf(row, session) === shelf;
  };

  const invite = async (
    session: Session,
    peer: Address,
    context: Parameters<Conversations['start']>[1],
    by: Writer,
  ): Promise<StoredConversation> => {
    const { contacts, rows } = session;
    // The peer may have begun meanwhile. Without the node the invitation waits, and both sides come to the same topic anyway.
    const [bundle] = await Promise.all([contacts.lookUp(peer, 0), session.upToDate().catch(() => undefined)]);
    if (!bundle) throw new RefusalError('peer-absent', 'This address is not on the network of this node yet.');
    const conversationId = context?.conversationId ?? null;
    const begun = find(rows, peer, conversationId, bundle);
    if (begun) return begun;

    const createdNs = session.nextTimeNs(null);
    const sealing = context && { conversationId: conversationId ?? '', metadata: { ...context.metadata } };
    const { topic, sealed, key, binding } = await session.keys.createInvitation(bundle, sealing, createdNs);
    const bound = rows.byTopic(topic);
    if (bound?.derived) return bound;
    const id = bound ? binding : await rows.idOf(topic);
    const conversation: StoredConversation = {
      id,
      binding,
      topic,
      key,
      peer,
      peerIdentityKey: toHex(bundle.identityKey),
      derived: true,
      ...(by === 'person' ? { begun: true as const } : { answered: false }),
      otherKeys: (await contacts.warning(peer)) === 'other-keys',
      createdAt: nsToMs(createdNs),
      conversationId,
      metadata: context?.metadata ? { ...context.metadata } : null,
      last: null,
      readUpTo: 0,
      unread: 0,
      lastOwnNs: createdNs,
      filled: {},
    };
    const to = (address: Address) => ({ contentTopic: inviteTopic(address), timestampNs: createdNs, message: sealed });
    await session.post({
      id: `invitation ${id}`,
      conversation: id,
      envelopes: [to(peer), to(session.address)],
      failure: null,
      row: { kind: 'invitation', conversation },
    });
    return conversation;
  };

  const list: Conversations['list'] = async ({ before, limit = pageSize, shelf }) => {
    const session = sessions.current();
    const { consent, marks, rows } = session;
    await Promise.all([consent.load(), marks.load()]);
    const pinning = shelf === 'inbox' && marks.anyPinned();
    if (pinning || shelf === 'requests') await rows.load();
    const isPinned = (row: StoredConversation): boolean => pinning && marks.of(row).pinned === true;
    const page = await rows.page(before, limit, (row) => !isPinned(row) && standsOn(session, row, shelf));
    const first = pinning && before === undefined ? [...rows.all()].filter((row) => isPinned(row) && standsOn(session, row, shelf)) : [];
    const shown = [...first.sort((a, b) => timeOf(b) - timeOf(a)), ...page.rows];
    return { rows: await viewsOf(session, shown), more: page.more };
  };

  return {
    list,
    async window(shelf, offset, limit) {
      const session = sessions.current();
      const { consent, marks, rows } = session;
      // The first screen is there before all rows have been read.
      if (offset === 0 && !rows.loaded()) {
        const first = await list({ limit, shelf });
        return { offset, total: first.more ? null : first.rows.length, ...first };
      }
      await Promise.all([consent.load(), marks.load(), rows.load()]);
      const isPinned = (row: StoredConversation): boolean => shelf === 'inbox' && marks.of(row).pinned === true;
      const there = [...rows.all()].filter((row) => standsOn(session, row, shelf));
      const order = there
        .map((row) => ({ row, pinned: isPinned(row), time: timeOf(row) }))
        .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.time - a.time);
      const shown = order.slice(offset, offset + limit).map(({ row }) => row);
      return { offset, rows: await viewsOf(session, shown), total: order.length, more: offset + limit < order.length };
    },
    async get(id) {
      const session = sessions.current();
      const row = await existing(session, id);
      // Other keys may have come by a way that does not know of conversations, such as a backup file.
      const otherKeys = !row.group && !row.retired && (await session.contacts.warning(row.peer)) === 'other-keys';
      return view(session, otherKeys ? { ...row, otherKeys } : row);
    },
    async lookUp(text) {
      const session = sessions.current();
      const peer = addressOf(text);
      await session.ready();
      const lookAlike = lookAlikeOf(peer, session);
      const state = peer === session.address ? 'self' : await reach(session, peer);
      const found = find(session.rows, peer, null, await session.contacts.known(peer)) ?? newest(pairsWith(session.rows, peer));
      const conversation = found?.id ?? null;
      return { address: peer, state, lookAlike, conversation, warning: await session.contacts.warning(peer) };
    },
    async start(text, context, by = 'person') {
      const session = sessions.current();
      const peer = addressOf(text);
      if (peer === session.address) throw badParams('refusals.ownAddress');
      if (isGroupId(context?.conversationId)) throw badParams('refusals.groupIds');
      const row = await starting(async () => {
        await session.ready();
        const known = await session.contacts.known(peer);
        return find(session.rows, peer, context?.conversationId ?? null, known) ?? invite(session, peer, context, by);
      });
      // Who is written to may answer; that a site asked for it is no decision of a person.
      if (by === 'person' && session.consent.of('address', peer) === null) await session.decide('allowed', 'address', [peer]);
      return view(session, row);
    },
    async acceptKeys(text) {
      const { contacts, rows } = sessions.current();
      const peer = addressOf(text);
      await contacts.acceptOther(peer);
      await rows.load();
      const known = await contacts.known(peer);
      const identityKey = known && toHex(known.identityKey);
      await rows.changeAll(
        rows.ofPeer(peer).map(({ id }) => id),
        (row) => ({ ...row, otherKeys: false, retired: !row.group && row.peerIdentityKey !== identityKey }),
      );
      changed();
    },
    async markRead(id) {
      const session = sessions.current();
      const row = await existing(session, id);
      if (row.unread === 0) return false;
      await session.rows.change(id, (now) => ({ ...now, unread: 0, readUpTo: Math.max(now.readUpTo, now.last?.at ?? clock()) }));
      changed();
      return true;
    },
  };
}

/** The conversation of this id. @throws RefusalError not-found */
export async function existing(session: Session, id: string): Promise<StoredConversation> {
  await session.ready();
  const row = session.rows.get(id);
  if (!row) throw new RefusalError('not-found', 'There is no such conversation.');
  return row;
}

function addressOf(text: string): Address {
  try {
    return parseAddress(text);
  } catch {
    throw badParams('refusals.mistypedAddress');
  }
}

const newest = (rows: readonly StoredConversation[]): StoredConversation | undefined => newestFirst(rows)[0];

/** The conversations with this peer alone. */
const pairsWith = (rows: Rows, peer: Address): StoredConversation[] => rows.ofPeer(peer).filter(({ group }) => !group);

/**
 * The conversation with this peer, as it is known, and this id; of several the one that derives from the keys of both, which is where the peer would start
 * too.
 */
function find(rows: Rows, peer: Address, conversationId: string | null, known: VerifiedBundle | null): StoredConversation | undefined {
  const identityKey = known && toHex(known.identityKey);
  const same = pairsWith(rows, peer).filter(
    (row) => !row.retired && (row.conversationId ?? '') === (conversationId ?? '') && (!identityKey || row.peerIdentityKey === identityKey),
  );
  return same.find(({ derived }) => derived) ?? newest(same);
}

async function reach(session: Session, peer: Address): Promise<'reachable' | 'absent' | 'unknown'> {
  try {
    return (await session.contacts.lookUp(peer, lookUpAgeMs)) ? 'reachable' : 'absent';
  } catch (error) {
    if (error instanceof NodeError) return 'unknown';
    throw error;
  }
}

/** A peer that we talk to, whose address begins and ends like this one: people compare no more than that. */
function lookAlikeOf(address: Address, session: Session): Address | null {
  for (const known of knownTo(session)) if (known !== address && endsOf(known) === endsOf(address)) return known;
  return null;
}

/** Oneself, those who were given a name, and those of the inbox: who only asks to write, or is blocked, is nobody whom others are compared with. */
function* knownTo(session: Session): Generator<Address> {
  yield session.address;
  yield* session.names.all().keys();
  for (const row of session.rows.all()) if (!row.group && shelfOf(row, session) === 'inbox') yield row.peer;
}
