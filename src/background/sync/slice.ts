import type { Shown } from '../../rpc/views/messages.ts';
import type { StoredConversation, StoredEnvelope, StoredMessage } from '../messages/model.ts';
import type { Rows } from './rows.ts';

/** An envelope to be read. */
export interface Received extends StoredEnvelope {
  /** Its row of the inbox; null: it was never there, but comes straight from the node. */
  readonly seq: number | null;
}

export interface NewMessage {
  readonly seq: number | null;
  readonly record: StoredMessage;
  readonly dedup: string;
  readonly shown: Shown;
}

/** What reading some envelopes has come to so far; written in one transaction. */
export interface Slice {
  readonly done: number[];
  readonly quarantined: { seq: number; reason: string }[];
  /** The same of what was never in the inbox. */
  readonly aside: { envelope: StoredEnvelope; reason: string }[];
  readonly conversations: Map<string, StoredConversation>;
  readonly messages: NewMessage[];
  /** There are more keys to try: what was set aside may open now. */
  again: boolean;
  /** The conversation, as it is with this slice. */
  row(id: string): StoredConversation | undefined;
  /** The one that the topic shows then. */
  shownAt(topic: string): StoredConversation | undefined;
  /** All of them. */
  all(): Iterable<StoredConversation>;
  /** What a message or an invitation makes of a conversation; a longer list of members lets more messages in. */
  keep(next: StoredConversation, before: StoredConversation): void;
}

export function createSlice(rows: Pick<Rows, 'get' | 'byTopic' | 'all'>): Slice {
  const conversations = new Map<string, StoredConversation>();
  return {
    done: [],
    quarantined: [],
    aside: [],
    conversations,
    messages: [],
    again: false,
    row: (id) => conversations.get(id) ?? rows.get(id),
    shownAt(topic) {
      for (const row of conversations.values()) if (row.topic === topic && !row.rival) return row;
      return rows.byTopic(topic);
    },
    *all() {
      yield* conversations.values();
      for (const row of rows.all()) if (!conversations.has(row.id)) yield row;
    },
    keep(next, before) {
      if (next === before) return;
      conversations.set(next.id, next);
      this.again ||= next.group?.state !== before.group?.state;
    },
  };
}
