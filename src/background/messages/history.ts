import { type PageContent, readContent, toPage } from '../../content-types/index.ts';
import type { Address } from '../../protocol/address.ts';
import { decodeContent } from '../../protocol/content.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { RefusalError } from '../../rpc/errors.ts';
import type { Place } from '../../storage/cache.ts';
import type { MessageRecord } from '../../storage/cache-schema.ts';
import type { Session } from '../session.ts';
import { epochsOf } from './group-state.ts';
import type { StoredMessage } from './model.ts';

/** A message with its content in plain JSON, for those who are no part of the extension. */
export interface HistoryMessage extends PageContent {
  readonly id: string;
  /** Our own id of the conversation. */
  readonly conversation: string;
  readonly sender: Address;
  readonly sentAt: number;
  /** Own messages only. */
  readonly state: 'queued' | 'sent' | 'failed' | null;
}

export interface History {
  /** From a place on, exclusive, downward to the oldest or upward to the newest; of a group with all its epochs. @throws RefusalError locked, not-found */
  page(
    conversation: string,
    options: { readonly order: 'asc' | 'desc'; readonly from: Place | null; readonly limit: number },
  ): Promise<HistoryMessage[]>;
  /** One message, if it is there. */
  get(id: string): Promise<HistoryMessage | null>;
}

interface Deps {
  readonly current: () => Session;
  readonly open: (session: Session, record: MessageRecord) => Promise<StoredMessage>;
}

export function createHistory({ current, open }: Deps): History {
  const plain = async (session: Session, record: MessageRecord): Promise<HistoryMessage> => {
    const { id, conversation, sender, sentAt, mine, payload } = await open(session, record);
    const waiting = mine ? (session.outbox.stateOf(id) ?? 'sent') : null;
    return { id, conversation, sender, sentAt, state: waiting === 'sending' ? 'queued' : waiting, ...(await contentOf(payload)) };
  };

  return {
    async page(conversation, { order, from, limit }) {
      const session = current();
      await session.ready();
      const { messages } = session.cache;
      const newestFirst = epochsOf(conversation, session.rows);
      const records: MessageRecord[] = [];
      // Where one epoch of a group ends, the next begins: a time is a place in each of them.
      for (const epoch of order === 'desc' ? newestFirst : newestFirst.reverse()) {
        const left = limit - records.length;
        if (left <= 0) break;
        const place = from && (await placeIn(session, epoch, from));
        records.push(
          ...(order === 'desc'
            ? await messages.page(epoch, { limit: left, ...(place && { before: place }) })
            : await messages.pageUp(epoch, { limit: left, ...(place && { after: place }) })),
        );
      }
      return Promise.all(records.map((record) => plain(session, record)));
    },
    async get(id) {
      const session = current();
      const record = await session.cache.messages.get(id);
      return record ? plain(session, record) : null;
    },
  };
}

/** A message is a place in its own epoch; in the others its time is. */
async function placeIn({ cache }: Session, epoch: string, { time, id }: Place): Promise<Place> {
  if (id === undefined) return { time };
  const record = await cache.messages.get(id);
  if (!record) throw new RefusalError('not-found', 'there is no such message');
  return record.conversation === epoch ? { time, id } : { time };
}

/** What cannot be read any more shows as a content of no known type. */
async function contentOf(payload: Uint8Array): Promise<PageContent> {
  try {
    const content = await decodeContent(payload);
    const { fallback } = content;
    return { ...toPage(readContent(content)), ...(fallback !== undefined && { fallback }) };
  } catch (error) {
    if (error instanceof ProtocolError) return { contentType: 'unknown', content: null };
    throw error;
  }
}
