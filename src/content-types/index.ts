import { type Content, parseContentType } from '../protocol/content.ts';
import type { ContentTypeReader, Shown, UnknownShown } from './content-type.ts';
import { text } from './text.ts';

export type { Shown } from './content-type.ts';
export { encodeText } from './text.ts';

/** All types that we read. */
const readers: readonly ContentTypeReader[] = [text];

/**
 * What to show of a content; a type without reader, or of a newer major version, shows as unknown with its fallback (SPEC 10.1).
 * @throws ProtocolError when the content is not what its type says
 */
export function show(content: Content): Shown {
  const { authority, name, major } = parseContentType(content.type);
  const reader = readers.find((type) => type.authority === authority && type.name === name && major <= type.major);
  return reader ? reader.show(content) : unknown(content);
}

const unknown = ({ type, fallback }: Content): UnknownShown => ({ form: 'unknown', type, ...(fallback !== undefined && { fallback }) });
