import { Check, CheckCheck, CircleAlert, Clock, Copy, EllipsisVertical, Forward, Reply, SmilePlus, Trash2 } from 'lucide';
import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { MessageView, Shown } from '../../rpc/views/messages.ts';
import { saidIn } from '../../words/says.ts';
import { memo } from '../memo.ts';
import { useNameOf } from '../names.ts';
import { background } from '../rpc.ts';
import { quotedWords } from '../said.ts';
import { SpokenContext, t } from '../t.tsx';
import { visible, visibleLine } from '../text.ts';
import { clockTime, fullTime } from '../time.ts';
import { Avatar } from './Avatar.tsx';
import { Body } from './Body.tsx';
import { IconButton } from './Button.tsx';
import { FileView } from './FileView.tsx';
import type { Forwarded } from './Forward.tsx';
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
  readonly forward: (what: Forwarded) => void;
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
  /** Without what is out of sight until somebody points at it. */
  readonly bare: boolean;
  readonly deeds: Deeds;
}

const states = {
  queued: { icon: Clock, words: 'message.queued' },
  sending: { icon: Clock, words: 'message.sending' },
  sent: { icon: Check, words: 'message.sent' },
  failed: { icon: CircleAlert, words: 'message.failed' },
} as const;
const read = { icon: CheckCheck, words: 'message.read' } as const;

export const Message = memo(function Message({ message, first, last, named, bare, deeds }: MessageProps): JSX.Element {
  useContext(SpokenContext);
  const nameOf = useNameOf();
  const { id, mine, sender, sentAt, claimedAt, shown, state, reactions } = message;
  const waits = state === 'queued' || state === 'sending';
  const sign = state && (message.read ? read : states[state]);
  const event = message.contentType.startsWith('parley.chat/groupUpdate:');
  return (
    <article
      class={`message${mine ? ' mine' : ''}${first ? ' first' : ''}${last ? ' last' : ''}${event ? ' event' : ''}`}
      aria-label={mine ? t('common.you') : named ? nameOf(sender) : t('message.they')}
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
      <div class="said">
        <div class="bubble" dir="auto" title={bare ? undefined : fullTime(sentAt)}>
          {shown.form === 'reply' && <Quote message={message} jump={deeds.jump} />}
          {event && <>{mine ? t('common.you') : <Person address={sender} />}: </>}
          <Content message={message} shown={shown} links={deeds.links} typed={!event} />
        </div>
        {!event && !bare && <Tools message={message} deeds={deeds} />}
      </div>
      {reactions.length > 0 && (
        <Signs reactions={reactions} own={deeds.own} onReact={deeds.writes ? (what, added) => deeds.react(message, what, added) : null} />
      )}
      {(last || waits || state === 'failed' || claimedAt !== null) && !event && (
        <div class={`meta${state === 'failed' ? ' failed' : ''}`}>
          <time dateTime={new Date(sentAt).toISOString()} title={bare ? undefined : fullTime(sentAt)}>
            {clockTime(sentAt)}
          </time>
          {claimedAt !== null && <span title={t('message.theClockOfThe')}>{t('message.says', { time: fullTime(claimedAt) })}</span>}
          {sign && (
            <>
              <Icon of={sign.icon} size={16} />
              <span class={state === 'failed' ? undefined : 'hidden'} dir="auto">
                {t(sign.words)}
              </span>
            </>
          )}
          {state === 'failed' && <FailedActions id={id} />}
        </div>
      )}
    </article>
  );
});

/** What the reply answers; pressing it goes there. */
function Quote({ message: { quote }, jump }: { readonly message: MessageView; readonly jump: (id: string) => void }): JSX.Element {
  const nameOf = useNameOf();
  if (!quote) return <span class="quote quiet">{t('message.anEarlierMessageThat')}</span>;
  const who = quote.mine ? t('common.you') : nameOf(quote.sender);
  return (
    <button type="button" class="quote" onClick={() => jump(quote.id)}>
      <span class="hidden">{t('message.goToAnswered', { who })}</span>
      <span class="quoted-who">{who}</span>
      <span class="quoted-text">{visibleLine(quotedWords(quote))}</span>
    </button>
  );
}

function Tools({ message, deeds }: { readonly message: MessageView; readonly deeds: Deeds }): JSX.Element | null {
  const { shown, state } = message;
  const text = textOf(shown);
  const forwarded = forwardedOf(message, deeds.links);
  const there = state === null || state === 'sent';
  const items: MenuItem[] = [
    ...(deeds.writes && there ? [{ words: t('message.reply'), icon: Reply, onChoose: () => deeds.reply(message) }] : []),
    ...(text === null ? [] : [{ words: t('message.copy'), icon: Copy, onChoose: () => deeds.copy(text) }]),
    ...(forwarded ? [{ words: t('message.forward'), icon: Forward, onChoose: () => deeds.forward(forwarded) }] : []),
    ...(there ? [{ words: t('common.deleteHere'), icon: Trash2, danger: true, onChoose: () => deeds.hide(message) }] : []),
  ];
  if (items.length === 0) return null;
  return (
    <div class="tools">
      {deeds.writes && there && <IconButton icon={SmilePlus} label={t('common.react')} onClick={() => deeds.pick(message)} />}
      <Menu icon={EllipsisVertical} label={t('common.message')} items={items} />
    </div>
  );
}

/** Files of strangers stay where they are until these are accepted. */
function forwardedOf({ id, mine, shown }: MessageView, trusted: boolean): Forwarded | null {
  const text = textOf(shown);
  if (text !== null) return { text };
  const content = shown.form === 'reply' ? shown.content : shown;
  return content.form === 'file' && (mine || trusted) ? { message: id, filename: content.filename } : null;
}

/** What can be copied of a content. */
export const textOf = (shown: Shown): string | null =>
  shown.form === 'text' ? shown.text : shown.form === 'reply' ? textOf(shown.content) : shown.form === 'file' ? null : shown.fallback;

function FailedActions({ id }: { readonly id: string }): JSX.Element {
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined); // the message keeps its state and says so itself
  return (
    <span>
      <button type="button" onClick={() => quietly(background.call('retryMessage', { message: id }))}>
        {t('common.tryAgain')}
      </button>
      <button type="button" onClick={() => quietly(background.call('discardMessage', { message: id }))}>
        {t('message.discard')}
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
  const words = shown.form === 'unknown' && shown.says ? saidIn(t, shown.says) : shown.fallback;
  return (
    <>
      {words ? <Body text={words} marks={false} links={links} /> : <span class="quiet">{t('message.aMessageOfA')}</span>}
      {typed && <div class="small quiet mono">{visible(shown.type.slice(0, 80))}</div>}
    </>
  );
}
