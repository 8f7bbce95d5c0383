import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Address } from '../../../rpc/views/account.ts';
import type { MessageView } from '../../../rpc/views/messages.ts';
import type { OpenedConversation } from '../../../rpc/views/opened.ts';
import { background } from '../../rpc.ts';
import { useAsked } from '../../state.ts';
import { keepUnchanged } from '../../unchanged.ts';
import { mostInWindow } from './ahead.ts';
import { type Echo, echoOf, isRead, withEchoes } from './echoes.ts';

const pageSize = 50;

export type LogState = ReturnType<typeof useLog>;

/**
 * The messages that are shown, and the place in them: it stays where the reader is, and follows the newest only for who is there. What stands `below` them counts as
 * newest too. What was asked for first, as much as the window has room for, is painted before there is more of it, and before what can be done with it is there.
 */
export function useLog(id: string, at: string | null, below: unknown, opened: OpenedConversation) {
  const [limit, setLimit] = useState(pageSize);
  const [first] = useState<Loaded & { readonly unread: number }>(() => ({
    messages: opened.messages,
    more: opened.more,
    unread: opened.row.unread,
  }));
  /** What is here already of what is asked for. */
  const here = useRef<readonly MessageView[]>([]);
  const asking = (): Promise<Loaded> => {
    const known = here.current;
    here.current = [];
    return load(id, limit, known);
  };
  const { value: now, error, reload } = useAsked<Loaded>(asking, id, [], first);
  const loaded = now ?? first;
  const whole = loaded !== first || !first.more;
  /** What stands above the first ones, if nothing has changed since these were asked for. */
  const reloadAbove = (): void => {
    here.current = first.messages;
    reload();
  };
  /** The window, all that is here, and what comes from then on: that alone is news to who hears it. */
  const [step, setStep] = useState<0 | 1 | 2>(at === null ? 0 : 1);
  useEffect(() => {
    // All of it at once, also where what stands above does not come.
    if (step < 2 && (whole || (step === 0 && error !== null))) setStep(step === 0 ? 1 : 2);
  }, [step, whole, error]);
  const [echoes, setEchoes] = useState<readonly Echo[]>([]);
  const before = useRef<Promise<unknown>>(Promise.resolve());
  const shown = useRef<readonly MessageView[]>([]);
  const few = step === 0;
  const value = useMemo(() => {
    shown.current = keepUnchanged(shown.current, withEchoes(loaded.messages, echoes));
    const messages = few ? shown.current.slice(-mostInWindow()) : shown.current;
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
  const mark = useMemo(() => {
    const until = loaded.messages.findIndex(({ id }) => id === first.messages.at(-1)?.id) + 1;
    const theirs = loaded.messages.slice(0, until).filter(({ mine }) => !mine);
    return { from: first.unread > 0 ? theirs.at(-first.unread)?.id : undefined, count: first.unread };
  }, [whole]);

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
    if (element.scrollTop >= 200 || !value.more || few) return;
    if (limit <= value.messages.length) setLimit(value.messages.length + pageSize);
    // What was asked for did not come.
    else if (error !== null) reload();
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
      // What is not here once everything is, is gone.
      if (!value.more) wanted.current = null;
      // More may be on its way already.
      else if (wanted.current) setLimit((before) => (before <= value.messages.length ? value.messages.length + 200 : before));
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
  return { value, bare: few, news: step === 2, reload, reloadAbove, echo, stand, scroller, onScroll, away, toNewest, jump, mark };
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

/** The newest messages, however many pages of the background that takes, above those that are known. */
async function load(id: string, limit: number, known: readonly MessageView[]): Promise<Loaded> {
  let messages = known;
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
