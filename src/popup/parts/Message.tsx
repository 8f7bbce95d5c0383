import { Check, CheckCheck, CircleAlert, Clock, Copy, EllipsisVertical, Forward, Reply, SmilePlus, Trash2 } from 'lucide';
import type { JSX } from 'preact';
import type { MessageView, Shown } from '../../rpc/views.ts';
import { useNameOf } from '../names.ts';
import { background } from '../rpc.ts';
import { visible, visibleLine } from '../text.ts';
import { clockTime, fullTime } from '../time.ts';
import { Avatar } from './Avatar.tsx';
import { Body } from './Body.tsx';
import { IconButton } from './Button.tsx';
import { FileView } from './FileView.tsx';
import { Icon } from './Icon.tsx';
import { Menu, type MenuItem } from './Menu.tsx';
import { Person } from './Person.tsx';
import { Signs } from './Signs.tsx';

/** What can be done with a message. */
export interface Deeds {
  /** Whose page this is. */
  readonly own: string;
  /** Whether links lead somewhere: those of strangers do not. */
  readonly links: boolean;
  /** Whether anything can be written here. */
  readonly writes: boolean;
  readonly reply: (message: MessageView) => void;
  readonly pick: (message: MessageView) => void;
  readonly react: (message: MessageView, sign: string, added: boolean) => void;
  readonly copy: (text: string) => void;
  readonly forward: (text: string) => void;
  readonly hide: (message: MessageView) => void;
  readonly jump: (id: string) => void;
}

interface MessageProps {
  readonly message: MessageView;
  /** Of those that stand together. */
  readonly first: boolean;
  readonly last: boolean;
  /** Whether it says who wrote it: where there are more than two. */
  readonly named: boolean;
  readonly deeds: Deeds;
}

const states = {
  queued: { icon: Clock, words: 'Waiting to be sent' },
  sending: { icon: Clock, words: 'Being sent' },
  sent: { icon: Check, words: 'Sent' },
  failed: { icon: CircleAlert, words: 'Not sent' },
};
const read = { icon: CheckCheck, words: 'Read' };

export function Message({ message, first, last, named, deeds }: MessageProps): JSX.Element {
  const nameOf = useNameOf();
  const { id, mine, sender, sentAt, claimedAt, shown, state, failure, reactions } = message;
  const waits = state === 'queued' || state === 'sending';
  const sign = state && (message.read ? read : states[state]);
  const event = message.contentType.startsWith('parley.chat/groupUpdate:');
  return (
    <article
      class={`message${mine ? ' mine' : ''}${first ? ' first' : ''}${last ? ' last' : ''}${event ? ' event' : ''}`}
      aria-label={mine ? 'You' : named ? nameOf(sender) : 'They'}
      data-id={id}
      data-mine={mine}
      data-time={sentAt}
      data-state={state ?? ''}
      tabIndex={-1}
    >
      {named && first && !mine && !event && (
        <div class="sender" title={sender}>
          <Avatar address={sender} size={16} />
          <Person address={sender} />
        </div>
      )}
      <div class="bubble" dir="auto" title={fullTime(sentAt)}>
        {shown.form === 'reply' && <Quote message={message} jump={deeds.jump} />}
        {event && <>{mine ? 'You' : <Person address={sender} />}: </>}
        <Content message={message} shown={shown} links={deeds.links} typed={!event} />
      </div>
      {!event && <Tools message={message} deeds={deeds} />}
      {reactions.length > 0 && (
        <Signs reactions={reactions} own={deeds.own} onReact={deeds.writes ? (what, added) => deeds.react(message, what, added) : null} />
      )}
      {(last || waits || state === 'failed' || claimedAt !== null) && !event && (
        <div class={`meta${state === 'failed' ? ' failed' : ''}`}>
          <time dateTime={new Date(sentAt).toISOString()} title={fullTime(sentAt)}>
            {clockTime(sentAt)}
          </time>
          {claimedAt !== null && <span title="The clock of the sender was wrong, or says what it likes">says {fullTime(claimedAt)}</span>}
          {sign && (
            <>
              <Icon of={sign.icon} size={16} />
              <span class={state === 'failed' ? undefined : 'hidden'}>{state === 'failed' ? (failure ?? sign.words) : sign.words}</span>
            </>
          )}
          {state === 'failed' && <FailedActions id={id} />}
        </div>
      )}
    </article>
  );
}

/** What the reply answers; pressing it goes there. */
function Quote({ message: { quote }, jump }: { readonly message: MessageView; readonly jump: (id: string) => void }): JSX.Element {
  const nameOf = useNameOf();
  if (!quote) return <span class="quote quiet">An earlier message that is not here</span>;
  const who = quote.mine ? 'You' : nameOf(quote.sender);
  return (
    <button type="button" class="quote" onClick={() => jump(quote.id)} aria-label={`Go to the message that this answers, by ${who}`}>
      <span class="quoted-who">{who}</span>
      <span class="quoted-text">{visibleLine(quote.text)}</span>
    </button>
  );
}

function Tools({ message, deeds }: { readonly message: MessageView; readonly deeds: Deeds }): JSX.Element | null {
  const { shown, state } = message;
  const text = textOf(shown);
  const there = state === null || state === 'sent';
  const items: MenuItem[] = [
    ...(deeds.writes && there ? [{ words: 'Reply', icon: Reply, onChoose: () => deeds.reply(message) }] : []),
    ...(text === null
      ? []
      : [
          { words: 'Copy', icon: Copy, onChoose: () => deeds.copy(text) },
          { words: 'Forward', icon: Forward, onChoose: () => deeds.forward(text) },
        ]),
    ...(there ? [{ words: 'Delete here', icon: Trash2, danger: true, onChoose: () => deeds.hide(message) }] : []),
  ];
  if (items.length === 0) return null;
  return (
    <div class="tools">
      {deeds.writes && there && <IconButton icon={SmilePlus} label="React" onClick={() => deeds.pick(message)} />}
      <Menu icon={EllipsisVertical} label="Message" items={items} />
    </div>
  );
}

/** What can be copied and forwarded of a content. */
export const textOf = (shown: Shown): string | null =>
  shown.form === 'text' ? shown.text : shown.form === 'reply' ? textOf(shown.content) : shown.form === 'file' ? null : shown.fallback;

function FailedActions({ id }: { readonly id: string }): JSX.Element {
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined); // the message keeps its state and says so itself
  return (
    <span>
      <button type="button" onClick={() => quietly(background.call('retryMessage', { message: id }))}>
        Try again
      </button>
      <button type="button" onClick={() => quietly(background.call('discardMessage', { message: id }))}>
        Discard
      </button>
    </span>
  );
}

interface ContentProps {
  readonly message: MessageView;
  readonly shown: Shown;
  readonly links: boolean;
  readonly typed: boolean;
}

function Content({ message, shown, links, typed }: ContentProps): JSX.Element {
  if (shown.form === 'text') return <Body text={shown.text} marks={shown.marks ?? false} links={links} />;
  if (shown.form === 'reply') return <Content message={message} shown={shown.content} links={links} typed={typed} />;
  if (shown.form === 'file') return <FileView message={message.id} file={shown} trusted={links || message.mine} />;
  return (
    <>
      {shown.fallback ? (
        <Body text={shown.fallback} marks={false} links={links} />
      ) : (
        <span class="quiet">A message of a kind that this Parley does not know.</span>
      )}
      {typed && <div class="small quiet mono">{visible(shown.type.slice(0, 80))}</div>}
    </>
  );
}
