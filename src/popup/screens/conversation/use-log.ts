import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Address } from '../../../rpc/views/account.ts';
import type { MessageView } from '../../../rpc/views/messages.ts';
import { background } from '../../rpc.ts';
import { useAsked } from '../../state.ts';
import { keepUnchanged } from '../../unchanged.ts';
import { type Echo, echoOf, isRead, withEchoes } from './echoes.ts';

const pageSize = 50;

export type LogState = ReturnType<typeof useLog>;

/**
 * The messages that are shown, and the place in them: it stays where the reader is, and follows the newest only for who is there. What stands `below` them counts as
 * newest too.
 */
export function useLog(id: string, at: string | null, below: unknown) {
  const [limit, setLimit] = useState(pageSize);
  const { value: loaded, error, reload } = useAsked(() => load(id, limit), id, []);
  const [echoes, setEchoes] = useState<readonly Echo[]>([]);
  const before = useRef<Promise<unknown>>(Promise.resolve());
  const shown = useRef<readonly MessageView[]>([]);
  const value = useMemo(() => {
    if (!loaded) return loaded;
    shown.current = keepUnchanged(shown.current, withEchoes(loaded.messages, echoes));
    return { ...loaded, messages: shown.current };
  }, [loaded, echoes]);
  useEffect(() => {
    // One that is not answered yet stays: it may have to be taken back.
    if (loaded) setEchoes((all) => leftOf(all, (echo) => echo.before !== null || !isRead(echo, loaded.messages)));
  }, [loaded, echoes]);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const atEnd = useRef(true);
  const fromEnd = useRef(0);
  /** Where the new ones began and how many there were when the conversation was opened: reading them must not take the mark away. */
  const mark = useRef<{ readonly from: string | undefined; readonly count: number } | null>(null);

  useEffect(() => background.on('messages', ({ conversation }) => conversation === id && reload()), [id, reload]);
  useEffect(() => background.onReconnect(reload), [reload]);
  useEffect(reload, [limit, reload]);

  // Taken while the page still has what was there before.
  const seen = useMemo(() => firstSeen(scroller.current), [value]);
  // Before the browser paints: nothing jumps when older messages come in above or new ones below.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !value) return;
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
  }, [scroller.current]);

  if (value && !mark.current) {
    const { unread, messages } = value;
    mark.current = { from: unread > 0 ? messages.filter(({ mine }) => !mine).at(-unread)?.id : undefined, count: unread };
  }
  const newest = value?.messages.at(-1)?.id;
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
    if (element.scrollTop < 200 && value?.more) setLimit((before) => (before <= value.messages.length ? before + pageSize : before));
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
      if (wanted.current && value?.more) setLimit(value.messages.length + 200);
      // What is not here once everything is, is gone.
      else if (value) wanted.current = null;
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
    const first = echoOf(text, clientId, { conversation: id, sender, answered, before: loaded?.messages ?? [] });
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
  return { value, error, reload, echo, stand, scroller, onScroll, away, toNewest, jump, mark: mark.current };
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

/** The newest messages, however many pages of the background that takes. */
async function load(id: string, limit: number) {
  const row = background.call('getConversation', { id });
  row.catch(() => undefined); // told below
  let messages: readonly MessageView[] = [];
  for (;;) {
    const [oldest] = messages;
    const page = await background.call('listMessages', {
      id,
      limit: Math.min(200, limit - messages.length),
      ...(oldest && { before: oldest.id }),
    });
    messages = [...page.messages, ...messages];
    if (!page.more || messages.length >= limit) return { messages, more: page.more, unread: (await row).unread };
  }
}

/** The same list where nothing leaves it, so that nothing is drawn anew. */
function leftOf<T>(all: readonly T[], stays: (each: T) => boolean): readonly T[] {
  const left = all.filter(stays);
  return left.length === all.length ? all : left;
}
