import { addressText, array, object, oneOf, optional, type Parsed, string, stringMap, unknown } from '../parse.ts';

/** The parameters of every method that a page can call. The page checks with these before anything leaves it, the background checks again. */
export const pageParams = {
  xmtp_accounts: object({}),
  xmtp_requestAccounts: object({}),
  xmtp_getPermissions: object({}),
  xmtp_revokePermissions: object({
    kind: optional(oneOf('send', 'read', 'keystore')),
  }),
  xmtp_canMessage: object({ peers: array(addressText, { min: 1, max: 50 }) }),
  xmtp_newConversation: object({
    peer: addressText,
    conversationId: optional(string({ min: 1, max: 1024 })),
    metadata: optional(stringMap()),
  }),
  xmtp_sendMessage: object({
    conversation: optional(string({ min: 1, max: 128 })),
    peer: optional(addressText),
    content: unknown,
    contentType: optional(string({ min: 3, max: 256 })),
    clientId: optional(string({ min: 1, max: 64 })),
  }),
};

export type PageMethod = keyof typeof pageParams;
export type PageParams<M extends PageMethod> = Parsed<(typeof pageParams)[M]>;
