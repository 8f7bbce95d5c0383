import { object, optional, unknown } from '../parse.ts';
import { decodeInnerContent, encodeContent } from '../protocol/content.ts';
import { type ContentType, defined, inWords } from './content-type.ts';
import type { Value } from './index.ts';
import { messageId } from './page.ts';

export interface Reply {
  readonly kind: 'reply';
  /** The id of a message, hex. */
  readonly reference?: string;
  readonly referenceInboxId?: string;
  /** Of kind `unknown` where we do not know its type; then the reply's own fallback is what to show. */
  readonly content: Value;
}

/** An answer to one message, of any type (SPEC 10.6). */
export const reply: ContentType<Reply> = {
  kind: 'reply',
  id: 'xmtp.org/reply:1.0',
  encode({ reference, referenceInboxId, content }, inner) {
    const encoded = inner.encode(content);
    return {
      parameters: new Map(Object.entries(defined({ contentType: encoded.type, reference, referenceInboxId }))),
      content: encodeContent(encoded),
    };
  },
  decode: ({ parameters, content }, inner) => ({
    kind: 'reply',
    ...defined({ reference: parameters.get('reference'), referenceInboxId: parameters.get('referenceInboxId') }),
    // What the parameter contentType says is not relied on.
    content: inner.decode(decodeInnerContent(content)),
  }),
  fallback: words,
  shouldPush: () => true,
  show: (value, content) => inWords(content, words(value)),
  // The content stands beside its type, as in a message.
  toPage: ({ kind: _, content, ...members }, inner) => ({ ...members, ...inner(content) }),
  fromPage(value, path, inner) {
    const { reference, ...content } = fromPage(value, path);
    return { kind: 'reply', reference, content: inner(content, path) };
  },
};

const fromPage = object({ reference: messageId, contentType: optional(unknown), content: unknown });

function words({ content }: Reply): string {
  return content.kind === 'text' ? `Replied with “${content.text}” to an earlier message` : 'Replied to an earlier message';
}
