import { object, optional, ParseError, unknown } from '../parse.ts';
import { type Random, randomBytes } from '../protocol/bytes.ts';
import { type Content, decodeContent, encodeContent, parseContentType } from '../protocol/content.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { openRemoteContent, sealRemoteContent } from '../protocol/remote-content.ts';
import { attachment } from './attachment.ts';
import { composite } from './composite.ts';
import { type ContentType, type Inner, inWords, type Shown } from './content-type.ts';
import { groupUpdate } from './group-update.ts';
import { markdown } from './markdown.ts';
import type { PageContent } from './page.ts';
import { reaction } from './reaction.ts';
import { readReceipt } from './read-receipt.ts';
import { type RemoteAttachment, remoteAttachment } from './remote-attachment.ts';
import { reply } from './reply.ts';
import { text } from './text.ts';
import { transactionReference } from './transaction-reference.ts';

export { type Attachment, type ImageType, imageTypeOf, safeFilename } from './attachment.ts';
export type { Composite } from './composite.ts';
export type { Shown } from './content-type.ts';
export type { GroupUpdate } from './group-update.ts';
export { drawableTypeOf, type ImageSize, imageSizeOf, mostPixels } from './image-size.ts';
export type { Markdown } from './markdown.ts';
export type { PageContent } from './page.ts';
export type { Reaction } from './reaction.ts';
export type { ReadReceipt } from './read-receipt.ts';
export { mayBeFetched, type RemoteAttachment } from './remote-attachment.ts';
export type { Reply } from './reply.ts';
export { encodeText, type Text } from './text.ts';
export type { TransactionMetadata, TransactionReference } from './transaction-reference.ts';

/** All types that we know; one file each. */
export const contentTypes = [
  text,
  markdown,
  attachment,
  remoteAttachment,
  reaction,
  reply,
  readReceipt,
  transactionReference,
  composite,
  groupUpdate,
] as const;

/** A content as it was meant. */
export type Value = KnownValue | UnknownValue;

export type KnownValue = (typeof contentTypes)[number] extends infer T ? (T extends ContentType<infer Known> ? Known : never) : never;

/** A content of a type, or of a major version, that we do not know. */
export interface UnknownValue {
  readonly kind: 'unknown';
  readonly type: string;
  /** The sender's words for it. */
  readonly fallback?: string;
}

/** Bytes of content and fallback in one message: the node takes 1,048,214 with everything around them. */
export const maxMessageContentLength = 1_000_000;
/** Replies and lists around a content. */
const maxDepth = 8;
/** Contents within one message. */
const maxInner = 1000;

// Seen alike, so that a value finds its type by its kind.
const types: readonly ContentType<KnownValue>[] = contentTypes;

/** Where a content stands. */
interface Place {
  readonly depth: number;
  /** Whether it came from elsewhere: such a content leads nowhere else (SPEC 10.7). */
  readonly remote: boolean;
  /** Contents that the whole may still hold. */
  readonly budget: { left: number };
}

const top = (remote = false): Place => ({ depth: 0, remote, budget: { left: maxInner } });

/**
 * What to show of a content; a type that we do not know, or of a newer major version, shows as unknown with its fallback (SPEC 10.1).
 * @throws ProtocolError when the content is not what its type says
 */
export function show(content: Content): Shown {
  const type = typeOf(content);
  if (!type) return inWords(content, undefined);
  return type.show(type.decode(content, innerOf(top())), content, wordsOf);
}

/** The whole value of a content. @throws ProtocolError when the content is not what its type says, too-large beyond depth 8 or 1000 contents */
export const readContent = (content: Content): Value => read(content, top());

/**
 * A value as a content with its fallback, never compressed, and whether to notify of it.
 * @throws ProtocolError unsupported (unknown value, not https), malformed, too-large (beyond 1,000,000 bytes, or what `readContent` refuses)
 */
export function writeContent(value: Value): { readonly content: Content; readonly shouldPush: boolean } {
  const { type, known, content } = write(value, top());
  const fallback = type.fallback(known);
  const whole = { ...content, ...(fallback && { fallback }) };
  if (encodeContent(whole).length > maxMessageContentLength)
    throw new ProtocolError('too-large', 'a message holds at most 1,000,000 bytes of content');
  return { content: whole, shouldPush: type.shouldPush(known) };
}

/**
 * Seals a value that is too large for a message. `payload` is to be uploaded; the attachment, with the https address of the upload, is
 * to be sent. Who seals by the same bytes again must seal the same frame. @throws ProtocolError unsupported (unknown value), malformed (a remote attachment within), too-large (25 MiB)
 */
export async function sealRemote(
  value: Value,
  randomFor: (frame: Uint8Array) => Random | Promise<Random> = () => randomBytes,
): Promise<{ readonly payload: Uint8Array; readonly attachment: Omit<RemoteAttachment, 'url'> }> {
  const { content } = write(value, top(true));
  const frame = encodeContent(content);
  const { payload, ...keys } = await sealRemoteContent(frame, await randomFor(frame));
  const filename = value.kind === 'attachment' ? value.filename : undefined;
  return {
    payload,
    attachment: { kind: 'remote-attachment', ...keys, contentLength: payload.length, ...(filename !== undefined && { filename }) },
  };
}

/**
 * Opens what was fetched for a remote attachment: digest first, then the seal, then its type. Nothing is fetched here.
 * @throws ProtocolError malformed (empty, another digest, a remote attachment within, …), cannot-decrypt, too-large
 */
export const openRemote = async (attachment: RemoteAttachment, payload: Uint8Array): Promise<Value> =>
  read(await decodeContent(await openRemoteContent(attachment, payload)), top(true));

/** A value as a web page has it; the sender's words are the fallback of a message, of which a value knows only where its type is not known. */
export function toPage(value: Value): PageContent {
  const type = types.find(({ kind }) => kind === value.kind);
  if (type && value.kind !== 'unknown') return { contentType: type.id, content: type.toPage(value, toPage) };
  const { type: contentType, fallback } = value as UnknownValue;
  return { contentType, content: null, ...(fallback !== undefined && { fallback }) };
}

/** What a web page wants to have said. `type` is a content type; without one it is a text. @throws ParseError, of an unknown type too */
export const fromPage = (type: unknown, content: unknown, path: string): Value => fromPageAt(type, content, path, top());

function fromPageAt(named: unknown, content: unknown, path: string, place: Place): Value {
  const type = named === undefined ? types[0] : types.find(({ id }) => id === named);
  if (!type) throw new ParseError(`${path}.contentType`, `one of ${types.map(({ id }) => id).join(', ')}`);
  const inner = object({ contentType: optional(unknown), content: unknown });
  return type.fromPage(content, `${path}.content`, (value, at) => {
    const within = inner(value, at);
    try {
      return fromPageAt(within.contentType, within.content, at, below(place));
    } catch (error) {
      if (error instanceof ProtocolError) throw new ParseError(at, 'fewer contents within contents');
      throw error;
    }
  });
}

function read(content: Content, place: Place): Value {
  const type = typeOf(content);
  if (!type) {
    const { fallback } = content;
    return { kind: 'unknown', type: content.type, ...(fallback !== undefined && { fallback }) };
  }
  checkPlace(type, place);
  return type.decode(content, innerOf(place));
}

function wordsOf(value: Value): string {
  if (value.kind === 'text') return value.text;
  const words = value.kind === 'unknown' ? value.fallback : types.find(({ kind }) => kind === value.kind)?.fallback(value);
  return words ?? 'A content of a kind that has no words';
}

function write(value: Value, place: Place) {
  const type = types.find(({ kind }) => kind === value.kind);
  if (!type || value.kind === 'unknown') throw new ProtocolError('unsupported', 'a content of an unknown type cannot be written');
  checkPlace(type, place);
  const content: Content = { type: type.id, ...type.encode(value, innerOf(place)) };
  return { type, known: value, content };
}

function checkPlace({ kind }: ContentType<KnownValue>, { remote }: Place): void {
  if (remote && kind === 'remote-attachment') throw new ProtocolError('malformed', 'a remote content leads to another');
}

/** The contents within one that stands at this place. */
const innerOf = (place: Place): Inner => ({
  decode: (content) => read(content, below(place)),
  encode: (value) => write(value, below(place)).content,
});

function below({ depth, remote, budget }: Place): Place {
  budget.left -= 1;
  if (depth >= maxDepth || budget.left < 0) throw new ProtocolError('too-large', 'the content holds too many contents, or too deep');
  return { depth: depth + 1, remote, budget };
}

function typeOf({ type }: Content): ContentType<KnownValue> | undefined {
  const { authority, name, major } = parseContentType(type);
  return types.find(({ id }) => {
    const known = parseContentType(id);
    return known.authority === authority && known.name === name && major <= known.major;
  });
}
