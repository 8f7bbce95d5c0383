import type { Content } from '../protocol/content.ts';
import { type ContentType, readText, textContent } from './content-type.ts';
import { pageText } from './page.ts';

export interface Text {
  readonly kind: 'text';
  readonly text: string;
}

/** A plain text message; a lone surrogate becomes U+FFFD (SPEC 10.4). */
export const encodeText = (words: string): Content => ({ type: text.id, ...textContent(words) });

/** A text as it was typed (SPEC 10.4). */
export const text: ContentType<Text> = {
  kind: 'text',
  id: 'xmtp.org/text:1.0',
  encode: (value) => textContent(value.text),
  decode: (content) => ({ kind: 'text', text: readText(content) }),
  fallback: () => undefined,
  shouldPush: () => true,
  show: (value) => ({ form: 'text', text: value.text }),
  toPage: (value) => value.text,
  fromPage: (content, path) => ({ kind: 'text', text: pageText(content, path) }),
};
