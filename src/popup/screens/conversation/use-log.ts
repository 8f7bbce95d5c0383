import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Address } from '../../../rpc/views/account.ts';
import type { MessageView } from '../../../rpc/views/messages.ts';
import type { OpenedConversation } from '../../../rpc/views/opened.ts';
import { background } from '../../rpc.ts';
import { useAsked } from '../../state.ts';
import { keepUnchanged } from '../../unchanged.ts';
import { type Echo, echoOf, isRead, withEchoes } from './echoes.ts';

const pageSize = 50;
/** The height of the lowest message, pixels: a window has room for no more than so many of them. */
const leastHeight = 34;

export type LogState = ReturnType<typeof useLog>;

/**
 * The messages that are shown, and the place in them: it stays where the reader is, and follows the newest only for who is there. What stands `below` them counts as
 * newest too. Of the `first` ones those that a window has room for are drawn first, and the others once these are painted.
 */
export function useLog(id: string, at: string | null, below: unknown, opened: OpenedConversation) {
  const [limit, setLimit] = useState(pageSize);
  const [first] = useState<Loaded>(() => ({ messages: opened.messages, more: opened.more }));
  const { value: now, reload } = useAsked(() => load(id, limit), id, [], first);
  const loaded = now ?? first;
  /** The window, all that is here, and what comes from then on: that alone is news to who hears it. */
  const [step, setStep] = useState<0 | 1 | 2>(at === null ? 0 : 1);
  useEffect(() => {
    if (step < 2) setStep(step === 0 ? 1 : 2);
  }, [step]);
  const [echoes, setEchoes] = useState<readonly Echo[]>([]);
  const before = useRef<Promise<unknown>>(Promise.resolve());
  const shown = useRef<readonly MessageView[]>([]);
  const few = step === 0;
  const value = useMemo(() => {
    shown.current = keepUnchanged(shown.current, withEchoes(loaded.messages, echoes));
    const messages = few ? shown.current.slice(-Math.ceil(innerHeight / leastHeight)) : shown.current;
    return { messages, more: loaded.more || messages.length < shown.current.length };
  }, [loaded, echoes, few]);
  useEffect(() => {
    // One that is not answered yet stays: it may have to be taken back.
    setEchoes((all) => leftOf(all, (echo) => echo.before !== null || !isRead(echo, loaded.messages)));
  }, [loaded, echoes]);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const atEnd = useRef(true);
  const fromEnd = useRef(0);
  /** Where the new ones began and how many there were when the conversation was opened: reading them must not take the mark away. */
  const [mark] = useState(() => {
    const { unread } = opened.row;
    return { from: unread > 0 ? opened.messages.filter(({ mine }) => !mine).at(-unread)?.id : undefined, count: unread };
  });

  useLayoutEffect(() => background.on('messages', ({ conversation }) => conversation === id && reload()), [id, reload]);
  const asked = useRef(limit);
  useEffect(() => {
    if (asked.current !== limit) reload();
    asked.current = limit;
  }, [limit, reload]);

  // Taken while the page still has what was there before.
  const seen = useMemo(() => firstSeen(scroller.current), [value]);
  // Before the browser paints: nothing jumps when older messages come in above or new ones below.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const same = seen && element.querySelector(`[data-id="${CSS.escape(seen.id)}"]`);
    if (atEnd.current) element.scrollTop = element.scrollHeight;
    else if (same) element.scrollTop += topIn(element, same) - seen.top;
    else element.scrollTop = element.scrollHeight - fromEnd.current;
  }, [value]);

  useLayoutEffect(() => {
    if (scroller.current && atEnd.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [below]);

  // A bar above it, a field that grows, a picture that is here at last: who is at the end stays there.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    for (const each of [element, ...element.children]) observer.observe(each);
    return () => observer.disconnect();
  }, []);

  const newest = value.messages.at(-1)?.id;
  useEffect(() => {
    if (newest === undefined) return;
    const read = (): void => {
      if (document.visibilityState === 'visible' && atEnd.current) background.call('markRead', { id }).catch(() => undefined); // read again next time
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [id, newest]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    fromEnd.current = element.scrollHeight - element.scrollTop;
    atEnd.current = fromEnd.current - element.clientHeight < 48;
    setAway(fromEnd.current - element.clientHeight > 400);
    if (element.scrollTop < 200 && value.more && !few) setLimit((before) => (before <= value.messages.length ? before + pageSize : before));
  };
  const toNewest = (): void => {
    atEnd.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
    setAway(false);
  };
  /** A message that is gone to, once the pages up to it are here. */
  const wanted = useRef<string | null>(null);
  const show = (): void => {
    const found = wanted.current && scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(wanted.current)}"]`);
    if (!found) {
      if (wanted.current && value.more) setLimit(value.messages.length + 200);
      // What is not here once everything is, is gone.
      else wanted.current = null;
      return;
    }
    wanted.current = null;
    atEnd.current = false;
    found.scrollIntoView({ block: 'center' });
    found.focus({ preventScroll: true });
    found.classList.add('found');
    setTimeout(() => found.classList.remove('found'), 1500);
  };
  useLayoutEffect(() => {
    if (wanted.current) show();
  }, [value]);
  const jump = (message: string): void => {
    wanted.current = message;
    show();
  };
  useEffect(() => {
    if (at !== null) jump(at);
  }, [at]);
  /**
   * Shows at once what is written, and the true message in its place once the background has it; nothing when it does not take it. It is sent after what was written
   * before it.
   */
  const echo = async (
    text: string,
    clientId: string,
    answered: MessageView | null,
    sender: Address,
    send: () => Promise<MessageView>,
  ): Promise<void> => {
    const first = echoOf(text, clientId, { conversation: id, sender, answered, before: loaded.messages });
    setEchoes((all) => [...all, first]);
    const sent = before.current.then(send);
    before.current = sent.catch(() => undefined);
    try {
      const message = await sent;
      setEchoes((all) => all.map((each) => (each === first ? { clientId, message, before: null } : each)));
    } catch (failure) {
      setEchoes((all) => all.filter((each) => each !== first));
      throw failure;
    }
  };
  /** A message that the background has, before all is read again. */
  const stand = (message: MessageView): void => setEchoes((all) => [...all, { clientId: message.id, message, before: null }]);
  return { value, news: step === 2, reload, echo, stand, scroller, onScroll, away, toNewest, jump, mark };
}

const topIn = (outer: Element, inner: Element): number => inner.getBoundingClientRect().top - outer.getBoundingClientRect().top;

/** The first message that is in sight, and where. */
function firstSeen(outer: HTMLElement | null): { readonly id: string; readonly top: number } | null {
  for (const element of outer?.querySelectorAll<HTMLElement>('[data-id]') ?? []) {
    const top = outer ? topIn(outer, element) : 0;
    if (top + element.offsetHeight > 0) return { id: element.dataset['id'] ?? '', top };
  }
  return null;
}

type Loaded = Pick<OpenedConversation, 'messages' | 'more'>;

/** The newest messages, however many pages of the background that takes. */
async function load(id: string, limit: number): Promise<Loaded> {
  let messages: readonly MessageView[] = [];
  for (;;) {
    const [oldest] = messages;
    const page = await background.call('listMessages', {
      id,
      limit: Math.min(200, limit - messages.length),
      ...(oldest && { before: oldest.id }),
    });
    messages = [...page.messages, ...messages];
    if (!page.more || messages.length >= limit) return { messages, more: page.more };
  }
}

/** The same list where nothing leaves it, so that nothing is drawn anew. */
function leftOf<T>(all: readonly T[], stays: (each: T) => boolean): readonly T[] {
  const left = all.filter(stays);
  return left.length === all.length ? all : left;
}
