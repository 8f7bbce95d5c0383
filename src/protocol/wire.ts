import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ProtocolError } from './errors.ts';

/** Parses foreign bytes; unknown fields are dropped. `what` names the thing in the error. @throws ProtocolError malformed */
export function decode<D extends DescMessage>(schema: D, bytes: Uint8Array, what: string): MessageShape<D> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new ProtocolError('malformed', `${what} does not parse`, { cause });
  }
}

/** As `decode`, for bytes that may be something else: undefined when they do not parse. */
export function tryDecode<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> | undefined {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

export const encode = <D extends DescMessage>(schema: D, message: MessageShape<D>): Uint8Array<ArrayBuffer> =>
  toBinary(schema, message) as Uint8Array<ArrayBuffer>;
