import { object } from '../parse.ts';
import { type ContentType, inWords } from './content-type.ts';

/** Everything up to the time of this message has been read. */
export interface ReadReceipt {
  readonly kind: 'read-receipt';
}

/** Sent only where the user agreed to it (SPEC 10.8). Whatever its content holds is no part of it. */
export const readReceipt: ContentType<ReadReceipt> = {
  kind: 'read-receipt',
  id: 'xmtp.org/readReceipt:1.0',
  encode: () => ({ parameters: new Map(), content: new Uint8Array(0) }),
  decode: () => ({ kind: 'read-receipt' }),
  fallback: () => undefined,
  shouldPush: () => false,
  show: (_, content) => inWords(content, 'Has read the messages up to here'),
  toPage: () => ({}),
  fromPage: (content, path) => ({ kind: 'read-receipt', ...object({})(content, path) }),
};
