import type { Address } from '../../protocol/address.ts';
import type { ConversationRow, SearchAnswer, SearchHit } from '../../rpc/views/conversations.ts';
import type { Shown } from '../../rpc/views/messages.ts';
import type { SearchService } from '../services.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { epochsOf, groupOf } from './group-state.ts';
import { messageView, previewText, type StoredConversation, type StoredMessage, timeOf } from './model.ts';
import { excerptOf, fold, isEmpty, parseSearch, type SearchQuery } from './search-query.ts';
import { shelfOf } from './shelf.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly view: (id: string) => Promise<ConversationRow>;
  /** The index has come further. */
  readonly changed: () => void;
  /** How long a search waits for what is not in the index yet, ms. */
  readonly patience?: number;
}

const mostConversations = 8;
const defaultLimit = 40;
const tellEvery = 500;
/** While the index is read, before anything is counted. */
const noneYet = { done: 0, total: 0 };

/** The words of a message that a search goes by. */
function foundIn(shown: Shown): string {
  switch (shown.form) {
    case 'text':
      return shown.text;
    case 'reply':
      return foundIn(shown.content);
    case 'file':
      return shown.filename;
    default:
      return previewText(shown);
  }
}

/** Looks for conversations and messages in what is here; no node is asked. What blocked people wrote is not shown. */
export function createSearch({ sessions, view, changed, patience = 60 }: Deps): SearchService {
  /** How far the making of the index is, by session. */
  const progress = new WeakMap<Session, { readonly done: number; readonly total: number }>();

  const update = (session: Session): Promise<void> => {
    let toldAt = performance.now();
    return session.search
      .update((done, total) => {
        progress.set(session, { done, total });
        if (performance.now() - toldAt < tellEvery) return;
        toldAt = performance.now();
        changed();
      })
      .finally(() => {
        if (progress.delete(session)) changed();
      });
  };

  /** `viewed`: of many hits in one conversation it is looked at once. */
  const hitOf = async (
    session: Session,
    id: string,
    words: readonly string[],
    viewed: (id: string) => Promise<ConversationRow>,
  ): Promise<SearchHit | null> => {
    const record = await session.cache.messages.get(id);
    if (!record || session.marks.isHidden(record.id)) return null;
    const message = (await session.keys.openRecord('messages', record.id, record.sealed)) as StoredMessage;
    const row = latest(session, message.conversation);
    if (!row || shelfOf(row, session) === 'blocked') return null;
    const { shown } = await messageView(message, null);
    const { sender, mine, sentAt } = message;
    return { id: record.id, conversation: await viewed(row.id), sender, mine, sentAt, ...excerptOf(foundIn(shown), words) };
  };

  const conversationsFor = async (session: Session, query: SearchQuery): Promise<ConversationRow[]> => {
    if (query.words.length === 0 || query.from.length > 0 || query.has.length > 0 || query.after !== null || query.before !== null)
      return [];
    const found = [...session.rows.all()]
      .filter((row) => row.group?.next === undefined && shelfOf(row, session) !== 'blocked')
      .filter((row) => {
        const title = fold(titleOf(session, row));
        return query.words.every((word) => title.includes(word));
      })
      .sort((a, b) => timeOf(b) - timeOf(a))
      .slice(0, mostConversations);
    return Promise.all(found.map(({ id }) => view(id)));
  };

  return {
    async ready() {
      const session = sessions.current();
      await session.ready();
      await session.search.ready();
    },
    async find({ text, conversation, limit = defaultLimit }): Promise<SearchAnswer> {
      const session = sessions.current();
      await session.ready();
      const query = parseSearch(text);
      let complete = false;
      const updating = update(session).then(() => {
        complete = true;
      });
      // What goes wrong while nobody waits is told by the next search.
      updating.catch(() => undefined);
      // Whoever opens the search will write in it: the index is read meanwhile.
      if (isEmpty(query)) return { conversations: [], messages: [], more: false, unknown: query.unknown, indexing: null };
      await Promise.race([updating, new Promise((resolve) => setTimeout(resolve, patience))]);
      // What is found now may not be all, also when it is by the end of this: whoever asked asks again.
      const indexing = complete ? null : (progress.get(session) ?? noneYet);
      if (indexing) progress.set(session, indexing);
      const within = conversation === undefined ? null : new Set(epochsOf(conversation, session.rows));
      const found = await session.search.find(query, {
        limit: limit + 1,
        ...(query.from.length > 0 && { from: (sender) => query.from.some((who) => isFrom(session, sender, who)) }),
        ...(within && { within: (id) => within.has(id) }),
      });
      const views = new Map<string, Promise<ConversationRow>>();
      const viewed = (id: string): Promise<ConversationRow> => {
        const one = views.get(id) ?? view(id);
        views.set(id, one);
        return one;
      };
      const hits = await Promise.all(found.slice(0, limit).map(({ id }) => hitOf(session, id, query.words, viewed)));
      return {
        conversations: within ? [] : await conversationsFor(session, query),
        messages: hits.filter((hit) => hit !== null),
        more: found.length > limit,
        unknown: query.unknown,
        indexing,
      };
    },
  };
}

/** The conversation as it is shown: of a group the newest epoch. */
function latest({ rows }: Pick<Session, 'rows'>, id: string): StoredConversation | undefined {
  const row = rows.get(id);
  const next = row?.group?.next === undefined ? undefined : rows.get(row.group.next);
  return next ? latest({ rows }, next.id) : row;
}

/** What a conversation goes by: the names and the address of the peer, or the title of a group and those of its members. */
function titleOf({ names }: Session, row: StoredConversation): string {
  const person = (address: Address): string => `${names.of(address) ?? ''} ${address}`;
  if (!row.group) return `${person(row.peer)} ${row.conversationId ?? ''}`;
  const { title, members } = groupOf(row.group);
  return `${title} ${members.map(person).join(' ')}`;
}

/** `me`, a part of the name, or the beginning of the address. */
function isFrom({ names, address: me }: Session, sender: Address, who: string): boolean {
  if (who === 'me') return sender === me;
  const name = names.of(sender);
  return (name !== null && fold(name).includes(who)) || (who.startsWith('0x') && sender.toLowerCase().startsWith(who));
}
