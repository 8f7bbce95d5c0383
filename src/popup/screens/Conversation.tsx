import { ArrowDown, ArrowLeft, Info, ShieldCheck, X } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { GroupView, KeyEvent, MessageView, Status } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { fitting, longestFile, mostFiles, sizeOf } from '../files.ts';
import { CopyButton, FullAddress, ShortAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconButton, IconLink } from '../parts/Button.tsx';
import { ChosenFiles } from '../parts/ChosenFiles.tsx';
import { Composer } from '../parts/Composer.tsx';
import { ConversationMenu } from '../parts/ConversationMenu.tsx';
import { Standing } from '../parts/Decide.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Forward } from '../parts/Forward.tsx';
import { GroupMark } from '../parts/GroupMark.tsx';
import { KeyNews } from '../parts/KeyNews.tsx';
import { type Deeds, Message, textOf } from '../parts/Message.tsx';
import { NodeBar } from '../parts/NodeBar.tsx';
import { Failure, Notice } from '../parts/Notice.tsx';
import { OtherKeys, Retired } from '../parts/OtherKeys.tsx';
import { SignPicker } from '../parts/Signs.tsx';
import { BubbleBones } from '../parts/Skeleton.tsx';
import { conversationPath, detailsPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useAsked } from '../state.ts';
import { visibleLine } from '../text.ts';
import { dayName, sameDay } from '../time.ts';
import { explain, groupName } from '../words.ts';
import { useNow } from './Inbox.tsx';

interface ConversationProps {
  readonly id: string;
  readonly status: Status;
  readonly wide: boolean;
}

const pageSize = 50;

export function Conversation({ id, status, wide }: ConversationProps): JSX.Element {
  const { value: row, error, reload } = useAsked(() => background.call('getConversation', { id }), id, ['conversations']);
  const safety = useAsked(
    async () => (row && !row.group ? await background.call('safety', { id, numbers: false }) : null),
    `${id} ${row?.group === null}`,
    ['conversations'],
  ).value;
  const [said, setSaid] = useState('');
  const [answered, setAnswered] = useState<MessageView | null>(null);
  const [picking, setPicking] = useState<MessageView | null>(null);
  const [forwarded, setForwarded] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<MessageView | null>(null);
  const [sendError, setSendError] = useState<string | null>(null);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [sendingFile, setSendingFile] = useState(false);
  const [over, setOver] = useState(false);
  const log = useLog(id);
  const peer = row?.peer ?? '';

  const send = async (text: string, clientId: string): Promise<void> => {
    setSendError(null);
    try {
      await background.call('sendMessage', { id, text, clientId, ...(answered && { replyTo: answered.id }) });
      setAnswered(null);
      log.toNewest();
    } catch (failure) {
      setSendError(explain(failure));
      throw failure;
    }
  };

  const addFiles = (added: readonly File[]): void => {
    const large = added.find(({ size }) => size > longestFile);
    const empty = added.find(({ size }) => size === 0);
    setSendError(
      large
        ? `${visibleLine(large.name)} is larger than ${sizeOf(longestFile)}.`
        : empty
          ? `${visibleLine(empty.name)} is empty.`
          : files.length + added.length > mostFiles
            ? `${mostFiles} files at once are enough.`
            : null,
    );
    setFiles([...files, ...added.filter((file) => file !== large && file.size > 0)].slice(0, mostFiles));
  };
  const sendFiles = async (): Promise<void> => {
    setSendError(null);
    setSendingFile(true);
    try {
      for (const file of files) {
        const ready = await fitting(file);
        await background.call('sendFile', { id, ...ready, clientId: crypto.randomUUID(), ...(answered && { replyTo: answered.id }) });
        setFiles((left) => left.filter((each) => each !== file));
        setAnswered(null);
        log.toNewest();
      }
    } catch (failure) {
      setSendError(explain(failure));
      throw failure;
    } finally {
      setSendingFile(false);
    }
  };

  const failed = (failure: unknown): void => setSendError(explain(failure));
  const react = (message: MessageView, sign: string, added: boolean): void => {
    setPicking(null);
    background.call('react', { id, message: message.id, sign, added, clientId: crypto.randomUUID() }).catch(failed);
  };
  const writes = row !== null && row.shelf !== 'blocked' && !row.otherKeys && !row.retired && (row.group?.open ?? true);
  const deeds: Deeds = {
    own: status.account?.address ?? '',
    links: row?.shelf === 'inbox',
    writes,
    reply: (message) => {
      setAnswered(message);
      document.querySelector<HTMLElement>('.composer textarea')?.focus();
    },
    pick: setPicking,
    react,
    copy: (text) => void navigator.clipboard.writeText(text).then(() => setSaid('Copied'), failed),
    forward: setForwarded,
    hide: setLeaving,
    jump: log.jump,
  };

  /** The old keys' conversation gives way to that of the new ones. */
  const accepted = async (): Promise<void> => {
    reload();
    const next = await background.call('startConversation', { peer });
    if (next.id !== id) go(conversationPath(next.id));
  };

  return (
    <main
      class={`screen${over ? ' dropping' : ''}`}
      onDragOver={(event) => {
        if (!writes || !event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        const dropped = [...(event.dataTransfer?.files ?? [])];
        if (!writes || dropped.length === 0) return;
        event.preventDefault();
        addFiles(dropped);
      }}
    >
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <IconLink icon={ArrowLeft} label="Back" href="#/" />}
        {row && (
          <div class="who">
            {row.group ? <GroupMark size={28} /> : <Avatar address={peer} size={28} />}
            <h2 title={row.group ? undefined : peer}>
              {row.group ? <bdi>{groupName(row.group)}</bdi> : <span class="address">{shortAddress(peer)}</span>}
              {row.thread !== null && (
                <span class="quiet">
                  {' '}
                  · <bdi>{visibleLine(row.thread)}</bdi>
                </span>
              )}
            </h2>
          </div>
        )}
        {row && !row.group && (
          <>
            {safety?.verifiedAt != null && (
              <IconLink icon={ShieldCheck} label="Verified: show the safety number" href={detailsPath(id)} good />
            )}
            <CopyButton address={peer} />
            <IconLink icon={Info} label="Details and safety number" href={detailsPath(id)} />
          </>
        )}
        {row?.group && <IconLink icon={Info} label="Members and details" href={detailsPath(id)} />}
        {row && <ConversationMenu row={row} onDone={setSaid} />}
      </header>
      {!wide && <NodeBar node={status.node} />}
      {error && !row ? (
        <Failure error={error} retry={reload} />
      ) : (
        <>
          <Log deeds={deeds} log={log} peer={peer} group={row?.group ?? null} events={safety?.events ?? []} />
          <div class="conversation-foot">
            {log.away && (
              <div class="jump">
                <IconButton icon={ArrowDown} label="Newest message" onClick={log.toNewest} />
              </div>
            )}
            {sendError && <Notice tone="danger">{sendError}</Notice>}
            {row?.otherKeys && (
              <OtherKeys peer={row.peer} accepted={row.group ? reload : accepted} {...(!row.group && { details: detailsPath(id) })} />
            )}
            {row && <Standing row={row} onDecided={setSaid} />}
            <span class="hidden" role="status">
              {said}
            </span>
            {row?.retired && <Retired peer={row.peer} />}
            {row?.group && !row.group.open && <Notice>This group has ended here. What was said stays readable.</Notice>}
            {row && writes && answered && <Answering message={answered} onDrop={() => setAnswered(null)} />}
            {row && writes && files.length > 0 && (
              <ChosenFiles files={files} busy={sendingFile} onDrop={(file) => setFiles(files.filter((each) => each !== file))} />
            )}
            {row && writes && (
              <Composer
                key={id}
                conversation={id}
                draft={row.draft ?? ''}
                files={files}
                onFiles={addFiles}
                onSendFiles={sendFiles}
                onSend={send}
              />
            )}
          </div>
        </>
      )}
      {picking && <SignPicker onPick={(sign) => react(picking, sign, true)} onClose={() => setPicking(null)} />}
      {forwarded !== null && <Forward text={forwarded} onClose={() => setForwarded(null)} />}
      {leaving && (
        <Dialog title="Delete this message here?" onClose={() => setLeaving(null)}>
          <p class="small">
            It disappears from this browser and does not come back. The other side keeps it, and so do your other programs and the node,
            sealed.
          </p>
          <div class="decide">
            <Button onClick={() => setLeaving(null)}>Cancel</Button>
            <Button
              kind="danger"
              onClick={() => {
                setLeaving(null);
                background.call('hideMessage', { message: leaving.id }).then(() => setSaid('Deleted here.'), failed);
              }}
            >
              Delete here
            </Button>
          </div>
        </Dialog>
      )}
    </main>
  );
}

/** What the next message answers. */
function Answering({ message, onDrop }: { readonly message: MessageView; readonly onDrop: () => void }): JSX.Element {
  return (
    <div class="answering">
      <div class="quote">
        <span class="quoted-who">{message.mine ? 'You' : shortAddress(message.sender)}</span>
        <span class="quoted-text">{visibleLine(textOf(message.shown) ?? 'A message')}</span>
      </div>
      <IconButton icon={X} label="Do not reply to this message" onClick={onDrop} />
    </div>
  );
}

type LogState = ReturnType<typeof useLog>;

/** The messages that are shown, and the place in them: it stays where the reader is, and follows the newest only for who is there. */
function useLog(id: string) {
  const [limit, setLimit] = useState(pageSize);
  const { value, error, reload } = useAsked(() => load(id, limit), id, []);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const atEnd = useRef(true);
  const fromEnd = useRef(0);
  /** Where the new ones began and how many there were when the conversation was opened: reading them must not take the mark away. */
  const mark = useRef<{ readonly from: string | undefined; readonly count: number } | null>(null);

  useEffect(() => background.on('messages', ({ conversation }) => conversation === id && reload()), [id, reload]);
  useEffect(() => background.onReconnect(reload), [reload]);
  useEffect(reload, [limit, reload]);

  // Before the browser paints: nothing jumps when older messages come in above or new ones below.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !value) return;
    element.scrollTop = atEnd.current ? element.scrollHeight : element.scrollHeight - fromEnd.current;
  }, [value]);

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
  return { value, error, reload, scroller, onScroll, away, toNewest, jump, mark: mark.current };
}

/** The newest messages, however many pages of the background that takes. */
async function load(id: string, limit: number) {
  const { unread } = await background.call('getConversation', { id });
  let messages: readonly MessageView[] = [];
  for (;;) {
    const [oldest] = messages;
    const page = await background.call('listMessages', {
      id,
      limit: Math.min(200, limit - messages.length),
      ...(oldest && { before: oldest.id }),
    });
    messages = [...page.messages, ...messages];
    if (!page.more || messages.length >= limit) return { messages, more: page.more, unread };
  }
}

interface LogProps {
  readonly deeds: Deeds;
  readonly log: LogState;
  readonly peer: string;
  readonly group: GroupView | null;
  /** What happened to the peer's keys, oldest first. */
  readonly events: readonly KeyEvent[];
}

function Log({ deeds, log, peer, group, events }: LogProps): JSX.Element {
  const now = useNow();
  const { value, error, reload, scroller, onScroll, mark } = log;
  const messages = value?.messages ?? [];
  /** Those that belong right before a message; what is older than all that is shown waits for its place. */
  const eventsBefore = (index: number): readonly KeyEvent[] => {
    const from = messages[index - 1]?.sentAt ?? (value?.more ? Number.POSITIVE_INFINITY : 0);
    const to = messages[index]?.sentAt ?? Number.POSITIVE_INFINITY;
    return events.filter(({ at }) => at >= from && at < to);
  };
  return (
    // The region scrolls, so the keyboard has to be able to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling by keyboard
    <div class="scroll" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label="Messages" aria-live="polite">
      <div class={`log${value && messages.length === 0 ? ' nothing' : ''}`}>
        {error && !value && <Failure error={error} retry={reload} />}
        {!value && !error && <BubbleBones />}
        {value && !value.more && peer && (
          <div class="beginning">
            {group ? <Members group={group} /> : <Avatar address={peer} size={56} />}
            {!group && <FullAddress address={peer} />}
            <p>{beginning(messages.length > 0, group !== null)}</p>
          </div>
        )}
        {messages.map((message, index) => {
          const before = messages[index - 1];
          const after = messages[index + 1];
          const newDay = !before || !sameDay(before.sentAt, message.sentAt);
          const marked = message.id === mark?.from;
          return (
            <div key={message.id}>
              <KeyNews events={eventsBefore(index)} />
              {newDay && <div class="day">{dayName(message.sentAt, now)}</div>}
              {marked && <div class="unread-line">{mark?.count} new</div>}
              <Message
                message={message}
                first={newDay || marked || !together(before, message)}
                last={!after || !together(message, after)}
                named={group !== null}
                deeds={deeds}
              />
            </div>
          );
        })}
        {value && <KeyNews events={eventsBefore(messages.length)} />}
      </div>
    </div>
  );
}

const beginning = (begun: boolean, group: boolean): string => {
  const who = group ? 'its members' : 'the two of you';
  return begun ? `Here it began. Only ${who} can read it.` : `Nothing was said yet. Only ${who} will be able to read it.`;
};

function Members({ group }: { readonly group: GroupView }): JSX.Element {
  return (
    <ul class="members" aria-label="Members">
      {group.members.map((member) => (
        <li key={member}>
          <Avatar address={member} size={28} />
          <ShortAddress address={member} />
          {member === group.creator && <span class="quiet small">creator</span>}
          {group.left.includes(member) && <span class="quiet small">has left</span>}
        </li>
      ))}
    </ul>
  );
}

/** One person's messages within five minutes stand together. */
const together = (a: MessageView | undefined, b: MessageView): boolean =>
  a !== undefined && a.sender === b.sender && b.sentAt - a.sentAt < 5 * 60_000 && sameDay(a.sentAt, b.sentAt);
