import { useRef, useState } from 'preact/hooks';
import type { Address, MessageView } from '../../../rpc/views.ts';
import { leavingMark, textOf } from '../../parts/Message.tsx';

/** A text that was sent on this page and that the background has not written down yet. */
interface Leaving {
  readonly view: MessageView;
  /** Messages that were here when it was sent: another of ours with its text is this one. */
  readonly before: ReadonlySet<string>;
}

/** What one has just sent stands in the conversation at once, with a clock, until the background shows it: by its answer, or by news that come before that. */
export function useLeaving(conversation: string, own: string) {
  const [leaving, setLeaving] = useState<readonly Leaving[]>([]);
  const here = useRef<readonly MessageView[]>([]);

  const leave = async (text: string, answered: MessageView | null, send: () => Promise<MessageView>): Promise<void> => {
    const view = viewOf(conversation, own as Address, text, answered);
    const mine: Leaving = { view, before: new Set(here.current.map(({ id }) => id)) };
    setLeaving((all) => [...all, mine]);
    try {
      const written = await send();
      // Until it is in the list it stands here as what it became.
      setLeaving((all) => all.map((each) => (each === mine ? { ...mine, view: written } : each)));
    } catch (error) {
      setLeaving((all) => all.filter((each) => each !== mine));
      throw error;
    }
  };
  /** The messages with what is leaving behind them. */
  const among = (messages: readonly MessageView[]): readonly MessageView[] => {
    here.current = messages;
    const taken = new Set<string>();
    const left = leaving.filter(({ view, before }) => {
      const text = textOf(view.shown);
      const found = messages.find(
        (each) => each.id === view.id || (each.mine && !before.has(each.id) && !taken.has(each.id) && textOf(each.shown) === text),
      );
      if (found) taken.add(found.id);
      return !found;
    });
    if (left.length < leaving.length) setTimeout(() => setLeaving((all) => all.filter((each) => left.includes(each))));
    return [...messages, ...left.map(({ view }) => view)];
  };
  return { leave, among };
}

function viewOf(conversation: string, own: Address, text: string, answered: MessageView | null): MessageView {
  const shown = { form: 'text', text } as const;
  return {
    id: `${leavingMark}${crypto.randomUUID()}`,
    conversation,
    sender: own,
    mine: true,
    sentAt: Date.now(),
    claimedAt: null,
    contentType: 'xmtp.org/text:1.0',
    shown: answered ? { form: 'reply', type: 'xmtp.org/reply:1.0', fallback: null, reference: answered.id, content: shown } : shown,
    quote: answered && { id: answered.id, sender: answered.sender, mine: answered.mine, text: textOf(answered.shown) ?? '' },
    reactions: [],
    read: false,
    state: 'queued',
    failure: null,
  };
}
