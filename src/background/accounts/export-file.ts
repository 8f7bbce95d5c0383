import { KeystoreError } from '../../keystore/errors.ts';
import {
  array,
  boolean,
  integer,
  matching,
  nullable,
  object,
  oneOf,
  optional,
  type Parsed,
  ParseError,
  type Parser,
  parse,
  string,
  stringMap,
} from '../../parse.ts';
import type { Address } from '../../protocol/address.ts';
import { concat, fromBase64, fromUtf8, toBase64, utf8 } from '../../protocol/bytes.ts';
import { sha256 } from '../../protocol/hash.ts';
import { RefusalError } from '../../rpc/errors.ts';
import {
  address,
  type BackedConversation,
  type BackedMessage,
  messageId,
  mostConversations,
  mostMessages,
  point,
  time,
} from './backup-contents.ts';

/**
 * An export is JSON that people and programs can read, and that imports again (docs/export.md). Beside its content stands a seal: the keys of its
 * conversations, readable for their owner alone, and only while nothing of the content was changed.
 */

const format = 'parley-export';
const version = 1;

const bytes =
  (max: number): Parser<Uint8Array> =>
  (value, path) => {
    try {
      const decoded = fromBase64(string({ max: 2 * max })(value, path));
      if (decoded.length <= max) return decoded;
    } catch (error) {
      if (error instanceof ParseError) throw error;
    }
    throw new ParseError(path, `base64 of at most ${max} bytes`);
  };
const moment: Parser<number> = (value, path) => time(Date.parse(string({ max: 40 })(value, path)), path);
const wholeNumber = matching(/^\d{1,19}$/, 'a whole number in decimal');

const message = object({
  id: messageId,
  from: address,
  sentAt: moment,
  claimedAt: optional(integer({ max: Number.MAX_SAFE_INTEGER })),
  type: string({ max: 1024 }),
  text: nullable(string({ max: 5_000_000 })),
  content: bytes(5_000_000),
});

const conversation = object({
  with: address,
  name: nullable(string({ max: 1024 })),
  id: string({ min: 1, max: 128 }),
  topic: string({ min: 1, max: 300 }),
  createdAt: moment,
  conversationId: nullable(string({ max: 1024 })),
  metadata: nullable(stringMap()),
  peerIdentityKey: point,
  derived: boolean,
  otherKeys: boolean,
  retired: boolean,
  group: optional(
    object({
      title: string({ max: 1024 }),
      members: array(address),
      state: bytes(1_000_000),
      left: array(address),
      closed: boolean,
      next: optional(string({ max: 128 })),
    }),
  ),
  readUpTo: moment,
  lastOwnNs: wholeNumber,
  messages: array(message, { max: mostMessages }),
});

const file = object({
  format: oneOf(format),
  version: oneOf(version),
  account: address,
  exportedAt: moment,
  conversations: array(conversation, { max: mostConversations }),
  seal: bytes(20_000_000),
});

/** A conversation on its way into a file: what it is, what it is called, and what was said, with the words of each message for who reads the file. */
export interface ExportedConversation {
  readonly conversation: BackedConversation;
  readonly name: string | null;
  readonly group: { readonly title: string; readonly members: readonly Address[] } | null;
  readonly messages: readonly (BackedMessage & { readonly type: string; readonly text: string | null })[];
}

/** Everything of a conversation, as it stands in the file. */
export function packExported({ conversation, name, group, messages }: ExportedConversation): string {
  const { peer, group: held, ...rest } = conversation;
  const { state, left, closed, next } = held ?? {};
  const packed: Unparsed<Parsed<typeof file>['conversations'][number]> = {
    with: peer,
    name,
    id: rest.id,
    topic: rest.topic,
    createdAt: iso(rest.createdAt),
    conversationId: rest.conversationId,
    metadata: rest.metadata,
    peerIdentityKey: rest.peerIdentityKey,
    derived: rest.derived,
    otherKeys: rest.otherKeys,
    retired: rest.retired,
    ...(held && {
      group: {
        title: group?.title ?? '',
        members: [...(group?.members ?? [])],
        state: toBase64(state as Uint8Array),
        left: left as Address[],
        closed: closed as boolean,
        ...(next !== undefined && { next }),
      },
    }),
    readUpTo: iso(rest.readUpTo),
    lastOwnNs: String(rest.lastOwnNs),
    messages: messages.map(({ id, sender, sentAt, claimedAt, type, text, payload }) => ({
      id,
      from: sender,
      sentAt: iso(sentAt),
      ...(claimedAt !== undefined && { claimedAt }),
      type,
      text,
      content: toBase64(payload),
    })),
  };
  return JSON.stringify(packed);
}

/** As JSON has it: times and bytes are texts there. */
type Unparsed<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer E)[]
    ? Unparsed<E>[]
    : T extends object
      ? { [K in keyof T]: K extends 'sentAt' | 'createdAt' | 'readUpTo' ? string : Unparsed<T[K]> }
      : T;

const iso = (ms: number): string => new Date(ms).toISOString();

/** What the seal covers. */
export const exportDigest = (account: Address, exportedAt: string, conversations: readonly string[]): Uint8Array =>
  sha256(...[account, exportedAt, ...conversations].map((line) => utf8(`${line}\n`)));

/** The file; a line for each conversation. */
export function writeExport(account: Address, exportedAt: string, conversations: readonly string[], seal: Uint8Array): Uint8Array {
  const head = `{"format":"${format}","version":${version},"account":"${account}","exportedAt":"${exportedAt}","conversations":[\n`;
  const lines = conversations.map((each, index) => utf8(index === 0 ? each : `,\n${each}`));
  return concat(utf8(head), ...lines, utf8(`\n],"seal":"${toBase64(seal)}"}\n`));
}

/** What an export says, before its seal was looked at. */
export interface ReadExport {
  readonly account: Address;
  readonly exportedAt: number;
  readonly digest: Uint8Array;
  readonly seal: Uint8Array;
  readonly conversations: readonly BackedConversation[];
  readonly messages: readonly BackedMessage[];
}

/** Any way of writing the same JSON is as good. @throws RefusalError not-an-export, KeystoreError backup-newer, backup-foreign */
export function readExport(file_: Uint8Array): ReadExport {
  const json = parsedJson(file_);
  const { account, exportedAt, seal, conversations } = judged(json);
  const whole = json as { readonly exportedAt: string; readonly conversations: readonly unknown[] };
  return {
    account,
    exportedAt,
    seal,
    digest: exportDigest(
      account,
      whole.exportedAt,
      whole.conversations.map((each) => JSON.stringify(each)),
    ),
    conversations: conversations.map(unpackConversation),
    messages: conversations.flatMap(({ id, messages }) =>
      messages.map(({ id: messageId, from, sentAt, claimedAt, content }) => ({
        id: messageId,
        conversation: id,
        sender: from,
        sentAt,
        ...(claimedAt !== undefined && { claimedAt }),
        payload: content,
      })),
    ),
  };
}

function unpackConversation(each: Parsed<typeof conversation>): BackedConversation {
  const { with: peer, name: _, messages: __, group, lastOwnNs, ...rest } = each;
  const { title: ___, members: ____, ...held } = group ?? {};
  return { ...rest, peer, lastOwnNs: BigInt(lastOwnNs), ...(group && { group: held as NonNullable<BackedConversation['group']> }) };
}

function parsedJson(bytes: Uint8Array): unknown {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw new RefusalError('not-an-export', 'This is no file of exported conversations.', {}, { cause });
  }
  const head = typeof json === 'object' && json !== null ? (json as { format?: unknown; version?: unknown }) : {};
  if (head.format !== format) throw new RefusalError('not-an-export', 'This is no file of exported conversations.');
  if (head.version !== version) throw new KeystoreError('backup-newer', 'the file was written by a newer Parley');
  return json;
}

function judged(json: unknown): Parsed<typeof file> {
  try {
    return parse(file, json, 'file');
  } catch (error) {
    if (error instanceof ParseError) throw new KeystoreError('backup-foreign', `the file is no good: ${error.message}`, { cause: error });
    throw error;
  }
}
