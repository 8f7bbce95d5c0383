import { Check, CircleAlert, Clock } from 'lucide';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { MessageView, Shown } from '../../rpc/views.ts';
import { shortAddress } from '../address.ts';
import { background } from '../rpc.ts';
import { longestShown, pieces, visible } from '../text.ts';
import { clockTime, fullTime } from '../time.ts';
import { Avatar } from './Avatar.tsx';
import { Button } from './Button.tsx';
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
  const { id, mine, sender, sentAt, claimedAt, shown, state, failure } = message;
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
      {(last || waits || state === 'failed' || claimedAt !== null) && (
        <div class={`meta${state === 'failed' ? ' failed' : ''}`}>
          <time dateTime={new Date(sentAt).toISOString()} title={fullTime(sentAt)}>
            {clockTime(sentAt)}
          </time>
          {claimedAt !== null && <span title="The clock of the sender was wrong, or says what it likes">says {fullTime(claimedAt)}</span>}
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
  if (shown.form === 'text') return <Text text={shown.text} />;
  return (
    <>
      {shown.fallback ? <Text text={shown.fallback} /> : <span class="quiet">A message of a kind that this Parley does not know.</span>}
      <div class="small quiet mono">{visible(shown.type.slice(0, 80))}</div>
    </>
  );
}

function Text({ text }: { readonly text: string }): JSX.Element {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > longestShown;
  return (
    <>
      <bdi>
        {pieces(cut ? `${text.slice(0, longestShown)}…` : text).map(({ text: words, href, host }, index) =>
          href === undefined ? (
            words
          ) : (
            <a key={index} href={href} target="_blank" rel="noopener noreferrer" title={host}>
              {words}
            </a>
          ),
        )}
      </bdi>
      {cut && (
        <p>
          <Button onClick={() => setWhole(true)}>Show all of it</Button>
        </p>
      )}
    </>
  );
}
