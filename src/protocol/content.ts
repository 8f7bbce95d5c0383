import { create, toBinary } from '@bufbuild/protobuf';
import { Compression, type ContentTypeId, EncodedContentSchema } from '../gen/xmtp/message_contents/content_pb.ts';
import { concat } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { decode } from './wire.ts';

/** What a message carries, with its bytes as they were before compression (SPEC 10.1). */
export interface Content {
  /** For example `xmtp.org/text:1.0`. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** What to show where the type is unknown. */
  readonly fallback?: string;
  readonly content: Uint8Array;
}

/** The parts of a content type's text form. */
export interface ContentType {
  readonly authority: string;
  readonly name: string;
  readonly major: number;
  readonly minor: number;
}

/** Bytes that compressed content may grow to, and its growth beyond the first 64 KiB, for which every ratio is taken. */
export const maxContentLength = 4 * 1024 * 1024;
const maxRatio = 200;
const anyRatioLength = 64 * 1024;
const maxParameters = 32;
const maxParameterLength = 1024;

/**
 * The frame around a content, as a message signs it. Nothing is compressed: existing clients refuse what grows beyond 1000 bytes (SPEC 10.2).
 * @throws ProtocolError malformed (type), too-large (parameters that we would not read)
 */
export function encodeContent({ type, parameters, fallback, content }: Content): Uint8Array<ArrayBuffer> {
  const { authority, name, major, minor } = parseContentType(type);
  checkParameters([...parameters]);
  const frame = create(EncodedContentSchema, {
    type: { authorityId: authority, typeId: name, versionMajor: major, versionMinor: minor },
    parameters: Object.fromEntries(parameters),
    content,
    ...(fallback && { fallback }),
  });
  return toBinary(EncodedContentSchema, frame) as Uint8Array<ArrayBuffer>;
}

/** Reads a frame and decompresses its content. @throws ProtocolError malformed, unsupported (compression), too-large */
export async function decodeContent(bytes: Uint8Array): Promise<Content> {
  const { compression, ...content } = parse(bytes);
  return compression === undefined ? content : { ...content, content: await decompress(content.content, compression) };
}

/**
 * Reads the frame of a content within another, as replies hold one (SPEC 10.6). The reference client neither writes nor reads
 * compression there, so it is refused. @throws ProtocolError malformed, unsupported (compression), too-large
 */
export function decodeInnerContent(bytes: Uint8Array): Content {
  const { compression, ...content } = parse(bytes);
  if (compression !== undefined) throw new ProtocolError('unsupported', 'a content within another is not compressed');
  return content;
}

/** Reads the text form `authority/name:major.minor`. @throws ProtocolError malformed */
export function parseContentType(text: string): ContentType {
  const [, authority, name, major, minor] = /^(.*)\/([^/]*):(\d{1,10})\.(\d{1,10})$/s.exec(text) ?? [];
  if (authority === undefined || name === undefined) throw new ProtocolError('malformed', 'not a content type');
  return { authority, name, major: Number(major), minor: Number(minor) };
}

const formatContentType = ({ authorityId, typeId, versionMajor, versionMinor }: ContentTypeId): string =>
  `${authorityId}/${typeId}:${versionMajor}.${versionMinor}`;

/** Reads a frame; its content may still be compressed. */
function parse(bytes: Uint8Array): Content & { readonly compression: Compression | undefined } {
  const { type, parameters, fallback, compression, content } = decode(EncodedContentSchema, bytes, 'the content');
  if (!type) throw new ProtocolError('malformed', 'the content has no type');
  const entries = Object.entries(parameters);
  checkParameters(entries);
  return {
    type: formatContentType(type),
    parameters: new Map(entries),
    ...(fallback !== undefined && { fallback }),
    content,
    compression,
  };
}

function checkParameters(entries: readonly (readonly [key: string, value: string])[]): void {
  if (entries.length > maxParameters || entries.some(([key, value]) => key.length + value.length > maxParameterLength))
    throw new ProtocolError('too-large', 'the content has too many or too long parameters');
}

/** Stops at the bounds while it reads, so that a small message cannot fill the memory (SPEC 10.2). */
async function decompress(content: Uint8Array, compression: Compression): Promise<Uint8Array<ArrayBuffer>> {
  const bound = Math.min(maxContentLength, Math.max(anyRatioLength, maxRatio * content.length));
  const reader = new Blob([content as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream(formatOf(compression)))
    .getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(...parts);
      length += value.length;
      if (length > bound) throw new ProtocolError('too-large', 'the content grows too much when it is decompressed');
      parts.push(value);
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    throw cause instanceof ProtocolError ? cause : new ProtocolError('malformed', 'the content does not decompress', { cause });
  }
}

/** @throws ProtocolError unsupported */
function formatOf(compression: Compression): CompressionFormat {
  // The wire's "deflate" is the zlib format, which streams call by that name too.
  if (compression === Compression.DEFLATE) return 'deflate';
  if (compression === Compression.GZIP) return 'gzip';
  throw new ProtocolError('unsupported', 'unknown compression');
}
