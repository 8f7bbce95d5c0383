import { object, optional, string } from '../parse.ts';
import { type ContentType, defined, inWords } from './content-type.ts';
import { pageBytes, pageName, toPageBytes } from './page.ts';

export interface Attachment {
  readonly kind: 'attachment';
  /** As the sender gave it: for showing as text only. A file is saved under `safeFilename`. */
  readonly filename?: string;
  /** What the sender says that it is; `imageTypeOf` tells what may be drawn. */
  readonly mimeType?: string;
  readonly data: Uint8Array;
}

/** A whole file within the message (SPEC 10.7). */
export const attachment: ContentType<Attachment> = {
  kind: 'attachment',
  id: 'xmtp.org/attachment:1.0',
  encode: ({ filename, mimeType, data }) => ({
    parameters: new Map(Object.entries(defined({ filename, mimeType }))),
    content: data,
  }),
  decode: ({ parameters, content }) => ({
    kind: 'attachment',
    ...defined({ filename: parameters.get('filename'), mimeType: parameters.get('mimeType') }),
    data: content,
  }),
  fallback: ({ filename }) => cannotDisplay(filename),
  shouldPush: () => true,
  show: ({ filename }, content) => inWords(content, cannotDisplay(filename)),
  toPage: ({ filename, mimeType, data }) => ({ ...defined({ filename, mimeType }), data: toPageBytes(data) }),
  fromPage: (content, path) => ({ kind: 'attachment', ...fromPage(content, path) }),
};

const fromPage = object({ filename: optional(pageName), mimeType: optional(string({ min: 1, max: 255 })), data: pageBytes });

/** The words of the reference client, for attachments near and remote. */
export const cannotDisplay = (filename = ''): string => `Can’t display "${filename}". This app doesn’t support attachments.`;

const longestFilename = 120;
/** Names that Windows keeps for devices, whatever the ending. */
const deviceName = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$) *(\.|$)/i;

/**
 * A name under which a file of a stranger can be saved: no path, nothing invisible or turning the direction of writing, no hidden file,
 * no device; at most 120 characters, of which the ending stays.
 */
export function safeFilename(filename = ''): string {
  const name = filename
    // Controls, format characters (among them the bidi controls), lone surrogates, line separators, and what else is not drawn.
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, '')
    .normalize('NFC')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/\s+/gu, ' ')
    .replace(/^[. ]+/, '');
  const whole = trimmed(deviceName.test(name) ? `_${name}` : name) || 'file';
  const characters = [...whole];
  if (characters.length <= longestFilename) return whole;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(whole)?.[0] ?? '';
  return trimmed(characters.slice(0, longestFilename - [...ending].length).join('')) + ending;
}

/** Windows drops dots and spaces at the end. */
const trimmed = (name: string): string => name.replace(/[. ]+$/, '');

/** The image formats that may be drawn, by how they begin; `null` is any byte. */
const imageStarts: readonly [type: ImageType, start: readonly (number | null)[]][] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
];

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';

/** The type of an image that may be drawn, by its bytes and not by what the sender says; anything else is for saving only. */
export const imageTypeOf = (data: Uint8Array): ImageType | undefined =>
  imageStarts.find(([, start]) => data.length >= start.length && start.every((byte, index) => byte === null || data[index] === byte))?.[0];
