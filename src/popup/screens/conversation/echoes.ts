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

/** What was read, and behind it what is not among it yet. What has no time of its own so far bears none before that of what stands above it: the background may have given a later one to the message before. */
export function withEchoes(read: readonly MessageView[], echoes: readonly Echo[]): readonly MessageView[] {
  let latest = read.at(-1)?.sentAt ?? 0;
  const missing = echoes.filter((echo) => !isRead(echo, read));
  const shown = missing.map(({ message, before }) => {
    const late = before !== null && message.sentAt < latest;
    latest = Math.max(latest, message.sentAt);
    return late ? { ...message, sentAt: latest } : message;
  });
  return [...read, ...shown];
}

function wordsOf({ shown }: MessageView): string | null {
  const content = shown.form === 'reply' ? shown.content : shown;
  return content.form === 'text' ? content.text : null;
}
