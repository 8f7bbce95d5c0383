import { drawableTypeOf, readContent, safeFilename, show, type Value } from '../../content-types/index.ts';
import type { SealedKey } from '../../keystore/keystore.ts';
import type { Address } from '../../protocol/address.ts';
import { decodeContent } from '../../protocol/content.ts';
import type { Envelope } from '../../protocol/envelope.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import type { MessageView, Shown } from '../../rpc/views/messages.ts';
import type { Says } from '../../words/says.ts';
import { addSigns, type Sign } from './spam.ts';

/** What an invitation ties together. */
export interface Binding {
  /** Names topic, key and peer: the same for every invitation that says the same. */
  readonly binding: string;
  readonly topic: string;
  readonly key: SealedKey;
  readonly peer: Address;
  /** The peer's identity key that the invitation names, hex. */
  readonly peerIdentityKey: string;
  /** Whether topic and key follow from the keys of the two (SPEC 7.4): nobody else can have made such an invitation. */
  readonly derived: boolean;
  /** Of the invitation, ms; never later than our first sight of it. */
  readonly createdAt: number;
  readonly conversationId: string | null;
  readonly metadata: Record<string, string> | null;
  /** The peer's keys are of another identity than the one that was known: nothing is sent until a person has accepted that. */
  readonly otherKeys?: boolean;
  /** One of the two uses other keys now. */
  readonly retired?: boolean;
  /** Set for a conversation of more than two. */
  readonly group?: StoredGroup;
  /** We began it. */
  readonly begun?: true;
  /** With it came our wallet's word that the peer may write (SPEC 12.7). */
  readonly proof?: StoredProof;
}

/** A verified consent proof: when the wallet signed it (ms), and what names it. */
export interface StoredProof {
  readonly id: string;
  readonly signedMs: number;
}

/** What is known of a group: the state that holds in this epoch, and what became of it. */
export interface StoredGroup {
  /** An encoded SignedGroupDescriptor. */
  readonly state: Uint8Array;
  /** Members who said that they are gone. */
  readonly left: readonly Address[];
  /** The creator ended this epoch: nothing is written here any more. */
  readonly closed: boolean;
  /** The conversation that shows the epoch after this one; this one is then a part of its history. */
  readonly next?: string;
}

/** A conversation as the cache keeps it, sealed. One topic shows one conversation, except where invitations contend for it (`bindings.ts`). */
export interface StoredConversation extends Binding {
  readonly id: string;
  /** Other invitations to this topic: their keys are tried for messages that this one does not open. */
  readonly rivals?: readonly Rival[];
  /** The topic shows another conversation first. */
  readonly rival?: boolean;
  readonly last: Preview | null;
  /** Whether something of ours is here that no site sent. */
  readonly answered?: boolean;
  /** Up to when the peer says to have read, ms. */
  readonly seenAt?: number;
  /** What in the peer's words looks like spam. */
  readonly signs?: readonly Sign[];
  /** Messages of the peer up to this time (ms) count as read. */
  readonly readUpTo: number;
  readonly unread: number;
  /** The newest `createdNs` that we gave to a message of ours here: two messages never share one. */
  readonly lastOwnNs: bigint;
  /** The nodes whose whole history of this topic is here, by address: when it was last read there from its beginning, ms. */
  readonly filled: Readonly<Record<string, number>>;
}

/** An invitation to a topic that shows another conversation, with the id of the conversation that it is, once a message opens by it. */
export interface Rival extends Binding {
  readonly id: string;
}

export interface Preview {
  readonly id: string;
  readonly at: number;
  readonly text: string;
  readonly mine: boolean;
  /** The text says what was done, not what was said. */
  readonly act?: true;
  /** What is no text, as data; `text` has it in English. */
  readonly says?: Says;
}

/** A message as the cache keeps it, sealed. What is drawn is made of `payload` anew, so that a content type learned later shows old messages too. */
export interface StoredMessage {
  /** Hex. */
  readonly id: string;
  readonly conversation: string;
  readonly sender: Address;
  readonly mine: boolean;
  /** A site wrote it in our name: no sign that we know the peer. */
  readonly bySite?: true;
  readonly sentAt: number;
  /** The time that the sender claims, where it is not to be believed. */
  readonly claimedAt?: number;
  /** The content frame, as it was signed. */
  readonly payload: Uint8Array;
  /** The name of the request that has sent it (`requestName`), where it was sent from here and has not come from the node since. Absent in rows of a version before. */
  readonly request?: string;
}

/** An envelope as it came, sealed until it is read. */
export interface StoredEnvelope extends Envelope {
  /** Our time at first sight, ms. */
  readonly seenAt: number;
}

/** What waits to reach the node. The bytes never change: any number of tries is one message. */
export interface OutboxEntry {
  readonly id: string;
  readonly conversation: string;
  readonly envelopes: readonly Envelope[];
  /** Anything but null: the node refused it for good. Earlier versions kept a sentence here. */
  readonly failure: string | null;
  /** What the cache shows of it, kept here too because the cache may be lost. */
  readonly row:
    | { readonly kind: 'message'; readonly message: StoredMessage; readonly dedup: string; readonly createdNs: bigint }
    | { readonly kind: 'invitation'; readonly conversation: StoredConversation };
}

/** What waits of a message. */
export type MessageEntry = OutboxEntry & { readonly row: Extract<OutboxEntry['row'], { readonly kind: 'message' }> };

/** A time claimed by somebody else is shown as at most two minutes after we first saw it. */
export const claimedTime = (claimedMs: number, seenAt: number): number => Math.min(claimedMs, seenAt + 120_000);

/** Beyond this a claim is worth telling of: a clock that is merely wrong is rarely so wrong. */
const worthTellingMs = 10 * 60_000;

/** When a message was sent, as far as its sender can be believed. */
export function sentTimes(claimedMs: number, seenAt: number): Pick<StoredMessage, 'sentAt' | 'claimedAt'> {
  const sentAt = claimedTime(claimedMs, seenAt);
  return { sentAt, ...(claimedMs - sentAt > worthTellingMs && { claimedAt: claimedMs }) };
}

const previewLength = 160;

/** What the content frame of a message looks like to a person. @throws ProtocolError */
export async function showPayload(payload: Uint8Array): Promise<{ readonly type: string; readonly shown: Shown }> {
  const content = await decodeContent(payload);
  const shown = show(content);
  const { type } = content;
  const plain: Shown = shown.form === 'unknown' ? { form: 'unknown', type: shown.type, fallback: shown.fallback ?? null } : shown;
  return { type, shown: formOf(readContent(content), { type, fallback: plain.form === 'unknown' ? plain.fallback : null }) ?? plain };
}

/** The forms that say more than words: null where there are only words. */
function formOf(value: Value, words: { readonly type: string; readonly fallback: string | null }): Shown | null {
  switch (value.kind) {
    case 'markdown':
      return { form: 'text', text: value.markdown, marks: true };
    case 'reply': {
      const content = value.content.kind === 'text' ? ({ form: 'text', text: value.content.text } as const) : formOf(value.content, words);
      if (value.reference === undefined || content === null) return null;
      return { form: 'reply', ...words, reference: value.reference, content };
    }
    case 'reaction': {
      const { action, reference, content: sign } = value;
      if (reference === undefined || (action !== 'added' && action !== 'removed')) return null;
      return { form: 'reaction', ...words, reference, sign, added: action === 'added' };
    }
    case 'attachment':
      return {
        form: 'file',
        ...words,
        filename: safeFilename(value.filename),
        mimeType: value.mimeType ?? null,
        size: value.data.length,
        image: drawableTypeOf(value.data) !== undefined,
        host: null,
      };
    case 'remote-attachment':
      return {
        form: 'file',
        ...words,
        filename: safeFilename(value.filename),
        mimeType: null,
        size: value.contentLength ?? null,
        image: false,
        host: new URL(value.url).host,
      };
    case 'read-receipt':
      return { form: 'receipt', ...words };
    case 'group-update':
      return { form: 'unknown', ...words, says: groupSays(value) };
    default:
      return null;
  }
}

function groupSays(value: Extract<Value, { kind: 'group-update' }>): Says {
  switch (value.action) {
    case 'changed':
      return { kind: 'group', title: value.group.title, members: value.group.members.length };
    case 'closed':
      return { kind: 'group-closed', without: value.removed.map((address) => `${address.slice(0, 8)}…${address.slice(-6)}`) };
    case 'left':
      return { kind: 'left' };
  }
}

/** What a preview says where it is no text. `about`: what a reaction hangs on, in words. */
export function saysOf(shown: Shown, about: string | null = null): Says | null {
  switch (shown.form) {
    case 'reply':
      return saysOf(shown.content);
    case 'file':
      return { kind: shown.image ? 'picture' : 'file', name: shown.filename };
    case 'reaction':
      return { kind: 'reaction', sign: previewText({ form: 'text', text: shown.sign }), to: shortened(about) };
    case 'unknown':
      return shown.says ?? (shown.fallback === null ? { kind: 'unknown' } : null);
    default:
      return null;
  }
}

/** Whether it is no message by itself. */
export const isAside = ({ form }: Shown): boolean => form === 'reaction' || form === 'receipt';

/** One line of a message, for the list of conversations. */
export function previewText(shown: Shown): string {
  if (shown.form === 'reply') return previewText(shown.content);
  if (shown.form === 'file') return `${shown.image ? 'Picture' : 'File'}: ${shown.filename}`;
  const text = shown.form === 'text' ? shown.text : (shown.fallback ?? 'A message of a kind that Parley does not know');
  const line = text
    .slice(0, previewLength * 2)
    .replace(/[\ud800-\udbff]$/, '') // half of a character that was cut
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length > previewLength ? `${characters.slice(0, previewLength - 1).join('')}…` : line;
}

/** @throws ProtocolError */
export const previewOf = async ({ id, sentAt, mine, payload }: StoredMessage): Promise<Preview> => {
  const { shown } = await showPayload(payload);
  const says = saysOf(shown);
  return { id, at: sentAt, text: previewText(shown), mine, ...(says && { says }) };
};

const shortened = (about: string | null): string | null => {
  const letters = about === null ? [] : [...about];
  return letters.length > 60 ? `${letters.slice(0, 59).join('')}…` : about;
};

/** What a reaction did, for the list; `about`: the message that it hangs on, where that is here. */
const actText = (sign: string, about: string | null): string => {
  const short = shortened(about);
  return `Reacted ${previewText({ form: 'text', text: sign })} to ${short === null ? 'a message' : `“${short}”`}`;
};

/** The conversation with one message more: its preview, and its count of unread messages. `about`: what a reaction hangs on, in words. */
export function withMessage(
  row: StoredConversation,
  message: StoredMessage,
  shown: Shown,
  about: string | null = null,
): StoredConversation {
  if (shown.form === 'receipt') return message.mine ? row : { ...row, seenAt: Math.max(row.seenAt ?? 0, message.sentAt) };
  const answered = row.answered === true || (message.mine && message.bySite !== true);
  // What is taken off again is no news.
  if (shown.form === 'reaction' && !shown.added) return answered === row.answered ? row : { ...row, answered };
  const act = shown.form === 'reaction';
  const newest = row.last === null || message.sentAt > row.last.at || (message.sentAt === row.last.at && message.id > row.last.id);
  const text = shown.form === 'reaction' ? actText(shown.sign, about) : previewText(shown);
  const says = saysOf(shown, about);
  const last = newest
    ? { id: message.id, at: message.sentAt, text, mine: message.mine, ...(act && { act: true as const }), ...(says && { says }) }
    : row.last;
  // Who answers has read: also when the answer was written on another device.
  if (message.mine && newest) return { ...row, last, answered, readUpTo: Math.max(row.readUpTo, message.sentAt), unread: 0 };
  const counts = !act && !message.mine && message.sentAt > row.readUpTo && row.group?.next === undefined;
  const unread = counts ? row.unread + 1 : row.unread;
  const signs = answered ? [] : addSigns(row.signs ?? [], shown);
  return { ...row, last, answered, unread, ...(signs.length > 0 && { signs }) };
}

/** What lists order by, newest first. */
export const timeOf = (row: StoredConversation): number => row.last?.at ?? row.createdAt;

export const newestFirst = (rows: readonly StoredConversation[]): StoredConversation[] => rows.toSorted((a, b) => timeOf(b) - timeOf(a));

/** What a row shows by itself; the rest depends on what else is known. */
const plainView = (row: StoredConversation) => ({
  id: row.id,
  peer: row.peer,
  thread: row.group ? null : row.conversationId,
  preview: row.last && { text: row.last.text, mine: row.last.mine, ...(row.last.says && { says: row.last.says }) },
  time: timeOf(row),
  createdAt: row.createdAt,
  metadata: row.metadata,
  otherKeys: row.otherKeys ?? false,
  retired: row.retired ?? false,
  unread: row.unread,
});

export const conversationView = (
  row: StoredConversation,
  standing: Omit<ConversationRow, keyof ReturnType<typeof plainView>>,
): ConversationRow => ({ ...plainView(row), ...standing });

export async function messageView(message: StoredMessage, state: MessageView['state']): Promise<MessageView> {
  // What an earlier version took in may be more than this one shows: one such message must not hide the others.
  const { type, shown } = await showPayload(message.payload).catch((error: unknown) => {
    if (error instanceof ProtocolError) return { type: 'unknown', shown: { form: 'unknown', type: 'unknown', fallback: null } as const };
    throw error;
  });
  const { id, conversation, sender, mine, sentAt, claimedAt = null } = message;
  return {
    id,
    conversation,
    sender,
    mine,
    sentAt,
    claimedAt,
    contentType: type,
    shown,
    quote: null,
    reactions: [],
    read: false,
    state,
  };
}
