import { addressText, array, object, oneOf, optional, type Parsed, ParseError, type Parser, string, stringMap, unknown } from '../parse.ts';

/** Exactly one of two members, which the parser has found to be well-formed where they are there. */
const oneOfTwo =
  <T extends object>(parser: Parser<T>, a: keyof T & string, b: keyof T & string): Parser<T> =>
  (value, path) => {
    const parsed = parser(value, path);
    if ((parsed[a] === undefined) === (parsed[b] === undefined)) throw new ParseError(path, `either ${a} or ${b}`);
    return parsed;
  };

/** The type that content has when none is named, and the only one so far. */
const textType = 'xmtp.org/text:1.0';

const newConversation = oneOfTwo(
  object({
    peer: optional(addressText),
    peers: optional(array(addressText, { min: 1, max: 50 })),
    conversationId: optional(string({ min: 1, max: 1024 })),
    metadata: optional(stringMap()),
  }),
  'peer',
  'peers',
);

const sendMessage = oneOfTwo(
  object({
    conversation: optional(string({ min: 1, max: 128 })),
    peer: optional(addressText),
    content: unknown,
    contentType: optional(string({ min: 3, max: 256 })),
    clientId: optional(string({ min: 1, max: 64 })),
  }),
  'conversation',
  'peer',
);

const text = string({ min: 1, max: 524_288 });

/** The parameters of every method that a page can call. The page checks with these before anything leaves it, the background checks again. */
export const pageParams = {
  xmtp_accounts: object({}),
  xmtp_requestAccounts: object({}),
  xmtp_getPermissions: object({}),
  xmtp_revokePermissions: object({
    kind: optional(oneOf('send', 'read', 'keystore')),
  }),
  xmtp_canMessage: object({ peers: array(addressText, { min: 1, max: 50 }) }),
  xmtp_newConversation: ((value, path) => {
    const { peer, peers, ...context } = newConversation(value, path);
    if (peers && peers.length > 1)
      throw new ParseError(`${path}.peers`, 'one address: conversations of more than two are not supported yet');
    return { ...context, peer: peer ?? peers?.[0] ?? '' };
  }) satisfies Parser<unknown>,
  xmtp_sendMessage: ((value, path) => {
    const { contentType = textType, content, ...rest } = sendMessage(value, path);
    if (contentType !== textType) throw new ParseError(`${path}.contentType`, `"${textType}", the only type that can be sent for now`);
    return { ...rest, contentType, content: text(content, `${path}.content`) };
  }) satisfies Parser<unknown>,
};

export type PageMethod = keyof typeof pageParams;
export type PageParams<M extends PageMethod> = Parsed<(typeof pageParams)[M]>;
