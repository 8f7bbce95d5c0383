import type { ConversationRow } from './conversations.ts';
import type { MessageView } from './messages.ts';
import type { Safety } from './safety.ts';

/** What a conversation shows first. */
export interface OpenedConversation {
  readonly row: ConversationRow;
  /** The newest, oldest of them first; `more`: there are older ones. */
  readonly messages: readonly MessageView[];
  readonly more: boolean;
  /** Of the peer's keys, without the numbers; null for a group. */
  readonly safety: Safety | null;
}
