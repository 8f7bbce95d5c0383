import { object, oneOf, string } from '../parse.ts';
import { fromUtf8, utf8 } from '../protocol/bytes.ts';
import type { Content } from '../protocol/content.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type ContentType, defined, inWords, JsonMembers } from './content-type.ts';
import { messageId } from './page.ts';

/** Of each (sender, reference, content) the latest action counts. Old clients leave out all but the content. */
export interface Reaction {
  readonly kind: 'reaction';
  /** The id of a message, hex. */
  readonly reference?: string;
  readonly referenceInboxId?: string;
  /** `added` or `removed`; any other does nothing. */
  readonly action?: string;
  /** `unicode`, `shortcode` or `custom`. */
  readonly schema?: string;
  readonly content: string;
}

/** A sign that is put to a message, or taken off again (SPEC 10.5). */
export const reaction: ContentType<Reaction> = {
  kind: 'reaction',
  id: 'xmtp.org/reaction:1.0',
  encode: ({ action, reference, referenceInboxId, schema, content }) => ({
    parameters: new Map(),
    content: utf8(JSON.stringify({ action, reference, referenceInboxId, schema, content })),
  }),
  decode(content) {
    const members = readMembers(content);
    const sign = members.text('content');
    if (sign === undefined) throw new ProtocolError('malformed', 'a reaction without content');
    const [action, reference, schema] = [members.text('action'), members.text('reference'), members.text('schema')];
    return {
      kind: 'reaction',
      ...defined({ action, reference, referenceInboxId: members.text('referenceInboxId'), schema }),
      content: sign,
    };
  },
  fallback: words,
  shouldPush: ({ action }) => action === 'added',
  show: (value, content) => inWords(content, words(value)),
  toPage: ({ kind: _, ...members }) => members,
  fromPage: (content, path) => ({ kind: 'reaction', ...fromPage(content, path) }),
};

const fromPage = object({
  reference: messageId,
  action: oneOf('added', 'removed'),
  schema: oneOf('unicode', 'shortcode', 'custom'),
  content: string({ min: 1, max: 256 }),
});

/** The content is JSON; where it is none, the legacy form: the bare sign, and the rest in the parameters. */
function readMembers({ parameters, content }: Content): JsonMembers {
  const text = fromUtf8(content);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new JsonMembers({ ...Object.fromEntries(parameters), content: text }, 'the reaction');
  }
  return new JsonMembers(value, 'the reaction');
}

function words({ action, content }: Reaction): string | undefined {
  if (action === 'added') return `Reacted “${content}” to an earlier message`;
  if (action === 'removed') return `Removed “${content}” from an earlier message`;
  return undefined;
}
