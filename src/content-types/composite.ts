import { array, object, unknown } from '../parse.ts';
import { decodeComposite, encodeComposite } from '../protocol/composite.ts';
import { decodeInnerContent, encodeContent } from '../protocol/content.ts';
import { type ContentType, inWords } from './content-type.ts';
import type { Value } from './index.ts';

/** Several contents in one message; deprecated, but old history holds it. A list within the list is a part of this kind. */
export interface Composite {
  readonly kind: 'composite';
  readonly parts: readonly Value[];
}

const id = 'xmtp.org/composite:1.0';

/** SPEC 10.10. */
export const composite: ContentType<Composite> = {
  kind: 'composite',
  id,
  encode: ({ parts }, inner) => ({
    parameters: new Map(),
    content: encodeComposite(
      parts.map((part) => {
        const encoded = inner.encode(part);
        return part.kind === 'composite' ? { kind: 'list', bytes: encoded.content } : { kind: 'content', bytes: encodeContent(encoded) };
      }),
    ),
  }),
  decode: ({ content }, inner) => ({
    kind: 'composite',
    parts: decodeComposite(content).map(({ kind, bytes }) =>
      inner.decode(kind === 'content' ? decodeInnerContent(bytes) : { type: id, parameters: new Map(), content: bytes }),
    ),
  }),
  fallback: () => undefined,
  shouldPush: () => true,
  show(value, content, words) {
    const leaves = leavesOf(value);
    const lines = leaves.map(words).join('\n');
    if (leaves.length > 0 && leaves.every(({ kind }) => kind === 'text')) return { form: 'text', text: lines };
    return inWords(content, lines || undefined);
  },
  toPage: ({ parts }, inner) => ({ parts: parts.map((part) => inner(part)) }),
  fromPage(content, path, inner) {
    const { parts } = fromPage(content, path);
    return { kind: 'composite', parts: parts.map((part, index) => inner(part, `${path}.parts[${index}]`)) };
  },
};

const fromPage = object({ parts: array(unknown, { min: 1 }) });

const leavesOf = ({ parts }: Composite): readonly Value[] => parts.flatMap((part) => (part.kind === 'composite' ? leavesOf(part) : [part]));
