import type { JSX } from 'preact';
import type { GroupView } from '../../../rpc/views/conversations.ts';
import type { MessageView } from '../../../rpc/views/messages.ts';
import type { KeyEvent } from '../../../rpc/views/safety.ts';
import type { LeavingFile } from '../../leaving-files.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { KeyNews } from '../../parts/KeyNews.tsx';
import { type LeavingDeeds, LeavingFiles } from '../../parts/LeavingFiles.tsx';
import { type Deeds, Message } from '../../parts/Message.tsx';
import { Person } from '../../parts/Person.tsx';
import { useNow } from '../../state.ts';
import { t } from '../../t.tsx';
import { dayName, startOfDay } from '../../time.ts';
import type { LogState } from './use-log.ts';

interface LogProps {
  readonly deeds: Deeds;
  readonly log: LogState;
  readonly peer: string;
  readonly group: GroupView | null;
  /** What happened to the peer's keys, oldest first. */
  readonly events: readonly KeyEvent[];
  /** What is on its way to become messages. */
  readonly leaving: readonly LeavingFile[];
  readonly leavingDeeds: LeavingDeeds;
}

/** Where nothing can point, nothing waits for that. */
const pointing = !matchMedia('(hover: none)').matches;

/** The messages with their days, what happened to keys between them, and where it began. */
export function Log({ deeds, log, peer, group, events, leaving, leavingDeeds }: LogProps): JSX.Element {
  const now = useNow();
  const { value, bare, news, scroller, onScroll, mark } = log;
  const { messages } = value;
  const live = news ? 'polite' : 'off';
  const days = messages.map(({ sentAt }) => startOfDay(sentAt));
  const silent = messages.length === 0 && leaving.length === 0;
  /** Those that belong right before a message; what is older than all that is shown waits for its place. */
  const eventsBefore = (index: number): readonly KeyEvent[] => {
    const from = messages[index - 1]?.sentAt ?? (value.more ? Number.POSITIVE_INFINITY : 0);
    const to = messages[index]?.sentAt ?? Number.POSITIVE_INFINITY;
    return events.filter(({ at }) => at >= from && at < to);
  };
  return (
    // The region scrolls, so the keyboard has to be able to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling by keyboard
    <div class="scroll" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label={t('common.messages')} aria-live={live}>
      <div class={`log${silent ? ' nothing' : ''}`}>
        {!value.more && peer && (
          <div class="beginning">
            {group ? <Members group={group} /> : <Avatar address={peer} size={56} />}
            {!group && <FullAddress address={peer} />}
            <p>{beginning(!silent, group !== null)}</p>
          </div>
        )}
        {messages.map((message, index) => {
          const before = messages[index - 1];
          const after = messages[index + 1];
          const newDay = days[index - 1] !== days[index];
          const marked = message.id === mark.from;
          return (
            <div key={message.id}>
              <KeyNews events={eventsBefore(index)} />
              {newDay && <div class="day">{dayName(message.sentAt, now)}</div>}
              {marked && <div class="unread-line">{t('log.new', { count: mark.count })}</div>}
              <Message
                message={message}
                first={newDay || marked || !together(before, message)}
                last={days[index] !== days[index + 1] || !together(message, after)}
                named={group !== null}
                bare={bare && pointing}
                deeds={deeds}
              />
            </div>
          );
        })}
        <KeyNews events={eventsBefore(messages.length)} />
        <LeavingFiles files={leaving} deeds={leavingDeeds} />
      </div>
    </div>
  );
}

const beginning = (begun: boolean, group: boolean): string => {
  if (begun) return t(group ? 'log.groupBegan' : 'log.began');
  return t(group ? 'log.groupSilent' : 'log.silent');
};

function Members({ group }: { readonly group: GroupView }): JSX.Element {
  return (
    <ul class="members" aria-label={t('common.members')}>
      {group.members.map((member) => (
        <li key={member}>
          <Avatar address={member} size={28} />
          <Person address={member} />
          {member === group.creator && <span class="quiet small">{t('log.creator')}</span>}
          {group.left.includes(member) && <span class="quiet small">{t('log.hasLeft')}</span>}
        </li>
      ))}
    </ul>
  );
}

/** One person's messages within five minutes of a day stand together. */
const together = (a: MessageView | undefined, b: MessageView | undefined): boolean =>
  a !== undefined && b !== undefined && a.sender === b.sender && b.sentAt - a.sentAt < 5 * 60_000;
