import type { Address } from './account.ts';

/** What crosses between the background and a page's provider, as the contract of `window.xmtp` has it. */

/** A conversation as a page has it. */
export interface PageConversation {
  readonly id: string;
  readonly peers: readonly Address[];
  readonly createdAt: number;
  readonly conversationId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A message as a page has it. */
export interface PageMessage {
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  readonly sentAt: number;
  readonly contentType: string;
  readonly content: unknown;
  readonly fallback?: string;
  readonly status?: 'queued' | 'sent' | 'failed';
}

export interface MessagesQuery {
  readonly conversation: string;
  readonly limit?: number;
  readonly order?: 'asc' | 'desc';
  readonly after?: number;
  readonly before?: number;
  readonly cursor?: string;
}

/** A call of the keystore API. */
export interface KeystoreCall {
  readonly method: string;
  /** Protobuf in base64; absent where the method takes none. */
  readonly request?: string;
}

/** What a subscription is about. */
export interface Wanted {
  readonly kind: 'messages' | 'conversations';
  /** Under the origin's name for it; null: in all. */
  readonly conversation: string | null;
}

/** A subscription as the content script keeps it: it outlives the background, and goes on behind the last event that the page had. */
export interface Resumed extends Wanted {
  readonly subscription: string;
  readonly cursor: number;
}
