import {
  addressText,
  array,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  type Parsed,
  ParseError,
  type Parser,
  string,
  stringMap,
  unknown,
} from '../parse.ts';

/** Exactly one of two members, which the parser has found to be well-formed where they are there. */
const oneOfTwo =
  <T extends object>(parser: Parser<T>, a: keyof T & string, b: keyof T & string): Parser<T> =>
  (value, path) => {
    const parsed = parser(value, path);
    if ((parsed[a] === undefined) === (parsed[b] === undefined)) throw new ParseError(path, `either ${a} or ${b}`);
    return parsed;
  };

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

/** Texts are judged here; what the content of another type may be, the background knows. */
const text = string({ min: 1, max: 524_288 });
const textTypes: readonly (string | undefined)[] = [undefined, 'xmtp.org/text:1.0', 'xmtp.org/markdown:1.0'];

const message = oneOfTwo(
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

const name = string({ min: 1, max: 128 });
const time = integer({ min: 0, max: 8.64e15 });
const pageLimit = optional(integer({ min: 1, max: 100 }));
const cursor = optional(string({ min: 1, max: 512 }));
const contentType = string({ min: 3, max: 256 });
const kind = oneOf('send', 'read', 'keystore');

/** Peers by address, or all of them. */
const peers: Parser<string[] | '*'> = (value, path) => (value === '*' ? value : array(addressText, { min: 1, max: 50 })(value, path));

/** What is asked for, and what an answer leaves of it. */
export const permissionRequest = object({
  kind,
  peers,
  conversations: optional(array(name, { min: 1, max: 100 })),
  contentTypes: optional(array(contentType, { min: 1, max: 50 })),
  since: optional(oneOf('now', 'all')),
  expiresIn: optional(integer({ min: 1, max: 604_800 })),
});

/** The parameters of every method that a page can call. The page checks with these before anything leaves it, the background checks again. */
export const pageParams = {
  xmtp_accounts: object({}),
  xmtp_requestAccounts: object({}),
  xmtp_getPermissions: object({}),
  xmtp_requestPermissions: object({ permissions: array(permissionRequest, { min: 1, max: 10 }) }),
  xmtp_revokePermissions: object({ kind: optional(kind) }),
  xmtp_canMessage: object({ peers: array(addressText, { min: 1, max: 50 }) }),
  xmtp_newConversation: ((value, path) => {
    const { peer, peers, ...context } = newConversation(value, path);
    return { ...context, peers: peers ?? [peer ?? ''] };
  }) satisfies Parser<unknown>,
  xmtp_listConversations: object({ limit: pageLimit, cursor }),
  xmtp_sendMessage: ((value, path) => {
    const { content, ...rest } = message(value, path);
    const judge = textTypes.includes(rest.contentType) ? text : unknown;
    return { ...rest, content: judge(content, `${path}.content`) };
  }) satisfies Parser<unknown>,
  xmtp_listMessages: object({
    conversation: name,
    limit: pageLimit,
    order: optional(oneOf('asc', 'desc')),
    after: optional(time),
    before: optional(time),
    cursor,
  }),
  xmtp_subscribe: object({ kind: oneOf('messages', 'conversations'), conversation: optional(name) }),
  xmtp_unsubscribe: object({ subscription: name }),
  xmtp_keystore: object({ method: string({ min: 1, max: 64 }), request: optional(string({ max: 1 << 20 })) }),
};

/** What the content script hands to the next life of the background; no page calls it. */
export const resumed = object({
  subscriptions: array(
    object({ subscription: name, kind: oneOf('messages', 'conversations'), conversation: nullable(name), cursor: integer() }),
    { max: 64 },
  ),
});

export type PageMethod = keyof typeof pageParams;
export type PageParams<M extends PageMethod> = Parsed<(typeof pageParams)[M]>;
