import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import Long from 'long';

/** A message as the generated code of `@xmtp/proto` has it: 64-bit numbers are `Long`, one-ofs are flattened into optional members (SPEC 16.4). */
export type Plain = { readonly [member: string]: unknown };

const signed = new Set([ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64]);
const wide = new Set([...signed, ScalarType.UINT64, ScalarType.FIXED64]);

/** A decoded message as a plain object. */
export function toPlain(schema: DescMessage, message: Message): Plain {
  const plain: Record<string, unknown> = {};
  for (const field of schema.fields) {
    const value = chosenOf(field, message as unknown as Record<string, unknown>);
    if (value === undefined) continue;
    if (field.fieldKind === 'list') plain[field.localName] = (value as unknown[]).map((each) => single(field, each));
    else if (field.fieldKind === 'map')
      plain[field.localName] = Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, single(field, each)]));
    else plain[field.localName] = single(field, value);
  }
  return plain;
}

/** The message that a plain object stands for. */
export function fromPlain(schema: DescMessage, plain: Plain): Message {
  const init: Record<string, unknown> = {};
  for (const field of schema.fields) {
    const value = plain[field.localName];
    if (value === undefined || value === null) continue;
    const read =
      field.fieldKind === 'list'
        ? Array.from(value as Iterable<unknown>, (each) => back(field, each))
        : field.fieldKind === 'map'
          ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, back(field, each)]))
          : back(field, value);
    if (field.oneof) init[field.oneof.localName] = { case: field.localName, value: read };
    else init[field.localName] = read;
  }
  return create(schema, init);
}

function chosenOf(field: DescField, message: Record<string, unknown>): unknown {
  if (!field.oneof) return message[field.localName];
  const chosen = message[field.oneof.localName] as { readonly case?: string; readonly value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

function single(field: DescField, value: unknown): unknown {
  if (field.message) return toPlain(field.message, value as Message);
  return field.scalar !== undefined && wide.has(field.scalar) ? Long.fromString(String(value), !signed.has(field.scalar)) : value;
}

function back(field: DescField, value: unknown): unknown {
  if (field.message) return fromPlain(field.message, value as Plain);
  return field.scalar !== undefined && wide.has(field.scalar) ? BigInt(String(value)) : value;
}
