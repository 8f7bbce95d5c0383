import type { MessageView } from '../../../rpc/views/messages.ts';

/** What was just written here: it stands there at once, before the background has written it down and all is read again. */
export interface Echo {
  /** Of the request that sends it. */
  readonly clientId: string;
  readonly message: MessageView;
  /** What was there already when it was written; null once the background has answered, and `message` is the true one. */
  readonly before: readonly MessageView[] | null;
}

/** What is written, as it is shown until the background has answered. */
export function echoOf(
  text: string,
  clientId: string,
  {
    conversation,
    sender,
    answered,
    before,
  }: Pick<MessageView, 'conversation' | 'sender'> & {
    readonly answered: MessageView | null;
    readonly before: readonly MessageView[];
  },
): Echo {
  const content = { form: 'text', text } as const;
  const message: MessageView = {
    id: clientId,
    conversation,
    sender,
    mine: true,
    sentAt: Date.now(),
    claimedAt: null,
    contentType: answered ? 'xmtp.org/reply:1.0' : 'xmtp.org/text:1.0',
    shown: answered ? { form: 'reply', type: 'xmtp.org/reply:1.0', fallback: null, reference: answered.id, content } : content,
    quote: null,
    reactions: [],
    read: false,
    state: 'queued',
  };
  return { clientId, message, before };
}

/** Whether what was read has it already. Before the background has answered that is told by the words: no other message of ours came meanwhile. */
export const isRead = ({ message, before }: Echo, read: readonly MessageView[]): boolean =>
  before === null
    ? read.some(({ id }) => id === message.id)
    : read.some((each) => each.mine && wordsOf(each) === wordsOf(message) && !before.some(({ id }) => id === each.id));

function wordsOf({ shown }: MessageView): string | null {
  const content = shown.form === 'reply' ? shown.content : shown;
  return content.form === 'text' ? content.text : null;
}
