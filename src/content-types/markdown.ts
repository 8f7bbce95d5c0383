import { type ContentType, readText, textContent } from './content-type.ts';
import { pageText } from './page.ts';

export interface Markdown {
  readonly kind: 'markdown';
  /** The source. */
  readonly markdown: string;
}

/** A text with marks; its source reads well without a renderer, so that is what everybody else is shown. */
export const markdown: ContentType<Markdown> = {
  kind: 'markdown',
  id: 'xmtp.org/markdown:1.0',
  encode: (value) => textContent(value.markdown),
  decode: (content) => ({ kind: 'markdown', markdown: readText(content) }),
  fallback: (value) => value.markdown,
  shouldPush: () => true,
  show: (value) => ({ form: 'text', text: value.markdown }),
  toPage: (value) => value.markdown,
  fromPage: (content, path) => ({ kind: 'markdown', markdown: pageText(content, path) }),
};
