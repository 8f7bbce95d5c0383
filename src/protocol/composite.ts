import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ProtocolError } from './errors.ts';

/** One part of a `Composite`: the frame of a content (EncodedContent), or a list of its own (an encoded Composite). */
export interface CompositePart {
  readonly kind: 'content' | 'list';
  readonly bytes: Uint8Array;
}

/** Parts of one list. */
const maxParts = 1000;

// Field numbers of Composite and Composite.Part.
const partsField = 1;
const kinds: Readonly<Record<number, CompositePart['kind']>> = { 1: 'content', 2: 'list' };

/** Writes one list (SPEC 10.10). @throws ProtocolError too-large */
export function encodeComposite(parts: readonly CompositePart[]): Uint8Array<ArrayBuffer> {
  if (parts.length > maxParts) throw tooMany();
  const writer = new BinaryWriter();
  for (const { kind, bytes } of parts) {
    const element = writer.tag(partsField, WireType.LengthDelimited).fork();
    element.tag(kind === 'content' ? 1 : 2, WireType.LengthDelimited).bytes(bytes);
    element.join();
  }
  return writer.finish() as Uint8Array<ArrayBuffer>;
}

/**
 * Reads one list and leaves its parts unread, so that the reader of a nested list decides how deep to go.
 * The generated code would build every part of every depth first, which a small message can make a million.
 * @throws ProtocolError malformed, too-large (more than 1000 parts)
 */
export function decodeComposite(bytes: Uint8Array): readonly CompositePart[] {
  const parts: CompositePart[] = [];
  for (const [field, value] of fieldsOf(bytes)) {
    if (field !== partsField) continue;
    if (parts.length === maxParts) throw tooMany();
    parts.push(readPart(value));
  }
  return parts;
}

/** As protobuf has it, the last element of a part counts. */
function readPart(bytes: Uint8Array): CompositePart {
  let part: CompositePart | undefined;
  for (const [field, value] of fieldsOf(bytes)) {
    const kind = kinds[field];
    if (kind) part = { kind, bytes: value };
  }
  if (!part) throw new ProtocolError('malformed', 'a part of the list is empty');
  return part;
}

/** The fields that hold bytes; others are unknown and left out. */
function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    let field: number;
    let value: Uint8Array | undefined;
    try {
      const [number, wireType] = reader.tag();
      field = number;
      if (wireType === WireType.LengthDelimited) value = reader.bytes();
      else reader.skip(wireType, number);
    } catch (cause) {
      throw new ProtocolError('malformed', 'the list does not parse', { cause });
    }
    if (value) yield [field, value];
  }
}

const tooMany = (): ProtocolError => new ProtocolError('too-large', 'the list has too many parts');
