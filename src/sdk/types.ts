/** The contract of `window.xmtp`, as types. The reference with words to it is docs/provider.md. */

/** EIP-55 when it comes out; in it may also be all lower case. */
export type Address = `0x${string}`;

/** For example `xmtp.org/text:1.0`. */
export type ContentTypeId = string;

/** Bytes inside `content`, both ways: base64url without padding. */
export interface Bytes {
  readonly $bytes: string;
}

export interface Conversation {
  /** Opaque: the same for your origin every time, another for every origin. */
  readonly id: string;
  readonly peers: readonly Address[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly conversationId?: string;
  /** Decoration by whoever began it; trust nothing in it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Message {
  /** The XMTP message id, hex; replies and reactions refer to it. */
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly contentType: ContentTypeId;
  /** What this content type holds; null for one that the extension does not know, which comes with its `fallback`. */
  readonly content: unknown;
  readonly fallback?: string;
  /** Own messages only. */
  readonly status?: 'queued' | 'sent' | 'failed';
}

export type PermissionKind = 'send' | 'read' | 'keystore';

export interface Permission {
  readonly kind: PermissionKind;
  readonly peers: readonly Address[] | '*';
  readonly conversations?: readonly string[];
  readonly contentTypes?: readonly ContentTypeId[];
  /** `now`: messages from the grant on; `all`: those before it too. */
  readonly since?: 'now' | 'all';
  /** Milliseconds since 1970. */
  readonly grantedAt: number;
  /** null: until the last tab of your origin closes. */
  readonly expiresAt: number | null;
}

export interface PermissionRequest {
  readonly kind: PermissionKind;
  readonly peers: readonly Address[] | '*';
  readonly conversations?: readonly string[];
  readonly contentTypes?: readonly ContentTypeId[];
  readonly since?: 'now' | 'all';
  /** Seconds, at most 604,800. */
  readonly expiresIn?: number;
}

/** What the first message or a thread beside it is known by. */
interface ConversationContext {
  readonly conversationId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Exactly one of two forms. */
type Either<A extends object, B extends object> =
  | (A & { readonly [K in Exclude<keyof B, keyof A>]?: never })
  | (B & { readonly [K in Exclude<keyof A, keyof B>]?: never });

type Nothing = Readonly<Record<string, never>>;

/** What each method is asked and what it answers. */
export interface Methods {
  xmtp_accounts: { params: Nothing; result: Address[] };
  xmtp_requestAccounts: { params: Nothing; result: Address[] };
  xmtp_getPermissions: { params: Nothing; result: Permission[] };
  xmtp_requestPermissions: { params: { readonly permissions: readonly PermissionRequest[] }; result: Permission[] };
  xmtp_revokePermissions: { params: { readonly kind?: PermissionKind }; result: null };
  xmtp_canMessage: { params: { readonly peers: readonly Address[] }; result: Record<Address, boolean> };
  xmtp_newConversation: {
    params: Either<{ readonly peer: Address }, { readonly peers: readonly Address[] }> & ConversationContext;
    result: Conversation;
  };
  xmtp_listConversations: {
    params: { readonly limit?: number; readonly cursor?: string };
    result: { readonly conversations: Conversation[]; readonly cursor?: string };
  };
  xmtp_sendMessage: {
    params: Either<{ readonly conversation: string }, { readonly peer: Address }> & {
      readonly content: unknown;
      readonly contentType?: ContentTypeId;
      /** Up to 64 characters: asking again with the same one returns the first message and sends nothing. */
      readonly clientId?: string;
    };
    result: Message;
  };
  xmtp_listMessages: {
    params: {
      readonly conversation: string;
      /** 1 to 100; by default 50. */
      readonly limit?: number;
      readonly order?: 'asc' | 'desc';
      /** Milliseconds since 1970, exclusive. */
      readonly after?: number;
      readonly before?: number;
      readonly cursor?: string;
    };
    result: { readonly messages: Message[]; readonly cursor?: string };
  };
  xmtp_subscribe: { params: { readonly kind: 'messages' | 'conversations'; readonly conversation?: string }; result: string };
  xmtp_unsubscribe: { params: { readonly subscription: string }; result: boolean };
  /** A method of the keystore API, its request and response as protobuf in base64. */
  xmtp_keystore: { params: { readonly method: string; readonly request?: string }; result: { readonly response: string } };
}

export type Method = keyof Methods;

/** What each event brings. */
export interface Events {
  connect: Nothing;
  /** 1013: it comes back by itself. 1011: the extension was updated or removed, reload the page. */
  disconnect: { readonly code: 1013 | 1011 };
  accountsChanged: Address[];
  permissionsChanged: Permission[];
  message: { readonly subscription: string; readonly message: Message };
  conversation: { readonly subscription: string; readonly conversation: Conversation };
}

/** What a method is called with: `params` may be left out where nothing in it is needed. */
export type RequestArguments<M extends Method> = { readonly method: M } & (Nothing extends Methods[M]['params']
  ? { readonly params?: Methods[M]['params'] }
  : { readonly params: Methods[M]['params'] });

export interface XmtpProvider {
  readonly isParley: true;
  /** Of the extension. */
  readonly version: string;
  /** Settles always: with the result, or with an `XmtpError`. */
  request<M extends Method>(args: RequestArguments<M>): Promise<Methods[M]['result']>;
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): this;
  removeListener<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): this;
}

/** What a call rejects with. */
export interface XmtpError extends Error {
  readonly code: number;
  readonly data?: { readonly retryAfterMs?: number };
}

/** What an extension says of itself when it announces its provider (as in EIP-6963). */
export interface ProviderInfo {
  /** Lasts as long as the page. */
  readonly uuid: string;
  readonly name: string;
  /** A data URI. */
  readonly icon: string;
  readonly rdns: string;
}

export interface AnnouncedProvider {
  readonly info: ProviderInfo;
  readonly provider: XmtpProvider;
}
