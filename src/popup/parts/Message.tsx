import { Check, CircleAlert, Clock } from 'lucide';
import type { JSX } from 'preact';
import type { MessageView, Shown } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { background } from '../rpc.ts';
import { visible } from '../text.ts';
import { clockTime, fullTime } from '../time.ts';
import { Avatar } from './Avatar.tsx';
import { Icon } from './Icon.tsx';

interface MessageProps {
  readonly message: MessageView;
  readonly conversation: string;
  /** Of those that stand together. */
  readonly first: boolean;
  readonly last: boolean;
  /** Whether it says who wrote it: where there are more than two. */
  readonly named: boolean;
}

const states = {
  queued: { icon: Clock, words: 'Waiting to be sent' },
  sending: { icon: Clock, words: 'Being sent' },
  sent: { icon: Check, words: 'Sent' },
  failed: { icon: CircleAlert, words: 'Not sent' },
};

export function Message({ message, first, last, named }: MessageProps): JSX.Element {
  const { id, mine, sender, sentAt, shown, state, failure } = message;
  const waits = state === 'queued' || state === 'sending';
  return (
    <article
      class={`message${mine ? ' mine' : ''}${first ? ' first' : ''}${last ? ' last' : ''}`}
      aria-label={mine ? 'You' : named ? shortAddress(sender) : 'They'}
      data-id={id}
      data-mine={mine}
      data-time={sentAt}
      data-state={state ?? ''}
    >
      {named && first && !mine && (
        <div class="sender" title={sender}>
          <Avatar address={sender} size={16} />
          <span class="address">{shortAddress(sender)}</span>
        </div>
      )}
      <div class="bubble" dir="auto" title={fullTime(sentAt)}>
        <Content shown={shown} />
      </div>
      {(last || waits || state === 'failed') && (
        <div class={`meta${state === 'failed' ? ' failed' : ''}`}>
          <time dateTime={new Date(sentAt).toISOString()} title={fullTime(sentAt)}>
            {clockTime(sentAt)}
          </time>
          {state && (
            <>
              <Icon of={states[state].icon} size={16} />
              <span class={state === 'failed' ? undefined : 'hidden'}>
                {state === 'failed' ? (failure ?? states.failed.words) : states[state].words}
              </span>
            </>
          )}
          {state === 'failed' && <FailedActions id={id} />}
        </div>
      )}
    </article>
  );
}

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

/** Text as text and nothing else; links are what their letters say, and open only in a tab of their own. */
function Content({ shown }: { readonly shown: Shown }): JSX.Element {
  if (shown.form === 'text') return <bdi>{linked(shown.text)}</bdi>;
  return (
    <>
      {shown.fallback ? (
        <bdi>{visible(shown.fallback)}</bdi>
      ) : (
        <span class="quiet">A message of a kind that this Parley does not know.</span>
      )}
      <div class="small quiet mono">{shown.type.slice(0, 80)}</div>
    </>
  );
}

const longest = 65_536;

function linked(text: string): (JSX.Element | string)[] {
  const safe = visible(text.length > longest ? `${text.slice(0, longest)}…` : text);
  return safe.split(/(https?:\/\/[^\s<>"'`{}|\\^]+)/g).map((part, index) => {
    const url = index % 2 === 1 ? parseUrl(part) : null;
    if (!url) return part;
    // What is shown is where it goes: a host that hides behind look-alike letters shows its plain name.
    return (
      <a key={index} href={url.href} target="_blank" rel="noopener noreferrer" title={url.host}>
        {part.includes(url.host) ? part : url.href}
      </a>
    );
  });
}

function parseUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}
