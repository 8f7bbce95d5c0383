import { KeystoreError } from '../../keystore/errors.ts';
import {
  addressText,
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
import { parseAddress } from '../../protocol/address.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Address } from '../../rpc/views/account.ts';
import { longestNickname } from '../../rpc/views/conversations.ts';
import { languages } from '../../words/languages.ts';
import { mostEvents } from '../messages/contacts.ts';
import { mostNames } from '../messages/names.ts';
import type { PackedPin } from '../messages/pins.ts';

/** What a backup file says beyond keys. A file comes from anywhere: all of it is parsed, and what has a signature is verified where it is used. */

const bytes =
  (max: number): Parser<Uint8Array> =>
  (value, path) => {
    if (!(value instanceof Uint8Array) || value.length > max) throw new ParseError(path, `at most ${max} bytes`);
    return value;
  };
const bigint: Parser<bigint> = (value, path) => {
  if (typeof value !== 'bigint' || value < 0n || value >= 1n << 63n) throw new ParseError(path, 'a whole number of 63 bits');
  return value;
};
/** An address as a file has it. */
export const address: Parser<Address> = (value, path) => {
  try {
    return parseAddress(addressText(value, path));
  } catch (error) {
    if (error instanceof ProtocolError) throw new ParseError(path, 'an address');
    throw error;
  }
};
export const time = integer({ max: 8.64e15 });
export const point = matching(/^04[0-9a-f]{128}$/, 'a public key in hex');
export const messageId = matching(/^[0-9a-f]{64}$/, 'a message id');

const pin = object({
  peer: address,
  contact: bytes(10_000),
  other: nullable(bytes(10_000)),
  firstSeenAt: time,
  checkedAt: time,
  older: boolean,
  former: array(point, { max: 1000 }),
  verified: nullable(object({ at: time, own: point })),
  events: array(object({ at: time, kind: oneOf('changed', 'accepted', 'verified', 'unverified', 'older') }), { max: mostEvents }),
}) satisfies Parser<PackedPin>;

const group = object({
  state: bytes(1_000_000),
  left: array(address),
  closed: boolean,
  next: optional(string({ max: 128 })),
});

const conversation = object({
  id: string({ min: 1, max: 128 }),
  topic: string({ min: 1, max: 300 }),
  peer: address,
  peerIdentityKey: point,
  derived: boolean,
  createdAt: time,
  conversationId: nullable(string({ max: 1024 })),
  metadata: nullable(stringMap()),
  otherKeys: boolean,
  retired: boolean,
  group: optional(group),
  readUpTo: time,
  lastOwnNs: bigint,
});

const message = object({
  id: messageId,
  conversation: string({ min: 1, max: 128 }),
  sender: address,
  sentAt: time,
  claimedAt: optional(time),
  payload: bytes(5_000_000),
});

export const mostConversations = 50_000;
export const mostMessages = 200_000;

const accountData = object({
  pins: array(pin, { max: 100_000 }),
  conversations: array(conversation, { max: mostConversations }),
  messages: array(message, { max: mostMessages }),
  /** Not in files from before there were names. */
  names: optional(array(object({ peer: address, name: string({ max: 4 * longestNickname }) }), { max: mostNames })),
});

const settings = object({
  nodeUrl: string({ max: 2048 }),
  nodes: array(string({ max: 2048 }), { max: 100 }),
  theme: oneOf('system', 'light', 'dark', 'contrast'),
  /** Not in files from before there were several. */
  language: optional(oneOf('browser', ...languages)),
  autoLockMinutes: nullable(integer({ min: 1, max: 1440 })),
  rotateDays: nullable(integer({ min: 1, max: 3650 })),
  exposure: object({ mode: oneOf('all', 'enabled', 'asked'), sites: array(string({ max: 300 })) }),
});

export type BackedData = Parsed<typeof accountData>;
export type BackedConversation = BackedData['conversations'][number];
export type BackedMessage = BackedData['messages'][number];
export type BackedSettings = Parsed<typeof settings>;

/** @throws KeystoreError backup-foreign */
export const readData = (value: unknown): BackedData => judged(accountData, value, 'data');

/** @throws KeystoreError backup-foreign */
export const readSettings = (value: unknown): BackedSettings => judged(settings, value, 'settings');

function judged<T>(parser: Parser<T>, value: unknown, path: string): T {
  try {
    return parse(parser, value, path);
  } catch (error) {
    if (error instanceof ParseError) throw new KeystoreError('backup-foreign', `the file is no good: ${error.message}`, { cause: error });
    throw error;
  }
}
