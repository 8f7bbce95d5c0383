import { fromUtf8, utf8 } from '../protocol/bytes.ts';
import type { Content } from '../protocol/content.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { ContentTypeReader } from './content-type.ts';

/** A plain text message; a lone surrogate becomes U+FFFD (SPEC 10.4). */
export const encodeText = (text: string): Content => ({
  type: 'xmtp.org/text:1.0',
  parameters: new Map([['encoding', 'UTF-8']]),
  content: utf8(text),
});

/** Old clients leave the encoding out; any other than UTF-8 is refused (SPEC 10.4). */
export const text: ContentTypeReader = {
  authority: 'xmtp.org',
  name: 'text',
  major: 1,
  show({ parameters, content }) {
    const encoding = parameters.get('encoding') ?? 'UTF-8';
    if (encoding !== 'UTF-8') throw new ProtocolError('unsupported', 'the text is not in UTF-8');
    return { form: 'text', text: fromUtf8(content) };
  },
};
